"""Members, entries and lots of a shop as CSV, read a page at a time by key: memory does not grow with the shop."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import msgspec

from lib.rows import execute
from lib.sheets import csv_lines
from loyalty.explain import explain
from shops.models import Shop

PAGE = 2_000

Cells = list[Any]

MEMBERS = (
    "external_id",
    "email",
    "name",
    "balance",
    "pending",
    "lifetime_earned",
    "lifetime_spent",
    "tier",
    "joined",
)
ENTRIES = (
    "id",
    "external_id",
    "email",
    "number",
    "kind",
    "points",
    "pending",
    "balance_after",
    "reference",
    "reason",
    "explanation",
    "actor",
    "reverses",
    "occurred_at",
    "created_at",
)
LOTS = ("external_id", "email", "points", "remaining", "earned_at", "available_at", "expires_at")


def members(shop: Shop) -> Iterator[Cells]:
    """A row for each member, in the order of `MEMBERS`; instants in UTC."""
    for row in _pages(_MEMBERS, shop):
        external_id, email, first, last, *figures, tier, joined = row
        yield [external_id, email, f"{first} {last}".strip(), *figures, tier, _instant(joined)]


def entries(shop: Shop) -> Iterator[Cells]:
    """A row for each entry, in the order of `ENTRIES`, the oldest first."""
    for row in _pages(_ENTRIES, shop):
        *cells, occurred_at, created_at, revision, breakdown, earlier, points_name = row
        points, pending, reason = cells[5], cells[6], cells[9]
        why = _explanation(revision, breakdown, earlier, points + pending, points_name) or reason
        yield [*cells[:10], why, *cells[10:], _instant(occurred_at), _instant(created_at)]


def lots(shop: Shop) -> Iterator[Cells]:
    """A row for each lot, spent ones too, in the order of `LOTS`."""
    for *cells, earned_at, available_at, expires_at in _pages(_LOTS, shop):
        yield [*cells, _instant(earned_at), _instant(available_at), _instant(expires_at)]


TABLES: dict[str, tuple[tuple[str, ...], Callable[[Shop], Iterator[Cells]]]] = {
    "members": (MEMBERS, members),
    "entries": (ENTRIES, entries),
    "lots": (LOTS, lots),
}


def lines(table: str, shop: Shop) -> Iterator[str]:
    """The lines of one of `TABLES` as CSV, the header first. Cells that look like formulas are made text."""
    header, rows = TABLES[table]
    return csv_lines(header, rows(shop))


def _pages(sql: str, shop: Shop) -> Iterator[tuple[Any, ...]]:
    """The rows of `sql` without their first column, the key by which they are paged."""
    after = 0
    while page := execute(sql, shop=shop.pk, after=after, limit=PAGE):
        for _, *row in page:
            yield tuple(row)
        after = page[-1][0]


def _explanation(
    revision: int | None, breakdown: str | None, earlier: str | None, points: int, points_name: str | None
) -> str:
    if breakdown is None or revision is None:
        return ""
    told = [*msgspec.json.decode(earlier or "[]"), msgspec.json.decode(breakdown)]
    known = min(revision, len(told) - 1)
    before = told[known - 1] if known else None
    return explain(told[known], points, before=before, points_name=points_name or "points")


def _instant(at: datetime | None) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else ""


_MEMBERS = """
    SELECT a.id, c.external_id, c.email, c.first_name, c.last_name, a.balance, a.pending, a.lifetime_earned,
        a.lifetime_spent, coalesce(s.tier, ''), coalesce(c.joined_at, a.created_at)
    FROM loyalty_account a
    JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id
    LEFT JOIN loyalty_standing s ON s.shop_id = a.shop_id AND s.account_id = a.id
    WHERE a.shop_id = %(shop)s AND a.id > %(after)s ORDER BY a.id LIMIT %(limit)s
"""
_ENTRIES = """
    SELECT e.id, e.id, c.external_id, c.email, e.seq, e.kind, e.available_delta, e.pending_delta, e.balance_after,
        e.reference, e.reason, e.actor, e.reverses_id, e.occurred_at, e.created_at,
        e.revision, w.breakdown::text, w.earlier::text, v.document ->> 'points_name'
    FROM loyalty_entry e
    JOIN loyalty_account a ON a.shop_id = e.shop_id AND a.id = e.account_id
    JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id
    LEFT JOIN loyalty_award w ON w.shop_id = e.shop_id AND w.id = e.award_id
    LEFT JOIN loyalty_programversion v ON v.shop_id = w.shop_id AND v.id = w.program_version_id
    WHERE e.shop_id = %(shop)s AND e.id > %(after)s ORDER BY e.id LIMIT %(limit)s
"""
_LOTS = """
    SELECT l.id, c.external_id, c.email, l.points, l.remaining, l.earned_at, l.available_at, l.expires_at
    FROM loyalty_lot l
    JOIN loyalty_account a ON a.shop_id = l.shop_id AND a.id = l.account_id
    JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id
    WHERE l.shop_id = %(shop)s AND l.id > %(after)s ORDER BY l.id LIMIT %(limit)s
"""
