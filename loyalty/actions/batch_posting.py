"""A few rows of a batch at a time: posted, undone, or credited to members who have become known.

All of it runs inside the caller's transaction and under `lock_shop`, so that two workers on one batch, or on two
batches of a shop, take turns and never post a row twice. Customers and standings are locked before accounts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext

from lib.rows import execute
from loyalty import ledger
from loyalty.actions.awards import open_accounts
from loyalty.actions.batch_plan import Ground, already_used, expired
from loyalty.calendar import NEVER
from loyalty.errors import AccountFrozen, NotEnoughPoints
from loyalty.models import Batch, BatchRow
from loyalty.sheets.rows import Wish

LOCK_KIND = 0x6261  # apart from other advisory locks
State = BatchRow.State


@dataclass(slots=True)
class _Row:
    """A row to be posted: `batch` and `line` name it, `kind` is its entry's, `actor` applied the batch."""

    id: int
    batch: int
    kind: str
    actor: str
    customer: int | None
    wish: Wish


@dataclass(slots=True)
class _Outcome:
    """What became of a row; `points` is what moved."""

    id: int
    state: str
    entry: int | None = None
    points: int = 0
    problem: str = ""
    customer: int | None = None


class _Done(NamedTuple):
    """A row that was posted: `entry` moved points of `account`; both None where it moved none."""

    id: int
    line: int
    customer: int | None
    entry: int | None
    account: int | None
    kind: str
    moved: int
    reason: str


def lock_shop(shop_id: int) -> None:
    """Wait for a turn among the workers on the shop's batches, until the transaction ends."""
    execute("SELECT pg_advisory_xact_lock(%(kind)s, %(shop)s::int)", kind=LOCK_KIND, shop=shop_id % 2**31)


def post_waiting(ground: Ground, batch_id: int, limit: int) -> int:
    """Post the next rows of a batch that is being applied; returns how many were dealt with."""
    rows = _rows(_WAITING, shop=ground.shop.pk, batch=batch_id, limit=limit)
    _store(ground, _posted(ground, rows))
    return len(rows)


def post_claimed(ground: Ground, limit: int) -> tuple[int, int]:
    """Post the next rows whose e-mail address a customer has and has proved by now; (dealt with, credited)."""
    rows = _rows(_CLAIMED, shop=ground.shop.pk, limit=limit)
    outcomes = _posted(ground, rows)
    _store(ground, outcomes)
    return len(rows), sum(each.state == State.DONE for each in outcomes)


def undo_done(ground: Ground, batch_id: int, actor: str, after: int, limit: int) -> int | None:
    """Undo the next rows of a batch beyond line `after`; the last line, or None when no row is left.

    What of the points has expired meanwhile is not taken again. A row whose account is frozen stays as it is.
    """
    found = execute(_DONE, shop=ground.shop.pk, batch=batch_id, after=after, limit=limit)
    if not found:
        return None
    rows = [_Done(*row) for row in found]
    _lock_members(ground, rows)
    ledger.lock(ground.shop.pk, *{row.account for row in rows if row.account is not None})
    # Read under the locks: until then the job may have let lots expire.
    posted = [{"entry": row.entry, "account": row.account} for row in rows]
    gone = dict(execute(_GONE, posted, shop=ground.shop.pk, at=ground.at))
    taken = [row for row in rows if row.moved - gone.get(row.entry, 0)]
    moves = [_reversal(ground, batch_id, row, gone.get(row.entry, 0), actor) for row in taken]
    outcomes = [_undone(row.id, done) for row, done in zip(taken, ledger.post(moves), strict=True)]
    outcomes += [_Outcome(row.id, State.UNDONE) for row in rows if row not in taken]
    execute(_STORE_UNDONE, outcomes, shop=ground.shop.pk)
    return rows[-1].line


def _reversal(ground: Ground, batch_id: int, row: _Done, gone: int, actor: str) -> ledger.Move:
    """The move that takes back what a row moved, but for what is `gone`; what it took is given back anew."""
    assert row.account is not None
    terms = ground.terms(Wish(row.line)) if row.moved < 0 else NEVER
    return ledger.Move(
        shop_id=ground.shop.pk,
        account_id=row.account,
        kind=row.kind,
        points=gone - row.moved,
        reference=f"batch:{batch_id}/{row.line}/undo",
        occurred_at=ground.at,
        uncovered=ground.document.deficit,
        reverses_id=row.entry,
        reason=gettext("Undone: %(reason)s") % {"reason": row.reason[:480]},
        actor=actor,
        expires_at=terms.expires_at,
        idle_months=terms.idle_months,
    )


def _undone(row_id: int, done: ledger.Posted) -> _Outcome:
    if done.entry_id is None and not done.shortfall:
        frozen = gettext("not undone: this account is frozen, so no points can be taken away")
        return _Outcome(row_id, State.DONE, problem=frozen)
    said = gettext("%(points)d points had been spent and could not be taken back") % {
        "points": done.shortfall
    }
    return _Outcome(row_id, State.UNDONE, points=done.points, problem=said if done.shortfall else "")


