"""One ride: send, break, wait, compare."""

import contextlib
import http.client
import itertools
import os
import queue
import random
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
from django.db import connection as database

from benchmarks.storm import history
from benchmarks.storm.faults import Processes, Storm
from lib.rows import execute
from lib.signing import sign
from loyalty.actions.programs import open_shop
from loyalty.proof import verify
from platforms.connect import connect_store
from shops.models import Connection

SENDERS = 8
TRIES = 200
DRAIN_TIMEOUT_S = 90


@dataclass
class Outcome:
    """`figures` for people who read on, `problems` in sentences, empty when all is well."""

    summary: str = ""
    figures: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def ride(count: int, dice: random.Random, folder: Path, seconds: float) -> Outcome:
    """Send `count` deliveries in about `seconds` while faults happen, then compare with the model."""
    sent = history.make(count, dice)
    shop = open_shop("Storm", "EUR", "Europe/Berlin")
    store = connect_store(shop, "shopify", f"storm-{shop.pk}.myshopify.com")
    port = _free_port()
    children = Processes(os.environ | {"PORT": str(port), "BEAT_SCHEDULE": str(folder / "beat")}, folder)
    try:
        for name in ("web", "worker", "beat"):
            children.start(name)
        _wait_for(port)
        storm = Storm(children, os.environ["REDIS_URL"], dice, seconds)
        storm.start()
        sender = _Sender(store, port, sent.events, seconds)
        sender.run()
        storm.stop()
        database.close()  # it did not survive either
        drained_in = _drain(shop.pk)
    finally:
        children.kill_all()
    outcome = Outcome(
        figures=dict(storm.happened) | {"resent": sender.resent, "drained_in_s": round(drained_in, 1)}
    )
    if storm.problem:
        outcome.problems.append(f"the storm itself broke: {storm.problem!r}")
    if sender.given_up:
        outcome.problems.append(f"{sender.given_up} deliveries were never acknowledged")
    _compare(shop.pk, sent, outcome)
    faults = ", ".join(f"{number} × {kind}" for kind, number in storm.happened.items())
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
            if self._post(event):
                return True
            self.resent += 1
            if attempt == TRIES:
                return False
            time.sleep(0.1)
        return False

    def _post(self, event: history.Event) -> bool:
        headers = {
            "Content-Type": "application/json",
            "X-Shopify-Topic": event.topic,
            "X-Shopify-Hmac-Sha256": sign(self._store.secret.encode(), event.body).decode(),
            "X-Shopify-Shop-Domain": self._store.domain,
            "X-Shopify-API-Version": "2026-04",
            "X-Shopify-Webhook-Id": event.webhook_id,
        }
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("POST", f"/webhooks/{self._store.public_id}/", event.body, headers)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _drain(shop_id: int) -> float:
    """Wait until nothing is left to do; returns how long it took."""
    started = time.monotonic()
    waiting = "SELECT count(*) FROM orders_delivery WHERE shop_id = %(shop)s AND state = 'new'"
    while time.monotonic() - started < DRAIN_TIMEOUT_S and execute(waiting, shop=shop_id)[0][0]:
        time.sleep(0.2)
    return time.monotonic() - started


def _compare(shop_id: int, sent: history.History, outcome: Outcome) -> None:
    states = dict(
        _rows("SELECT state, count(*) FROM orders_delivery WHERE shop_id = %(shop)s GROUP BY 1", shop_id)
    )
    outcome.figures |= {"deliveries": states}
    if states != {"done": sent.distinct}:
        outcome.problems.append(f"{sent.distinct} deliveries should be done, but the inbox holds {states}")
    balances = dict(
        _rows(
            """SELECT c.external_id, a.balance FROM loyalty_account a
            JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id WHERE a.shop_id = %(shop)s""",
            shop_id,
        )
    )
    for customer, points in sent.points.items():
        if balances.get(customer) != points:
            outcome.problems.append(
                f"member {customer} has {balances.get(customer)} points instead of {points}"
            )
    awards = _rows("SELECT count(*), sum(posted) FROM loyalty_award WHERE shop_id = %(shop)s", shop_id)[0]
    outcome.figures |= {"awards": awards[0], "points": int(awards[1] or 0)}
    if awards[0] > sent.orders or int(awards[1] or 0) != sum(sent.points.values()):
        outcome.problems.append(f"{awards[0]} awards of {awards[1]} points for {sent.orders} orders")
    outcome.problems.extend(str(difference) for difference in verify(shop_id))


def _rows(sql: str, shop_id: int) -> list[tuple[Any, ...]]:
    return execute(sql, shop=shop_id)


def _wait_for(port: int) -> None:
    for _ in range(300):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/readyz")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError("the web process did not become ready")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
