"""The points of an order: a pure function of what is known of it and of the program it was placed under.

Arithmetic is exact. Sums stay decimals in a context that refuses to round; a share without end (a refund that
names no line, a rate of 1 per 3) is calculated in fractions. The award is rounded once, at the end.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Context as Arithmetic
from decimal import Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow, localcontext
from fractions import Fraction
from typing import Any, Generic, TypeVar

from msgspec import Struct

from loyalty.basis import Refunded, kept
from loyalty.context import ALONE, Context, Evaluation
from loyalty.documents import Rounding
from loyalty.programs import CompiledProgram, compile_program
from platforms.snapshots import ZERO, Line, OrderStatus, RefundSnapshot

__all__ = ["CompiledProgram", "Evaluation", "OrderFacts", "compile_program", "counts", "evaluate"]

FORMAT = 1
MAX_POINTS = 10**15
EXACT = Arithmetic(prec=60, Emin=-30, Emax=30, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])
COUNTED = frozenset({OrderStatus.PAID, OrderStatus.PARTIALLY_REFUNDED})

N = TypeVar("N", Decimal, Fraction)


class OrderFacts(Struct, frozen=True):
    """What is known of an order, in the shop's currency.

    `test_mode`: the connection is in test mode, so that test orders count. `has_customer`: False for a guest.
    """

    status: OrderStatus
    currency: str
    placed_at: datetime
    lines: tuple[Line, ...] = ()
    shipping_net: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    refunds: tuple[RefundSnapshot, ...] = ()
    has_customer: bool = True
    cancelled: bool = False
    deleted: bool = False
    test: bool = False
    test_mode: bool = False
    channel: str = ""
    customer_tags: tuple[str, ...] = ()
    paid_at: datetime | None = None


@dataclass(slots=True)
class _Award(Generic[N]):
    basis: N
    raw: list[N]
    target: int
    points: list[int]


def counts(program: CompiledProgram | None, order: OrderFacts) -> bool:
    """Whether `order` has a place among the member's orders: paid, even if refunded since."""
    if order.deleted or order.cancelled or not order.has_customer or (order.test and not order.test_mode):
        return False
    if order.status not in COUNTED and order.status is not OrderStatus.REFUNDED:
        return False
    return program is None or order.currency == program.currency


def evaluate(
    program: CompiledProgram, order: OrderFacts, context: Context = ALONE, *, explain: bool = True
) -> Evaluation:
    """The points that `order` is worth under `program`, never below 0 and never raised by refunds.

    An order that does not count has target 0 and a machine reason in the breakdown: `held` where a person may
    resolve it, else `skipped`. Amounts too large to be true are skipped, never rounded.
    """
    if reason := _uncounted(program, order):
        return _nothing("skipped", reason)
    if order.currency != program.currency:
        return _nothing("held", "currency")
    try:
        with localcontext(EXACT):
            return _evaluated(program, order)
    except ArithmeticError:
        return _nothing("skipped", "amount")


def _nothing(key: str, reason: str) -> Evaluation:
    return Evaluation(0, {"v": FORMAT, "target": 0, key: reason})


def _uncounted(program: CompiledProgram, order: OrderFacts) -> str | None:
    if order.deleted:
        return "deleted"
    if order.cancelled:
        return "cancelled"
    if order.status not in COUNTED:
        return order.status.value
    if order.test and not order.test_mode:
        return "test"
    if not order.has_customer:
        return "guest"
    return None if program.rules else "no_rules"


def _evaluated(program: CompiledProgram, order: OrderFacts) -> Evaluation:
    left = kept(order.lines, order.shipping_net, order.shipping_tax, order.refunds)
    counted: list[str] = []
    amounts: list[Decimal] = []
    excluded: list[list[str]] = []
    with_tax = program.basis.include_tax
    for line, (net, tax) in zip(order.lines, left.lines, strict=True):
        if reason := program.exclusion(line):
            excluded.append([line.id, reason])
        else:
            counted.append(line.id)
            amounts.append(net + tax if with_tax else net)
    shipping: list[Decimal] = []
    if program.basis.include_shipping:
        counted.append("shipping")
        shipping.append(sum(left.shipping, ZERO) if with_tax else left.shipping[0])
    if left.share is None and not program.wide:
        breakdown = _breakdown(program, counted, _award(program, amounts + shipping), amounts + shipping)
    else:
        share = left.share or Fraction(1)
        parts = [Fraction(amount) * share for amount in amounts] + [Fraction(amount) for amount in shipping]
        breakdown = _breakdown(program, counted, _award(program, parts), parts)
    if excluded:
        breakdown["excluded"] = excluded
    if left.refunded:
        breakdown["refunds"] = _refunds(program, order, left.refunded)
    return Evaluation(breakdown["target"], breakdown)


