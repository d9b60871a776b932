"""BigCommerce refunds: units of lines, without their amounts, and free amounts of shipping or of the whole order."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from lib.money import fraction
from platforms.bigcommerce.shapes import Item, Refund
from platforms.reading import each, identifier, positive, quantity
from platforms.snapshots import ZERO, Line, RefundLine, RefundSnapshot


def read_refund(
    refund: Refund, as_of: datetime, lines: Mapping[str, Line], shipping: tuple[Decimal, Decimal]
) -> RefundSnapshot:
    """A refund of an order with these lines and this shipping (net, tax).

    `as_of` is the order's change: its document lists all refunds. Handling, wrapping and fees never counted, so what
    is given back of them does not either.
    """
    items = refund.items or []
    whole = positive(refund.total_amount, "total_amount")
    given = each(
        "items", [item for item in items if item.item_type == "PRODUCT"], lambda item: _line(item, lines)
    )
    net, tax = _shipping([item for item in items if item.item_type == "SHIPPING"], shipping)
    free = each("items", [item for item in items if item.item_type == "ORDER"], _requested)
    named = sum((line.net + line.tax for line in given), ZERO) + net + tax
    if not items or None in free:
        amount = max(ZERO, whole - named)
    else:
        amount = sum((part for part in free if part is not None), ZERO)
    return RefundSnapshot(
        id=identifier(refund.id, "id"),
        as_of=as_of,
        lines=tuple(given),
        amount=amount,
        shipping_net=net,
        shipping_tax=tax,
        void=bool(refund.payments) and all(payment.is_declined for payment in refund.payments or ()),
    )


def _line(item: Item, lines: Mapping[str, Line]) -> RefundLine:
    """Units of a line are worth their share of it; an amount of its own is split as the line is."""
    line_id = identifier(item.item_id, "item_id")
    line = lines.get(line_id)
    units = quantity(item.quantity or 0)
    if line is None:
        return RefundLine(line_id, ZERO)
    asked = _requested(item)
    if asked is not None:
        net, tax = _split(asked, line.net, line.tax)
        return RefundLine(line_id, net, tax, units)
    share = min(units, line.quantity)
    whole = max(line.quantity, 1)
    return RefundLine(line_id, fraction(line.net, share, whole), fraction(line.tax, share, whole), units)


def _shipping(items: list[Item], shipping: tuple[Decimal, Decimal]) -> tuple[Decimal, Decimal]:
    """Net and tax given back; an item without an amount gives back all of it."""
    amounts = each("items", items, _requested)
    if not amounts:
        return ZERO, ZERO
    if None in amounts:
        return shipping
    return _split(sum((part for part in amounts if part is not None), ZERO), *shipping)


def _requested(item: Item) -> Decimal | None:
    return None if item.requested_amount is None else positive(item.requested_amount, "requested_amount")


def _split(amount: Decimal, net: Decimal, tax: Decimal) -> tuple[Decimal, Decimal]:
    """An amount with tax as net and tax, in the proportion of these; never more than these."""
    whole = net + tax
    if amount >= whole:
        return net, tax
    part = (amount * tax / whole).quantize(Decimal("0.00000001")).normalize() if tax else ZERO
    return amount - part, part
