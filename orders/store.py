"""Orders in the database: locked reads and set-wise writes of what `folding` knows."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from lib.rows import execute
from loyalty.sources import Wanted
from orders.folding import OrderKey, OrderState
from platforms.snapshots import Line, OrderSnapshot, OrderStatus, RefundSnapshot

# jsonb comes as text.
_decode_lines = msgspec.json.Decoder(tuple[Line, ...]).decode
_decode_refunds = msgspec.json.Decoder(list[RefundSnapshot]).decode


def lock_known(keys: Iterable[OrderKey]) -> dict[OrderKey, OrderState]:
    """Lock, in the order of their ids, the orders of these keys that have a row, and read them."""
    rows = [{"shop_id": s, "connection_id": c, "external_id": e} for s, c, e in sorted(keys)]
    return {state.key: state for state in map(_state, execute(_LOCK_BY_KEY, rows))} if rows else {}


def guest_orders(emails: Iterable[tuple[int, int, str]]) -> list[OrderKey]:
    """The keys of orders without a customer by (shop id, connection id, lower-cased e-mail)."""
    rows = [{"shop_id": s, "connection_id": c, "email": e} for s, c, e in sorted(emails)]
    return [(row[0], row[1], row[2]) for row in execute(_GUEST_ORDERS, rows)] if rows else []


def test_orders(connection_id: int, shop_id: int, after: str, limit: int) -> list[OrderKey]:
    """Keys of a connection's orders that are flagged as tests, `limit` of them beyond the key `after`."""
    rows = execute(_TEST_ORDERS, shop=shop_id, connection=connection_id, after=after, limit=limit)
    return [(row[0], row[1], row[2]) for row in rows]


def orders_before(
    connection_id: int, shop_id: int, before: datetime, after: str, limit: int
) -> list[OrderKey]:
    """Keys of a connection's orders placed before an instant, `limit` of them beyond the key `after`."""
    rows = execute(
        _ORDERS_BEFORE, shop=shop_id, connection=connection_id, before=before, after=after, limit=limit
    )
    return [(row[0], row[1], row[2]) for row in rows]


def known(wanted: Iterable[Wanted]) -> list[OrderState]:
    """Read, without a lock, the orders of these ids and of these customers that have come."""
    rows = [
        {"shop_id": each.shop_id, "ids": list(each.ids), "customers": list(each.customer_ids)}
        for each in wanted
    ]
    return [_state(row) for row in execute(_KNOWN, rows)] if rows else []


def insert(states: Sequence[OrderState]) -> None:
    """Insert new orders and give them their ids.

    One whose key another transaction has inserted meanwhile keeps `id` None: the caller looks at it again.
    """
    if not states:
        return
    by_key = {state.key: state for state in states}
    for shop_id, connection_id, external_id, id_ in execute(
        _INSERT, [_row(by_key[key]) for key in sorted(by_key)]
    ):
        by_key[shop_id, connection_id, external_id].id = id_


def update(states: Sequence[OrderState]) -> None:
    """Write changed orders, which the caller has locked."""
    if states:
        execute(_UPDATE, [_row(state) for state in states])


def _row(state: OrderState) -> dict[str, Any]:
    shop_id, connection_id, external_id = state.key
    row: dict[str, Any] = {
        "shop_id": shop_id,
        "connection_id": connection_id,
        "external_id": external_id,
        "id": state.id,
        "customer_id": state.customer_id,
        "digest": state.digest.hex(),
        "deleted_at": state.deleted_at,
        "restored_at": state.restored_at,
        "guest": state.guest,
        "customer_tags": state.customer_tags or (),
        "complete_as_of": state.complete_as_of,
        "held": state.held,
        "refunds": list(state.refunds.values()),
    }
    snapshot = state.snapshot
    if snapshot is None:
        return row | _STUB
    return row | {
        "number": snapshot.number[:64],
        "email": snapshot.email,
        "currency": snapshot.currency,
        "status": snapshot.status,
        "placed_at": snapshot.placed_at,
        "updated_at": snapshot.updated_at,
        "paid_at": snapshot.paid_at,
        "cancelled_at": snapshot.cancelled_at,
        "test": snapshot.test,
        "channel": snapshot.channel[:64],
        "shipping_net": snapshot.shipping_net,
        "shipping_tax": snapshot.shipping_tax,
        "total": snapshot.total,
        "lines": snapshot.lines,
        "codes": snapshot.discount_codes,
    }


_STUB: dict[str, Any] = {
    "number": "",
    "email": "",
    "currency": "",
    "status": "",
    "test": False,
    "channel": "",
    "shipping_net": 0,
    "shipping_tax": 0,
    "total": 0,
    "lines": [],
    "codes": [],
}


def _state(row: tuple[Any, ...]) -> OrderState:
    shop_id, connection_id, external_id, id_, customer_id, digest, deleted_at, restored_at, *more = row
    guest, customer_tags, complete_as_of, held, refunds, placed_at, *snapshot = more
    state = OrderState(
        (shop_id, connection_id, external_id),
        id_,
        refunds={refund.id: refund for refund in _decode_refunds(refunds)},
        complete_as_of=complete_as_of,
        deleted_at=deleted_at,
        restored_at=restored_at,
        customer_id=customer_id,
        guest=guest,
        customer_tags=None if customer_id is None else tuple(customer_tags),
        held=held,
    )
    if placed_at is not None:
        state.digest = bytes(digest)
        state.snapshot = _snapshot(external_id, placed_at, *snapshot)
    return state


