"""Shopify refunds, inside an order or alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from platforms.base import Unreadable
from platforms.reading import each, identifier, quantity
from platforms.shopify.fields import gid_number, own_id, shop_amount, signed_amount
from platforms.shopify.shapes import MoneySet, OrderAdjustment, Refund, RefundLineItem, Transaction
from platforms.snapshots import ZERO, RefundLine, RefundSnapshot

_MOVED = ("success", "pending")


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of the order around a refund. A refund that comes alone knows nothing of it."""

    currency: str = ""
    taxes_included: bool | None = None
    line_ids: Mapping[str, str] | None = None


def read_refund(refund: Refund, as_of: datetime, order: Context) -> RefundSnapshot:
    """One refund, in the shop's currency."""
    paid = [payment for payment in refund.transactions or () if payment.kind in ("refund", None)]
    moved = [payment for payment in paid if payment.status in _MOVED]
    included = order.taxes_included
    if included is None:
        included = _subtotals_hold_tax(refund, moved)
    read_line = partial(_line, order.line_ids or {}, included)
    lines = each("refund_line_items", refund.refund_line_items or (), read_line)
    shipping_net, shipping_tax = _shipping(refund, included)
    if lines or refund.order_adjustments or refund.refund_shipping_lines:
        beyond = _discrepancy(refund)
    else:
        currency = order.currency or _shop_currency(refund)
        beyond = sum(each("transactions", moved, partial(_given_back, currency)), ZERO)
    return RefundSnapshot(
        id=own_id(refund.id, refund.admin_graphql_api_id, "Refund"),
        as_of=as_of,
        lines=tuple(lines),
        amount=beyond,
        shipping_net=shipping_net,
        shipping_tax=shipping_tax,
        void=bool(paid) and not moved,
    )


def _line(line_ids: Mapping[str, str], included: bool, item: RefundLineItem) -> RefundLine:
    tax = shop_amount(item.total_tax or 0, item.total_tax_set, "total_tax")
    subtotal = shop_amount(item.subtotal, item.subtotal_set, "subtotal")
    line_id = gid_number(item.line_item.admin_graphql_api_id, "LineItem") if item.line_item else None
    if line_id is None:
        line_id = identifier(item.line_item_id, "line_item_id")
        line_id = line_ids.get(line_id, line_id)
    net = max(ZERO, subtotal - tax) if included else subtotal
    return RefundLine(line_id=line_id, net=net, tax=tax, quantity=quantity(item.quantity))


def _shipping(refund: Refund, included: bool) -> tuple[Decimal, Decimal]:
    """Net and tax of the shipping given back. `refund_shipping_lines` replaces the older adjustment."""
    if refund.refund_shipping_lines:
        parts = each(
            "refund_shipping_lines",
            refund.refund_shipping_lines,
            lambda line: (
                shop_amount(0, line.subtotal_amount_set, "subtotal_amount_set"),
                shop_amount(0, line.tax_amount_set, "tax_amount_set"),
            ),
        )
        tax = sum((part[1] for part in parts), ZERO)
        net = sum((part[0] for part in parts), ZERO)
        return (max(ZERO, net - tax) if included else net), tax
    given = _adjustments(refund, "shipping_refund")
    return sum((net for net, _ in given), ZERO), sum((tax for _, tax in given), ZERO)


def _discrepancy(refund: Refund) -> Decimal:
    """What was given back beyond the lines. Less than the lines' worth, such as a restocking fee, is not
    counted: the goods went back all the same.
    """
    return sum((net + tax for net, tax in _adjustments(refund, "refund_discrepancy")), ZERO)


def _adjustments(refund: Refund, kind: str) -> list[tuple[Decimal, Decimal]]:
    def read(adjustment: OrderAdjustment) -> tuple[Decimal, Decimal]:
        net = signed_amount(adjustment.amount, adjustment.amount_set, "amount")
        tax = signed_amount(adjustment.tax_amount, adjustment.tax_amount_set, "tax_amount")
        counts = adjustment.kind == kind
        return (max(ZERO, -net), max(ZERO, -tax)) if counts else (ZERO, ZERO)

    return each("order_adjustments", refund.order_adjustments or (), read)


def _given_back(currency: str, payment: Transaction) -> Decimal:
    converted = payment.amount_set is not None and payment.amount_set.shop_money is not None
    if currency and payment.currency and payment.currency != currency and not converted:
        raise Unreadable(f"currency: {payment.currency[:10]!r}, but the order is in {currency}")
    return shop_amount(payment.amount, payment.amount_set, "amount")


def _shop_currency(refund: Refund) -> str:
    both: MoneySet | None = refund.total_duties_set
    return (both.shop_money.currency_code or "") if both and both.shop_money else ""


def _subtotals_hold_tax(refund: Refund, moved: list[Transaction]) -> bool:
    """A lone refund does not say whether its subtotals hold tax; the money that moved does, when it is
    exactly their sum. Otherwise they are taken to be without tax, until the order comes with the refund.
    """
    items = refund.refund_line_items
    if not items or not moved or refund.order_adjustments or refund.refund_shipping_lines:
        return False
    paid = sum((signed_amount(payment.amount, payment.amount_set, "amount") for payment in moved), ZERO)
    return paid == sum((signed_amount(item.subtotal, item.subtotal_set, "subtotal") for item in items), ZERO)
