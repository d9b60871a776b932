"""Bells: what is to be done stands in the inbox."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import redis
import structlog
from celery import shared_task
from django.db import DatabaseError, InterfaceError, connection

from lib import bell
from lib.rows import passing
from lib.turns import turn_of
from orders import fetching, inbox, sweeping, sweeps
from orders.backtest import runs
from orders.privacy import doing
from platforms import upkeep
from platforms.shopify import install, oauth

log = structlog.get_logger("regulars.inbox")

# A task ends after this long and rings again, so that a worker can be stopped in the middle of a backlog.
LONGEST_S = 20.0
# Of deliveries in one batch: more than one worker should look at such a backlog.
MANY = 100


@shared_task(name="orders.apply_deliveries", ignore_result=True)
def apply_deliveries() -> None:
    """Apply what is due until nothing is; a large batch calls another worker to help."""
    bell.take_down()
    ends = time.monotonic() + LONGEST_S
    while True:
        taken = inbox.apply_due()
        if taken == 0:
            return
        ended = taken is None or time.monotonic() > ends
        if ended or (taken or 0) > MANY:
            _call_help()
        if ended:
            return


def _call_help() -> None:
    try:
        bell.ring()
    except redis.RedisError as error:
        log.warning("no help could be called", reason=type(error).__name__)


@shared_task(name="orders.run_backtests", ignore_result=True)
def run_backtests() -> None:
    """Go on with the back-tests that were asked for, a chunk at a time."""
    _until_done(runs.advance, runs.ring)


@shared_task(name="orders.fetch_due", ignore_result=True)
def fetch_due() -> None:
    """Fetch what webhooks only named, until nothing is due."""
    bell.fetch_bell.take_down()
    with _asking_stores("fetch") as ours:
        if ours:
            _until_done(fetching.fetch_due, bell.fetch_bell.ring)


@shared_task(name="orders.sweep_stores", ignore_result=True)
def sweep_stores() -> None:
    """Begin the reconciliations whose time has come, and go on with what was begun."""
    bell.sweep_bell.take_down()
    with _asking_stores("look") as ours:
        if ours:
            sweeps.begin_reconciliations()
            _until_done(sweeping.advance, bell.sweep_bell.ring)


@shared_task(name="orders.keep_stores", ignore_result=True)
def keep_stores() -> None:
    """Have stores that were connected send their webhooks, signed as they are now."""
    bell.stores_bell.take_down()
    with _asking_stores("look") as ours:
        if not ours:
            return
        app = oauth.app()
        if app is not None:
            install.keep_secrets(app)
        upkeep.subscribe_due()


@shared_task(name="orders.answer_privacy", ignore_result=True)
def answer_privacy() -> None:
    """Give out and erase what stores and merchants asked for, until nothing more can be finished."""
    bell.privacy_bell.take_down()
    _until_done(doing.carry_out_due)


def _asking_stores(kind: str) -> AbstractContextManager[bool]:
    """Whether it is our turn to ask stores for this: one worker at a time, so that with one who makes codes, one who
    fetches and one who looks, stores which hang leave somebody for deliveries. Beat calls again.
    """
    return turn_of(kind, LONGEST_S, hangs_ms=round(4000 * LONGEST_S))


def _until_done(work: Callable[[], object], go_on: Callable[[], None] | None = None) -> None:
    ends = time.monotonic() + LONGEST_S
    try:
        while work():
            if time.monotonic() > ends:
                if go_on is not None:
                    go_on()
                return
    except redis.RedisError as error:
        log.warning("no help could be called", reason=type(error).__name__)
    except (DatabaseError, InterfaceError) as error:
        if not passing(error):
            raise
        # Beat calls again; the connection may be from before a restart of the database.
        connection.close()
        log.warning("put off", reason=type(error).__name__)
