"""A Shopify order as an `OrderSnapshot`."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import partial

from msgspec.structs import replace

from lib.money import fraction
from platforms.base import Unreadable
from platforms.reading import (
    bounded,
    currency,
    each,
    instant,
    optional_identifier,
    quantity,
    text,
)
from platforms.shopify.customers import read_customer
from platforms.shopify.fields import discounts, own_id, shop_amount, taxes
from platforms.shopify.refunds import Context, read_refund
from platforms.shopify.shapes import LineItem, Order, ShippingLine
from platforms.snapshots import (
    ZERO,
    CustomerSnapshot,
    Line,
    OrderSnapshot,
    OrderStatus,
    RefundSnapshot,
)

_STATUSES = {
    None: OrderStatus.PENDING,
    "pending": OrderStatus.PENDING,
    "unpaid": OrderStatus.PENDING,
    "partially_paid": OrderStatus.PENDING,
    "authorized": OrderStatus.AUTHORIZED,
    "paid": OrderStatus.PAID,
    "partially_refunded": OrderStatus.PARTIALLY_REFUNDED,
    "refunded": OrderStatus.REFUNDED,
    "voided": OrderStatus.VOIDED,
    "expired": OrderStatus.VOIDED,
}
_WAS_PAID = (OrderStatus.PAID, OrderStatus.PARTIALLY_REFUNDED, OrderStatus.REFUNDED)
_CHANNELS = {"shopify_draft_order": "draft"}


def read_order(order: Order) -> OrderSnapshot:
    """The whole order. `placed_at` is `created_at`: `processed_at` may be backdated by an import."""
    updated_at = instant(order.updated_at or order.created_at, "updated_at")
    placed_at = instant(order.created_at, "created_at")
    included = bool(order.taxes_included)
    lines = each("line_items", order.line_items, partial(_line, included))
    refunds: list[RefundSnapshot] = []
    if order.refunds:
        known = Context(currency(order.currency), included, _line_ids(order.line_items, lines))
        # As of the order's own change, not the refund's: this reading knows the order around the refund
        # (taxes, line ids, edits), so it must win over the lone refunds/create, whenever that arrives.
        refunds = each("refunds", order.refunds, lambda refund: read_refund(refund, updated_at, known))
    lines, refunds = _as_edited(order.line_items, lines, refunds)
    shipping = each("shipping_lines", order.shipping_lines or (), partial(_shipping, included))
    status = _status(order)
    return OrderSnapshot(
        id=own_id(order.id, order.admin_graphql_api_id, "Order"),
        currency=currency(order.currency),
        status=status,
        placed_at=placed_at,
        updated_at=updated_at,
        number=text(order.name),
        paid_at=_paid_at(order) if status in _WAS_PAID else None,
        cancelled_at=instant(order.cancelled_at, "cancelled_at") if order.cancelled_at else None,
        test=bool(order.test),
        channel=_CHANNELS.get(order.source_name or "", text(order.source_name)) or "web",
        customer=_customer_of(order, updated_at, placed_at),
        email=_email(order),
        lines=tuple(lines),
        shipping_net=bounded(sum((net for net, _ in shipping), ZERO), "shipping_lines"),
        shipping_tax=bounded(sum((tax for _, tax in shipping), ZERO), "shipping_lines"),
        total=_total(order),
        discount_codes=tuple(text(discount.code) for discount in order.discount_codes or () if discount.code),
        refunds=tuple(refunds),
    )


def _total(order: Order) -> Decimal:
    """For display only, so its absence is no error."""
    if order.total_price is None and order.total_price_set is None:
        return ZERO
    return shop_amount(order.total_price, order.total_price_set, "total_price")


def _customer_of(order: Order, as_of: datetime, placed_at: datetime) -> CustomerSnapshot | None:
    customer = order.customer
    if customer is None or (customer.id is None and customer.admin_graphql_api_id is None):
        return None
    try:
        return read_customer(customer, as_of, placed_at)
    except Unreadable as error:
        raise Unreadable(f"customer.{error}") from None


def _paid_at(order: Order) -> datetime:
    return instant(order.processed_at or order.created_at, "processed_at")


def _email(order: Order) -> str:
    told = order.email or order.contact_email or (order.customer and order.customer.email)
    return text(told or "").strip()


def _status(order: Order) -> OrderStatus:
    if order.cancelled_at:
        return OrderStatus.CANCELLED
    try:
        return _STATUSES[order.financial_status]
    except KeyError:
        raise Unreadable(f"financial_status: {text(order.financial_status, 40)!r} is not known") from None


def _line(included: bool, item: LineItem) -> Line:
    """A line as it was ordered: price times quantity, less its discounts, less its tax where prices hold tax."""
    count = quantity(item.quantity)
    tax = taxes(item.tax_lines)
    net = shop_amount(item.price, item.price_set, "price") * count - discounts(item.discount_allocations)
    if included:
        net -= tax
    if net < 0:
        raise Unreadable("discount_allocations: with tax, more than price times quantity")
    if item.tip_payment_gateway is not None or item.tip_payment_method is not None:
        net = tax = ZERO  # a tip earns nothing, and giving it back takes nothing
    return Line(
        id=own_id(item.id, item.admin_graphql_api_id, "LineItem"),
        net=bounded(net, "price"),
        tax=bounded(tax, "tax_lines"),
        quantity=count,
        title=text(item.title),
        product_id=optional_identifier(item.product_id, "product_id"),
        variant_id=optional_identifier(item.variant_id, "variant_id"),
        sku=text(item.sku),
        vendor=text(item.vendor),
        gift_card=bool(item.gift_card),
    )


def _shipping(included: bool, line: ShippingLine) -> tuple[Decimal, Decimal]:
    """Net and tax after discounts. `discounted_price` already holds the discount allocations."""
    if line.is_removed:
        return ZERO, ZERO
    tax = taxes(line.tax_lines)
    if line.discounted_price is not None or line.discounted_price_set is not None:
        price = shop_amount(line.discounted_price, line.discounted_price_set, "discounted_price")
    else:
        price = shop_amount(line.price, line.price_set, "price") - discounts(line.discount_allocations)
    return max(ZERO, price - tax if included else price), tax


def _line_ids(items: Sequence[LineItem], lines: Sequence[Line]) -> dict[str, str]:
    """Line ids as the body writes them → whole, for refunds that repeat the body's writing."""
    pairs = zip(items, lines, strict=True)
    return {str(item.id): line.id for item, line in pairs if isinstance(item.id, (int, str))}


