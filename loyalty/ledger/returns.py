"""Points that were spent come back: to the lots that they came from, what was used last first.

What a return gives to a lot is a negative use of that lot. Where the lot has expired, an `expire` entry takes it out at
once; or, as a courtesy, the return itself takes it out again and opens another lot of the same award with it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from lib.rows import execute
from loyalty.errors import MoreThanSpent
from loyalty.ledger.accounts import LockedAccount, OpenLot
from loyalty.ledger.lots import expire, expire_due, open_lot, use
from loyalty.ledger.moves import Move
from loyalty.ledger.writing import Writes


@dataclass(slots=True)
class Taken:
    """What a spending took from a lot and has not given back to it."""

    lot: OpenLot
    points: int


@dataclass(slots=True)
class Spent:
    """A `redeem` entry: `points` have not come back yet. Less may be `taken` from lots: the rest was a deficit."""

    points: int
    taken: list[Taken] = field(default_factory=list)


SpentKey = tuple[int, int, int | None]  # (shop id, account id, id of the entry)
Spendings = Mapping[SpentKey, Spent]


def load_spendings(moves: Iterable[Move], accounts: Mapping[int, LockedAccount]) -> Spendings:
    """What the moves that give points back refer to; its lots join those of the accounts."""
    keys = {(m.shop_id, m.account_id, m.reverses_id) for m in moves if m.kind == "return"}
    if not keys:
        return {}
    rows = [{"shop_id": shop_id, "account_id": account, "id": entry} for shop_id, account, entry in keys]
    found = {(row[0], row[1], row[2]): Spent(int(row[4])) for row in execute(_SPENT, rows)}
    idle = set()
    for entry_id, account_id, points, uses, idle_months, *columns in execute(_TAKEN, rows):
        lot = _join(accounts[account_id], OpenLot(*columns))
        lot.uses = uses
        if idle_months is not None and not lot.remaining:
            idle.add(lot.id)
        found[lot.shop_id, account_id, entry_id].taken.append(Taken(lot, int(points)))
    lots = {taken.lot.id: taken.lot for spent in found.values() for taken in spent.taken}
    _catch_up([lots[id_] for id_ in sorted(idle)])
    for account_id in {key[1] for key in keys}:
        accounts[account_id].lots.sort(key=OpenLot.order_of_use)
    return found


def unreturned(spent: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int, int], tuple[int, int]]:
    """{(shop id, account id, entry id): (its number in the account, points that have not come back)}.

    Of those that are "redeem" entries of that account. The caller holds the accounts' locks.
    """
    rows = [
        {"shop_id": shop_id, "account_id": account, "id": entry} for shop_id, account, entry in set(spent)
    ]
    return {(row[0], row[1], row[2]): (row[3], int(row[4])) for row in execute(_SPENT, rows)} if rows else {}


def room(moves: Iterable[Move], spendings: Spendings) -> tuple[int, int]:
    """(entries, lots) that returns among the moves need at most besides one of each."""
    if not spendings:
        return 0, 0
    keys = [(move.shop_id, move.account_id, move.reverses_id) for move in moves if move.kind == "return"]
    lots = sum(len(spendings[key].taken) for key in keys if key in spendings)
    return 2 * lots, lots


def begin(move: Move, account: LockedAccount, spendings: Spendings, writes: Writes) -> Spent:
    """The spending that a move gives back, its lots without what has expired before. Raises `MoreThanSpent`."""
    spent = spendings.get((move.shop_id, move.account_id, move.reverses_id))
    left = spent.points if spent else 0
    if spent is None or not 0 < move.points <= left:
        raise MoreThanSpent(left, move.points)
    if not account.frozen:
        expire_due(account, [taken.lot for taken in spent.taken], move.occurred_at, writes)
    spent.points -= move.points
    return spent


def give(
    move: Move, account: LockedAccount, entry_id: int, points: int, spent: Spent, writes: Writes
) -> None:
    """Put `points` back into the lots; what came out of none opens one on the terms of the move."""
    for taken in spent.taken:
        part = min(taken.points, points)
        if not part:
            continue
        taken.points -= part
        points -= part
        use(taken.lot, entry_id, -part, writes)
        if move.courtesy_until is not None and taken.lot.due(move.occurred_at):
            use(taken.lot, entry_id, part, writes)
            courtesy = replace(
                move, award_id=taken.lot.award_id, expires_at=move.courtesy_until, idle_months=None
            )
            open_lot(courtesy, account, entry_id, part, writes)
    if points:
        open_lot(move, account, entry_id, points, writes)


def expire_given(move: Move, account: LockedAccount, spent: Spent, writes: Writes) -> int:
    """Let expire what came back to lots that had expired; returns how many points. Not of a frozen account."""
    before = account.balance
    for taken in spent.taken:
        if taken.lot.remaining and taken.lot.due(move.occurred_at) and not account.frozen:
            expire(account, taken.lot, move.occurred_at, writes)
    return before - account.balance


def _join(account: LockedAccount, lot: OpenLot) -> OpenLot:
    """The lot as the account knows it: each is there once."""
    for known in account.lots:
        if known.id == lot.id:
            return known
    account.lots.append(lot)
    return lot


def _catch_up(empty: list[OpenLot]) -> None:
    """Move on the expiry of lots that slide by what the member did while they were empty."""
    rows: list[dict[str, Any]] = [{"shop_id": lot.shop_id, "id": lot.id} for lot in empty]
    ends = dict(execute(_CATCH_UP, rows)) if rows else {}
    for lot in empty:
        lot.expires_at = ends.get(lot.id, lot.expires_at)


_WANTED = "json_to_recordset(%(rows)s) AS r(shop_id bigint, account_id bigint, id bigint)"
_SPENT = f"""
    SELECT e.shop_id, e.account_id, e.id, e.seq, -e.available_delta - coalesce(sum(b.available_delta), 0)
    FROM {_WANTED}
    JOIN loyalty_entry e ON e.shop_id = r.shop_id AND e.id = r.id AND e.account_id = r.account_id
        AND e.kind = 'redeem'
    LEFT JOIN loyalty_entry b ON b.shop_id = e.shop_id AND b.reverses_id = e.id AND b.kind = 'return'
    GROUP BY e.shop_id, e.account_id, e.id, e.seq, e.available_delta
