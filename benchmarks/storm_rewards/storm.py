"""One ride: redeem, break, wait, compare."""

import os
import random
import time
from collections import Counter
from pathlib import Path

from django.db import DatabaseError, InterfaceError
from django.db import connection as database

from benchmarks.storm.faults import Processes, Storm
from benchmarks.storm.running import Outcome
from benchmarks.storm.web import free_port, wait_for
from benchmarks.storm_rewards import plan, proof, world
from benchmarks.storm_rewards.platform import Platform
from benchmarks.storm_rewards.shoppers import Shoppers
from lib.rows import execute
from rewards.stores import wake

DRAIN_TIMEOUT_S = 240
ANSWER_TIMEOUT_S = 120
# On a busy machine codes are made at a slower pace than they are wished for.
SLOWEST = 5
WAKE_EVERY_S = 2.0
PAUSE_S = 3.0
FAULTS = {
    "pool killed": 8,
    "worker killed": 2,
    "redis flushed": 3,
    "redis killed": 1,
    "postgres restarted": 1,
}


def ride(count: int, dice: random.Random, folder: Path, seconds: float, platform: Platform) -> Outcome:
    """Make `count` wishes in about `seconds` while faults happen, then compare with the model."""
    wishes = plan.wishes(count, dice, seconds)
    place = world.make(count, platform.domains)
    port = free_port()
    children = Processes(os.environ | {"PORT": str(port), "BEAT_SCHEDULE": str(folder / "beat")}, folder)
    outcome = Outcome()
    try:
        for name in ("web", "worker", "beat"):
            children.start(name)
        wait_for(port)
        shoppers = Shoppers(place, platform, port, wishes, dice.randrange(10**9))
        storm = Storm(children, os.environ["REDIS_URL"], dice, PAUSE_S, FAULTS)
        storm.start()
        shoppers.start()
        insisting = _Insisting(place)
        ends = time.monotonic() + SLOWEST * seconds + ANSWER_TIMEOUT_S
        while (shoppers.redeeming or insisting.untried()) and time.monotonic() < ends:
            time.sleep(0.2)
        storm.stop()
        database.close()  # it did not survive either
        drawn = platform.calm()
        drained_in = _drain(insisting, shoppers, DRAIN_TIMEOUT_S + seconds)
        shoppers.stop()
    finally:
        children.kill_all()
    if storm.problem:
        outcome.problems.append(f"the storm itself broke: {storm.problem!r}")
    evidence = proof.gather(place, wishes, shoppers.book, platform)
    outcome.problems.extend(proof.problems(evidence))
    states = Counter(row.state for row in evidence.rows.values())
    live = sum(each.live and not each.foreign for held in evidence.held.values() for each in held)
    refused = Counter(told.refused for told in shoppers.book.told.values() if not told.made)
    outcome.figures = {
        "redemptions": states,
        "live codes": live,
        "refused": refused,
        "shoppers and staff": shoppers.book.happened,
        "stores": drawn,
        "drained_in_s": round(drained_in, 1),
    }
    faults = ", ".join(f"{number} × {kind}" for kind, number in (storm.happened + Counter(drawn)).items())
    outcome.summary = f"{len(evidence.rows)} redemptions of {count} wishes, {live} live codes, {faults}"
    return outcome


class _Insisting:
    """Looks at what is left, and lets the stores be called again and again.

    A store that fails in half of its calls is left alone most of the time, and little would happen.
    """

    def __init__(self, place: world.World) -> None:
        self._place = place
        self._woken = 0.0

    def untried(self) -> bool:
        """Whether a code is still to be made for the first time."""
        return self._any(_UNTRIED)

    def waiting(self) -> bool:
        """Whether anything is left to do."""
        return self._any(_WAITING)

    def _any(self, sql: str) -> bool:
        """Also while the database is away."""
        try:
            if time.monotonic() - self._woken > WAKE_EVERY_S:
                for store in self._place.stores:
                    wake(store)
                self._woken = time.monotonic()
            return bool(execute(sql, shop=self._place.shop.pk)[0][0])
        except (DatabaseError, InterfaceError):
            database.close()
            return True


def _drain(insisting: _Insisting, shoppers: Shoppers, patience_s: float) -> float:
    """Wait until nothing is left to do; returns how long it took."""
    started = time.monotonic()
    while time.monotonic() - started < patience_s and (shoppers.unfinished or insisting.waiting()):
        time.sleep(0.2)
    return time.monotonic() - started


_UNTRIED = "SELECT count(*) FROM rewards_redemption WHERE shop_id = %(shop)s AND state = 'reserved'"
_WAITING = """
    SELECT (SELECT count(*) FROM orders_delivery WHERE shop_id = %(shop)s AND state = 'new')
        + (SELECT count(*) FROM rewards_redemption
            WHERE shop_id = %(shop)s AND (due_at IS NOT NULL OR state IN ('reserved', 'issuing', 'closing')))
"""
