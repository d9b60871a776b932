"""The generic events of shops without an adapter of their own. The schema: docs/order.schema.json."""

from collections.abc import Callable
from datetime import datetime

from platforms.base import Ignored, Unreadable
from platforms.birthdays import birthday
from platforms.reading import (
    currency,
    decode,
    decoder,
    each,
    identifier,
    instant,
    optional_identifier,
    positive,
    quantity,
    text,
)
from platforms.snapshots import (
    CustomerSnapshot,
    Fact,
    Line,
    OrderDeleted,
    OrderSnapshot,
    OrderStatus,
    RefundEvent,
    RefundLine,
    RefundSnapshot,
)
from platforms.standard import shapes

_EVENT = decoder(shapes.Event)
_ORDER = decoder(shapes.OrderEvent)
_REFUND = decoder(shapes.RefundEvent)
_CUSTOMER = decoder(shapes.CustomerEvent)
_DELETED = decoder(shapes.DeletedEvent)


def parse(topic: str, body: bytes) -> list[Fact]:
    """What a body says; `topic` is its `type`. Raises `Unreadable` or `Ignored`."""
    name = topic or decode(_EVENT, body).type
    reader = _READERS.get(name)
    if reader is None:
        raise Ignored(f"Nothing is done with the type {name[:100]!r}; known are {', '.join(_READERS)}.")
    try:
        return [reader(body)]
    except Unreadable as error:
        reason = str(error)
        raise Unreadable(reason if reason.startswith(("body", "data")) else f"data.{reason}") from None


def _order(body: bytes) -> Fact:
    order = decode(_ORDER, body).data
    updated_at = instant(order.updated_at, "updated_at")
    placed_at = instant(order.placed_at, "placed_at")
    return OrderSnapshot(
        id=identifier(order.id, "id"),
        currency=currency(order.currency),
        status=_status(order.status),
        placed_at=placed_at,
        updated_at=updated_at,
        number=optional_identifier(order.number, "number"),
        paid_at=instant(order.paid_at, "paid_at") if order.paid_at is not None else None,
        cancelled_at=instant(order.cancelled_at, "cancelled_at") if order.cancelled_at is not None else None,
        test=order.test,
        channel=text(order.channel) or "web",
        customer=_customer_of(order.customer, updated_at, placed_at),
        email=text(order.email).strip(),
        lines=tuple(each("lines", order.lines, _line)),
        shipping_net=positive(order.shipping_net, "shipping_net"),
        shipping_tax=positive(order.shipping_tax, "shipping_tax"),
        total=positive(order.total, "total"),
        discount_codes=tuple(text(code) for code in order.discount_codes or () if code),
        refunds=tuple(each("refunds", order.refunds or (), lambda refund: _refund(refund, updated_at))),
        refunds_complete=order.refunds_complete,
    )


def _status(name: str) -> OrderStatus:
    try:
        return OrderStatus(name)
    except ValueError:
        known = ", ".join(OrderStatus)
        raise Unreadable(f"status: {text(name, 40)!r} is not one of {known}") from None


def _line(line: shapes.Line) -> Line:
    return Line(
        id=identifier(line.id, "id"),
        net=positive(line.net, "net"),
        tax=positive(line.tax, "tax"),
        quantity=quantity(line.quantity),
        title=text(line.title),
        product_id=optional_identifier(line.product_id, "product_id"),
        variant_id=optional_identifier(line.variant_id, "variant_id"),
        sku=text(line.sku),
        vendor=text(line.vendor),
        product_type=text(line.product_type),
        tags=_tags(line.tags),
        gift_card=line.gift_card,
    )


def _refund(refund: shapes.Refund, as_of: datetime | None) -> RefundSnapshot:
    if refund.updated_at is not None or as_of is None:
        as_of = instant(refund.updated_at, "updated_at")
    return RefundSnapshot(
        id=identifier(refund.id, "id"),
        as_of=as_of,
        lines=tuple(each("lines", refund.lines or (), _refund_line)),
        amount=positive(refund.amount, "amount"),
        shipping_net=positive(refund.shipping_net, "shipping_net"),
        shipping_tax=positive(refund.shipping_tax, "shipping_tax"),
        void=refund.void,
    )


def _refund_line(line: shapes.RefundLine) -> RefundLine:
    return RefundLine(
        line_id=identifier(line.line_id, "line_id"),
        net=positive(line.net, "net"),
        tax=positive(line.tax, "tax"),
        quantity=quantity(line.quantity),
    )


def _customer_of(
    customer: shapes.Customer | None, as_of: datetime, placed_at: datetime
) -> CustomerSnapshot | None:
    """Who placed an order was a customer by then."""
    try:
        return None if customer is None else _customer(customer, as_of, placed_at)
    except Unreadable as error:
        raise Unreadable(f"customer.{error}") from None


def _customer(
    customer: shapes.Customer, as_of: datetime | None, known_since: datetime | None = None
) -> CustomerSnapshot:
    if customer.updated_at is not None or as_of is None:
        as_of = instant(customer.updated_at, "updated_at")
    joined_at = known_since
    if customer.created_at is not None:
        created_at = instant(customer.created_at, "created_at")
        joined_at = min(created_at, known_since or created_at)
    return CustomerSnapshot(
        id=identifier(customer.id, "id"),
        as_of=as_of,
        email=text(customer.email).strip(),
        email_verified=customer.email_verified,
        first_name=text(customer.first_name),
        last_name=text(customer.last_name),
        tags=None if customer.tags is None else _tags(customer.tags),
        joined_at=joined_at,
        birthday=_birthday(customer.birthday),
        subscribed=customer.accepts_marketing,
    )


def _birthday(told: str | None) -> str:
    if not told:
        return ""
    found = birthday(told)
    if found is None:
        raise Unreadable(f"birthday: not a date such as 1990-03-21 or 03-21: {text(told, 40)!r}")
    return found


def _tags(tags: list[str] | None) -> tuple[str, ...]:
    return tuple(text(tag) for tag in tags or () if tag)


def _lone_refund(body: bytes) -> Fact:
    refund = decode(_REFUND, body).data
    return RefundEvent(identifier(refund.order_id, "order_id"), _refund(refund, None))


def _lone_customer(body: bytes) -> Fact:
    return _customer(decode(_CUSTOMER, body).data, None)


def _deleted(body: bytes) -> Fact:
    return OrderDeleted(identifier(decode(_DELETED, body).data.id, "id"))


_READERS: dict[str, Callable[[bytes], Fact]] = {
    "order.updated": _order,
    "order.deleted": _deleted,
    "refund.created": _lone_refund,
    "customer.updated": _lone_customer,
}
