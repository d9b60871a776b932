"""Bells and clocks of redemptions: what is to be done stands in their rows."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from celery import shared_task
from django.db import DatabaseError, InterfaceError, connection

from lib import bell
from lib.clock import now
from lib.rows import passing
from lib.turns import Turn
from rewards import issuing
from rewards.actions import closing, tier_gifts

log = structlog.get_logger("regulars.codes")

LONGEST_S = 20.0


def issuing_turn(seconds: float) -> Turn:
    """The turn to have codes made."""
    return Turn("rewards", seconds, bell.rewards_bell)


@shared_task(name="rewards.issue_codes", ignore_result=True)
def issue_codes() -> None:
    """Drive redemptions on: make codes, end them, settle what their uses say."""
    bell.rewards_bell.take_down()
    turn = issuing_turn(LONGEST_S)
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
