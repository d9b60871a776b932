"""WooCommerce's webhook bodies, by topic. Dates named `_gmt` are UTC without saying so."""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec.structs import replace

from lib.money import spread
from platforms.base import Ignored, NeedsFetch
from platforms.birthdays import birthday
from platforms.reading import (
    amount,
    bounded,
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
    ZERO,
    CustomerSnapshot,
    Fact,
    Line,
    OrderDeleted,
    OrderRestored,
    OrderSnapshot,
    OrderStatus,
)
from platforms.woocommerce.refunds import read_refund
from platforms.woocommerce.shapes import Charge, Customer, Deleted, LineItem, Meta, Order

FETCHED = "order.fetched"

_ORDER = decoder(Order)
_CUSTOMER = decoder(Customer)
_DELETED = decoder(Deleted)
_BIRTHDAY_KEYS = frozenset({"birthday", "birthdate", "birth_date", "birthday_date", "date_of_birth", "dob"})

_STATUSES = {
    "processing": OrderStatus.PAID,
    "completed": OrderStatus.PAID,
    "refunded": OrderStatus.REFUNDED,
    "pending": OrderStatus.PENDING,
    "on-hold": OrderStatus.PENDING,
    "checkout-draft": OrderStatus.PENDING,
    "auto-draft": OrderStatus.PENDING,
    "cancelled": OrderStatus.CANCELLED,
    "trash": OrderStatus.CANCELLED,
    "failed": OrderStatus.FAILED,
}
_CHANNELS = {"": "web", "checkout": "web", "store-api": "web", "admin": "draft", "pos-rest-api": "pos"}


def parse(topic: str, body: bytes) -> list[Fact]:
    """What a body says. Raises `Unreadable` or `Ignored`, and `NeedsFetch` where an order only sums its refunds up."""
    reader = _READERS.get(topic)
    if reader is None:
        raise Ignored(f"Nothing is done with the topic {topic[:100]!r}.")
    fact = reader(body)
    if not isinstance(fact, OrderSnapshot):
        return [fact]
    # Out of the trash: the body is the order as it is again.
    facts: list[Fact] = [fact, OrderRestored(fact.id)] if topic == "order.restored" else [fact]
    if topic != FETCHED and any(refund.summary for refund in fact.refunds):
        raise NeedsFetch("order", fact.id, facts)
    return facts


def _order(body: bytes) -> OrderSnapshot:
    order = decode(_ORDER, body)
    placed_at = _utc(order.date_created_gmt, "date_created_gmt")
    updated_at = _utc(order.date_modified_gmt or order.date_created_gmt, "date_modified_gmt")
    code = currency(order.currency)
    shipping = each("shipping_lines", order.shipping_lines or (), _charge)
    lines = each("line_items", order.line_items, _line)
    channel = text(order.created_via)
    return OrderSnapshot(
        id=identifier(order.id, "id"),
        currency=code,
        status=_status(order),
        placed_at=placed_at,
        updated_at=updated_at,
        number=optional_identifier(order.number, "number"),
        paid_at=_utc(order.date_paid_gmt, "date_paid_gmt") if order.date_paid_gmt else None,
        channel=_CHANNELS.get(channel, channel),
        customer=_customer_of(order, updated_at, placed_at),
        email=text(order.billing.email).strip() if order.billing else "",
        lines=tuple(_after_fees(lines, order.fee_lines or (), code)),
        shipping_net=bounded(sum((net for net, _ in shipping), ZERO), "shipping_lines"),
        shipping_tax=bounded(sum((tax for _, tax in shipping), ZERO), "shipping_lines"),
        total=positive(order.total, "total"),
        discount_codes=tuple(text(coupon.code) for coupon in order.coupon_lines or () if coupon.code),
        refunds=tuple(each("refunds", order.refunds or (), lambda refund: read_refund(refund, updated_at))),
        refunds_complete=order.refunds is not None,
    )