def _posted(ground: Ground, rows: Sequence[_Row]) -> list[_Outcome]:
    outcomes, ready = [], []
    _lock_members(ground, rows)
    used = _used_references(ground.shop.pk, rows)
    for row in rows:
        if problem := _problem(ground, row.wish, used):
            outcomes.append(_Outcome(row.id, State.FAILED, problem=problem))
        elif not row.wish.points:
            outcomes.append(_Outcome(row.id, State.DONE, customer=row.customer))
        elif row.customer is None:
            outcomes.append(_Outcome(row.id, State.UNCLAIMED))
        else:
            ready.append(row)
    if ready:
        outcomes += _post(ground, ready)
    return outcomes


def _problem(ground: Ground, wish: Wish, used: dict[str, tuple[int, int]]) -> str:
    """What has come between the check and now; takes the row's reference where nothing has."""
    if wish.points > 0 and expired(ground, wish):
        return gettext("the points would have expired by now")
    if wish.reference:
        if wish.reference in used:
            return already_used(*used[wish.reference])
        used[wish.reference] = (0, wish.line)
    return ""


def _post(ground: Ground, rows: Sequence[_Row]) -> list[_Outcome]:
    shop_id = ground.shop.pk
    accounts = open_accounts([(shop_id, row.customer) for row in rows if row.customer is not None])
    moves = [_move(ground, row, accounts[shop_id, row.customer or 0]) for row in rows]
    try:
        with transaction.atomic():
            posted: list[ledger.Posted | str] = list(ledger.post(moves))
    except (NotEnoughPoints, AccountFrozen):
        posted = _one_by_one(moves)
    return [
        _Outcome(row.id, State.FAILED, problem=done)
        if isinstance(done, str)
        else _Outcome(row.id, State.DONE, done.entry_id, done.points, customer=row.customer)
        for row, done in zip(rows, posted, strict=True)
    ]


def _one_by_one(moves: Sequence[ledger.Move]) -> list[ledger.Posted | str]:
    """Post what can be posted; a sentence for each that cannot."""
    ledger.lock(moves[0].shop_id, *{move.account_id for move in moves})
    posted: list[ledger.Posted | str] = []
    for move in moves:
        try:
            with transaction.atomic():
                posted += ledger.post([move])
        except (NotEnoughPoints, AccountFrozen) as error:
            posted.append(str(error))
    return posted


def _lock_members(ground: Ground, rows: Sequence[_Row | _Done]) -> None:
    """Lock, before their accounts, the customers and standings that an import may change.

    Tiers may count what comes in, or since when somebody is a member: they are reviewed as soon as this is committed.
    """
    customers = [row.customer for row in rows if row.kind == Batch.Kind.IMPORT and row.customer is not None]
    if customers:
        execute(_LOCK_CUSTOMERS, shop=ground.shop.pk, customers=customers)
        execute(_REVIEW, shop=ground.shop.pk, customers=customers)


def _move(ground: Ground, row: _Row, account_id: int) -> ledger.Move:
    terms = ground.terms(row.wish)
    credit = row.wish.points > 0
    return ledger.Move(
        shop_id=ground.shop.pk,
        account_id=account_id,
        kind=row.kind,
        points=row.wish.points,
        reference=f"batch:{row.batch}/{row.wish.line}",
        occurred_at=ground.at,
        reason=row.wish.reason,
        actor=row.actor,
        expires_at=terms.expires_at if credit else None,
        idle_months=terms.idle_months if credit else None,
    )


def _rows(sql: str, **parameters: Any) -> list[_Row]:
    return [_row(*row) for row in execute(sql, **parameters)]


def _row(id_: int, batch: int, kind: str, actor: str, customer: int | None, line: int, *wish: Any) -> _Row:
    points, reason, reference, expires_on, earned_on = wish
    kept = Wish(line, points=points, reason=reason, reference=reference)
    kept.expires_on, kept.earned_on = expires_on, earned_on
    return _Row(id_, batch, kind, actor, customer, kept)


def _used_references(shop_id: int, rows: Sequence[_Row]) -> dict[str, tuple[int, int]]:
    wanted = [row.wish.reference for row in rows if row.wish.reference]
    found = execute(_USED, shop=shop_id, references=wanted) if wanted else []
    return {row[0]: (row[1], row[2]) for row in found}


def _store(ground: Ground, outcomes: Sequence[_Outcome]) -> None:
    if outcomes:
        execute(_STORE, outcomes, shop=ground.shop.pk)
        execute(_CUSTOMERS, [{"id": each.id} for each in outcomes if each.customer], shop=ground.shop.pk)


