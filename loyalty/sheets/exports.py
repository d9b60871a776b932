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


# The page first, then a look-up for each of its rows: no page reads a whole table, whatever the planner
# thinks of it. OFFSET 0 keeps it from making joins of the look-ups.
_PAGE = "shop_id = %(shop)s AND id > %(after)s ORDER BY id LIMIT %(limit)s"
_MEMBERS = f"""
    SELECT a.id, c.external_id, c.email, c.first_name, c.last_name, a.balance, a.pending, a.lifetime_earned,
        a.lifetime_spent, coalesce(s.tier, ''), coalesce(c.joined_at, a.created_at)
    FROM (SELECT * FROM loyalty_account WHERE {_PAGE}) a
    CROSS JOIN LATERAL (SELECT * FROM shops_customer c WHERE c.shop_id = a.shop_id AND c.id = a.customer_id OFFSET 0) c
    LEFT JOIN LATERAL (SELECT * FROM loyalty_standing s
        WHERE s.shop_id = a.shop_id AND s.account_id = a.id OFFSET 0) s ON true
    ORDER BY a.id
"""
_ENTRIES = f"""
    SELECT e.id, e.id, c.external_id, c.email, e.seq, e.kind, e.available_delta, e.pending_delta, e.balance_after,
        e.reference, e.reason, e.actor, e.reverses_id, e.occurred_at, e.created_at,
        e.revision, w.breakdown::text, w.earlier::text, v.document ->> 'points_name'
    FROM (SELECT * FROM loyalty_entry WHERE {_PAGE}) e
    CROSS JOIN LATERAL (SELECT * FROM loyalty_account a WHERE a.shop_id = e.shop_id AND a.id = e.account_id OFFSET 0) a
    CROSS JOIN LATERAL (SELECT * FROM shops_customer c WHERE c.shop_id = a.shop_id AND c.id = a.customer_id OFFSET 0) c
    LEFT JOIN LATERAL (SELECT * FROM loyalty_award w
        WHERE w.shop_id = e.shop_id AND w.id = e.award_id OFFSET 0) w ON true
    LEFT JOIN LATERAL (SELECT * FROM loyalty_programversion v
        WHERE v.shop_id = w.shop_id AND v.id = w.program_version_id OFFSET 0) v ON true
    ORDER BY e.id
"""
_LOTS = f"""
    SELECT l.id, c.external_id, c.email, l.points, l.remaining, l.earned_at, l.available_at, l.expires_at
    FROM (SELECT * FROM loyalty_lot WHERE {_PAGE}) l
    CROSS JOIN LATERAL (SELECT * FROM loyalty_account a WHERE a.shop_id = l.shop_id AND a.id = l.account_id OFFSET 0) a
    CROSS JOIN LATERAL (SELECT * FROM shops_customer c WHERE c.shop_id = a.shop_id AND c.id = a.customer_id OFFSET 0) c
    ORDER BY l.id
"""
