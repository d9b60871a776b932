"""Points spent on something, and given back: the way into the ledger for whoever sells things for points.

Everything here runs inside the caller's transaction, and locks the accounts. Whoever spends the points of one account
in a hurry calls the database function `loyalty_spend`, which does the same as `spend` with "refuse".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from loyalty import ledger
from loyalty.calendar import NEVER, LotTerms, add_days, day_after, local_day, lot_terms
from loyalty.errors import MoreThanSpent
from loyalty.versions import Timeline, timelines
from shops.models import Shop


@dataclass(frozen=True, slots=True)
class Spending:
    """Take `points` (above 0) for something; `reference` is unique in the shop, `actor` is "" for the member.

    What the balance does not cover is refused, or carried as a deficit.
    """

    shop_id: int
    account_id: int
    points: int
    reference: str
    occurred_at: datetime
    reason: str = ""
    actor: str = ""
    uncovered: Literal["refuse", "carry"] = "refuse"


@dataclass(frozen=True, slots=True)
class GivingBack:
    """Give back `points` of what the entries `spent` took from the account, the newest of them first.

    They go to the lots that they came from, with the expiry that these have. What would come back expired expires
    at once, or with `courtesy_days` at the end of the day so many days after `occurred_at`, on the shop's clock.

    `reference` is unique in the shop. Where several of the entries give something back, the second entry that this
    makes has "/2" after it, and so on.
    """

    shop_id: int
    account_id: int
    points: int
    spent: tuple[int, ...]
    reference: str
    occurred_at: datetime
    reason: str = ""
    actor: str = ""
    courtesy_days: int = 0


@dataclass(frozen=True, slots=True)
class GivenBack:
    """The ids of the entries that gave points back, and how many of the points expired at once."""

    entries: tuple[int, ...]
    expired: int


# (shop id, account id, entry id): points that have not come back yet, the newest entry first
_Left = dict[tuple[int, int, int], int]


def spend(spendings: Sequence[Spending]) -> list[int | None]:
    """Take points, oldest expiry first; returns the id of each entry. What is due by then expires first.

    Raises `NotEnoughPoints`, or `AccountFrozen`; a spending that may be carried takes nothing from a frozen account,
    and gives None. A reference that the shop has already makes the database raise IntegrityError.
    """
    if any(one.points <= 0 for one in spendings):
        raise ValueError("Points to spend must be above 0.")
    moves = [
        ledger.Move(
            shop_id=one.shop_id,
            account_id=one.account_id,
            kind="redeem",
            points=-one.points,
            reference=one.reference,
            occurred_at=one.occurred_at,
            uncovered=one.uncovered,
            reason=one.reason,
            actor=one.actor,
            activity=True,
        )
        for one in spendings
    ]
    return [posted.entry_id for posted in ledger.post(moves)]


def give_back(givings: Sequence[GivingBack]) -> list[GivenBack]:
    """Give points back, each with what became of it; 0 points make no entry.

    Raises `MoreThanSpent` where the entries together have less to give back, or are no spendings of the account. A
    reference that the shop has already makes the database raise IntegrityError. A frozen account gets its points too.
    """
    if any(one.points < 0 for one in givings):
        raise ValueError("Points to give back must not be below 0.")
    # Under the accounts' locks, so that nobody gives the same points back meanwhile.
    ledger.lock_accounts({one.account_id: one.shop_id for one in givings})
    left = _left(givings)
    shop_ids = {one.shop_id for one in givings}
    programs = timelines(shop_ids)
    zones = {
        id_: ZoneInfo(zone)
        for id_, zone in Shop.objects.filter(pk__in=shop_ids).values_list("pk", "timezone")
    }
    moves = [
        list(_moves(one, left, _terms(programs.get(one.shop_id), one.occurred_at), zones[one.shop_id]))
        for one in givings
    ]
    posted = iter(ledger.post([move for those in moves for move in those]))
    return [_given([next(posted) for _ in those]) for those in moves]


def expire_account(shop_id: int, account_id: int, at: datetime) -> int:
    """Let expire what is due on one account at `at`; returns how many lots. For when `loyalty_spend` says so."""
    return ledger.expire_account(shop_id, account_id, at)


def _left(givings: Sequence[GivingBack]) -> _Left:
    found = ledger.unreturned(
        (one.shop_id, one.account_id, entry_id) for one in givings for entry_id in one.spent
    )
    newest_first = sorted(found.items(), key=lambda item: -item[1][0])
    return {key: points for key, (_, points) in newest_first}


def _terms(timeline: Timeline | None, at: datetime) -> LotTerms:
    """When points expire that came from no lot: as if they were new."""
    if timeline is None:
        return NEVER
    version = timeline.at(at)
    return lot_terms(version.document, version.zone, at)


def _moves(one: GivingBack, left: _Left, terms: LotTerms, zone: ZoneInfo) -> Iterator[ledger.Move]:
    """One move for each entry that gives something back."""
    wanted = {(one.shop_id, one.account_id, entry_id) for entry_id in one.spent}
    shares = _shares(one.points, {key: points for key, points in left.items() if key in wanted})
    courtesy_until = None
    if one.courtesy_days > 0:
        courtesy_until = day_after(zone, add_days(local_day(zone, one.occurred_at), one.courtesy_days))
    for number, (key, points) in enumerate(shares.items(), 1):
        left[key] -= points
        yield ledger.Move(
            shop_id=one.shop_id,
            account_id=one.account_id,
            kind="return",
            points=points,
            reference=one.reference if number == 1 else f"{one.reference}/{number}",
            occurred_at=one.occurred_at,
            reverses_id=key[2],
            reason=one.reason,
            actor=one.actor,
            expires_at=terms.expires_at,
            idle_months=terms.idle_months,
            courtesy_until=courtesy_until,
        )


def _shares(points: int, left: Mapping[tuple[int, int, int], int]) -> dict[tuple[int, int, int], int]:
    """What of `points` each entry gives back, in the order of `left`. Raises `MoreThanSpent`."""
    shares, missing = {}, points
    for key, most in left.items():
        if share := min(most, missing):
            shares[key] = share
            missing -= share
    if missing:
        raise MoreThanSpent(points - missing, points)
    return shares


def _given(posted: Sequence[ledger.Posted]) -> GivenBack:
    entries = tuple(one.entry_id for one in posted if one.entry_id is not None)
    return GivenBack(entries, sum(one.expired for one in posted))
