"""Accounts under lock, and their lots, as a batch sees them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lib.rows import execute
from loyalty.errors import LedgerDamaged
from loyalty.ledger.moves import Move

# A debit of these kinds is asked for by somebody: what has expired by then is gone before.
ASKED_FOR = frozenset({"redeem", "adjust", "transfer", "import"})

AwardKey = tuple[int, int]  # (shop id, award id)


@dataclass(slots=True)
class OpenLot:
    """A lot with something left. `uses` counts its uses so far where it may expire in this batch."""

    shop_id: int
    id: int
    remaining: int
    expires_at: datetime | None
    earned_at: datetime
    entry_id: int
    award_id: int | None = None
    row: dict[str, Any] | None = None  # of a lot that this batch opens
    uses: int = 0

    def order_of_use(self) -> tuple[bool, Any, datetime, int]:
        return self.expires_at is None, self.expires_at or self.earned_at, self.earned_at, self.id

    def due(self, at: datetime) -> bool:
        """Whether it has expired by `at`."""
        return self.expires_at is not None and self.expires_at <= at

    def opened_by(self, move: Move) -> bool:
        """Whether a debit takes back what this lot came from: its award, or the entry that is reversed."""
        if move.award_id is not None:
            return self.award_id == move.award_id
        return move.reverses_id is not None and self.entry_id == move.reverses_id


@dataclass(slots=True)
class LockedAccount:
    """`active_at` is as it was before the batch."""

    id: int
    shop_id: int
    balance: int
    pending: int
    seq: int
    lifetime_earned: int
    lifetime_spent: int
    active_at: datetime | None
    frozen: bool
    activities: list[datetime] = field(default_factory=list)
    lots: list[OpenLot] = field(default_factory=list)


def lock_accounts(keys: Mapping[int, int]) -> dict[int, LockedAccount]:
    """Lock the accounts {id: shop id}, in the order of their ids. Raises `LedgerDamaged` when one does not exist."""
    rows = execute(_LOCK, [{"shop_id": shop_id, "id": id_} for id_, shop_id in sorted(keys.items())])
    if len(rows) != len(keys):
        raise LedgerDamaged("an account to be moved does not exist")
    return {row[0]: LockedAccount(*row) for row in rows}


def load_lots(moves: Iterable[Move], accounts: Mapping[int, LockedAccount]) -> None:
    """Load the open lots of every account that is debited, in the order in which debits take them."""
    keys = {move.account_id: move.shop_id for move in moves if move.points < 0}
    if not keys:
        return
    for account_id, *lot in execute(
        _LOTS, [{"shop_id": shop_id, "id": id_} for id_, shop_id in keys.items()]
    ):
        accounts[account_id].lots.append(OpenLot(*lot))
    for id_ in keys:
        accounts[id_].lots.sort(key=OpenLot.order_of_use)


def expired_points(moves: Iterable[Move]) -> dict[AwardKey, int]:
    """How much of the awards of these moves has expired; looked for where a move tells its `shortfall`."""
    rows = [
        {"shop_id": move.shop_id, "award_id": move.award_id}
        for move in moves
        if move.points < 0 and move.shortfall is not None
    ]
    return {(row[0], row[1]): int(row[2]) for row in execute(_EXPIRED, rows)} if rows else {}


def expiring_lots(moves: Iterable[Move], accounts: Mapping[int, LockedAccount]) -> int:
    """How many lots a batch may have to expire before its debits; those that are there get their `uses`."""
    latest: dict[int, datetime] = {}
    credits_that_expire = 0
    for move in moves:
        if move.points < 0 and move.kind in ASKED_FOR:
            latest[move.account_id] = max(latest.get(move.account_id, move.occurred_at), move.occurred_at)
        elif move.points > 0 and move.expires_at is not None:
            credits_that_expire += 1
    due = {
        lot.id: lot
        for id_, until in latest.items()
        for lot in accounts[id_].lots
        if lot.expires_at is not None and lot.expires_at <= until
    }
    if due:
        rows = [{"shop_id": lot.shop_id, "id": lot.id} for lot in due.values()]
        for lot_id, uses in execute(_USES, rows):
            due[lot_id].uses = uses
    return len(due) + (credits_that_expire if latest else 0)


_LOCK = """
    SELECT a.id, a.shop_id, a.balance, a.pending, a.seq, a.lifetime_earned, a.lifetime_spent, a.active_at,
        a.frozen_at IS NOT NULL
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    JOIN loyalty_account a ON a.shop_id = r.shop_id AND a.id = r.id
    ORDER BY a.id FOR NO KEY UPDATE OF a
"""
_LOTS = """
    SELECT l.account_id, l.shop_id, l.id, l.remaining, l.expires_at, l.earned_at, l.entry_id, l.award_id
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    JOIN loyalty_lot l ON l.shop_id = r.shop_id AND l.account_id = r.id AND l.remaining > 0
"""
_EXPIRED = """
    SELECT l.shop_id, l.award_id, sum(u.points)
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, award_id bigint)
    JOIN loyalty_lot l ON l.shop_id = r.shop_id AND l.award_id = r.award_id AND l.expires_at IS NOT NULL
    JOIN loyalty_lotuse u ON u.shop_id = l.shop_id AND u.lot_id = l.id
    JOIN loyalty_entry e ON e.shop_id = u.shop_id AND e.id = u.entry_id AND e.kind = 'expire'
    GROUP BY l.shop_id, l.award_id
"""
_USES = """
    SELECT u.lot_id, count(*)
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    JOIN loyalty_lotuse u ON u.shop_id = r.shop_id AND u.lot_id = r.id
    GROUP BY u.lot_id
"""
