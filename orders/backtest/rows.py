"""The orders of a period as rows, read with few columns and bounded memory."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

import msgspec
from django.db import connection

from lib.rows import execute
from loyalty.earning import OrderFacts
from platforms.snapshots import Line, OrderStatus, RefundSnapshot

# Orders fetched at a time from the database.
FETCHED = 1000
# Orders in one chunk, give or take those of the last customer in it.
CHUNK = 2000

# jsonb comes as text.
_lines = msgspec.json.Decoder(tuple[Line, ...]).decode
_refunds = msgspec.json.Decoder(tuple[RefundSnapshot, ...]).decode


class Span(NamedTuple):
    """Which orders are looked at: those placed in [`starts_at`, `ends_at`), up to the id `last_order`."""

    shop_id: int
    starts_at: datetime
    ends_at: datetime
    last_order: int


class OrderRow(NamedTuple):
    """One order of a member, and what its award holds now."""

    id: int
    customer_id: int
    placed_at: datetime
    now: int
    status: str
    currency: str
    lines: str
    refunds: str
    shipping_net: Decimal
    shipping_tax: Decimal
    paid_at: datetime | None
    channel: str
    customer_tags: list[str]
    cancelled: bool
    deleted: bool
    test: bool
    test_mode: bool
    pointless: bool


def facts_of(row: OrderRow) -> OrderFacts:
    """What the evaluation must know of the order."""
    return OrderFacts(
        status=_STATUSES[row.status],
        currency=row.currency,
        placed_at=row.placed_at,
        lines=_lines(row.lines),
        shipping_net=row.shipping_net,
        shipping_tax=row.shipping_tax,
        refunds=_refunds(row.refunds) if row.refunds != "[]" else (),
        cancelled=row.cancelled,
        deleted=row.deleted,
        test=row.test,
        test_mode=row.test_mode,
        pointless=row.pointless,
        channel=row.channel,
        customer_tags=tuple(row.customer_tags),
        paid_at=row.paid_at,
    )


def count(span: Span) -> tuple[int, int]:
    """Orders of members, and of guests whom nobody has registered as."""
    ((members, guests),) = execute(_COUNT, **span._asdict())
    return members, guests


def chunk_end(span: Span, after: int) -> int | None:
    """The last customer of the next chunk beyond the customer `after`; None when nobody is left."""
    found = execute(_CHUNK_END, **span._asdict(), after=after, chunk=CHUNK)
    return int(found[0][0]) if found[0][0] is not None else None


def orders(span: Span, after: int, through: int) -> Iterator[OrderRow]:
    """Orders of the customers in (`after`, `through`], by customer and date. Runs inside a transaction."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_ORDERS, {**span._asdict(), "after": after, "through": through})
        while rows := cursor.fetchmany(FETCHED):
            yield from map(OrderRow._make, rows)


def order(span: Span, order_id: int) -> OrderRow | None:
    """One order."""
    found = execute(_ORDER, shop_id=span.shop_id, order=order_id)
    return OrderRow._make(found[0]) if found else None


def newest(shop_id: int) -> dict[str, int]:
    """The newest ids of the shop: whatever changes its orders or points leaves a higher one."""
    ((order, entry, delivery),) = execute(_NEWEST, shop_id=shop_id)
    return {"orders": order, "entries": entry, "deliveries": delivery}


_STATUSES = {status.value: status for status in OrderStatus}
_PERIOD = """
    o.shop_id = %(shop_id)s AND o.placed_at >= %(starts_at)s AND o.placed_at < %(ends_at)s AND o.id <= %(last_order)s
"""
_COUNT = f"""
    SELECT count(o.customer_id), count(*) - count(o.customer_id) FROM orders_order o WHERE {_PERIOD}
"""
_CHUNK_END = f"""
    SELECT max(c.customer_id) FROM (
        SELECT o.customer_id FROM orders_order o WHERE {_PERIOD} AND o.customer_id > %(after)s
        ORDER BY o.customer_id LIMIT %(chunk)s
    ) c
"""
_ROW = """
    SELECT o.id, o.customer_id, o.placed_at, coalesce(w.target, 0), o.status, o.currency, o.lines, o.refunds,
        o.shipping_net, o.shipping_tax, o.paid_at, o.channel, o.customer_tags, o.cancelled_at IS NOT NULL,
        o.deleted_at IS NOT NULL AND (o.restored_at IS NULL OR o.restored_at < o.deleted_at),
        o.test, c.test_mode, coalesce(o.placed_at < c.points_from, FALSE)
    FROM orders_order o
    JOIN shops_connection c ON c.shop_id = o.shop_id AND c.id = o.connection_id
    LEFT JOIN loyalty_account a ON a.shop_id = o.shop_id AND a.customer_id = o.customer_id
    LEFT JOIN loyalty_award w ON w.shop_id = o.shop_id AND w.source = 'order:' || o.id AND w.account_id = a.id
"""
_ORDER = f"{_ROW} WHERE o.shop_id = %(shop_id)s AND o.id = %(order)s AND o.customer_id IS NOT NULL"
_ORDERS = f"""
    {_ROW}
    WHERE {_PERIOD} AND o.customer_id > %(after)s AND o.customer_id <= %(through)s
    ORDER BY o.customer_id, o.placed_at, o.id
"""
_NEWEST = """
    SELECT coalesce((SELECT max(id) FROM orders_order WHERE shop_id = %(shop_id)s), 0),
        coalesce((SELECT max(id) FROM loyalty_entry WHERE shop_id = %(shop_id)s), 0),
        coalesce((SELECT max(id) FROM orders_delivery WHERE shop_id = %(shop_id)s), 0)
"""
