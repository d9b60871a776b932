"""Moves of points become entries.

Everything here runs inside the caller's transaction. Accounts are locked in the order of their ids, so two
batches cannot wait for each other, and a balance is read only under its lock.
"""

from bisect import insort
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from lib.rows import new_ids
from loyalty.errors import AccountFrozen, LedgerDamaged, NotEnoughPoints
from loyalty.ledger.accounts import (
    ASKED_FOR,
    AwardKey,
    LockedAccount,
    OpenLot,
    expired_points,
    expiring_lots,
    load_lots,
    lock_accounts,
)
from loyalty.ledger.moves import Move, Posted
from loyalty.ledger.sliding import slide
from loyalty.ledger.writing import Writes, write

_EARNED_KINDS = frozenset({"earn", "reverse", "import"})
_SPENT_KINDS = frozenset({"redeem", "return"})


def post(moves: Sequence[Move]) -> list[Posted]:
    """Append one entry for each move, in their order, and return what became of each.

    A debit beyond the balance raises `NotEnoughPoints` ("refuse"), leaves a deficit ("carry") or takes what is
    there ("clamp"). A frozen account refuses debits: `AccountFrozen` with "refuse", otherwise nothing is moved.
    A reference that the shop has already makes the database raise IntegrityError.

    Before a debit that somebody asks for (no clawback of an award) takes points, what is due by then expires.
    """
    if not moves:
        return []
    accounts = lock_accounts({move.account_id: move.shop_id for move in moves})
    load_lots(moves, accounts)
    expired = expired_points(moves)
    ids = new_ids(
        loyalty_entry=len(moves) + expiring_lots(moves, accounts),
        loyalty_lot=sum(move.points > 0 for move in moves),
    )
    writes = Writes(entry_ids=ids["loyalty_entry"][::-1], lot_ids=ids["loyalty_lot"][::-1])
    posted = [_apply(move, accounts[move.account_id], expired, writes) for move in moves]
    sliding = write(writes, accounts.values())
    slide([accounts[id_] for id_ in sliding], writes.lots)
    return posted


def lock(shop_id: int, *account_ids: int) -> None:
    """Lock accounts of a shop until the transaction ends."""
    lock_accounts(dict.fromkeys(account_ids, shop_id))


def _apply(move: Move, account: LockedAccount, expired: dict[AwardKey, int], writes: Writes) -> Posted:
    if account.frozen and (move.points < 0 or move.pending < 0):
        if move.uncovered == "refuse":
            raise AccountFrozen("This account is frozen: its figures are being checked.")
        return Posted(None, 0, account.balance)
    if move.points < 0 and move.kind in ASKED_FOR:
        _expire_due(account, move.occurred_at, writes)
    points, shortfall = _affordable(move, account, expired)
    if not points and not move.pending:
        return Posted(None, 0, account.balance, shortfall)
    entry_id = writes.entry_ids.pop()
    _move(move, account, entry_id, points, writes)
    account.pending += move.pending
    if move.activity:
        account.activities.append(move.occurred_at)
    if move.kind in _EARNED_KINDS:
        account.lifetime_earned += points + move.pending
    elif move.kind in _SPENT_KINDS:
        account.lifetime_spent -= points
    writes.entries.append(_entry(move, account, entry_id, points))
    return Posted(entry_id, points, account.balance, shortfall, move.pending)


def _move(move: Move, account: LockedAccount, entry_id: int, points: int, writes: Writes) -> None:
    """Change the balance, and the lots: they hold what is above zero. Below is a deficit, which a credit fills."""
    before, after = account.balance, account.balance + points
    in_lots = max(0, after) - max(0, before)
    if in_lots > 0:
        _open_lot(move, account, entry_id, in_lots, writes)
    elif in_lots < 0:
        _use_lots(account, entry_id, -in_lots, move, writes)
    account.balance = after
    account.seq += 1


def _affordable(move: Move, account: LockedAccount, expired: dict[AwardKey, int]) -> tuple[int, int]:
    """(points that move, points that have expired before or that the balance does not give)."""
    if move.points >= 0:
        return move.points, 0
    wanted = -move.points
    if move.uncovered == "unused":
        taken = min(_own(move, account), wanted)
        return -taken, wanted - taken
    forgiven = _forgiven(move, account, expired)
    wanted -= forgiven
    missing = wanted - max(0, account.balance)
    if missing <= 0 or move.uncovered == "carry":
        return -wanted, forgiven
    if move.uncovered == "refuse":
        raise NotEnoughPoints(account.balance, wanted)
    return missing - wanted, forgiven + missing


def _forgiven(move: Move, account: LockedAccount, expired: dict[AwardKey, int]) -> int:
    """What a debit of an award does not take because it has expired; its shortfall tells what of it is missed already.

    A clamp leaves something out only when nothing is left to be forgiven, so one figure holds both.
    """
    if move.shortfall is None or move.award_id is None:
        return 0
    gone = expired.get((move.shop_id, move.award_id), 0) - move.shortfall
    return min(max(0, gone), max(0, -move.points - _own(move, account)))


def _own(move: Move, account: LockedAccount) -> int:
    """What is left in the lots of the award that a debit belongs to."""
    return sum(lot.remaining for lot in account.lots if lot.opened_by(move))


def _open_lot(move: Move, account: LockedAccount, entry_id: int, points: int, writes: Writes) -> None:
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


def _use_lots(account: LockedAccount, entry_id: int, points: int, move: Move, writes: Writes) -> None:
    """Take points from the lots that the move takes back, then from the others in the order of their expiry."""
    lots = account.lots
    if move.award_id is not None or move.reverses_id is not None:
        lots = sorted(lots, key=lambda lot: not lot.opened_by(move))
    for lot in lots:
        take = min(lot.remaining, points)
        if not take:
            continue
        _use(lot, entry_id, take, writes)
        points -= take
        if not points:
            return
    raise LedgerDamaged(f"account {account.id}: its lots do not cover its balance")


def _use(lot: OpenLot, entry_id: int, points: int, writes: Writes) -> None:
    lot.remaining -= points
    lot.uses += 1
    writes.uses.append({"shop_id": lot.shop_id, "entry_id": entry_id, "lot_id": lot.id, "points": points})
    if lot.row is None:
        writes.used[lot.id] = lot


def _expire_due(account: LockedAccount, at: datetime, writes: Writes) -> None:
    """Let what is due expire, one entry a lot, as the job would have done."""
    for lot in account.lots:
        if lot.expires_at is None or lot.expires_at > at or not lot.remaining:
            continue
        points, entry_id = lot.remaining, writes.entry_ids.pop()
        reference = f"expire:{lot.id}/{lot.uses}"
        move = Move(account.shop_id, account.id, "expire", -points, reference, lot.expires_at)
        _use(lot, entry_id, points, writes)
        account.balance -= points
        account.seq += 1
        writes.entries.append(_entry(move, account, entry_id, -points))


def _entry(move: Move, account: LockedAccount, entry_id: int, points: int) -> dict[str, Any]:
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
