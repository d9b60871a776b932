"""What falls due by itself: points come off hold, and lots expire. In bounded batches, each its own transaction.

A batch takes rows that nobody has locked, so several may run at once; what one did, another does not find.
Entries are dated when they were due, not when a batch came to them.
"""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.db import transaction

from lib.clock import now
from lib.rows import execute

# More a transaction would hold locks for longer than two seconds on a busy machine.
BATCH = 2000
# So many are looked up at once and sorted by account, so that what a batch touches lies side by side.
SURVEY = 200_000

_Claimed = list[tuple[Any, ...]]


def release_due(at: datetime | None = None, limit: int = BATCH) -> int:
    """Release what is on hold until `at` (now), of at most `limit` awards; returns of how many."""
    at = at or now()
    with transaction.atomic():
        return _release(execute(_CLAIM_AWARDS, at=at, limit=limit), at)


def expire_due(at: datetime | None = None, limit: int = BATCH) -> int:
    """Let at most `limit` lots expire that are due at `at` (now); returns how many. Frozen accounts are left out."""
    at = at or now()
    with transaction.atomic():
        return _expire(execute(_CLAIM_LOTS, at=at, limit=limit), at)


def expire_account(shop_id: int, account_id: int, at: datetime) -> int:
    """Let the lots of one account expire that are due at `at`, in the caller's transaction; returns how many.

    Locks the account. Lots of a frozen one are left.
    """
    execute(_LOCK_ACCOUNTS, [{"shop_id": shop_id, "id": account_id}])
    return _expire(execute(_DUE_OF_ACCOUNT, shop=shop_id, account=account_id, at=at), at)


def release_all_due(at: datetime | None = None, seconds: float | None = None) -> int:
    """Release in batches all that is due, or for so many seconds; returns of how many awards."""
    return _all_due(_DUE_AWARDS, _CLAIM_THESE_AWARDS, _release, at or now(), seconds)


def expire_all_due(at: datetime | None = None, seconds: float | None = None) -> int:
    """Expire in batches all that is due, or for so many seconds; returns how many lots."""
    return _all_due(_DUE_LOTS, _CLAIM_THESE_LOTS, _expire, at or now(), seconds)


def _all_due(
    survey: str, claim: str, post: Callable[[_Claimed, datetime], int], at: datetime, seconds: float | None
) -> int:
    ends = None if seconds is None else time.monotonic() + seconds
    done = 0
    for rows in _batches(survey, at):
        with transaction.atomic():
            # Waits for no disk: what a crash takes back is due again, and comes to the same.
            execute("SET LOCAL synchronous_commit = off")
            done += post(execute(claim, rows, at=at), at)
        if ends is not None and time.monotonic() >= ends:
            break
    return done


def _batches(survey: str, at: datetime) -> Iterator[list[dict[str, int]]]:
    """What is due, each once: whatever is locked or frozen is left for the next run."""
    after: tuple[datetime | str, int] = ("-infinity", 0)
    while found := execute(survey, at=at, limit=SURVEY, after=after):
        after = max((due_at, id_) for _, id_, due_at in found)
        for start in range(0, len(found), BATCH):
            yield [{"shop_id": shop_id, "id": id_} for shop_id, id_, _ in found[start : start + BATCH]]


def _release(claimed: _Claimed, at: datetime) -> int:
    if not claimed:
        return 0
    # Awards before accounts, as everywhere; their figures are read after both are locked.
    accounts = sorted({(account_id, shop_id) for shop_id, _, account_id in claimed})
    execute(_LOCK_ACCOUNTS, [{"shop_id": shop_id, "id": id_} for id_, shop_id in accounts])
    rows = [{"shop_id": shop_id, "id": id_} for shop_id, id_, _ in claimed]
    return int(execute(_RELEASE, rows, at=at)[0][0])


def _expire(claimed: _Claimed, at: datetime) -> int:
    if not claimed:
        return 0
    rows = [{"shop_id": shop_id, "id": id_} for shop_id, id_ in claimed]
    return int(execute(_EXPIRE, rows, at=at)[0][0])


