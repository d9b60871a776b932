"""One ride: send, break, wait, compare."""

import contextlib
import itertools
import os
import queue
import random
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis
from django.db import connection as database

from benchmarks.storm import calm, history, programs
from benchmarks.storm.bells import Bells
from benchmarks.storm.faults import Processes, Storm
from benchmarks.storm.running import Outcome
from benchmarks.storm.web import free_port, post_webhook, wait_for
from lib.clock import now
from lib.rows import execute
from loyalty.actions.programs import open_shop
from loyalty.proof import verify
from platforms.connect import connect_store
from shops.models import Connection, Shop

SENDERS = 8
FAULTS = 24
TRIES = 200
DRAIN_TIMEOUT_S = 90
# The shop's program has been live for longer than its oldest order is old.
SINCE = datetime(2025, 1, 1, tzinfo=UTC)


def ride(count: int, dice: random.Random, folder: Path, seconds: float) -> Outcome:
    """Send `count` deliveries in about `seconds` while faults happen, then compare with the model."""
    sent = history.make(count, dice, now(), seconds)
    document = programs.first()
    shop = open_shop("Storm", "EUR", "Europe/Berlin", document=document, since=SINCE)
    store = connect_store(shop, "shopify", f"storm-{shop.pk}.myshopify.com")
    port = free_port()
    children = Processes(os.environ | {"PORT": str(port), "BEAT_SCHEDULE": str(folder / "beat")}, folder)
    try:
        for name in ("web", "worker", "beat"):
            children.start(name)
        wait_for(port)
        storm = Storm(children, os.environ["REDIS_URL"], dice, max(0.3, seconds / FAULTS))
        storm.start()
        bells = Bells(shop, document, dice, seconds)
        bells.start()
        sender = _Sender(store, port, sent.events, seconds)
        sender.run()
        storm.stop()
        bells.stop()
        database.close()  # it did not survive either
        drained_in = _drain(shop.pk, bells.backtest)
    finally:
        children.kill_all()
    outcome = Outcome(
        figures=dict(storm.happened + bells.happened)
        | {"resent": sender.resent, "drained_in_s": round(drained_in, 1)}
    )
    if bells.problem:
        outcome.problems.append(f"the bells broke: {bells.problem!r}")
    if storm.problem:
        outcome.problems.append(f"the storm itself broke: {storm.problem!r}")
    if sender.given_up:
        outcome.problems.append(f"{sender.given_up} deliveries were never acknowledged")
    _compare(shop, sent, outcome)
    _check_backtest(shop.pk, bells.backtest, outcome)
    _compare_calm(shop, calm.ride(shop, document, SINCE, sent.events), outcome)
    faults = ", ".join(f"{number} × {kind}" for kind, number in (storm.happened + bells.happened).items())
    outcome.summary = f"{len(sent.events)} deliveries of {sent.orders} orders, {faults}"
    return outcome


class _Sender:
    """Sends as a platform does: again and again until it is acknowledged."""

    def __init__(self, store: Connection, port: int, events: list[history.Event], seconds: float) -> None:
        self.resent = 0
        self.given_up = 0
        self._store = store
        self._port = port
        self._pace = seconds / len(events)
        self._events: queue.SimpleQueue[tuple[float, history.Event]] = queue.SimpleQueue()
        for place, event in enumerate(events):
            self._events.put((place * self._pace, event))
        self._redis = redis.Redis.from_url(os.environ["REDIS_URL"], socket_timeout=1)

    def run(self) -> None:
        """Send everything; returns when all is acknowledged or given up."""
        begin = time.monotonic()
        threads = [threading.Thread(target=self._work, args=(begin,)) for _ in range(SENDERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self, begin: float) -> None:
        while True:
            try:
                due, event = self._events.get_nowait()
            except queue.Empty:
                return
            time.sleep(max(0.0, begin + due - time.monotonic()))
            if not self._deliver(event):
                self.given_up += 1
            if event.lost_bell:
                with contextlib.suppress(redis.RedisError):
                    self._redis.delete("celery", "regulars:bell")

    def _deliver(self, event: history.Event) -> bool:
        for attempt in itertools.count():
            if post_webhook(self._store, self._port, event.topic, event.webhook_id, event.body):
                return True
            self.resent += 1
            if attempt == TRIES:
                return False
            time.sleep(0.1)
        return False


def _drain(shop_id: int, backtest: int | None) -> float:
    """Wait until nothing is left to do; returns how long it took."""
    started = time.monotonic()
    while time.monotonic() - started < DRAIN_TIMEOUT_S:
        if not execute(_WAITING, shop=shop_id, backtest=backtest)[0][0]:
            break
        time.sleep(0.2)
    return time.monotonic() - started


def _compare(shop: Shop, sent: history.History, outcome: Outcome) -> None:
    """Every delivery done once, every cent counted once."""
    states = dict(
        _rows("SELECT state, count(*) FROM orders_delivery WHERE shop_id = %(shop)s GROUP BY 1", shop.pk)
    )
    outcome.figures |= {"deliveries": states}
    if states != {"done": sent.distinct}:
        outcome.problems.append(f"{sent.distinct} deliveries should be done, but the inbox holds {states}")
    spent = dict(_rows(_SPENT, shop.pk))
    for customer, cents in sent.cents.items():
        if spent.get(customer, 0) * 100 != cents:
            outcome.problems.append(
                f"member {customer} has spent {spent.get(customer)} instead of {cents / 100}"
            )


def _check_backtest(shop_id: int, backtest: int | None, outcome: Outcome) -> None:
    """The draft that was tried beside all that came to a result."""
    found = execute(_BACKTEST, shop=shop_id, backtest=backtest)
    outcome.figures |= {"back-test": found}
    if [state for state, _ in found] != ["done"]:
        outcome.problems.append(f"the back-test ended as {found}")


def _compare_calm(shop: Shop, quiet: Shop, outcome: Outcome) -> None:
    """The same members, targets, balances and tiers as in the shop that nothing happened to."""
    calm.settle(now())
    outcome.problems.extend(calm.differences(shop, quiet))
    for each in (shop, quiet):
        outcome.problems.extend(str(difference) for difference in verify(each.pk))
    awards = _rows("SELECT kind, count(*) FROM loyalty_entry WHERE shop_id = %(shop)s GROUP BY 1", shop.pk)
    outcome.figures |= {"entries": dict(awards)}


_WAITING = """
    SELECT (SELECT count(*) FROM orders_delivery WHERE shop_id = %(shop)s AND state = 'new')
        + (SELECT count(*) FROM orders_backtest WHERE shop_id = %(shop)s AND id = %(backtest)s
            AND state IN ('queued', 'running'))
"""
_SPENT = """
    SELECT c.external_id, sum(p.spend) FROM loyalty_progress p
    JOIN loyalty_account a ON a.shop_id = p.shop_id AND a.id = p.account_id
    JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id WHERE p.shop_id = %(shop)s
    GROUP BY c.external_id
"""
_BACKTEST = """
    SELECT state, processed FROM orders_backtest WHERE shop_id = %(shop)s AND id = %(backtest)s
"""


def _rows(sql: str, shop_id: int) -> list[tuple[Any, ...]]:
    return execute(sql, shop=shop_id)
