"""The worker behind redemptions: claim, ask the store, conclude, each apart, so that a crash between any two is safe.

Only `ask` calls a store. It holds no transaction and touches no database, so many calls run at a time in threads.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from functools import partial

import structlog
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.clock import now
from platforms import reach
from platforms.clients import AccessRevoked, CodeFound, StoreAway
from platforms.registry import PLATFORMS
from rewards import calls, settling, stores
from rewards.calls import Asking, Away, Ended, Locked, Made, Outcome, Refused, Spent, Unusable
from rewards.claims import Claim, claim, credited_meanwhile, other_credits
from rewards.codes import new_code
from rewards.models import Redemption
from rewards.steps import note, note_failed_attempt, within
from rewards.terms import read_terms
from rewards.wanted import code_wanted

log = structlog.get_logger("regulars.codes")

State = Redemption.State
LONGEST_BACKOFF_S = 300.0
LONGEST_RETRY_AFTER_S = 3600.0
# What has no code is looked for only when the store has had time to write it down.
CREDIT_UNANSWERED_S = 30.0
# How soon something that has become due is seen while calls are running.
LOOK_EVERY_S = 0.2


def issue_due(going_on: Callable[[], bool], at_once: int | None = None) -> int:
    """Drive what is due on, as long as `going_on` says yes and something is left; returns how many attempts were made.

    Calls that have begun by then are waited for.
    """
    at_once = at_once or settings.CODE_CALLS_AT_ONCE
    attempts = 0
    running: dict[Future[Outcome], Claim] = {}
    with ThreadPoolExecutor(at_once, thread_name_prefix="store") as pool:
        while True:
            if going_on():
                settling.settle_due(now())
                attempts += _begin(pool, running, at_once)
            if not running:
                return attempts
            done, _ = wait(running, LOOK_EVERY_S, FIRST_COMPLETED)
            for future in done:
                _end(running.pop(future), future)


def _begin(pool: ThreadPoolExecutor, running: dict[Future[Outcome], Claim], at_once: int) -> int:
    """Claim as many as there are free threads. No store has more than half of them, so that none holds up others."""
    begun = 0
    share = max(1, at_once // 2)
    while free := at_once - len(running):
        calling = Counter(each.redemption.connection_id for each in running.values())
        busy = [id_ for id_, count in calling.items() if count >= share]
        room = min([free, share, *(share - count for count in calling.values() if count < share)])
        claims = claim(now(), room, busy)
        for each in claims:
            settling.apart(each.redemption.pk, partial(_start, pool, running, each))
        begun += len(claims)
        if len(claims) < room:
            break
    return begun


def _start(pool: ThreadPoolExecutor, running: dict[Future[Outcome], Claim], claimed: Claim) -> None:
    asking = prepare(claimed, now())
    if isinstance(asking, Asking):
        running[pool.submit(ask, claimed, asking)] = claimed
    else:
        conclude(claimed, asking, now())


def _end(claimed: Claim, future: "Future[Outcome]") -> None:
    try:
        outcome = future.result()
    except Exception as error:  # a client that breaks its promise holds nobody else up
        log.exception("store client failed", redemption_id=claimed.redemption.pk)
        why = gettext("This could not be asked of the store (%(error)s).")
        outcome = Away(why % {"error": type(error).__name__}, maybe_done=True)
    remember(claimed, outcome, now())
    settling.apart(claimed.redemption.pk, lambda: conclude(claimed, outcome, now()))


def prepare(claimed: Claim, at: datetime) -> Asking | Outcome:
    """What to ask the store, or what came of the attempt without asking."""
    redemption = claimed.redemption
    if not settling.at_a_store(redemption):
        return Made(_local(redemption)) if claimed.making else Ended()
    credit = is_credit(redemption)
    if claimed.fresh and claimed.making and credit and credited_meanwhile(claimed):
        return _unasked(gettext("Another credit of this member is on its way."), 1.0)
    if not redemption.connection.active:
        return _unasked(gettext("This store is switched off here."), stores.BLOCKED_FOR.total_seconds())
    try:
        client = reach.way_in(redemption.connection, at)
    except AccessRevoked as error:
        return _unasked(str(error), stores.BLOCKED_FOR.total_seconds())
    except StoreAway as error:
        return _unasked(str(error), error.retry_after_s or 1.0)
    return Asking(
        client=client,
        wanted=code_wanted(redemption, other_credits(claimed) if credit else ()),
        since=redemption.first_tried_at or at,
        look_first=not claimed.fresh,
        until=time.monotonic() + settings.CODE_LEASE_S / 2,
        known_id=redemption.platform_id,
    )


def _unasked(why: str, wait_s: float) -> Away:
    return Away(why, limited=True, retry_after_s=wait_s, asked=False)


def ask(claimed: Claim, asking: Asking) -> Outcome:
    """Call the store. No database: this runs in a thread."""
    if claimed.making:
        return calls.make(asking)
    return calls.end(asking, claimed.known_uses, claimed.redemption.closing == "undone")


def remember(claimed: Claim, outcome: Outcome, at: datetime) -> None:
    """Keep how the store has answered."""
    connection = claimed.redemption.connection
    if isinstance(outcome, Locked):
        reach.revoked(connection, outcome.message, outcome.asked_at)
    elif not isinstance(outcome, Away) or outcome.limited:
        reach.answered(connection)
    elif outcome.fault:
        reach.failed(connection, outcome.message, at)


def conclude(claimed: Claim, outcome: Outcome, at: datetime) -> bool:
    """Write what came of an attempt; False where somebody else has the redemption by now."""
    shop = claimed.redemption.shop
    with scope(shop=shop), transaction.atomic():
        redemption = settling.locked(shop.pk, claimed.redemption.pk)
        if redemption is None:
            return False
        if redemption.lease != claimed.lease:
            _made_in_vain(redemption, outcome, at)
            return False
        if redemption.state == State.CLOSING:
            settling.settle(redemption, at)  # it may have been used meanwhile
        if redemption.state == State.ISSUING:
            _made(redemption, outcome, at)
            if claimed.fresh and isinstance(outcome, Away) and not outcome.asked:
                _as_before(redemption)
        elif redemption.state == State.CLOSING and claimed.making:
            _made_too_late(redemption, outcome, at)
        elif redemption.state == State.CLOSING:
            _ended(redemption, outcome, at)
        settling.settle(redemption, at)
    return True


def _unanswered() -> timedelta:
    return timedelta(seconds=settings.CODE_UNANSWERED_S)


def is_credit(redemption: Redemption) -> bool:
    """Whether the store credits the customer, without a code."""
    return read_terms(redemption.terms).kind == "store_credit"


def _made(redemption: Redemption, outcome: Outcome, at: datetime) -> None:
    if isinstance(outcome, Made):
        _issue(redemption, outcome, at)
    elif isinstance(outcome, Unusable):
        _choose_again(redemption, outcome, at)
    elif not isinstance(outcome, Refused):
        _put_off(redemption, outcome, at)
    elif within(redemption, "unanswered", at, _unanswered()):
        _put_off(redemption, Away(outcome.message, outcome.answer), at)
    else:
        settling.fail(redemption, at, outcome.message, outcome.answer)


def _local(redemption: Redemption) -> CodeFound:
    """A code that no store has to make."""
    return CodeFound("", redemption.code, ours=True, uses=0, live=True)


def _issue(redemption: Redemption, made: Made, at: datetime) -> None:
    redemption.state, redemption.issued_at = State.ISSUED, at
    redemption.platform_id, redemption.error = made.found.id[:255], ""
    redemption.due_at, redemption.attempts = None, 0
    if is_credit(redemption):
        redemption.state, redemption.used_at = State.USED, at
        note(redemption, "credited")
    else:
        note(redemption, "adopted" if made.adopted else "issued")


def _as_before(redemption: Redemption) -> None:
    """Nobody has asked the store yet."""
    redemption.state, redemption.first_tried_at, redemption.attempts = State.RESERVED, None, 0


def _choose_again(redemption: Redemption, unusable: Unusable, at: datetime) -> None:
    """The code that was chosen is somebody else's, or was ended: none of ours can be at the store under its name."""
    platform = PLATFORMS[redemption.connection.platform]
    redemption.code = new_code(read_terms(redemption.terms), platform.abilities)
    redemption.state, redemption.first_tried_at, redemption.due_at = State.RESERVED, None, at
    why = (
        gettext("The store has this code already.")
        if unusable.foreign
        else gettext("The code was ended there.")
    )
    note(redemption, "new_code", why)


