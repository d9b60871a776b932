"""Bring what orders have earned to what they should have earned."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from lib.clock import now
from lib.rows import execute, new_ids
from loyalty import ledger
from loyalty.documents import DeficitPolicy
from loyalty.ledger import Move, Posted

_decode = msgspec.json.Decoder().decode  # jsonb comes as text

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
    wish: AwardTarget
    award: _Award
    account_id: int  # who should have the points; not the award's account when the order changed hands
    changed: bool  # the explanation is another one
    posted: list[Posted] = field(default_factory=list)


def settle(targets: Sequence[AwardTarget]) -> None:
    """Post `target − already posted` for each source, and keep each explanation.

    The caller holds a lock on every source, so no other transaction settles it. Duplicates, reordering and
    replays therefore end in the same ledger.
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
        award = known.get((wish.shop_id, wish.source))
        account_id = accounts[wish.shop_id, wish.customer_id] if wish.customer_id is not None else None
        if award is not None:
            changes.append(
                _Change(wish, award, account_id or award.account_id, award.breakdown != wish.breakdown)
            )
        elif account_id is not None and (wish.target or wish.keep):
            new.append((wish, account_id))
    moves = _open_awards(new)
    pairs = _differences(changes)
    posted = ledger.post([*moves, *(move for _, move in pairs)])
    for (change, _), result in zip(pairs, posted[len(moves) :], strict=True):
        change.posted.append(result)
    _update([change for change in changes if _differs(change)])


def settle_open(shop_id: int | None) -> int:
    """Post what frozen accounts had to miss: awards whose target is not what was posted; returns how many."""
    rows = execute(_OPEN, shop=shop_id)
    settle(
        [
            AwardTarget(
                shop_id=row[0],
                customer_id=row[1],
                source=row[2],
                version_id=row[3],
                target=row[4],
                breakdown=_decode(row[5]),
                earned_at=now(),
                changed_at=now(),
                deficit=row[6],
            )
            for row in rows
        ]
    )
    return len(rows)


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


def _known(targets: Sequence[AwardTarget]) -> dict[tuple[int, str], _Award]:
    if not targets:
        return {}
    rows = execute(_AWARDS, [{"shop_id": wish.shop_id, "source": wish.source} for wish in targets])
    return {(award.shop_id, source): award for source, award in map(_award, rows)}


def _award(row: tuple[Any, ...]) -> tuple[str, _Award]:
    source, *fields, breakdown = row
    return source, _Award(*fields, _decode(breakdown))


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
            reference=f"{wish.source}/0",
            occurred_at=wish.earned_at,
            award_id=id_,
            revision=0,
        )
        for id_, (wish, account_id) in zip(ids, new, strict=True)
        if wish.target
    ]


def _differences(changes: Sequence[_Change]) -> list[tuple[_Change, Move]]:
    pairs = []
    for change in changes:
        award = change.award
        held = award.posted - award.shortfall
        if change.account_id == award.account_id:
            steps = [(award.account_id, change.wish.target - held)]
        else:
            steps = [(award.account_id, -held), (change.account_id, change.wish.target)]
        for number, (account_id, points) in enumerate((a, p) for a, p in steps if p):
            pairs.append((change, _move(change, account_id, points, award.postings + number)))
    firsts = _first_entries([change for change, move in pairs if move.points < 0])
    for change, move in pairs:
        if move.points < 0:
            move.reverses_id = firsts.get((change.award.shop_id, f"{change.wish.source}/0"))
    return pairs


def _move(change: _Change, account_id: int, points: int, number: int) -> Move:
    wish, award = change.wish, change.award
    return Move(
        shop_id=award.shop_id,
        account_id=account_id,
        kind="earn" if points > 0 else "reverse",
        points=points,
        reference=f"{wish.source}/{number}",
        occurred_at=wish.earned_at if not award.postings else wish.changed_at,
        uncovered=wish.deficit,
        award_id=award.id,
        revision=award.revision + change.changed,
    )


def _first_entries(changes: Sequence[_Change]) -> dict[tuple[int, str], int]:
    """{(shop id, reference): id} of the entries that first paid these awards."""
    if not changes:
        return {}
    rows = execute(
        _ENTRIES, [{"shop_id": c.award.shop_id, "reference": f"{c.wish.source}/0"} for c in changes]
    )
    return {(row[0], row[1]): row[2] for row in rows}


def _differs(change: _Change) -> bool:
    wish, award = change.wish, change.award
    same = (wish.target, wish.version_id, change.account_id) == (
        award.target,
        award.version_id,
        award.account_id,
    )
    return bool(change.posted or change.changed or not same)


def _update(changes: Sequence[_Change]) -> None:
    if not changes:
        return
    rows = []
    for change in changes:
        wish, award = change.wish, change.award
        rows.append(
            {
                "shop_id": award.shop_id,
                "id": award.id,
                "account_id": change.account_id,
                "version_id": wish.version_id,
                "target": wish.target,
                "posted": award.posted + sum(posted.points for posted in change.posted),
                "shortfall": award.shortfall + sum(posted.shortfall for posted in change.posted),
                "postings": award.postings + sum(posted.entry_id is not None for posted in change.posted),
                "changed": change.changed,
                "breakdown": wish.breakdown,
            }
        )
    execute(_UPDATE_AWARDS, rows)


_OPEN = """
    SELECT w.shop_id, a.customer_id, w.source, w.program_version_id, w.target, w.breakdown,
        coalesce(v.document ->> 'deficit', 'carry')
    FROM loyalty_award w
    JOIN loyalty_account a ON a.shop_id = w.shop_id AND a.id = w.account_id
    JOIN loyalty_programversion v ON v.shop_id = w.shop_id AND v.id = w.program_version_id
    WHERE w.target <> w.posted - w.shortfall AND a.frozen_at IS NULL
        AND (%(shop)s::bigint IS NULL OR w.shop_id = %(shop)s)
    ORDER BY w.id FOR NO KEY UPDATE OF w
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
_AWARDS = """
    SELECT a.source, a.id, a.shop_id, a.account_id, a.posted, a.shortfall, a.postings,
        jsonb_array_length(a.earlier), a.target, a.program_version_id, a.breakdown
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
    UPDATE loyalty_award a SET account_id = r.account_id, program_version_id = r.version_id, target = r.target,
        posted = r.posted, shortfall = r.shortfall, postings = r.postings, breakdown = r.breakdown,
        earlier = CASE WHEN r.changed THEN a.earlier || jsonb_build_array(a.breakdown) ELSE a.earlier END
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, account_id bigint, version_id bigint,
        target bigint, posted bigint, shortfall bigint, postings smallint, changed boolean, breakdown jsonb)
    WHERE a.shop_id = r.shop_id AND a.id = r.id
"""
