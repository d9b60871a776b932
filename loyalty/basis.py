"""What of an order is kept after its refunds. Pure and exact."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from platforms.snapshots import ZERO, Line, RefundLine, RefundSnapshot

Taxed = tuple[Decimal, Decimal]
NOTHING: Taxed = (ZERO, ZERO)


@dataclass(slots=True)
class Refunded:
    """Sums of what refunds took, tax included: from named lines, without a line, and from shipping."""

    lines: Decimal = ZERO
    amount: Decimal = ZERO
    shipping: Decimal = ZERO


@dataclass(slots=True)
class Kept:
    """(net, tax) of each line of the order, in its order, and of shipping; never below 0.

    `share`, where set, is the part of every line (not of shipping) that is left after refunds without a line;
    it is a ratio because it may have no end as a decimal.
    """

    lines: Sequence[Taxed]
    shipping: Taxed
    share: Fraction | None = None
    refunded: Refunded | None = None


def kept(
    lines: Sequence[Line], shipping_net: Decimal, shipping_tax: Decimal, refunds: Sequence[RefundSnapshot]
) -> Kept:
    """What is kept of `lines` and shipping after `refunds`, whose order does not matter.

    Refunded lines come off their lines first; amounts without a line, and lines that the order does not know,
    then lower every kept line in proportion. Amounts below 0 count as 0, and void refunds do not count.
    Run it in a decimal context that traps `Inexact`: what does not fit then raises an `ArithmeticError`.
    """
    amounts: Sequence[Taxed] = [(_positive(line.net), _positive(line.tax)) for line in lines]
    shipping = _positive(shipping_net), _positive(shipping_tax)
    live = [refund for refund in refunds if not refund.void] if refunds else None
    if not live:
        return Kept(amounts, shipping)
    refunded = Refunded()
    amounts = _less_lines(lines, amounts, _taken_by_line(live, {line.id for line in lines}, refunded))
    shipping = _less_shipping(shipping, live, refunded)
    if not refunded.amount:
        return Kept(amounts, shipping, None, refunded)
    gross = sum((net + tax for net, tax in amounts), ZERO)
    if gross <= refunded.amount:
        return Kept([NOTHING] * len(amounts), shipping, None, refunded)
    return Kept(amounts, shipping, 1 - Fraction(refunded.amount) / Fraction(gross), refunded)


def _positive(amount: Decimal) -> Decimal:
    return +amount if amount > 0 else ZERO


def _taken_by_line(
    refunds: Sequence[RefundSnapshot], known: set[str], refunded: Refunded
) -> dict[str, Taxed]:
    """(net, tax) refunded by line id; counts what belongs to no known line as an amount."""
    taken: dict[str, Taxed] = {}
    for refund in refunds:
        refunded.amount += _positive(refund.amount)
        for line in refund.lines:
            net, tax = _positive(line.net), _positive(line.tax)
            if line.line_id in known:
                before = taken.get(line.line_id, NOTHING)
                taken[line.line_id] = before[0] + net, before[1] + tax
                refunded.lines += net + tax
            else:
                refunded.amount += net + tax
    return taken


def _less_lines(lines: Sequence[Line], amounts: Sequence[Taxed], taken: dict[str, Taxed]) -> list[Taxed]:
    """Each line less what was taken from its id; the rest goes to the next of the same id."""
    left: list[Taxed] = []
    for line, (net, tax) in zip(lines, amounts, strict=True):
        open_net, open_tax = taken.get(line.id, NOTHING)
        off_net, off_tax = min(net, open_net), min(tax, open_tax)
        taken[line.id] = open_net - off_net, open_tax - off_tax
        left.append((net - off_net, tax - off_tax))
    return left


def _less_shipping(shipping: Taxed, refunds: Sequence[RefundSnapshot], refunded: Refunded) -> Taxed:
    net = sum((_positive(refund.shipping_net) for refund in refunds), ZERO)
    tax = sum((_positive(refund.shipping_tax) for refund in refunds), ZERO)
    refunded.shipping = net + tax
    return _positive(shipping[0] - net), _positive(shipping[1] - tax)


def kept_units(lines: Sequence[Line], left: Kept, refunds: Sequence[RefundSnapshot]) -> list[Fraction]:
    """How many units are kept of each line: less the quantities refunded, and less in proportion where a refund
    names only amounts. Of a line whose whole amount was given back none is kept.
    """
    quantities: dict[str, Fraction] = {}
    amounts: dict[str, Fraction] = {}
    for taken in [taken for refund in refunds if not refund.void for taken in refund.lines]:
        counted, off = (
            (quantities, Fraction(taken.quantity)) if taken.quantity > 0 else (amounts, _both(taken))
        )
        counted[taken.line_id] = counted.get(taken.line_id, Fraction(0)) + off
    share = Fraction(1) if left.share is None else left.share
    return [
        share * _units(line, sum(rest, ZERO), quantities, amounts)
        for line, rest in zip(lines, left.lines, strict=True)
    ]


def _both(amounts: Line | RefundLine) -> Fraction:
    return Fraction(_positive(amounts.net) + _positive(amounts.tax))


def _units(
    line: Line, rest: Decimal, quantities: dict[str, Fraction], amounts: dict[str, Fraction]
) -> Fraction:
    """Units left of one line; takes what it uses up out of what was refunded by line id."""
    units, gross = Fraction(max(line.quantity, 0)), _both(line)
    taken = min(units, quantities.get(line.id, Fraction(0)))
    amount = min(gross, amounts.get(line.id, Fraction(0)))
    quantities[line.id] = quantities.get(line.id, Fraction(0)) - taken
    amounts[line.id] = amounts.get(line.id, Fraction(0)) - amount
    if gross and not rest:
        return Fraction(0)
    return max(units - taken - (units * amount / gross if gross else 0), Fraction(0))