def _as_edited(
    items: Sequence[LineItem], lines: list[Line], refunds: list[RefundSnapshot]
) -> tuple[list[Line], list[RefundSnapshot]]:
    """Lines without the units that an order edit took out: those missing from `current_quantity` that no
    refund line explains. A refund without lines pays for such units first, so its amount counts only beyond
    their worth.
    """
    if all(item.current_quantity is None or item.current_quantity == item.quantity for item in items):
        return lines, refunds
    returned = Counter[str]()
    for refund in refunds:
        for part in refund.lines:
            returned[part.line_id] += part.quantity
    kept = each(
        "line_items",
        list(zip(items, lines, strict=True)),
        lambda pair: _without_removed(pair[0], pair[1], returned[pair[1].id]),
    )
    removed = _worth(lines) - _worth(kept)
    return kept, _beyond(removed, refunds) if removed else refunds


def _worth(lines: Sequence[Line]) -> Decimal:
    return sum((line.net + line.tax for line in lines), ZERO)


def _without_removed(item: LineItem, line: Line, returned: int) -> Line:
    if item.current_quantity is None:
        return line
    kept = quantity(item.current_quantity, "current_quantity") + returned
    if kept >= line.quantity:
        return line
    return replace(
        line,
        quantity=kept,
        net=fraction(line.net, kept, line.quantity),
        tax=fraction(line.tax, kept, line.quantity),
    )


def _beyond(removed: Decimal, refunds: Sequence[RefundSnapshot]) -> list[RefundSnapshot]:
    counted = []
    for refund in refunds:
        paid = ZERO if refund.void else min(refund.amount, removed)
        removed -= paid
        counted.append(replace(refund, amount=refund.amount - paid) if paid else refund)
    return counted
