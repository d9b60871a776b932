"""Codes seen on orders. Runs inside the transaction that applies the orders; the ledger is moved later, by a worker."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from lib.bell import rewards_ringer
from lib.clock import now
from lib.rows import execute
from loyalty.earning import OrderFacts
from rewards.returning import returned_points, stands


@dataclass(frozen=True, slots=True)
class OrderTold:
    """An order that carries discount codes, or did; `source` is "order:<id>", `codes` are those that it has now."""

    shop_id: int
    source: str
    number: str
    at: datetime
    codes: tuple[str, ...]
    facts: OrderFacts


def note_uses(told: Sequence[OrderTold]) -> int:
    """Keep which of our codes these orders use, and how much of their points comes back; returns how many are due.

    Telling the same again changes nothing. A code that is gone from an order is not used by it any more.
    """
    by_source = {(order.shop_id, order.source): order for order in told}
    rows = [
        {"shop_id": order.shop_id, "source": order.source, "codes": list(order.codes)}
        for order in by_source.values()
    ]
    if not rows or not (found := execute(_FIND, rows)):
        return 0
    # Locked before they are written, so that whoever settles one of them sees all of it or nothing.
    execute(_LOCK, [{"shop_id": shop_id, "id": id_} for shop_id, id_, *_ in found])
    uses = [_use(by_source[shop_id, source], id_, points, has) for shop_id, id_, points, source, has in found]
    changed = execute(_WRITE, uses)
    if changed:
        keys = [{"shop_id": shop_id, "id": id_} for shop_id, id_ in sorted(set(changed))]
        execute(_MAKE_DUE, keys, at=now())
        transaction.on_commit(rewards_ringer.soon)
    return len(set(changed))


def _use(order: OrderTold, redemption_id: int, points: int, has: bool) -> dict[str, Any]:
    return {
        "shop_id": order.shop_id,
        "redemption_id": redemption_id,
        "source": order.source,
        "number": order.number[:64],
        "at": order.at,
        "live": has and stands(order.facts),
        "returned_points": _returned(points, order.facts) if has else 0,
    }


def _returned(points: int, order: OrderFacts) -> int:
    """Of an order that does not stand never 0, so that it differs from one that lost a code which cost nothing."""
    return returned_points(points, order) if stands(order) else max(points, 1)


# The last column: whether the order has the code now. Each part is found by an index, whatever the planner believes of
# how many codes and uses there are.
_FIND = """
    WITH told AS MATERIALIZED (
        SELECT r.shop_id, r.source, c.code
        FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, source text, codes text[])
        LEFT JOIN LATERAL unnest(r.codes) AS c(code) ON true
    ), found AS (
        SELECT d.shop_id, d.id, d.points, t.source, true AS has
        FROM told t CROSS JOIN LATERAL (
            SELECT d.shop_id, d.id, d.points FROM rewards_redemption d
            WHERE d.shop_id = t.shop_id AND upper(d.code) = upper(btrim(t.code)) AND d.code <> '' LIMIT 1
        ) d
        UNION ALL
        SELECT d.shop_id, d.id, d.points, t.source, false
        FROM (SELECT DISTINCT shop_id, source FROM told) t CROSS JOIN LATERAL (
            SELECT u.redemption_id FROM rewards_codeuse u
            WHERE u.shop_id = t.shop_id AND u.source = t.source OFFSET 0
        ) u CROSS JOIN LATERAL (
            SELECT d.shop_id, d.id, d.points FROM rewards_redemption d
            WHERE d.shop_id = t.shop_id AND d.id = u.redemption_id LIMIT 1
        ) d
    )
    SELECT shop_id, id, points, source, bool_or(has) FROM found GROUP BY shop_id, id, points, source
"""
_LOCK = """
    SELECT d.id FROM (
        SELECT DISTINCT shop_id, id FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    ) r
    JOIN rewards_redemption d ON d.shop_id = r.shop_id AND d.id = r.id
    ORDER BY d.id FOR NO KEY UPDATE OF d
"""
_WRITE = """
    INSERT INTO rewards_codeuse AS u (shop_id, redemption_id, source, number, at, live, returned_points)
    SELECT r.shop_id, r.redemption_id, r.source, r.number, r.at, r.live, r.returned_points
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, redemption_id bigint, source text, number text,
        at timestamptz, live boolean, returned_points bigint)
    ON CONFLICT (shop_id, redemption_id, source) DO UPDATE SET number = excluded.number, at = excluded.at,
        live = excluded.live, returned_points = excluded.returned_points
    WHERE (u.number, u.at, u.live, u.returned_points)
        IS DISTINCT FROM (excluded.number, excluded.at, excluded.live, excluded.returned_points)
    RETURNING u.shop_id, u.redemption_id
"""
# The others are driven by a worker, who looks at the uses when it is done.
_MAKE_DUE = """
    UPDATE rewards_redemption d SET due_at = %(at)s
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    WHERE d.shop_id = r.shop_id AND d.id = r.id AND d.state IN ('issued', 'used', 'returned', 'failed')
"""
