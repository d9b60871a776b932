"""Moves of points become entries.

Everything here runs inside the caller's transaction. Accounts are locked in the order of their ids, so two
batches cannot wait for each other, and a balance is read only under its lock.
"""

from collections.abc import Sequence

from lib.rows import new_ids
from loyalty.errors import AccountFrozen, LedgerDamaged, NotEnoughPoints
from loyalty.ledger.accounts import (
    ASKED_FOR,
    AwardKey,
    LockedAccount,
    expired_points,
    expiring_lots,
    load_lots,
    lock_accounts,
)
from loyalty.ledger.lots import entry_row, expire_due, open_lot, use
from loyalty.ledger.moves import Move, Posted
from loyalty.ledger.returns import Spendings, Spent, begin, expire_given, give, load_spendings, room
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
    A return of more than its spending has not given back yet raises `MoreThanSpent`; what comes back to lots that have
    expired expires at once.
    """
    if not moves:
        return []
    accounts = lock_accounts({move.account_id: move.shop_id for move in moves})
    load_lots(moves, accounts)
    spendings = load_spendings(moves, accounts)
    expired = expired_points(moves)
    more_entries, more_lots = room(moves, spendings)
    ids = new_ids(
        loyalty_entry=len(moves) + expiring_lots(moves, accounts) + more_entries,
        loyalty_lot=sum(move.points > 0 for move in moves) + more_lots,
    )
    writes = Writes(entry_ids=ids["loyalty_entry"][::-1], lot_ids=ids["loyalty_lot"][::-1])
    posted = [_apply(move, accounts[move.account_id], expired, spendings, writes) for move in moves]
    sliding = write(writes, accounts.values())
    slide([accounts[id_] for id_ in sliding], writes.lots)
    return posted


def lock(shop_id: int, *account_ids: int) -> None:
    """Lock accounts of a shop until the transaction ends."""
    lock_accounts(dict.fromkeys(account_ids, shop_id))


def _apply(
    move: Move,
    account: LockedAccount,
    expired: dict[AwardKey, int],
    spendings: Spendings,
    writes: Writes,
) -> Posted:
    if account.frozen and (move.points < 0 or move.pending < 0):
        if move.uncovered == "refuse":
            raise AccountFrozen("This account is frozen: its figures are being checked.")
        return Posted(None, 0, account.balance)
    if move.points < 0 and move.kind in ASKED_FOR:
        expire_due(account, account.lots, move.occurred_at, writes)
    spent = begin(move, account, spendings, writes) if move.kind == "return" else None
    points, shortfall = _affordable(move, account, expired)
    if not points and not move.pending:
        return Posted(None, 0, account.balance, shortfall)
    entry_id = writes.entry_ids.pop()
    _move(move, account, entry_id, points, spent, writes)
    account.pending += move.pending
    if move.activity:
        account.activities.append(move.occurred_at)
    if move.kind in _EARNED_KINDS:
        account.lifetime_earned += points + move.pending
    elif move.kind in _SPENT_KINDS:
        account.lifetime_spent -= points
    writes.entries.append(entry_row(move, account, entry_id, points))
    gone = expire_given(move, account, spent, writes) if spent else 0
    return Posted(entry_id, points, account.balance, shortfall, move.pending, gone)


def _move(
    move: Move, account: LockedAccount, entry_id: int, points: int, spent: Spent | None, writes: Writes
) -> None:
    """Change the balance, and the lots: they hold what is above zero. Below is a deficit, which a credit fills."""
    before, after = account.balance, account.balance + points
    in_lots = max(0, after) - max(0, before)
    if in_lots > 0 and spent:
        give(move, account, entry_id, in_lots, spent, writes)
    elif in_lots > 0:
        open_lot(move, account, entry_id, in_lots, writes)
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


def _use_lots(account: LockedAccount, entry_id: int, points: int, move: Move, writes: Writes) -> None:
    """Take points from the lots that the move takes back, then from the others in the order of their expiry."""
    lots = account.lots
    if move.award_id is not None or move.reverses_id is not None:
        lots = sorted(lots, key=lambda lot: not lot.opened_by(move))
    for lot in lots:
        take = min(lot.remaining, points)
        if not take:
            continue
        use(lot, entry_id, take, writes)
        points -= take
        if not points:
            return
    raise LedgerDamaged(f"account {account.id}: its lots do not cover its balance")
