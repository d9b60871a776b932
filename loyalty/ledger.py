"""The one door to the points ledger: it locks accounts, appends entries, opens and uses lots, updates balances.

Everything here runs inside the caller's transaction. Accounts are locked in the order of their ids, so two
batches cannot wait for each other, and a balance is read only under its lock.
"""

from bisect import insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from lib.rows import execute, new_ids
from loyalty.errors import AccountFrozen, LedgerDamaged, NotEnoughPoints

# What happens to a debit that the balance does not cover.
Uncovered = Literal["refuse", "carry", "clamp"]

_EARNED_KINDS = frozenset({"earn", "reverse", "import"})
_SPENT_KINDS = frozenset({"redeem", "return"})


@dataclass(slots=True)
class Move:
    """A wish to move `points` (above 0: credit, below 0: debit) of an account; never 0.

    `occurred_at` is when its cause happened. A credit opens a lot that expires at `expires_at`, or never.
    """

    shop_id: int
    account_id: int
    kind: str
    points: int
    reference: str
    occurred_at: datetime
    uncovered: Uncovered = "refuse"
    award_id: int | None = None
    revision: int | None = None
    reverses_id: int | None = None
    reason: str = ""
    actor: str = ""
    expires_at: datetime | None = None


@dataclass(slots=True)
class Posted:
    """What became of a move: `points` moved (0 and no `entry_id` when nothing was), what a clamp left out."""

    entry_id: int | None
    points: int
    balance_after: int
    shortfall: int = 0


@dataclass(slots=True)
class _Lot:
    shop_id: int
    id: int
    remaining: int
    expires_at: datetime | None
    earned_at: datetime
    row: dict[str, Any] | None = None  # of a lot that this batch opens

    def order_of_use(self) -> tuple[bool, Any, datetime, int]:
        return self.expires_at is None, self.expires_at or self.earned_at, self.earned_at, self.id


@dataclass(slots=True)
class _Account:
    id: int
    shop_id: int
    balance: int
    seq: int
    lifetime_earned: int
    lifetime_spent: int
    frozen: bool
    lots: list[_Lot] = field(default_factory=list)


@dataclass(slots=True)
class _Writes:
    entry_ids: list[int]
    lot_ids: list[int]
    entries: list[dict[str, Any]] = field(default_factory=list)
    lots: list[_Lot] = field(default_factory=list)
    used: dict[int, _Lot] = field(default_factory=dict)
    uses: list[dict[str, Any]] = field(default_factory=list)


def post(moves: Sequence[Move]) -> list[Posted]:
    """Append one entry for each move, in their order, and return what became of each.

    A debit beyond the balance raises `NotEnoughPoints` ("refuse"), leaves a deficit ("carry") or takes what is
    there ("clamp"). A frozen account refuses debits: `AccountFrozen` with "refuse", otherwise nothing is moved.
    A reference that the shop has already makes the database raise IntegrityError.
    """
    if not moves:
        return []
    accounts = _lock({move.account_id: move.shop_id for move in moves})
    _load_lots({move.account_id: move.shop_id for move in moves if move.points < 0}, accounts)
    ids = new_ids(loyalty_entry=len(moves), loyalty_lot=sum(move.points > 0 for move in moves))
    writes = _Writes(entry_ids=ids["loyalty_entry"][::-1], lot_ids=ids["loyalty_lot"][::-1])
    posted = [_apply(move, accounts[move.account_id], writes) for move in moves]
    _write(writes, accounts.values())
    return posted


def lock(shop_id: int, account_id: int) -> None:
    """Lock one account until the transaction ends."""
    _lock({account_id: shop_id})


def freeze(accounts: Mapping[tuple[int, int], str]) -> None:
    """Refuse debits of these accounts, {(shop id, account id): reason}, until their figures are right again."""
    execute(
        _FREEZE, [{"shop_id": s, "id": a, "reason": reason} for (s, a), reason in sorted(accounts.items())]
    )


def rebuild(shop_id: int | None) -> None:
    """Set balances, counters, what is left in lots and what awards have posted to what entries and uses say.

    An award's target is set to what its explanation says.
    """
    execute(_LOCK_ALL, shop=shop_id)
    execute(_REBUILD_ACCOUNTS, shop=shop_id)
    execute(_REBUILD_LOTS, shop=shop_id)
    execute(_REBUILD_AWARDS, shop=shop_id)


def unfreeze(shop_id: int | None) -> None:
    """Let frozen accounts be debited again; for after a verification that found nothing."""
    execute(_UNFREEZE, shop=shop_id)


