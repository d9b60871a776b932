"""What a batch writes: entries, lots and uses are added; lots and accounts are updated."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from lib.rows import execute
from loyalty.ledger.accounts import LockedAccount, OpenLot


@dataclass(slots=True)
class Writes:
    """What a batch has decided so far, and the ids it may still use."""

    entry_ids: list[int]
    lot_ids: list[int]
    entries: list[dict[str, Any]] = field(default_factory=list)
    lots: list[OpenLot] = field(default_factory=list)
    used: dict[int, OpenLot] = field(default_factory=dict)
    uses: list[dict[str, Any]] = field(default_factory=list)


def write(writes: Writes, accounts: Iterable[LockedAccount]) -> set[int]:
    """Write it all; at most one statement for each table and purpose.

    Returns the ids of the accounts that have lots whose expiry moves with activity.
    """
    if not writes.entries:
        return set()
    execute(_INSERT_ENTRIES, writes.entries)
    if writes.lots:
        execute(_INSERT_LOTS, [(lot.row or {}) | {"remaining": lot.remaining} for lot in writes.lots])
    if writes.uses:
        execute(_INSERT_USES, writes.uses)
    if writes.used:
        used = writes.used.values()
        execute(
            _UPDATE_LOTS, [{"shop_id": lot.shop_id, "id": lot.id, "remaining": lot.remaining} for lot in used]
        )
    return {row[0] for row in execute(_UPDATE_ACCOUNTS, map(_account_row, accounts)) if row[1]}


def _account_row(account: LockedAccount) -> dict[str, Any]:
    return {
        "shop_id": account.shop_id,
        "id": account.id,
        "balance": account.balance,
        "pending": account.pending,
        "seq": account.seq,
        "earned": account.lifetime_earned,
        "spent": account.lifetime_spent,
        "active_at": max(account.activities, default=None),
    }


_INSERT_ENTRIES = """
    INSERT INTO loyalty_entry (shop_id, id, account_id, seq, kind, pending_delta, available_delta, balance_after,
        award_id, revision, reverses_id, reference, reason, actor, occurred_at, seal)
    SELECT r.shop_id, r.id, r.account_id, r.seq, r.kind, r.pending, r.points, r.balance_after,
        r.award_id, r.revision, r.reverses_id, r.reference, r.reason, r.actor, r.occurred_at,
        loyalty_entry_seal(r.shop_id, r.id, r.account_id, r.seq, r.kind, r.pending, r.points, r.balance_after,
            r.award_id, r.revision, r.reverses_id, r.reference, r.reason, r.actor, r.occurred_at)
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, account_id bigint, seq int, kind text,
        pending bigint, points bigint, balance_after bigint, award_id bigint, revision smallint, reverses_id bigint,
        reference text, reason text, actor text, occurred_at timestamptz)
"""
_INSERT_LOTS = """
    INSERT INTO loyalty_lot (shop_id, id, account_id, entry_id, award_id, points, remaining, earned_at, available_at,
        expires_at, idle_months)
    SELECT r.shop_id, r.id, r.account_id, r.entry_id, r.award_id, r.points, r.remaining, r.earned_at,
        r.available_at, r.expires_at, r.idle_months
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, account_id bigint, entry_id bigint,
        award_id bigint, points bigint, remaining bigint, earned_at timestamptz, available_at timestamptz,
        expires_at timestamptz, idle_months smallint)
"""
_INSERT_USES = """
    INSERT INTO loyalty_lotuse (shop_id, entry_id, lot_id, points)
    SELECT * FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, entry_id bigint, lot_id bigint, points bigint)
"""
_UPDATE_LOTS = """
    UPDATE loyalty_lot l SET remaining = r.remaining
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, remaining bigint)
    WHERE l.shop_id = r.shop_id AND l.id = r.id
"""
# Looked at here, not when the account was locked: a statement that waits for a lock sees lots as they were before.
_UPDATE_ACCOUNTS = """
    UPDATE loyalty_account a SET balance = r.balance, pending = r.pending, seq = r.seq, lifetime_earned = r.earned,
        lifetime_spent = r.spent, active_at = greatest(a.active_at, r.active_at)
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, balance bigint, pending bigint, seq int,
        earned bigint, spent bigint, active_at timestamptz)
    WHERE a.shop_id = r.shop_id AND a.id = r.id
    RETURNING a.id, EXISTS (
        SELECT FROM loyalty_lot l
        WHERE l.shop_id = a.shop_id AND l.account_id = a.id AND l.remaining > 0 AND l.idle_months IS NOT NULL
    )
"""