def _award(program: CompiledProgram, parts: list[N]) -> _Award[N]:
    """Every rule's contribution to `parts`, times the program's scale, and the award shared out to them."""
    basis = _sum(parts)
    raw = [basis * rule.factor for rule in program.rules]
    target = _rounded(_sum(raw), program.scale, program.rounding)
    if target > MAX_POINTS:
        raise OverflowError(target)
    return _Award(basis, raw, target, _shared(target, parts, basis))


def _sum(numbers: Iterable[N]) -> N:
    total: Any = 0
    for number in numbers:
        total += number
    return total


def _rounded(numerator: N, scale: int, rounding: Rounding) -> int:
    whole, rest = divmod(numerator, scale)
    up = (rounding == "ceil" and rest > 0) or (rounding == "half_up" and 2 * rest >= scale)
    return int(whole) + up


def _shared(target: int, parts: Sequence[N], total: N) -> list[int]:
    """`target` shared out in proportion to `parts` by largest remainder, ties to the earlier part."""
    if not target:
        return [0] * len(parts)
    quotas = [divmod(part * target, total) for part in parts]
    points = [int(whole) for whole, _ in quotas]
    missing = target - sum(points)
    if missing:
        by_rest = sorted(range(len(parts)), key=lambda index: quotas[index][1], reverse=True)
        for index in by_rest[:missing]:
            points[index] += 1
    return points


def _breakdown(
    program: CompiledProgram, ids: Sequence[str], award: _Award[N], parts: Sequence[N]
) -> dict[str, Any]:
    scale = program.scale
    breakdown: dict[str, Any] = {
        "v": FORMAT,
        "currency": program.currency,
        "basis": _text(award.basis),
        "rules": [
            rule.shown | {"basis": _text(award.basis), "raw": _ratio(raw, scale)}
            for rule, raw in zip(program.rules, award.raw, strict=True)
        ],
        "rounding": program.rounding,
        "raw": _ratio(_sum(award.raw), scale),
        "target": award.target,
        "lines": [
            [id, _text(part), points] for id, part, points in zip(ids, parts, award.points, strict=True)
        ],
    }
    if program.basis.include_tax or program.basis.include_shipping:
        included = {"tax": program.basis.include_tax, "shipping": program.basis.include_shipping}
        breakdown["with"] = [name for name, included_ in included.items() if included_]
    return breakdown


def _refunds(program: CompiledProgram, order: OrderFacts, refunded: Refunded) -> dict[str, str]:
    """The basis before refunds, and what they gave back (tax included) by kind, without zeros."""
    taken = {"lines": refunded.lines, "amount": refunded.amount, "shipping": refunded.shipping}
    whole = kept(order.lines, order.shipping_net, order.shipping_tax, ())
    amounts = [
        amount for line, amount in zip(order.lines, whole.lines, strict=True) if not program.exclusion(line)
    ]
    if program.basis.include_shipping:
        amounts.append(whole.shipping)
    before = sum((net + tax if program.basis.include_tax else net for net, tax in amounts), ZERO)
    return {"before": _text(before)} | {kind: _text(amount) for kind, amount in taken.items() if amount}


def _ratio(numerator: Decimal | Fraction, scale: int) -> str:
    if scale == 1:
        return _text(numerator)
    if isinstance(numerator, Fraction):
        return _text(numerator / scale)
    try:
        return _text(numerator / scale)
    except Inexact:
        return _text(Fraction(numerator) / scale)


def _text(number: Decimal | Fraction) -> str:
    """The exact number: as a decimal where it ends, else as "numerator/denominator"."""
    if isinstance(number, Fraction):
        try:
            return _text(Decimal(number.numerator) / number.denominator)
        except ArithmeticError:
            return str(number)
    text = str(number)
    return text if "E" not in text else f"{number:f}"
