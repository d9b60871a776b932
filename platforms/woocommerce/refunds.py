"""WooCommerce refunds: summed up inside their order, in full in the list of an order's refunds."""

from datetime import datetime
from decimal import Decimal

from platforms.reading import amount, each, identifier, quantity
from platforms.snapshots import ZERO, RefundLine, RefundSnapshot
from platforms.woocommerce.shapes import Charge, Refund
from platforms.woocommerce.shapes import RefundLine as Item


def read_refund(refund: Refund, as_of: datetime) -> RefundSnapshot:
    """A refund; what its lines and shipping do not account for is its `amount`.

    `as_of` is the order's change: the order lists all its refunds, and none is ever sent alone.
    """
    found = each("line_items", refund.line_items or (), _line)
    shipping = each("shipping_lines", refund.shipping_lines or (), _charge)
    net = sum((part for part, _ in shipping), ZERO)
    tax = sum((part for _, part in shipping), ZERO)
    lines = tuple(line for line in found if line.line_id)
    told, field = (refund.amount, "amount") if refund.total is None else (refund.total, "total")
    whole = _given_back(told, field)
    named = sum((line.net + line.tax for line in lines), ZERO) + net + tax
    return RefundSnapshot(
        id=identifier(refund.id, "id"),
        as_of=as_of,
        lines=lines,
        amount=max(ZERO, whole - named),
        shipping_net=net,
        shipping_tax=tax,
        summary=refund.line_items is None,
    )


def _line(item: Item) -> RefundLine:
    """A refund line; its `line_id` is "" where WooCommerce does not say which line it gives back."""
    line_id = next((meta.value for meta in item.meta_data or () if meta.key == "_refunded_item_id"), "")
    units = item.quantity
    if isinstance(units, (int, str)):
        units = str(units).removeprefix("-")
    return RefundLine(
        line_id=identifier(line_id, "meta_data._refunded_item_id") if line_id else "",
        net=_given_back(item.total, "total"),
        tax=_given_back(item.total_tax or 0, "total_tax"),
        quantity=quantity(units),
    )


def _charge(charge: Charge) -> tuple[Decimal, Decimal]:
    return _given_back(charge.total, "total"), _given_back(charge.total_tax or 0, "total_tax")


def _given_back(value: object, field: str) -> Decimal:
    """Orders write refunds below zero, the refunds' own list above it."""
    return abs(amount(value, field))
