"""An order as its store has it, beside the same order as we know it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from lib.rows import execute
from orders.models import Sweep
from platforms.snapshots import OrderSnapshot
from shops.models import Connection

Finding = Literal["missed", "late", "differing", "same"]


class Known(NamedTuple):
    """What we know of an order; `deleted`: we were told that the store has it no more."""

    updated_at: datetime | None
    status: str
    total: Decimal
    cancelled: bool
    deleted: bool


def known(connection: Connection, ids: Sequence[str]) -> dict[str, Known]:
    """What is known of the orders of these platform ids."""
    rows = execute(_KNOWN, shop=connection.shop_id, connection=connection.pk, ids=list(ids))
    return {row[0]: Known(*row[1:]) for row in rows}


def compared(ours: Known | None, order: OrderSnapshot) -> Finding:
    """What the store's order is to us. One that we know in a newer state than the store told is no finding."""
    if ours is None or ours.updated_at is None:
        return "missed"
    if ours.updated_at < order.updated_at:
        return "late"
    if ours.updated_at > order.updated_at or ours.deleted:
        return "same"
    theirs = (order.status.value, order.total, order.cancelled_at is not None)
    return "same" if (ours.status, ours.total, ours.cancelled) == theirs else "differing"


def unread(ours: Known | None, changed_at: datetime | None) -> Finding:
    """What an order of the store is to us that cannot be read: known, if some other body told of it so far."""
    told = ours.updated_at if ours else None
    return "same" if told and (changed_at is None or told >= changed_at) else "missed"


def example(order: OrderSnapshot, what: Finding) -> dict[str, Any]:
    """What is kept of a finding: enough to say later whether we know the order as the store had it then."""
    return {
        "order_id": order.id,
        "number": order.number or order.id,
        "what": what,
        "updated_at": order.updated_at.isoformat(),
        "told": [order.status.value, str(order.total), order.cancelled_at is not None],
    }


def unread_example(order_id: str, changed_at: datetime) -> dict[str, Any]:
    """As `example`, of an order that cannot be read: nothing that we know of that instant is what was told."""
    return {
        "order_id": order_id,
        "number": order_id,
        "what": "missed",
        "updated_at": changed_at.isoformat(),
        "told": ["", "0", False],
    }


def repaired(sweep: Sweep) -> dict[str, bool]:
    """Of the examples' orders, by the platform's id, whether we know them now as the store had them then, or newer."""
    ours = known(sweep.connection, [each["order_id"] for each in sweep.examples])
    return {each["order_id"]: is_right(ours.get(each["order_id"]), each) for each in sweep.examples}


def is_right(ours: Known | None, told: dict[str, Any]) -> bool:
    """Whether what we know of an order is what an example told, or newer."""
    if ours is None or ours.updated_at is None:
        return False
    then = datetime.fromisoformat(told["updated_at"])
    if ours.updated_at != then:
        return ours.updated_at > then or ours.deleted
    status, total, cancelled = told["told"]
    return (ours.status, ours.total, ours.cancelled) == (status, Decimal(total), cancelled) or ours.deleted


_KNOWN = """
    SELECT o.external_id, o.platform_updated_at, o.status, o.total, o.cancelled_at IS NOT NULL,
        o.deleted_at IS NOT NULL AND (o.restored_at IS NULL OR o.restored_at < o.deleted_at)
    FROM orders_order o
    WHERE o.shop_id = %(shop)s AND o.connection_id = %(connection)s AND o.external_id = ANY(%(ids)s)
"""
