"""A new expiry for lots that are open already, where the merchant asked for it when publishing."""

import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from lib.rows import execute
from loyalty.calendar import idle_until, lot_terms, notice_ends
from loyalty.documents import ProgramDocument, decode

BATCH = 2000


def redate_all_due(seconds: float | None = None) -> int:
    """Redate lots of every shop that asked for it, a batch a transaction, for about `seconds`; returns how many."""
    ends = None if seconds is None else time.monotonic() + seconds
    total = 0
    while ends is None or time.monotonic() < ends:
        with transaction.atomic():
            claimed = execute(_CLAIM)
            if not claimed:
                return total
            total += _next_batch(*claimed[0])
    return total


def redate_awards(rows: Sequence[Mapping[str, Any]]) -> None:
    """Give the lots of awards another expiry: {shop_id, award_id, expires_at, was}.

    Because it became known that they were earned at another time; points may yet come back to lots that are empty.
    Lots whose expiry is no longer what it `was` have been given one by the merchant, and keep it.
    """
    if rows:
        execute(_REDATE_AWARDS, rows)


def _next_batch(shop_id: int, after: int, document: str, timezone: str, published_at: datetime) -> int:
    lots = [row[0] for row in execute(_LOTS, shop=shop_id, after=after, limit=BATCH)]
    if not lots:
        execute(_DONE, shop=shop_id)
        return 0
    # Under the accounts' locks, in the order of their ids: a debit may be choosing among these lots.
    execute(_LOCK, shop=shop_id, lots=lots)
    program, zone = decode(document), ZoneInfo(timezone)
    rows = [
        {"shop_id": shop_id, "id": id_, **_terms(program, zone, published_at, available_at, active_at)}
        for id_, available_at, active_at in execute(_READ, shop=shop_id, lots=lots)
    ]
    execute(_WRITE, rows)
    execute(_ON, shop=shop_id, after=lots[-1])
    return len(rows)


def _terms(
    program: ProgramDocument,
    zone: ZoneInfo,
    published_at: datetime,
    available_at: datetime,
    active_at: datetime | None,
) -> dict[str, Any]:
    """Its expiry under `program`, yet never before members have had notice."""
    terms = lot_terms(program, zone, available_at)
    expires_at = terms.expires_at
    if terms.idle_months is not None:
        expires_at = idle_until(zone, max(available_at, active_at or available_at), terms.idle_months)
    if expires_at is not None:
        expires_at = max(expires_at, notice_ends(zone, published_at))
    return {"expires_at": expires_at, "idle_months": terms.idle_months}


_REDATE_AWARDS = """
    UPDATE loyalty_lot l SET expires_at = r.expires_at
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, award_id bigint, expires_at timestamptz, was timestamptz)
    WHERE l.shop_id = r.shop_id AND l.award_id = r.award_id AND l.expires_at = r.was
"""
_CLAIM = """
    SELECT p.shop_id, p.redated_to, v.document, s.timezone, v.published_at
    FROM loyalty_program p
    JOIN shops_shop s ON s.id = p.shop_id
    JOIN loyalty_programversion v ON v.shop_id = p.shop_id AND v.number = p.redate_version
    WHERE p.redate_version > 0 ORDER BY p.shop_id LIMIT 1 FOR NO KEY UPDATE OF p SKIP LOCKED
"""
_LOTS = """
    SELECT l.id FROM loyalty_lot l WHERE l.shop_id = %(shop)s AND l.id > %(after)s AND l.remaining > 0
    ORDER BY l.id LIMIT %(limit)s
"""
_LOCK = """
    SELECT a.id FROM loyalty_account a
    WHERE a.shop_id = %(shop)s AND a.id IN (
        SELECT l.account_id FROM loyalty_lot l WHERE l.shop_id = %(shop)s AND l.id = ANY(%(lots)s)
    ) ORDER BY a.id FOR NO KEY UPDATE
"""
# What fell due before is the expiry job's.
_READ = """
    SELECT l.id, l.available_at, a.active_at
    FROM loyalty_lot l JOIN loyalty_account a ON a.shop_id = l.shop_id AND a.id = l.account_id
    WHERE l.shop_id = %(shop)s AND l.id = ANY(%(lots)s) AND l.remaining > 0
        AND (l.expires_at IS NULL OR l.expires_at > statement_timestamp())
"""
_WRITE = """
    UPDATE loyalty_lot l SET expires_at = r.expires_at, idle_months = r.idle_months
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, expires_at timestamptz, idle_months smallint)
    WHERE l.shop_id = r.shop_id AND l.id = r.id
        AND (l.expires_at, l.idle_months) IS DISTINCT FROM (r.expires_at, r.idle_months)
"""
_ON = "UPDATE loyalty_program SET redated_to = %(after)s WHERE shop_id = %(shop)s"
_DONE = "UPDATE loyalty_program SET redate_version = 0, redated_to = 0 WHERE shop_id = %(shop)s"
