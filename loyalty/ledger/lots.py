"""Lots opened, used and expired under their account's lock, as rows to be written."""

from bisect import insort
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from loyalty.ledger.accounts import LockedAccount, OpenLot
from loyalty.ledger.moves import Move
from loyalty.ledger.writing import Writes


def open_lot(move: Move, account: LockedAccount, entry_id: int, points: int, writes: Writes) -> None:
    """Open a lot of `points`, on the terms of the move."""
    lot = OpenLot(
        move.shop_id,
        writes.lot_ids.pop(),
        points,
        move.expires_at,
        move.occurred_at,
        entry_id,
        move.award_id,
    )
    lot.row = {
        "shop_id": move.shop_id,
        "id": lot.id,
        "account_id": move.account_id,
        "entry_id": entry_id,
        "award_id": move.award_id,
        "points": points,
        "earned_at": move.occurred_at,
        "available_at": max(move.available_at or move.occurred_at, move.occurred_at),
        "expires_at": move.expires_at,
        "idle_months": move.idle_months,
    }
    writes.lots.append(lot)
    insort(account.lots, lot, key=OpenLot.order_of_use)


def use(lot: OpenLot, entry_id: int, points: int, writes: Writes) -> None:
    """Take `points` out of a lot, or where they are negative put them back."""
    lot.remaining -= points
    lot.uses += 1
    writes.uses.append({"shop_id": lot.shop_id, "entry_id": entry_id, "lot_id": lot.id, "points": points})
    if lot.row is None:
        writes.used[lot.id] = lot


def expire_due(account: LockedAccount, lots: Iterable[OpenLot], at: datetime, writes: Writes) -> None:
    """Let what is due of these lots expire, one entry a lot, as the job would have done."""
    for lot in lots:
        if lot.expires_at is not None and lot.remaining and lot.due(at):
            expire(account, lot, lot.expires_at, writes)


def expire(account: LockedAccount, lot: OpenLot, at: datetime, writes: Writes) -> None:
    """Let all that is left in a lot expire, by an entry of that instant."""
    points, entry_id = lot.remaining, writes.entry_ids.pop()
    reference = f"expire:{lot.id}/{lot.uses}"
    move = Move(account.shop_id, account.id, "expire", -points, reference, at)
    use(lot, entry_id, points, writes)
    account.balance -= points
    account.seq += 1
    writes.entries.append(entry_row(move, account, entry_id, -points))


def entry_row(move: Move, account: LockedAccount, entry_id: int, points: int) -> dict[str, Any]:
    """The entry of a move that the account has made already."""
    return {
        "shop_id": move.shop_id,
        "id": entry_id,
        "account_id": move.account_id,
        "seq": account.seq,
        "kind": move.kind,
        "pending": move.pending,
        "points": points,
        "balance_after": account.balance,
        "award_id": move.award_id,
        "revision": move.revision,
        "reverses_id": move.reverses_id,
        "reference": move.reference,
        "reason": move.reason,
        "actor": move.actor,
        "occurred_at": move.occurred_at,
    }
