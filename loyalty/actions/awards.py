"""Bring what orders have earned to what they should have earned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from lib.clock import now
from lib.rows import execute, new_ids
from loyalty import ledger
from loyalty.documents import DeficitPolicy
from loyalty.ledger import Move, Posted

_decode = msgspec.json.Decoder().decode  # jsonb comes as text

# The breakdown of an award whose order belongs to another member by now.
MOVED: dict[str, Any] = {"v": 1, "target": 0, "skipped": "moved"}

AccountKey = tuple[int, int]  # (shop id, customer id)


@dataclass(slots=True)
class AwardTarget:
    """What one source (an order) should have earned, and why.

    `fresh`: the source was never awarded before, which saves looking. `keep`: worth an award row even at 0 points.
    `earned_at` dates the first payment, `changed_at` every later difference.
    Without `customer_id` (an order that lost its customer) an award that exists is taken back.
    """

    shop_id: int
    customer_id: int | None
    source: str
    version_id: int
    target: int
    breakdown: dict[str, Any]
    earned_at: datetime
    changed_at: datetime
    deficit: DeficitPolicy = "carry"
    fresh: bool = False
    keep: bool = True


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
    breakdown: Any


@dataclass(slots=True)
class _Change:
    """An award that exists, and what it should be."""

    award: _Award
    wish: AwardTarget
    target: int
    breakdown: dict[str, Any]
    deficit: DeficitPolicy
    posted: Posted | None = None

    @property
    def explained_anew(self) -> bool:
        return bool(self.breakdown != self.award.breakdown)

    @property
    def rise(self) -> int:
        """How far the target lies above what was posted, or was to be posted but for a clamp."""
        return self.target - (self.award.posted - self.award.shortfall)

    @property
    def repaid(self) -> int:
        """What of a rise makes up for points that a clamp could not take: they are still there."""
        return min(self.award.shortfall, max(0, self.rise))


def settle(targets: Sequence[AwardTarget]) -> None:
    """Post `target − already posted` for each source, and keep each explanation.

    The caller holds a lock on every source, or on its awards, so no other transaction settles it. Duplicates,
    reordering and replays therefore end in the same ledger.
    """
    if not targets:
        return
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
    _post(_open_awards(new), changes)


def _post(moves: Sequence[Move], changes: Sequence[_Change]) -> None:
    """Post the moves of new awards and what the changes ask for; write the changed awards."""
    moving = [change for change in changes if change.rise - change.repaid]
    posted = ledger.post([*moves, *_moves(moving)])
    for change, result in zip(moving, posted[len(moves) :], strict=True):
        change.posted = result
    _update([change for change in changes if _differs(change)])


def settle_open(shop_id: int | None) -> int:
    """Post what frozen accounts had to miss: awards whose target is not what was posted; returns how many."""
    changes = []
    for row in execute(_OPEN, shop=shop_id):
        source, award = _award(row[:-1])
        wish = AwardTarget(
            shop_id=award.shop_id,
            customer_id=None,
            source=source,
            version_id=award.version_id,
            target=award.target,
            breakdown=award.breakdown,
            earned_at=now(),
            changed_at=now(),
        )
        changes.append(_Change(award, wish, award.target, award.breakdown, row[-1]))
    _post([], changes)
    return len(changes)


def open_accounts(customers: Iterable[AccountKey]) -> dict[AccountKey, int]:
    """The account id of each customer, (shop id, customer id); missing ones are opened."""
    wanted = sorted(set(customers))
    rows = [{"shop_id": shop, "customer_id": customer} for shop, customer in wanted]
    found: dict[AccountKey, int] = {(row[0], row[1]): row[2] for row in execute(_ACCOUNTS, rows)}
    missing = [row for row in rows if (row["shop_id"], row["customer_id"]) not in found]
    if missing:
        execute(_OPEN_ACCOUNTS, missing)
        found |= {(row[0], row[1]): row[2] for row in execute(_ACCOUNTS, missing)}
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
        for source, award in map(_award, execute(_AWARDS, rows)):
            found.setdefault((award.shop_id, source), []).append(award)
    return found


def _award(row: tuple[Any, ...]) -> tuple[str, _Award]:
    source, *fields = row
    fields[-1] = _decode(fields[-1])
    return source, _Award(*fields)


def _open_awards(new: Sequence[tuple[AwardTarget, int]]) -> list[Move]:
    """Insert the awards of sources that had none; returns the moves that pay them."""
    if not new:
        return []
    ids = new_ids(loyalty_award=len(new))["loyalty_award"]
    execute(
        _INSERT_AWARDS,
        [
            {
                "shop_id": wish.shop_id,
                "id": id_,
                "account_id": account_id,
                "source": wish.source,
                "version_id": wish.version_id,
                "target": wish.target,
                "postings": 1 if wish.target else 0,
                "breakdown": wish.breakdown,
            }
            for id_, (wish, account_id) in zip(ids, new, strict=True)
        ],
    )
    return [
        Move(
            shop_id=wish.shop_id,
            account_id=account_id,
            kind="earn",
            points=wish.target,
            reference=_reference(id_, 0),
            occurred_at=wish.earned_at,
            award_id=id_,
            revision=0,
        )
        for id_, (wish, account_id) in zip(ids, new, strict=True)
        if wish.target
    ]


def _moves(changes: Sequence[_Change]) -> list[Move]:
    """The moves that bring awards to their targets; a debit names the entry that first paid the award."""
    moves = [_move(change, change.rise - change.repaid) for change in changes]
    debited = [change for change, move in zip(changes, moves, strict=True) if move.points < 0]
    firsts = _first_entries(debited)
    for change, move in zip(changes, moves, strict=True):
        if move.points < 0:
            move.reverses_id = firsts.get((change.award.shop_id, _reference(change.award.id, 0)))
    return moves


def _move(change: _Change, points: int) -> Move:
    award = change.award
    return Move(
        shop_id=award.shop_id,
        account_id=award.account_id,
        kind="earn" if points > 0 else "reverse",
        points=points,
        reference=_reference(award.id, award.postings),
        occurred_at=change.wish.changed_at if award.postings else change.wish.earned_at,
        uncovered=change.deficit,
        award_id=award.id,
        revision=award.revision + change.explained_anew,
    )


def _reference(award_id: int, posting: int) -> str:
    """Unique in the shop: the award and the number of its posting."""
    return f"award:{award_id}/{posting}"


def _first_entries(changes: Sequence[_Change]) -> dict[tuple[int, str], int]:
    """{(shop id, reference): id} of the entries that first paid these awards."""
    if not changes:
        return {}
    rows = [{"shop_id": c.award.shop_id, "reference": _reference(c.award.id, 0)} for c in changes]
    return {(row[0], row[1]): row[2] for row in execute(_ENTRIES, rows)}


def _differs(change: _Change) -> bool:
    award = change.award
    same = (change.target, change.wish.version_id) == (award.target, award.version_id)
    return bool(change.posted or change.repaid or change.explained_anew or not same)


def _update(changes: Sequence[_Change]) -> None:
    if not changes:
        return
    rows = []
    for change in changes:
        award, posted = change.award, change.posted
        rows.append(
            {
                "shop_id": award.shop_id,
                "id": award.id,
                "version_id": change.wish.version_id,
                "target": change.target,
                "posted": award.posted + (posted.points if posted else 0),
                "shortfall": award.shortfall - change.repaid + (posted.shortfall if posted else 0),
                "postings": award.postings + bool(posted and posted.points),
                "changed": change.explained_anew,
                "breakdown": change.breakdown,
            }
        )
    execute(_UPDATE_AWARDS, rows)


_COLUMNS = """
    a.source, a.id, a.shop_id, a.account_id, a.posted, a.shortfall, a.postings, jsonb_array_length(a.earlier),
    a.target, a.program_version_id, a.breakdown