def _status(order: Order) -> OrderStatus:
    """A status that a plugin added counts as paid once WooCommerce has noted a payment."""
    name = order.status.removeprefix("wc-")
    return _STATUSES.get(name) or (OrderStatus.PAID if order.date_paid_gmt else OrderStatus.PENDING)


def _customer_of(order: Order, as_of: datetime, placed_at: datetime) -> CustomerSnapshot | None:
    number = optional_identifier(order.customer_id, "customer_id")
    if number in ("", "0"):
        return None
    billing = order.billing
    return CustomerSnapshot(
        id=number,
        as_of=as_of,
        email=text(billing.email).strip() if billing else "",
        first_name=text(billing.first_name) if billing else "",
        last_name=text(billing.last_name) if billing else "",
        joined_at=placed_at,
    )


def _line(item: LineItem) -> Line:
    product = optional_identifier(item.product_id, "product_id")
    return Line(
        id=identifier(item.id, "id"),
        net=positive(item.total, "total"),
        tax=positive(item.total_tax or 0, "total_tax"),
        quantity=quantity(item.quantity),
        title=text(item.name),
        product_id=product,
        variant_id=optional_identifier(item.variation_id, "variation_id"),
        sku=text(item.sku),
    )


def _charge(charge: Charge) -> tuple[Decimal, Decimal]:
    return positive(charge.total, "total"), positive(charge.total_tax or 0, "total_tax")


def _after_fees(lines: list[Line], fees: Sequence[Charge], code: str) -> list[Line]:
    """Fees below zero are how plugins give a discount: spread over the lines, as far as the lines go.

    Fees above zero are no goods and do not count.
    """
    read = each(
        "fee_lines", fees, lambda fee: (amount(fee.total, "total"), amount(fee.total_tax or 0, "total_tax"))
    )
    discounts = [(net, tax) for net, tax in read if net < 0]
    if not discounts:
        return lines
    nets = [line.net for line in lines]
    taxes = [line.tax for line in lines]
    net = min(-sum((net for net, _ in discounts), ZERO), sum(nets, ZERO))
    tax = min(max(ZERO, -sum((tax for _, tax in discounts), ZERO)), sum(taxes, ZERO))
    shares = zip(lines, spread(net, nets, code), spread(tax, taxes, code), strict=True)
    return [replace(line, net=line.net - off, tax=line.tax - tax_off) for line, off, tax_off in shares]


def _customer(body: bytes) -> CustomerSnapshot:
    """Never `email_verified`: WooCommerce lets anyone register with any address and asks for no proof."""
    customer = decode(_CUSTOMER, body)
    return CustomerSnapshot(
        id=identifier(customer.id, "id"),
        as_of=_utc(customer.date_modified_gmt or customer.date_created_gmt, "date_modified_gmt"),
        email=text(customer.email).strip(),
        first_name=text(customer.first_name),
        last_name=text(customer.last_name),
        joined_at=_utc(customer.date_created_gmt, "date_created_gmt") if customer.date_created_gmt else None,
        birthday=_birthday(customer.meta_data or ()),
    )


def _birthday(entries: Sequence[Meta]) -> str:
    """From what a plugin keeps under a plain name, where it is plainly a date: year first."""
    for entry in entries:
        if isinstance(entry.key, str) and isinstance(entry.value, str):
            name = entry.key.lstrip("_").removeprefix("billing_").lower()
            found = birthday(entry.value.strip()) if name in _BIRTHDAY_KEYS else None
            if found:
                return found
    return ""


def _deleted(body: bytes) -> OrderDeleted:
    return OrderDeleted(identifier(decode(_DELETED, body).id, "id"))


def _utc(value: str | None, field: str) -> datetime:
    return instant(value, field, naive_is_utc=True)


_READERS: dict[str, Callable[[bytes], Fact]] = {
    "order.created": _order,
    "order.updated": _order,
    "order.restored": _order,
    FETCHED: _order,
    "order.deleted": _deleted,
    "customer.created": _customer,
    "customer.updated": _customer,
}
