"""Bring what orders have earned to what they should have earned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from lib.clock import now
from lib.rows import execute, new_ids
from loyalty import ledger
from loyalty.actions import award_sql
from loyalty.ledger import Move, Posted

_decode = msgspec.json.Decoder().decode  # jsonb comes as text

# The breakdown of an award whose order belongs to another member by now.
MOVED: dict[str, Any] = {"v": 1, "target": 0, "skipped": "moved"}

AccountKey = tuple[int, int]  # (shop id, customer id)
AwardKey = tuple[int, str, int]  # (shop id, source, account id)

# What a clawback does that the balance does not cover; "unused" takes only what is left of the award itself.
Deficit = Literal["carry", "clamp", "unused"]


@dataclass(slots=True)
class AwardTarget:
    """What one source (an order, an activity, a tier's entry) should have earned, and why.

    `fresh`: the source was never awarded before, which saves looking. `keep`: worth an award row even at 0 points.
    `earned_at` dates the first payment, `changed_at` every later difference.
    Without `customer_id` (an order that lost its customer) an award that exists is taken back.

    Points are on hold until `release_at`. From `available_at` (or `release_at`, or `earned_at`) they can be spent,
    until `expires_at`, which with `idle_months` moves on with every earning and spending.
    """

    shop_id: int
    customer_id: int | None
    source: str
    version_id: int
    target: int
    breakdown: dict[str, Any]
    earned_at: datetime
    changed_at: datetime
    deficit: Deficit = "carry"
    fresh: bool = False
    keep: bool = True
    release_at: datetime | None = None
    available_at: datetime | None = None
    expires_at: datetime | None = None
    idle_months: int | None = None

    def held(self, at: datetime) -> bool:
        """Whether what is earned at `at` goes on hold."""
        return self.release_at is not None and self.release_at > at


@dataclass(slots=True)
class _Award:
    id: int
    shop_id: int
    account_id: int
    posted: int
    shortfall: int
    postings: int
    revision: int
    target: int
    version_id: int
    pending: int
    release_at: datetime | None
    expires_at: datetime | None
    idle_months: int | None
    breakdown: Any

    @property
    def expires(self) -> bool:
        return self.expires_at is not None or self.idle_months is not None


@dataclass(slots=True)
class _Change:
    """An award that exists, and what it should be."""

    award: _Award
    wish: AwardTarget
    target: int
    breakdown: dict[str, Any]
    deficit: Deficit
    posted: Posted | None = None

    @property
    def explained_anew(self) -> bool:
        return bool(self.breakdown != self.award.breakdown)

    @property
    def dated_anew(self) -> bool:
        """Whether its points turn out to expire on another day: they were earned at another time than was thought."""
        was = self.award.expires_at
        return bool(self.target and was and self.wish.expires_at and self.wish.expires_at != was)

    @property
    def rise(self) -> int:
        """How far the target lies above what was posted, or was to be posted but for a clamp."""
        return self.target - (self.award.posted - self.award.shortfall)

    @property
    def repaid(self) -> int:
        """What of a rise makes up for points that a clamp could not take: they are still there."""
        return min(self.award.shortfall, max(0, self.rise))


def settle(targets: Sequence[AwardTarget], at: datetime | None = None) -> dict[AwardKey, int]:
    """Post `target − already posted` for each source at `at` (now), and keep each explanation.

    The caller holds a lock on every source, or on its awards, so no other transaction settles it. Duplicates,
    reordering and replays therefore end in the same ledger. Returns the id of each award that there is.
    """
    if not targets:
        return {}
    at = at or now()
    accounts = open_accounts(
        (wish.shop_id, wish.customer_id) for wish in targets if wish.customer_id is not None
    )
    known = _known([wish for wish in targets if not wish.fresh])
    new: list[tuple[AwardTarget, int]] = []
    changes: list[_Change] = []
    for wish in targets:
        account_id = accounts[wish.shop_id, wish.customer_id] if wish.customer_id is not None else None
        awards = known.get((wish.shop_id, wish.source), [])
        changes += [_change(wish, award, account_id) for award in awards]
        awarded = account_id in [award.account_id for award in awards]
        if account_id is not None and not awarded and (wish.target or wish.keep):
            new.append((wish, account_id))
    moves, ids = _open_awards(new, at)
    _post(moves, changes, at)
    for change in changes:
        ids[change.award.shop_id, change.wish.source, change.award.account_id] = change.award.id
    return ids


def _post(moves: Sequence[Move], changes: Sequence[_Change], at: datetime) -> None:
    """Post the moves of new awards and what the changes ask for; write the changed awards."""
    moving = [change for change in changes if change.rise - change.repaid]
    posted = ledger.post([*moves, *_moves(moving, at)])
    for change, result in zip(moving, posted[len(moves) :], strict=True):
        change.posted = result
    _update([change for change in changes if _differs(change)])
    ledger.redate_awards(
        [
            {
                "shop_id": change.award.shop_id,
                "award_id": change.award.id,
                "expires_at": change.wish.expires_at,
                "was": change.award.expires_at,
            }
            for change in changes
            if change.dated_anew
        ]
    )


def settle_open(shop_id: int | None) -> int:
    """Post what frozen accounts had to miss: awards whose target is not what was posted; returns how many."""
    changes, at = [], now()
    for row in execute(award_sql.OPEN, shop=shop_id):
        source, award = _award(row[:-1])
        wish = AwardTarget(
            shop_id=award.shop_id,
            customer_id=None,
            source=source,
            version_id=award.version_id,
            target=award.target,
            breakdown=award.breakdown,
            earned_at=at,
            changed_at=at,
            release_at=award.release_at,
            expires_at=award.expires_at,
            idle_months=award.idle_months,
        )
        changes.append(_Change(award, wish, award.target, award.breakdown, row[-1]))
    _post([], changes, at)
    return len(changes)


def open_accounts(customers: Iterable[AccountKey]) -> dict[AccountKey, int]:
    """The account id of each customer, (shop id, customer id); missing ones are opened."""
    wanted = sorted(set(customers))
    rows = [{"shop_id": shop, "customer_id": customer} for shop, customer in wanted]
    found: dict[AccountKey, int] = {(row[0], row[1]): row[2] for row in execute(award_sql.ACCOUNTS, rows)}
    missing = [row for row in rows if (row["shop_id"], row["customer_id"]) not in found]
    if missing:
        execute(award_sql.OPEN_ACCOUNTS, missing)
        found |= {(row[0], row[1]): row[2] for row in execute(award_sql.ACCOUNTS, missing)}
    return found


def _change(wish: AwardTarget, award: _Award, account_id: int | None) -> _Change:
    """What an award should be: the wish itself, or nothing where the order has another owner by now."""
    if account_id is None or account_id == award.account_id:
        return _Change(award, wish, wish.target, wish.breakdown, wish.deficit)
    return _Change(award, wish, 0, MOVED, wish.deficit)


def _known(targets: Sequence[AwardTarget]) -> dict[tuple[int, str], list[_Award]]:
    """The awards of each source: one, or several of an order that changed hands."""
    found: dict[tuple[int, str], list[_Award]] = {}
    if targets:
        rows = [{"shop_id": wish.shop_id, "source": wish.source} for wish in targets]
        for source, award in map(_award, execute(award_sql.AWARDS, rows)):
            found.setdefault((award.shop_id, source), []).append(award)
    return found


def _award(row: tuple[Any, ...]) -> tuple[str, _Award]:
    source, *fields = row
    fields[-1] = _decode(fields[-1])
    return source, _Award(*fields)


def _open_awards(
    new: Sequence[tuple[AwardTarget, int]], at: datetime
) -> tuple[list[Move], dict[AwardKey, int]]:
    """Insert the awards of sources that had none; returns the moves that pay them, and their ids."""
    if not new:
        return [], {}
    ids = new_ids(loyalty_award=len(new))["loyalty_award"]
    opened = [(id_, wish, account_id) for id_, (wish, account_id) in zip(ids, new, strict=True)]
    execute(award_sql.INSERT_AWARDS, [_row(*one, at) for one in opened])
    moves = [
        _credit(wish, wish.target, at, account_id, id_, occurred_at=wish.earned_at)
        for id_, wish, account_id in opened
        if wish.target
    ]
    return moves, {(wish.shop_id, wish.source, account_id): id_ for id_, wish, account_id in opened}


def _row(id_: int, wish: AwardTarget, account_id: int, at: datetime) -> dict[str, Any]:
    return {
        "shop_id": wish.shop_id,
        "id": id_,
        "account_id": account_id,
        "source": wish.source,
        "version_id": wish.version_id,
        "target": wish.target,
        "pending": wish.target if wish.held(at) else 0,
        "postings": 1 if wish.target else 0,
        "release_at": wish.release_at,
        "expires_at": wish.expires_at,
        "idle_months": wish.idle_months,
        "breakdown": wish.breakdown,
    }


def _credit(
    wish: AwardTarget, points: int, at: datetime, account_id: int, award_id: int, occurred_at: datetime
) -> Move:
    """The move that pays an award for the first time."""
    held = wish.held(at)
    return Move(
        shop_id=wish.shop_id,
        account_id=account_id,
        kind="earn",
        points=0 if held else points,
        pending=points if held else 0,
        reference=_reference(award_id, 0),
        occurred_at=occurred_at,
        award_id=award_id,
        revision=0,
        available_at=wish.available_at or wish.release_at,
        expires_at=wish.expires_at,
        idle_months=wish.idle_months,
        activity=True,
    )


def _moves(changes: Sequence[_Change], at: datetime) -> list[Move]:
    """The moves that bring awards to their targets; a debit names the entry that first paid the award."""
    moves = [_move(change, change.rise - change.repaid, at) for change in changes]
    debited = [change for change, move in zip(changes, moves, strict=True) if move.kind == "reverse"]
    firsts = _first_entries(debited)
    for change, move in zip(changes, moves, strict=True):
        if move.kind == "reverse":
            move.reverses_id = firsts.get((change.award.shop_id, _reference(change.award.id, 0)))
    return moves


def _move(change: _Change, points: int, at: datetime) -> Move:
    award, wish = change.award, change.wish
    when = wish.changed_at if award.postings else wish.earned_at
    move = _credit(wish, points, at, award.account_id, award.id, when)
    move.reference = _reference(award.id, award.postings)
    move.revision = award.revision + change.explained_anew
    # A rise of what was earned before is no earning of its own: it may as well have been known at first.
    move.activity = award.postings == 0
    if points < 0:
        move.kind, move.uncovered = "reverse", change.deficit
        move.pending = -min(award.pending, -points)
        move.points = points - move.pending
        move.shortfall = award.shortfall if award.expires else None
    return move


def _reference(award_id: int, posting: int) -> str:
    """Unique in the shop: the award and the number of its posting."""
    return f"award:{award_id}/{posting}"


def _first_entries(changes: Sequence[_Change]) -> dict[tuple[int, str], int]:
    """{(shop id, reference): id} of the entries that first paid these awards."""
    if not changes:
        return {}
    rows = [{"shop_id": c.award.shop_id, "reference": _reference(c.award.id, 0)} for c in changes]
    return {(row[0], row[1]): row[2] for row in execute(award_sql.ENTRIES, rows)}


def _differs(change: _Change) -> bool:
    award = change.award
    wish = change.wish
    same = (change.target, wish.version_id) == (award.target, award.version_id)
    held_anew = change.target and award.pending and wish.release_at not in (None, award.release_at)
    anew = change.explained_anew or change.dated_anew or held_anew
    return bool(change.posted or change.repaid or anew or not same)


def _update(changes: Sequence[_Change]) -> None:
    if changes:
        execute(award_sql.UPDATE_AWARDS, [_changed_row(change) for change in changes])


def _changed_row(change: _Change) -> dict[str, Any]:
    award, wish, posted = change.award, change.wish, change.posted
    pending = posted.pending if posted else 0
    terms: AwardTarget | _Award = award
    if change.target and (wish.expires_at is not None or wish.idle_months is not None):
        terms = wish
    return {
        "shop_id": award.shop_id,
        "id": award.id,
        "version_id": wish.version_id,
        "target": change.target,
        "posted": award.posted + pending + (posted.points if posted else 0),
        "pending": award.pending + pending,
        "shortfall": award.shortfall - change.repaid + (posted.shortfall if posted else 0),
        "postings": award.postings + bool(posted and posted.entry_id),
        "release_at": (change.target and wish.release_at) or award.release_at,
        "expires_at": terms.expires_at,
        "idle_months": terms.idle_months,
        "changed": change.explained_anew,
        "breakdown": change.breakdown,
    }
