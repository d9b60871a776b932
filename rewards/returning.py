"""How many of the points that were spent on an order its refunds give back. Pure and exact."""

from decimal import localcontext
from fractions import Fraction

from loyalty.basis import kept, kept_units
from loyalty.earning import OrderFacts
from loyalty.exact import EXACT
from platforms.snapshots import ZERO, OrderStatus

# A code on such an order was used, whether the order was paid already or part of it was given back.
_STANDING = frozenset(
    {
        OrderStatus.PENDING,
        OrderStatus.AUTHORIZED,
        OrderStatus.PAID,
        OrderStatus.PARTIALLY_REFUNDED,
        OrderStatus.REFUNDED,
    }
)


def stands(order: OrderFacts) -> bool:
    """Whether the order was placed and is not undone: neither cancelled, voided, failed nor deleted."""
    return order.status in _STANDING and not order.cancelled and not order.deleted


def returned_points(points: int, order: OrderFacts) -> int:
    """Of `points` spent on `order`, those that come back: in proportion to the goods refunded, rounded down.

    All of them where the order does not stand. Refunds of shipping alone give none back.
    """
    if not stands(order):
        return points
    return int(points * refunded_share(order))


def refunded_share(order: OrderFacts) -> Fraction:
    """The part of the goods, by their amounts after discounts, that was refunded; by units where all of them are 0.

    An order of which only is known that it was refunded has nothing left. Amounts too large to be true give nothing
    back.
    """
    if order.status is OrderStatus.REFUNDED and not any(not refund.void for refund in order.refunds):
        return Fraction(1)
    try:
        with localcontext(EXACT):
            return _share(order)
    except ArithmeticError:
        return Fraction(0)


def _share(order: OrderFacts) -> Fraction:
    lines = order.lines
    left = kept(lines, order.shipping_net, order.shipping_tax, order.refunds)
    share = Fraction(1) if left.share is None else left.share
    bought = sum((max(line.net, ZERO) for line in lines), ZERO)
    if bought:
        return 1 - Fraction(sum((net for net, _ in left.lines), ZERO)) * share / Fraction(bought)
    units = sum(max(line.quantity, 0) for line in lines)
    if not units:
        return Fraction(0)
    return 1 - sum(kept_units(lines, left, order.refunds), Fraction(0)) / units
