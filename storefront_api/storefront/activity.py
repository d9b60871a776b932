"""`GET /storefront/v1/me/activity`: the shopper's history, and why each point is there."""

from typing import Any

import msgspec
from django.db import connection as database
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from loyalty.explain import explain
from loyalty.models import Entry
from storefront_api.storefront.road import Refused, identified, reply, road
from storefront_api.storefront.tokens import Shopper

PAGE = 20
NEWEST = 2**31 - 1

# A cursor gives jsonb as text. Every key leads with the shop, so each join is by the primary or a unique index.
_ENTRIES = """
    SELECT e.seq, e.kind, e.pending_delta, e.available_delta, e.balance_after, e.occurred_at, e.reason,
           coalesce((w.earlier || jsonb_build_array(w.breakdown)) -> e.revision, w.breakdown) AS breakdown,
           CASE WHEN e.revision > 0 THEN w.earlier -> (e.revision - 1) END AS before,
           o.number, v.document ->> 'points_name' AS points_name
    FROM shops_customer c
    JOIN loyalty_account a ON a.shop_id = c.shop_id AND a.customer_id = c.id
    JOIN loyalty_entry e ON e.shop_id = a.shop_id AND e.account_id = a.id
    LEFT JOIN loyalty_award w ON w.shop_id = e.shop_id AND w.id = e.award_id
    LEFT JOIN loyalty_programversion v ON v.shop_id = w.shop_id AND v.id = w.program_version_id
    LEFT JOIN orders_order o ON o.shop_id = w.shop_id
         AND o.id = CASE WHEN w.source LIKE 'order:%%' THEN substr(w.source, 7)::bigint END
    WHERE c.shop_id = %s AND c.connection_id = %s AND c.external_id = %s AND e.seq < %s
    ORDER BY e.seq DESC LIMIT %s
"""


@road
def activity(request: HttpRequest) -> HttpResponse:
    """`{entries: [{seq, kind, points, balance_after, sentence, occurred_at, order_number}], next}`.

    The newest first; `?before=<next>` gives the page after it, and `next` is null on the last one.
    """
    shopper = identified(request)
    rows = _rows(shopper, _before(request))
    content = {
        "entries": [_entry(row) for row in rows[:PAGE]],
        "next": rows[PAGE - 1]["seq"] if len(rows) > PAGE else None,
    }
    return reply(request, content, shopper.shop.origins, "private, no-cache", "Origin, Authorization")


def _before(request: HttpRequest) -> int:
    given = request.GET.get("before", str(NEWEST))
    if not (given.isascii() and given.isdigit() and len(given) <= 10):
        raise Refused(400, "bad_value", gettext("`before` must be a number from `next`."), field="before")
    return min(int(given), NEWEST)


def _rows(shopper: Shopper, before: int) -> list[dict[str, Any]]:
    connection = shopper.connection
    arguments = (connection.shop_id, connection.id, shopper.external_id, before, PAGE + 1)
    with database.cursor() as cursor:
        cursor.execute(_ENTRIES, arguments)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _entry(row: dict[str, Any]) -> dict[str, Any]:
    points = row["available_delta"] or row["pending_delta"]
    return {
        "seq": row["seq"],
        "kind": row["kind"],
        "points": points,
        "balance_after": row["balance_after"],
        "sentence": _sentence(row, points),
        "occurred_at": row["occurred_at"],
        "order_number": row["number"] or None,
    }


def _sentence(row: dict[str, Any], points: int) -> str:
    """Why: the order's explanation, else what the shop wrote, else the kind of entry."""
    if row["breakdown"] is not None:
        before = msgspec.json.decode(row["before"]) if row["before"] else None
        breakdown = msgspec.json.decode(row["breakdown"])
        return explain(breakdown, points, before=before, points_name=row["points_name"])
    return row["reason"] or str(Entry.Kind(row["kind"]).label)