_DUE_AWARDS = """
    SELECT d.shop_id, d.id, d.release_at FROM (
        SELECT a.shop_id, a.id, a.account_id, a.release_at FROM loyalty_award a
        WHERE a.pending > 0 AND a.release_at <= %(at)s
            AND (a.release_at, a.id) > %(after)s
        ORDER BY a.release_at, a.id LIMIT %(limit)s
    ) d ORDER BY d.shop_id, d.account_id, d.release_at, d.id
"""
_DUE_LOTS = """
    SELECT d.shop_id, d.id, d.expires_at FROM (
        SELECT l.shop_id, l.id, l.account_id, l.expires_at FROM loyalty_lot l
        WHERE l.remaining > 0 AND l.expires_at <= %(at)s
            AND (l.expires_at, l.id) > %(after)s
        ORDER BY l.expires_at, l.id LIMIT %(limit)s
    ) d ORDER BY d.shop_id, d.account_id, d.expires_at, d.id
"""
_DUE_OF_ACCOUNT = """
    SELECT l.shop_id, l.id FROM loyalty_lot l
    WHERE l.shop_id = %(shop)s AND l.account_id = %(account)s AND l.remaining > 0 AND l.expires_at <= %(at)s
"""
_CLAIM_THESE_AWARDS = """
    SELECT a.shop_id, a.id, a.account_id FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    JOIN loyalty_award a ON a.shop_id = r.shop_id AND a.id = r.id AND a.pending > 0 AND a.release_at <= %(at)s
    FOR NO KEY UPDATE OF a SKIP LOCKED
"""
_CLAIM_AWARDS = """
    SELECT a.shop_id, a.id, a.account_id FROM loyalty_award a
    WHERE a.pending > 0 AND a.release_at <= %(at)s
    ORDER BY a.release_at, a.id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
"""
_LOCK_ACCOUNTS = """
    SELECT count(*) FROM (
        SELECT FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
        JOIN loyalty_account a ON a.shop_id = r.shop_id AND a.id = r.id ORDER BY a.id FOR NO KEY UPDATE OF a
    ) locked
"""
# A lot changes only under its account's lock. Without waiting for one, the order of locking does not matter.
_CLAIM_LOTS = """
    SELECT l.shop_id, l.id FROM loyalty_lot l
    JOIN loyalty_account a ON a.shop_id = l.shop_id AND a.id = l.account_id AND a.frozen_at IS NULL
    WHERE l.remaining > 0 AND l.expires_at <= %(at)s
    ORDER BY l.expires_at, l.id LIMIT %(limit)s FOR NO KEY UPDATE OF a SKIP LOCKED
"""
_CLAIM_THESE_LOTS = """
    SELECT l.shop_id, l.id FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    JOIN loyalty_lot l ON l.shop_id = r.shop_id AND l.id = r.id AND l.remaining > 0 AND l.expires_at <= %(at)s
    JOIN loyalty_account a ON a.shop_id = l.shop_id AND a.id = l.account_id AND a.frozen_at IS NULL
    FOR NO KEY UPDATE OF a SKIP LOCKED
"""
_INSERT_ENTRIES = """
    INSERT INTO loyalty_entry (shop_id, id, account_id, seq, kind, pending_delta, available_delta, balance_after,
        award_id, reference, reason, actor, occurred_at, seal)
    SELECT m.shop_id, m.entry_id, m.account_id, m.seq, m.kind, m.pending, m.points, m.balance_after,
        m.award_id, m.reference, '', '', m.occurred_at,
        loyalty_entry_seal(m.shop_id, m.entry_id, m.account_id, m.seq, m.kind, m.pending, m.points, m.balance_after,
            m.award_id, NULL, NULL, m.reference, '', '', m.occurred_at)
    FROM moves m
"""
_UPDATE_ACCOUNTS = """
    UPDATE loyalty_account a SET balance = a.balance + t.points, pending = a.pending + t.pending,
        seq = a.seq + t.entries
    FROM (
        SELECT m.shop_id, m.account_id, sum(m.points) AS points, sum(m.pending) AS pending,
            count(*)::int AS entries
        FROM moves m GROUP BY m.shop_id, m.account_id
    ) t
    WHERE a.shop_id = t.shop_id AND a.id = t.account_id
"""
# As `sliding` does it: an activity counts only if the points had not expired by then. A late run must not skip that.
_IDLE_UNTIL = """
    WITH RECURSIVE kept(until) AS (
        SELECT loyalty_idle_until(w.release_at, w.idle_months, s.timezone)
        UNION
        SELECT loyalty_idle_until(n.active_at, w.idle_months, s.timezone)
        FROM kept k CROSS JOIN LATERAL (
            SELECT max(e.occurred_at) AS active_at FROM loyalty_entry e
            WHERE a.active_at > w.release_at AND e.shop_id = w.shop_id AND e.account_id = w.account_id
                AND e.kind IN ('earn', 'redeem') AND e.occurred_at > w.release_at AND e.occurred_at < k.until
        ) n WHERE n.active_at IS NOT NULL
    ) SELECT max(k.until) FROM kept k
"""
# Credits fill a deficit first, so a lot may hold less than was released, or nothing be left for one.
_RELEASE = f"""
    WITH due AS MATERIALIZED (
        SELECT w.shop_id, w.id AS award_id, w.account_id, w.pending, w.postings, w.release_at, w.idle_months,
            CASE WHEN w.idle_months IS NULL THEN w.expires_at ELSE ({_IDLE_UNTIL}) END AS expires_at,
            nextval('loyalty_entry_id_seq') AS entry_id,
            (a.seq + row_number() OVER turn)::int AS seq,
            (a.balance + sum(w.pending) OVER turn)::bigint AS balance_after
        FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
        JOIN loyalty_award w ON w.shop_id = r.shop_id AND w.id = r.id AND w.pending > 0
            AND w.release_at <= %(at)s
        JOIN loyalty_account a ON a.shop_id = w.shop_id AND a.id = w.account_id
        JOIN shops_shop s ON s.id = w.shop_id
        WINDOW turn AS (PARTITION BY w.shop_id, w.account_id ORDER BY w.release_at, w.id)
    ), moves AS MATERIALIZED (
        SELECT d.shop_id, d.entry_id, d.account_id, d.seq, 'release' AS kind, -d.pending AS pending,
            d.pending AS points, d.balance_after, d.award_id,
            'release:' || d.award_id || '/' || d.postings AS reference, d.release_at AS occurred_at
        FROM due d
    ), entries AS ({_INSERT_ENTRIES}), accounts AS ({_UPDATE_ACCOUNTS}), awards AS (
        UPDATE loyalty_award w SET pending = 0 FROM due d WHERE w.shop_id = d.shop_id AND w.id = d.award_id
    ), lots AS (
        INSERT INTO loyalty_lot (shop_id, account_id, entry_id, award_id, points, remaining, earned_at, available_at,
            expires_at, idle_months)
        SELECT d.shop_id, d.account_id, d.entry_id, d.award_id, least(d.pending, d.balance_after),
            least(d.pending, d.balance_after), d.release_at, d.release_at, d.expires_at, d.idle_months
        FROM due d WHERE d.balance_after > 0
    )
    SELECT count(*) FROM due
"""
_EXPIRE = f"""
    WITH due AS MATERIALIZED (
        SELECT l.shop_id, l.id AS lot_id, l.account_id, l.remaining, l.expires_at,
            nextval('loyalty_entry_id_seq') AS entry_id,
            (a.seq + row_number() OVER turn)::int AS seq,
            (a.balance - sum(l.remaining) OVER turn)::bigint AS balance_after,
            (SELECT count(*) FROM loyalty_lotuse u WHERE u.shop_id = l.shop_id AND u.lot_id = l.id) AS uses
        FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
        JOIN loyalty_lot l ON l.shop_id = r.shop_id AND l.id = r.id AND l.remaining > 0
            AND l.expires_at <= %(at)s
        JOIN loyalty_account a ON a.shop_id = l.shop_id AND a.id = l.account_id AND a.frozen_at IS NULL
        WINDOW turn AS (PARTITION BY l.shop_id, l.account_id ORDER BY l.expires_at, l.earned_at, l.id)
    ), moves AS MATERIALIZED (
        SELECT d.shop_id, d.entry_id, d.account_id, d.seq, 'expire' AS kind, 0 AS pending, -d.remaining AS points,
            d.balance_after, NULL::bigint AS award_id, 'expire:' || d.lot_id || '/' || d.uses AS reference,
            d.expires_at AS occurred_at
        FROM due d
    ), entries AS ({_INSERT_ENTRIES}), accounts AS ({_UPDATE_ACCOUNTS}), uses AS (
        INSERT INTO loyalty_lotuse (shop_id, entry_id, lot_id, points)
        SELECT d.shop_id, d.entry_id, d.lot_id, d.remaining FROM due d
    ), lots AS (
        UPDATE loyalty_lot l SET remaining = 0 FROM due d WHERE l.shop_id = d.shop_id AND l.id = d.lot_id
    )
    SELECT count(*) FROM due
"""