def _snapshot(
    external_id: str,
    placed_at: datetime,
    number: str,
    email: str,
    currency: str,
    status: str,
    updated_at: datetime,
    paid_at: datetime | None,
    cancelled_at: datetime | None,
    test: bool,
    channel: str,
    shipping_net: Decimal,
    shipping_tax: Decimal,
    total: Decimal,
    lines: str,
    codes: list[str],
) -> OrderSnapshot:
    return OrderSnapshot(
        id=external_id,
        currency=currency,
        status=OrderStatus(status),
        placed_at=placed_at,
        updated_at=updated_at,
        number=number,
        paid_at=paid_at,
        cancelled_at=cancelled_at,
        test=test,
        channel=channel,
        email=email,
        lines=_decode_lines(lines),
        shipping_net=shipping_net,
        shipping_tax=shipping_tax,
        total=total,
        discount_codes=tuple(codes),
    )


_COLUMNS = """
    o.shop_id, o.connection_id, o.external_id, o.id, o.customer_id, o.digest, o.deleted_at, o.restored_at, o.guest,
    o.customer_tags, o.refunds_complete_as_of, o.held, o.refunds,
    o.placed_at, o.number, o.email, o.currency, o.status, o.platform_updated_at, o.paid_at, o.cancelled_at, o.test,
    o.channel, o.shipping_net, o.shipping_tax, o.total, o.lines, o.discount_codes
"""
_LOCK_BY_KEY = f"""
    SELECT {_COLUMNS}
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, connection_id bigint, external_id text)
    JOIN orders_order o USING (shop_id, connection_id, external_id)
    ORDER BY o.id FOR NO KEY UPDATE OF o
"""
_KNOWN = f"""
    SELECT {_COLUMNS}
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, ids bigint[], customers bigint[])
    JOIN orders_order o ON o.shop_id = r.shop_id AND o.id = ANY(r.ids)
    UNION
    SELECT {_COLUMNS}
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, ids bigint[], customers bigint[])
    JOIN orders_order o ON o.shop_id = r.shop_id AND o.customer_id = ANY(r.customers) AND o.placed_at IS NOT NULL
"""
_GUEST_ORDERS = """
    SELECT o.shop_id, o.connection_id, o.external_id
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, connection_id bigint, email text)
    JOIN orders_order o ON o.shop_id = r.shop_id AND o.connection_id = r.connection_id
        AND lower(o.email) = r.email AND o.customer_id IS NULL AND o.email <> ''
"""
_TEST_ORDERS = """
    SELECT o.shop_id, o.connection_id, o.external_id FROM orders_order o
    WHERE o.shop_id = %(shop)s AND o.connection_id = %(connection)s AND o.test AND o.external_id > %(after)s
    ORDER BY o.external_id LIMIT %(limit)s
"""
_ORDERS_BEFORE = """
    SELECT o.shop_id, o.connection_id, o.external_id FROM orders_order o
    WHERE o.shop_id = %(shop)s AND o.connection_id = %(connection)s AND o.placed_at < %(before)s
        AND o.external_id > %(after)s
    ORDER BY o.external_id LIMIT %(limit)s
"""
_RECORD = """
    json_to_recordset(%(rows)s) AS r(shop_id bigint, connection_id bigint, external_id text, id bigint,
        customer_id bigint, digest text, deleted_at timestamptz, restored_at timestamptz,
        guest boolean, customer_tags text[],
        complete_as_of timestamptz, held text, refunds jsonb, number text, email text,
        currency text, status text, placed_at timestamptz, updated_at timestamptz, paid_at timestamptz,
        cancelled_at timestamptz, test boolean, channel text, shipping_net numeric, shipping_tax numeric,
        total numeric, lines jsonb, codes text[])
"""
_INSERT = f"""
    INSERT INTO orders_order (shop_id, connection_id, external_id, customer_id, digest, deleted_at, restored_at,
        guest, customer_tags, refunds_complete_as_of, held, refunds,
        number, email, currency, status, placed_at, platform_updated_at, paid_at, cancelled_at, test, channel,
        shipping_net, shipping_tax, total, lines, discount_codes)
    SELECT r.shop_id, r.connection_id, r.external_id, r.customer_id, decode(r.digest, 'hex'),
        r.deleted_at, r.restored_at, r.guest, r.customer_tags, r.complete_as_of, r.held,
        r.refunds, r.number, r.email, r.currency, r.status, r.placed_at, r.updated_at, r.paid_at, r.cancelled_at,
        r.test, r.channel, r.shipping_net, r.shipping_tax, r.total, r.lines, r.codes
    FROM {_RECORD}
    ON CONFLICT (shop_id, connection_id, external_id) DO NOTHING
    RETURNING shop_id, connection_id, external_id, id
"""
_UPDATE = f"""
    UPDATE orders_order o SET customer_id = r.customer_id, digest = decode(r.digest, 'hex'),
        deleted_at = r.deleted_at, restored_at = r.restored_at, guest = r.guest,
        customer_tags = r.customer_tags, refunds_complete_as_of = r.complete_as_of,
        held = r.held, refunds = r.refunds, number = r.number, email = r.email, currency = r.currency,
        status = r.status, placed_at = r.placed_at, platform_updated_at = r.updated_at, paid_at = r.paid_at,
        cancelled_at = r.cancelled_at, test = r.test, channel = r.channel, shipping_net = r.shipping_net,
        shipping_tax = r.shipping_tax, total = r.total, lines = r.lines, discount_codes = r.codes
    FROM {_RECORD}
    WHERE o.shop_id = r.shop_id AND o.id = r.id
"""
