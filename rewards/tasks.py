"""Bells and clocks of redemptions: what is to be done stands in their rows."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis
import structlog
from celery import shared_task
from django.db import DatabaseError, InterfaceError, connection

from lib import bell
from lib.clock import now
from lib.rows import passing
from rewards import issuing
from rewards.actions import closing, tier_gifts

log = structlog.get_logger("regulars.codes")

LONGEST_S = 20.0


class Turn:
    """The turn to call stores. One worker has it, so that stores which hang never occupy all workers.

    It is a hint in Redis: without it two may call at a time, which is safe. Whoever dies loses it after `HANGS_MS`.
    """

    KEY = "regulars:turn:rewards"
    HANGS_MS = 5000

    def __init__(self, seconds: float) -> None:
        self._ends = time.monotonic() + seconds
        self.mine = True
        with suppress(redis.RedisError):
            self.mine = bool(bell.connection().set(self.KEY, b"1", nx=True, px=self.HANGS_MS))

    def going_on(self) -> bool:
        """Keep the turn; when the time is over pass it on to the next worker, and call one."""
        if not self.mine:
            return False
        if time.monotonic() < self._ends:
            with suppress(redis.RedisError):
                bell.connection().set(self.KEY, b"1", px=self.HANGS_MS)
            return True
        self.end()
        with suppress(redis.RedisError):
            bell.rewards_bell.ring()
        return False

    def end(self) -> None:
        if self.mine:
            self.mine = False
            with suppress(redis.RedisError):
                bell.connection().delete(self.KEY)


@shared_task(name="rewards.issue_codes", ignore_result=True)
def issue_codes() -> None:
    """Drive redemptions on: make codes, end them, settle what their uses say."""
    bell.rewards_bell.take_down()
    turn = Turn(LONGEST_S)
    if not turn.mine:
        return
    try:
        with _putting_off():
            issuing.issue_due(turn.going_on)
    finally:
        turn.end()


@shared_task(name="rewards.expire_codes", ignore_result=True)
def expire_codes() -> None:
    """Begin to end the codes whose time is over."""
    ends = time.monotonic() + LONGEST_S
    with _putting_off():
        while closing.expire_due(now()) and time.monotonic() < ends:
            pass


@shared_task(name="rewards.give_tier_rewards", ignore_result=True)
def give_tier_rewards() -> None:
    """Give members the rewards of the tiers that they reached."""
    ends = time.monotonic() + LONGEST_S
    with _putting_off():
        tier_gifts.give_due(now(), lambda: time.monotonic() < ends)


@contextmanager
def _putting_off() -> Iterator[None]:
    """The database may have given up for now: beat calls again, on a new connection."""
    try:
        yield
    except (DatabaseError, InterfaceError) as error:
        if not passing(error):
            raise
        connection.close()
        log.warning("redemptions put off", reason=type(error).__name__)