def _made_too_late(redemption: Redemption, outcome: Outcome, at: datetime) -> None:
    """The merchant took the redemption back while its code was being made: now it can be ended."""
    if isinstance(outcome, Made):
        redemption.platform_id, redemption.issued_at = outcome.found.id[:255], at
    elif isinstance(outcome, Away) and outcome.maybe_done:
        note(redemption, "unanswered", outcome.message, outcome.answer)
    redemption.attempts, redemption.due_at = 0, at


def _made_in_vain(redemption: Redemption, outcome: Outcome, at: datetime) -> None:
    """A worker that comes back after its lease has made the code, and the points are back by now: it has to end."""
    if isinstance(outcome, Made) and redemption.state in (State.RETURNED, State.FAILED):
        redemption.state, redemption.platform_id = State.CLOSING, outcome.found.id[:255]
        redemption.attempts, redemption.due_at = 0, at
        note(redemption, redemption.closing, gettext("The store made it after its points had come back."))
        redemption.save()


def _ended(redemption: Redemption, outcome: Outcome, at: datetime) -> None:
    if isinstance(outcome, Spent):
        redemption.state, redemption.used_at = State.USED, at
        redemption.closing, redemption.error, redemption.due_at = "", "", None
        if is_credit(redemption):
            note(redemption, "credited")
        else:
            note(redemption, "used", gettext("The store says that the code was used."))
    elif not isinstance(outcome, Ended):
        _put_off(redemption, outcome, at)
    elif (
        not outcome.seen
        and redemption.issued_at is None
        and within(redemption, "unanswered", at, _unanswered())
    ):
        _put_off(redemption, Away(gettext("The code may still appear at the store.")), at)
    else:
        settling.finish(redemption, at)


def _put_off(redemption: Redemption, outcome: Outcome, at: datetime) -> None:
    """Try again later, the later the more often it failed."""
    if isinstance(outcome, Away):
        away = outcome
    else:
        assert isinstance(outcome, Locked)
        away = Away(outcome.message, outcome.answer, retry_after_s=stores.BLOCKED_FOR.total_seconds())
    if away.maybe_done:
        note(redemption, "unanswered", away.message, away.answer)
    elif away.asked:
        note_failed_attempt(redemption, "put_off", away.message, away.answer)
    redemption.error = away.message[:500] or "?"
    redemption.due_at = at + timedelta(seconds=_delay_s(redemption.attempts, away, is_credit(redemption)))


def _delay_s(attempts: int, away: Away, credit: bool) -> float:
    wait_s = 1.0 if away.limited else min(2.0 ** min(max(attempts - 1, 0), 10), LONGEST_BACKOFF_S)
    wait_s = max(wait_s, min(away.retry_after_s or 0.0, LONGEST_RETRY_AFTER_S))
    if credit and away.maybe_done:
        wait_s = max(wait_s, CREDIT_UNANSWERED_S)
    return wait_s * random.uniform(1.0, 1.25)