"""
_OPEN = f"""
    SELECT {_COLUMNS}, coalesce(v.document ->> 'deficit', 'carry')
    FROM loyalty_award a
    JOIN loyalty_account c ON c.shop_id = a.shop_id AND c.id = a.account_id
    JOIN loyalty_programversion v ON v.shop_id = a.shop_id AND v.id = a.program_version_id
    WHERE a.target <> a.posted - a.shortfall AND c.frozen_at IS NULL
        AND (%(shop)s::bigint IS NULL OR a.shop_id = %(shop)s)
    ORDER BY a.id FOR NO KEY UPDATE OF a
"""
_ACCOUNTS = """
    SELECT a.shop_id, a.customer_id, a.id
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, customer_id bigint)
    JOIN loyalty_account a ON a.shop_id = r.shop_id AND a.customer_id = r.customer_id
"""
_OPEN_ACCOUNTS = """
    INSERT INTO loyalty_account (shop_id, customer_id)
    SELECT r.shop_id, r.customer_id FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, customer_id bigint)
    ON CONFLICT (shop_id, customer_id) DO NOTHING
"""
_AWARDS = f"""
    SELECT {_COLUMNS}
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, source text)
    JOIN loyalty_award a ON a.shop_id = r.shop_id AND a.source = r.source
    ORDER BY a.id FOR NO KEY UPDATE OF a
"""
_ENTRIES = """
    SELECT e.shop_id, e.reference, e.id
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, reference text)
    JOIN loyalty_entry e ON e.shop_id = r.shop_id AND e.reference = r.reference
"""
_INSERT_AWARDS = """
    INSERT INTO loyalty_award (shop_id, id, account_id, source, program_version_id, target, posted, postings,
        breakdown)
    SELECT r.shop_id, r.id, r.account_id, r.source, r.version_id, r.target, r.target, r.postings, r.breakdown
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, account_id bigint, source text,
        version_id bigint, target bigint, postings smallint, breakdown jsonb)
"""
_UPDATE_AWARDS = """
    UPDATE loyalty_award a SET program_version_id = r.version_id, target = r.target,
        posted = r.posted, shortfall = r.shortfall, postings = r.postings, breakdown = r.breakdown,
        earlier = CASE WHEN r.changed THEN a.earlier || jsonb_build_array(a.breakdown) ELSE a.earlier END
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, version_id bigint,
        target bigint, posted bigint, shortfall bigint, postings smallint, changed boolean, breakdown jsonb)
    WHERE a.shop_id = r.shop_id AND a.id = r.id
"""