def _apply(move: Move, account: _Account, writes: _Writes) -> Posted:
    before = account.balance
    points, shortfall = _affordable(move, account)
    if points == 0:
        return Posted(None, 0, before, shortfall)
    entry_id = writes.entry_ids.pop()
    after = before + points
    # Lots hold what is above zero; below it there is a deficit, which a credit fills first.
    in_lots = max(0, after) - max(0, before)
    if in_lots > 0:
        _open_lot(move, account, entry_id, in_lots, writes)
    elif in_lots < 0:
        _use_lots(account, entry_id, -in_lots, writes)
    account.balance = after
    account.seq += 1
    if move.kind in _EARNED_KINDS:
        account.lifetime_earned += points
    elif move.kind in _SPENT_KINDS:
        account.lifetime_spent -= points
    writes.entries.append(_entry(move, account, entry_id, points))
    return Posted(entry_id, points, after, shortfall)


def _affordable(move: Move, account: _Account) -> tuple[int, int]:
    """(points that move, points that a clamp leaves out)."""
    if move.points >= 0:
        return move.points, 0
    if account.frozen:
        if move.uncovered == "refuse":
            raise AccountFrozen("This account is frozen: its figures are being checked.")
        return 0, 0
    missing = -move.points - max(0, account.balance)
    if missing <= 0 or move.uncovered == "carry":
        return move.points, 0
    if move.uncovered == "refuse":
        raise NotEnoughPoints(account.balance, -move.points)
    return move.points + missing, missing


def _open_lot(move: Move, account: _Account, entry_id: int, points: int, writes: _Writes) -> None:
    lot = _Lot(move.shop_id, writes.lot_ids.pop(), points, move.expires_at, move.occurred_at)
    lot.row = {
        "shop_id": move.shop_id,
        "id": lot.id,
        "account_id": move.account_id,
        "entry_id": entry_id,
        "points": points,
        "earned_at": move.occurred_at,
        "expires_at": move.expires_at,
    }
    writes.lots.append(lot)
    insort(account.lots, lot, key=_Lot.order_of_use)


def _use_lots(account: _Account, entry_id: int, points: int, writes: _Writes) -> None:
    for lot in account.lots:
        take = min(lot.remaining, points)
        if not take:
            continue
        lot.remaining -= take
        points -= take
        writes.uses.append(
            {"shop_id": account.shop_id, "entry_id": entry_id, "lot_id": lot.id, "points": take}
        )
        if lot.row is None:
            writes.used[lot.id] = lot
        if not points:
            return
    raise LedgerDamaged(f"account {account.id}: its lots do not cover its balance")


def _entry(move: Move, account: _Account, entry_id: int, points: int) -> dict[str, Any]:
    return {
        "shop_id": move.shop_id,
        "id": entry_id,
        "account_id": move.account_id,
        "seq": account.seq,
        "kind": move.kind,
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


def _lock(keys: dict[int, int]) -> dict[int, _Account]:
    """Lock the accounts {id: shop id}. Raises `LedgerDamaged` when one does not exist."""
    rows = execute(
        """
        SELECT a.id, a.shop_id, a.balance, a.seq, a.lifetime_earned, a.lifetime_spent, a.frozen_at IS NOT NULL
        FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
        JOIN loyalty_account a ON a.shop_id = r.shop_id AND a.id = r.id
        ORDER BY a.id FOR NO KEY UPDATE OF a
        """,
        [{"shop_id": shop_id, "id": id_} for id_, shop_id in sorted(keys.items())],
    )
    if len(rows) != len(keys):
        raise LedgerDamaged("an account to be moved does not exist")
    return {row[0]: _Account(*row) for row in rows}


def _load_lots(keys: dict[int, int], accounts: dict[int, _Account]) -> None:
    if not keys:
        return
    rows = execute(
        """
        SELECT l.account_id, l.shop_id, l.id, l.remaining, l.expires_at, l.earned_at
        FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
        JOIN loyalty_lot l ON l.shop_id = r.shop_id AND l.account_id = r.id AND l.remaining > 0
        """,
        [{"shop_id": shop_id, "id": id_} for id_, shop_id in keys.items()],
    )
    for account_id, *lot in rows:
        accounts[account_id].lots.append(_Lot(*lot))
    for id_ in keys:
        accounts[id_].lots.sort(key=_Lot.order_of_use)


def _write(writes: _Writes, accounts: Iterable[_Account]) -> None:
    if not writes.entries:
        return
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
    execute(
        _UPDATE_ACCOUNTS,
        [
            {
                "shop_id": account.shop_id,
                "id": account.id,
                "balance": account.balance,
                "seq": account.seq,
                "earned": account.lifetime_earned,
                "spent": account.lifetime_spent,
            }
            for account in accounts
        ],
    )


_INSERT_ENTRIES = """
    INSERT INTO loyalty_entry (shop_id, id, account_id, seq, kind, pending_delta, available_delta, balance_after,
        award_id, revision, reverses_id, reference, reason, actor, occurred_at, seal)
    SELECT r.shop_id, r.id, r.account_id, r.seq, r.kind, 0, r.points, r.balance_after,
        r.award_id, r.revision, r.reverses_id, r.reference, r.reason, r.actor, r.occurred_at,
        loyalty_entry_seal(r.shop_id, r.id, r.account_id, r.seq, r.kind, 0, r.points, r.balance_after,
            r.award_id, r.revision, r.reverses_id, r.reference, r.reason, r.actor, r.occurred_at)
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, account_id bigint, seq int, kind text,
        points bigint, balance_after bigint, award_id bigint, revision smallint, reverses_id bigint,
        reference text, reason text, actor text, occurred_at timestamptz)
"""
_INSERT_LOTS = """
    INSERT INTO loyalty_lot (shop_id, id, account_id, entry_id, points, remaining, earned_at, available_at,
        expires_at)
    SELECT r.shop_id, r.id, r.account_id, r.entry_id, r.points, r.remaining, r.earned_at, r.earned_at, r.expires_at
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, account_id bigint, entry_id bigint,
        points bigint, remaining bigint, earned_at timestamptz, expires_at timestamptz)
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
_UPDATE_ACCOUNTS = """
    UPDATE loyalty_account a SET balance = r.balance, seq = r.seq, lifetime_earned = r.earned,
        lifetime_spent = r.spent
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, balance bigint, seq int, earned bigint,
        spent bigint)
    WHERE a.shop_id = r.shop_id AND a.id = r.id
