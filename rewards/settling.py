"""What a redemption's uses mean for its state and its points, and bringing both there.

`verdict` is a pure function, so whatever the order in which orders, refunds and the end of a code become known, the
points taken end the same. A code used on two orders takes its price once: what the order that keeps most of it keeps.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Literal, NamedTuple, TypeVar

import structlog
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext
from django_scopes import scope

from lib.rows import execute, passing
from loyalty.actions import spending
from loyalty.models import Entry
from rewards import stores
from rewards.models import CodeUse, Redemption, Reward
from rewards.steps import note
from rewards.terms import read_terms
from shops.models import Shop

log = structlog.get_logger("regulars.codes")

T = TypeVar("T")
State = Redemption.State
# A row in one of these waits for a worker who drives it on; in the others it is due when its uses have changed.
DRIVEN = (State.RESERVED, State.ISSUING, State.CLOSING)
_UNKNOWN_YET = (State.RESERVED, State.ISSUING)
_OVER = (State.CLOSING, State.RETURNED, State.FAILED)
# Points of a frozen account are tried again after this long.
FROZEN_FOR = timedelta(hours=1)
BATCH = 50


class Use(NamedTuple):
    """A use of the code, as in `CodeUse`."""

    source: str
    live: bool
    returned_points: int
    at: datetime


class Standing(NamedTuple):
    """Where a redemption stands: what the ledger took is to be `posted`."""

    state: str
    closing: str
    posted: int
    used_at: datetime | None


def verdict(standing: Standing, points: int, uses: Sequence[Use]) -> Standing:
    """Where a redemption of `points` that stands so stands with these uses.

    A live use always counts, whatever was thought of the code before. An order undone ends the code, so that its
    points come back; a use that was released, or a code taken off its order, leaves the code usable.
    """
    if standing.state in _UNKNOWN_YET:
        return standing
    live = [use for use in uses if use.live]
    if live:
        kept = max(points - use.returned_points for use in live)
        return Standing(State.USED, standing.closing, min(max(kept, 0), points), min(use.at for use in live))
    if standing.state in _OVER or not uses:
        return standing
    ended = standing.closing not in ("", "lapsed")
    if ended or any(_undone(use, points) for use in uses):
        return Standing(State.CLOSING, standing.closing if ended else "undone", standing.posted, None)
    return Standing(State.ISSUED, standing.closing, standing.posted, None)


def _undone(use: Use, points: int) -> bool:
    return use.source.startswith("order:") and use.returned_points >= max(points, 1)


def locked(shop_id: int, redemption_id: int, *, skip_locked: bool = False) -> Redemption | None:
    """The redemption under its lock, or None where there is none, or somebody else has it."""
    rows = Redemption.objects.select_for_update(no_key=True, skip_locked=skip_locked, of=("self",))
    found: Redemption | None = rows.filter(shop_id=shop_id, pk=redemption_id).first()
    return found


def settle(redemption: Redemption, at: datetime) -> None:
    """Bring a locked redemption to what its uses say, and save it whole. Not due any more unless a worker drives it."""
    before = Standing(redemption.state, redemption.closing, redemption.posted, redemption.used_at)
    late = redemption.returned_at is not None
    after = verdict(before, redemption.points, _uses(redemption))
    if redemption.state not in DRIVEN:
        redemption.due_at = None
    if after.state != before.state:
        _turn(redemption, after, at, late)
    redemption.closing, redemption.used_at = after.closing, after.used_at
    _post(redemption, after.posted, at)
    if late and redemption.state == State.USED:
        hold_stock(redemption)
    if redemption.state == State.CLOSING and before.state != State.CLOSING and not at_a_store(redemption):
        finish(redemption, at)
    redemption.save()


def finish(redemption: Redemption, at: datetime, actor: str = "") -> None:
    """The code is gone: the points that it took come back, and its piece of the stock. The caller saves."""
    points = redemption.posted
    redemption.state, redemption.error, redemption.due_at = State.RETURNED, "", None
    _post(redemption, 0, at, actor)
    _give_stock_back(redemption, at)
    note(redemption, "returned", gettext("%(points)d points came back.") % {"points": points}, actor=actor)


def fail(redemption: Redemption, at: datetime, why: str, answer: str) -> None:
    """No code can be made, and none was: the points come back, and the piece of the stock. The caller saves."""
    redemption.state, redemption.closing, redemption.due_at = State.FAILED, "refused", None
    redemption.error = why[:500]
    _post(redemption, 0, at)
    _give_stock_back(redemption, at)
    note(redemption, "failed", why, answer)


def take_again(redemption: Redemption, at: datetime, actor: str = "") -> None:
    """Take the whole price once more, for another attempt. Raises `NotEnoughPoints` or `AccountFrozen`."""
    _spend(redemption, redemption.points - redemption.posted, at, actor, "refuse")
    redemption.posted = redemption.points


def hold_stock(redemption: Redemption) -> bool:
    """Take a piece of the stock for one that gave its own back; whether there was one left, or there is no end."""
    rewards = Reward.objects.filter(shop_id=redemption.shop_id, pk=redemption.reward_id)
    held = rewards.filter(taken__lt=F("stock")).update(taken=F("taken") + 1)
    if not held and not rewards.filter(stock=None).exists():
        return False
    redemption.returned_at = None
    return True


def at_a_store(redemption: Redemption) -> bool:
    """Whether a store has to be told when the code ends."""
    return stores.made_by_store(read_terms(redemption.terms), redemption.connection.platform)


def settle_due(at: datetime, limit: int = BATCH) -> int:
    """Settle redemptions whose uses have changed, each in a transaction of its own; returns how many."""
    rows = execute(_DUE, at=at, limit=limit)
    shops = Shop.objects.in_bulk({shop_id for shop_id, _ in rows})
    for shop_id, redemption_id in rows:
        if apart(redemption_id, partial(_settle_one, shops[shop_id], redemption_id, at)) is None:
            execute(_LATER, shop=shop_id, id=redemption_id, due=at + FROZEN_FOR)
    return len(rows)


def _settle_one(shop: Shop, redemption_id: int, at: datetime) -> bool:
    with scope(shop=shop), transaction.atomic():
        redemption = locked(shop.pk, redemption_id, skip_locked=True)
        if redemption is not None and redemption.due_at is not None and redemption.state not in DRIVEN:
            settle(redemption, at)
    return True


def apart(redemption_id: int, act: Callable[[], T]) -> T | None:
    """What `act` does to a redemption; None where it fails, such as on a damaged account, so that no other is held up.

    Raises what passes by itself.
    """
    try:
        return act()
    except Exception as error:
        if passing(error):
            raise
        log.exception("redemption left as it is", redemption_id=redemption_id)
        return None


def _uses(redemption: Redemption) -> list[Use]:
    rows = CodeUse.objects.filter(shop_id=redemption.shop_id, redemption=redemption)
    return [Use(*row) for row in rows.values_list("source", "live", "returned_points", "at")]


def _turn(redemption: Redemption, after: Standing, at: datetime, late: bool) -> None:
    """The uses change the state; `late`: its points had come back."""
    redemption.state = State(after.state)
    if after.state == State.USED:
        redemption.error, redemption.due_at = "", None
        note(redemption, "used", gettext("It came after the points had come back.") if late else "")
    elif after.state == State.CLOSING:
        redemption.attempts, redemption.error, redemption.due_at = 0, "", at
        note(redemption, "undone", gettext("The order that used it was undone."))
    else:
        note(redemption, "unused", gettext("It is not used any more."))


def _give_stock_back(redemption: Redemption, at: datetime) -> None:
    """Its piece of the stock, unless it gave that back before: as long as `returned_at` is empty it holds one."""
    if redemption.returned_at is None:
        redemption.returned_at = at
        held = Reward.objects.filter(shop_id=redemption.shop_id, pk=redemption.reward_id, taken__gt=0)
        held = held.exclude(stock=None)
        held.update(taken=F("taken") - 1)


def _post(redemption: Redemption, target: int, at: datetime, actor: str = "") -> None:
    """Post the difference between what the ledger took and `target`."""
    difference = target - redemption.posted
    if difference > 0 and not _spend(redemption, difference, at, actor, "carry"):
        redemption.error = gettext("The member's account is frozen: its figures are being checked.")
        redemption.due_at = at + FROZEN_FOR
        return
    if difference < 0:
        _give_back(redemption, -difference, at, actor)
    redemption.posted = target


def _spend(
    redemption: Redemption, points: int, at: datetime, actor: str, uncovered: Literal["refuse", "carry"]
) -> bool:
    if points == 0:
        return True
    one = spending.Spending(
        redemption.shop_id,
        redemption.account_id,
        points,
        _next_reference(redemption),
        at,
        redemption.name,
        actor,
        uncovered,
    )
    return spending.spend([one])[0] is not None


def _give_back(redemption: Redemption, points: int, at: datetime, actor: str) -> None:
    taken = [f"redemption:{redemption.pk}/{number}" for number in range(1, redemption.postings + 1)]
    entries = Entry.objects.filter(
        shop_id=redemption.shop_id, reference__in=taken, kind=Entry.Kind.REDEEM
    ).values_list("pk", flat=True)
    one = spending.GivingBack(
        redemption.shop_id,
        redemption.account_id,
        points,
        tuple(entries),
        _next_reference(redemption),
        at,
        redemption.name,
        actor,
        read_terms(redemption.terms).courtesy_days,
    )
    spending.give_back([one])


def _next_reference(redemption: Redemption) -> str:
    redemption.postings += 1
    return f"redemption:{redemption.pk}/{redemption.postings}"


_DUE = """
    SELECT shop_id, id FROM rewards_redemption
    WHERE due_at <= %(at)s AND state IN ('issued', 'used', 'returned', 'failed')
    ORDER BY due_at, id LIMIT %(limit)s
"""
_LATER = "UPDATE rewards_redemption SET due_at = %(due)s WHERE shop_id = %(shop)s AND id = %(id)s"