"""
# No lot gets more than it has room for, not even of an account whose figures are damaged.
_TAKEN = f"""
    WITH spent AS MATERIALIZED (
        SELECT e.shop_id, e.id FROM {_WANTED}
        JOIN loyalty_entry e ON e.shop_id = r.shop_id AND e.id = r.id AND e.account_id = r.account_id
            AND e.kind = 'redeem'
    ), moved AS (
        SELECT s.shop_id, s.id AS entry_id, u.lot_id, u.points, u.id AS turn
        FROM spent s JOIN loyalty_lotuse u ON u.shop_id = s.shop_id AND u.entry_id = s.id
        UNION ALL
        SELECT s.shop_id, s.id, u.lot_id, u.points, NULL
        FROM spent s
        JOIN loyalty_entry b ON b.shop_id = s.shop_id AND b.reverses_id = s.id AND b.kind = 'return'
        JOIN loyalty_lotuse u ON u.shop_id = b.shop_id AND u.entry_id = b.id AND u.points < 0
    ), net AS (
        SELECT m.shop_id, m.entry_id, m.lot_id, sum(m.points) AS points, max(m.turn) AS turn
        FROM moved m GROUP BY m.shop_id, m.entry_id, m.lot_id
    )
    SELECT n.entry_id, l.account_id, least(n.points, l.points - l.remaining),
        (SELECT count(*) FROM loyalty_lotuse u WHERE u.shop_id = l.shop_id AND u.lot_id = l.id), l.idle_months,
        l.shop_id, l.id, l.remaining, l.expires_at, l.earned_at, l.entry_id, l.award_id
    FROM net n JOIN loyalty_lot l ON l.shop_id = n.shop_id AND l.id = n.lot_id
    WHERE n.points > 0 AND l.points > l.remaining
    ORDER BY n.entry_id, n.turn DESC
"""
# As `sliding` does it: an activity counts only if the points would not have expired by then.
_CATCH_UP = """
    UPDATE loyalty_lot l SET expires_at = (
        WITH RECURSIVE kept(until) AS (
            SELECT l.expires_at
            UNION
            SELECT greatest(k.until, loyalty_idle_until(greatest(n.at, l.available_at), l.idle_months, s.timezone))
            FROM kept k CROSS JOIN LATERAL (
                SELECT max(e.occurred_at) AS at FROM loyalty_entry e
                WHERE e.shop_id = l.shop_id AND e.account_id = l.account_id AND e.kind IN ('earn', 'redeem')
                    AND e.occurred_at < k.until
            ) n WHERE n.at IS NOT NULL
        ) SELECT max(k.until) FROM kept k
    )
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    JOIN shops_shop s ON s.id = r.shop_id
    WHERE l.shop_id = r.shop_id AND l.id = r.id
    RETURNING l.id, l.expires_at
"""