"""
_FREEZE = """
    UPDATE loyalty_account a SET frozen_at = coalesce(a.frozen_at, now()), frozen_reason = r.reason
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, reason text)
    WHERE a.shop_id = r.shop_id AND a.id = r.id
"""
_UNFREEZE = """
    UPDATE loyalty_account a SET frozen_at = NULL, frozen_reason = ''
    WHERE a.frozen_at IS NOT NULL AND (%(shop)s::bigint IS NULL OR a.shop_id = %(shop)s)
"""
_LOCK_ALL = """
    SELECT count(*) FROM (
        SELECT 1 FROM loyalty_account a WHERE %(shop)s::bigint IS NULL OR a.shop_id = %(shop)s
        ORDER BY a.id FOR NO KEY UPDATE
    ) locked
"""
_REBUILD_ACCOUNTS = """
    UPDATE loyalty_account a SET balance = p.balance, pending = p.pending, seq = p.seq, lifetime_earned = p.earned,
        lifetime_spent = p.spent
    FROM (
        SELECT b.shop_id, b.id, coalesce(sum(e.available_delta), 0) AS balance,
            coalesce(sum(e.pending_delta), 0) AS pending, coalesce(max(e.seq), 0) AS seq,
            coalesce(sum(e.available_delta + e.pending_delta)
                FILTER (WHERE e.kind IN ('earn', 'reverse', 'import')), 0) AS earned,
            -coalesce(sum(e.available_delta) FILTER (WHERE e.kind IN ('redeem', 'return')), 0) AS spent
        FROM loyalty_account b LEFT JOIN loyalty_entry e ON e.shop_id = b.shop_id AND e.account_id = b.id
        WHERE %(shop)s::bigint IS NULL OR b.shop_id = %(shop)s GROUP BY b.shop_id, b.id
    ) p
    WHERE a.shop_id = p.shop_id AND a.id = p.id
        AND (a.balance, a.pending, a.seq, a.lifetime_earned, a.lifetime_spent)
            IS DISTINCT FROM (p.balance, p.pending, p.seq, p.earned, p.spent)
"""
_REBUILD_LOTS = """
    UPDATE loyalty_lot l SET remaining = l.points - p.used
    FROM (
        SELECT b.shop_id, b.id, coalesce(sum(u.points), 0) AS used
        FROM loyalty_lot b LEFT JOIN loyalty_lotuse u ON u.shop_id = b.shop_id AND u.lot_id = b.id
        WHERE %(shop)s::bigint IS NULL OR b.shop_id = %(shop)s GROUP BY b.shop_id, b.id
    ) p
    WHERE l.shop_id = p.shop_id AND l.id = p.id AND l.remaining <> l.points - p.used
        AND l.points - p.used BETWEEN 0 AND l.points
"""
_REBUILD_AWARDS = """
    UPDATE loyalty_award a SET posted = p.posted, postings = p.postings, account_id = p.account_id, target = p.target
    FROM (
        SELECT b.shop_id, b.id, coalesce(sum(e.available_delta + e.pending_delta), 0) AS posted,
            count(e.id) AS postings, coalesce(min(e.account_id), b.account_id) AS account_id,
            coalesce((b.breakdown ->> 'target')::bigint, b.target) AS target
        FROM loyalty_award b LEFT JOIN loyalty_entry e ON e.shop_id = b.shop_id AND e.award_id = b.id
        WHERE %(shop)s::bigint IS NULL OR b.shop_id = %(shop)s GROUP BY b.shop_id, b.id
    ) p
    WHERE a.shop_id = p.shop_id AND a.id = p.id
        AND (a.posted, a.postings, a.account_id, a.target)
            IS DISTINCT FROM (p.posted, p.postings, p.account_id, p.target)
"""