_COLUMNS = "r.points, r.reason, r.reference, r.expires_on, r.earned_on"
_WAITING = f"""
    SELECT r.id, r.batch_id, b.kind, b.applied_by, r.customer_id, r.line, {_COLUMNS}
    FROM loyalty_batchrow r JOIN loyalty_batch b ON b.shop_id = r.shop_id AND b.id = r.batch_id
    WHERE r.shop_id = %(shop)s AND r.batch_id = %(batch)s AND r.state = 'waiting' AND b.state = 'applying'
    ORDER BY r.line LIMIT %(limit)s
"""
_CLAIMED = f"""
    SELECT r.id, r.batch_id, b.kind, b.applied_by, c.id, r.line, {_COLUMNS}
    FROM loyalty_batchrow r
    JOIN loyalty_batch b ON b.shop_id = r.shop_id AND b.id = r.batch_id AND b.state IN ('applying', 'done')
    JOIN LATERAL (
        SELECT c.id FROM shops_customer c
        WHERE c.shop_id = r.shop_id AND lower(c.email) = r.email AND c.email_verified
        ORDER BY c.id LIMIT 1
    ) c ON true
    WHERE r.shop_id = %(shop)s AND r.state = 'unclaimed'
    ORDER BY r.id LIMIT %(limit)s
"""
_DONE = """
    SELECT r.id, r.line, r.customer_id, r.entry_id, e.account_id, e.kind, r.moved, r.reason
    FROM loyalty_batchrow r
    JOIN loyalty_batch b ON b.shop_id = r.shop_id AND b.id = r.batch_id AND b.state = 'undoing'
    LEFT JOIN loyalty_entry e ON e.shop_id = r.shop_id AND e.id = r.entry_id
    WHERE r.shop_id = %(shop)s AND r.batch_id = %(batch)s AND r.line > %(after)s AND r.state = 'done'
    ORDER BY r.line LIMIT %(limit)s
"""
# What has expired of the lots that entries opened, and what is due to.
_GONE = """
    WITH r AS (SELECT * FROM json_to_recordset(%(rows)s) AS r(entry bigint, account bigint)), gone AS (
        SELECT r.entry, u.points
        FROM r JOIN loyalty_entry x ON x.shop_id = %(shop)s AND x.account_id = r.account AND x.kind = 'expire'
        JOIN loyalty_lotuse u ON u.shop_id = x.shop_id AND u.entry_id = x.id
        JOIN loyalty_lot l ON l.shop_id = u.shop_id AND l.id = u.lot_id AND l.entry_id = r.entry
        UNION ALL
        SELECT r.entry, l.remaining
        FROM r JOIN loyalty_lot l ON l.shop_id = %(shop)s AND l.account_id = r.account AND l.entry_id = r.entry
            AND l.remaining > 0 AND l.expires_at <= %(at)s
    )
    SELECT entry, sum(points)::bigint FROM gone GROUP BY entry
"""
_LOCK_CUSTOMERS = """
    SELECT c.id FROM shops_customer c WHERE c.shop_id = %(shop)s AND c.id = ANY(%(customers)s)
    ORDER BY c.id FOR NO KEY UPDATE
"""
_REVIEW = """
    WITH locked AS (
        SELECT s.id FROM loyalty_account a
        JOIN loyalty_standing s ON s.shop_id = a.shop_id AND s.account_id = a.id
        WHERE a.shop_id = %(shop)s AND a.customer_id = ANY(%(customers)s)
        ORDER BY s.account_id FOR NO KEY UPDATE OF s
    )
    UPDATE loyalty_standing s SET review_at = statement_timestamp(), simple = false
    FROM locked WHERE s.shop_id = %(shop)s AND s.id = locked.id
"""
_USED = """
    SELECT r.reference, r.batch_id, r.line FROM loyalty_batchrow r
    WHERE r.shop_id = %(shop)s AND r.state = 'done' AND r.reference <> '' AND r.reference = ANY(%(references)s)
"""
_STORE = """
    UPDATE loyalty_batchrow b SET state = r.state, entry_id = r.entry, moved = r.points, problem = r.problem,
        customer_id = coalesce(r.customer, b.customer_id)
    FROM json_to_recordset(%(rows)s) AS r(id bigint, state text, entry bigint, points bigint, problem text,
        customer bigint)
    WHERE b.shop_id = %(shop)s AND b.id = r.id
"""
_STORE_UNDONE = """
    UPDATE loyalty_batchrow b SET state = r.state, undone = r.points, problem = r.problem
    FROM json_to_recordset(%(rows)s) AS r(id bigint, state text, points bigint, problem text)
    WHERE b.shop_id = %(shop)s AND b.id = r.id
"""
# A birthday that the store told is kept; who joined earlier elsewhere did join earlier.
_CUSTOMERS = """
    UPDATE shops_customer c SET
        birth_month = coalesce(c.birth_month, b.birth_month),
        birth_day = CASE WHEN c.birth_month IS NULL THEN b.birth_day ELSE c.birth_day END,
        joined_at = least(c.joined_at, b.joined_at)
    FROM json_to_recordset(%(rows)s) AS r(id bigint)
    JOIN loyalty_batchrow b ON b.shop_id = %(shop)s AND b.id = r.id
    WHERE c.shop_id = b.shop_id AND c.id = b.customer_id
        AND (b.birth_month IS NOT NULL OR b.joined_at IS NOT NULL)
"""
