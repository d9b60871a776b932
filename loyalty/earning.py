"""The points of an order: a pure function of what is known of it, of the program it was placed under, and of the
member's place in it.

Arithmetic is exact. Sums stay decimals in a context that refuses to round; a share without end (a refund that
names no line, a rate of 1 per 3) is calculated in fractions. The award is rounded once, at the end.

Which rules apply is decided by the order as it was bought; refunds then only make what they give smaller.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal, localcontext
from decimal import Context as Arithmetic
from fractions import Fraction
from typing import Any

from msgspec import Struct

from loyalty.breakdowns import FORMAT, breakdown
from loyalty.context import ALONE, Context, Evaluation, Room, Step
from loyalty.exact import EXACT, ratio_text
from loyalty.goods import Goods, count_units, count_units_kept, counted, in_fractions
from loyalty.plans import Plan
from loyalty.programs import CompiledProgram, compile_program
from loyalty.worth import Worth, appraise, has_room
from platforms.snapshots import ZERO, Line, OrderStatus, RefundSnapshot

__all__ = [
    "ALONE",
    "CompiledProgram",
    "Context",
    "Evaluation",
    "OrderFacts",
    "Room",
    "Step",
    "compile_program",
    "counts",
    "evaluate",
]

COUNTED = frozenset({OrderStatus.PAID, OrderStatus.PARTIALLY_REFUNDED})
SPEND_PLACES = 8
SPEND = Decimal(1).scaleb(-SPEND_PLACES)
_CUT = Arithmetic(prec=60, rounding=ROUND_FLOOR)


class OrderFacts(Struct, frozen=True):
    """What is known of an order, in the shop's currency.

    `test_mode`: the connection is in test mode, so that test orders count. `has_customer`: False for a guest.
    `pointless`: placed before the store's orders began to earn; it keeps its place and its spend, and earns nothing.
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
    pointless: bool = False


def counts(program: CompiledProgram | None, order: OrderFacts) -> bool:
    """Whether `order` has a place among the member's orders: paid, even if refunded since."""
    if order.deleted or order.cancelled or not order.has_customer or (order.test and not order.test_mode):
        return False
    if order.status not in COUNTED and order.status is not OrderStatus.REFUNDED:
        return False
    return program is None or order.currency == program.currency


def evaluate(
    program: CompiledProgram,
    order: OrderFacts,
    context: Context = ALONE,
    *,
    explain: bool = True,
) -> Evaluation:
    """The points that `order` is worth under `program`, never below 0 and never raised by refunds.

    An order that does not count has target 0 and a machine reason in the breakdown: `held` where a person may
    resolve it, else `skipped`. Amounts too large to be true are skipped, never rounded.

    Without `explain` the breakdown is empty, which is faster. Steps are told in a member's context, and where
    `program` needs one; an order refunded in full has steps too, because it keeps its place.
    """
    reason = _uncounted(program, order)
    told = program.needs_context or context is not ALONE
    course = told and (reason is None or counts(program, order))
    if reason and not course:
        return _nothing("skipped", reason)
    if order.currency != program.currency:
        return _nothing("held", "currency")
    try:
        with localcontext(EXACT):
            evaluation = _evaluated(program, order, context, explain, course)
    except ArithmeticError:
        return _nothing("skipped", "amount")
    if reason:
        return _earns_nothing(evaluation, reason, order)
    return evaluation


def _earns_nothing(evaluation: Evaluation, reason: str, order: OrderFacts) -> Evaluation:
    """An order that keeps its place among the member's orders without earning; one of the past never earned."""
    told = evaluation._replace(target=0, breakdown=_nothing("skipped", reason).breakdown)
    if not order.pointless:
        return told
    return told._replace(steps=tuple(step._replace(points=0) for step in told.steps), used={})


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
    if order.pointless:
        return "past"
    return None if program.sources else "no_rules"


def _evaluated(
    program: CompiledProgram, order: OrderFacts, context: Context, explain: bool, course: bool
) -> Evaluation:
    gross = counted(program, order.lines, (order.shipping_net, order.shipping_tax))
    plan = _plan(program, order, gross, context)
    if plan.wide:
        gross = in_fractions(gross)
    if plan.units and not gross.units:
        count_units(gross)
    first = appraise(program, plan, plan.layout(tuple(gross.sums)), gross, gross, context)
    steps, worth, goods = _course(program, order, first, gross, context, course)
    return Evaluation(
        worth.target,
        breakdown(program, worth, goods, gross, context) if explain else {},
        steps,
        _used(first) if first.used else {},
    )


def _plan(program: CompiledProgram, order: OrderFacts, gross: Goods[Any], context: Context) -> Plan:
    """What applies to the order: all that its conditions let through, or the one rule that stands alone."""
    gates = program.gates
    opened = gates.all
    if not gates.free:
        opened = gates.open(order.placed_at, context, order.customer_tags, order.channel, gross.basis)
    plan = program.plan(opened, context.tier)
    for source in plan.exclusives:
        if any(source.products & mask for mask in gross.sums) and has_room(source, context):
            return program.alone(source, opened, context.tier)
    return plan


def _course(
    program: CompiledProgram,
    order: OrderFacts,
    first: Worth,
    gross: Goods[Any],
    context: Context,
    course: bool,
) -> tuple[tuple[Step, ...], Worth, Goods[Any]]:
    """The steps of an order (without `course` none), and what it is worth after the last of its refunds."""
    worth, goods, at = first, gross, order.paid_at or order.placed_at
    bought = (Step(at, worth.target, _spend(gross.basis), 1),) if course else ()
    if not order.refunds and order.status is not OrderStatus.REFUNDED:
        return bought, worth, goods
    steps = list(bought)
    refunds = [refund for refund in order.refunds if not refund.void]
    if refunds:
        refunds.sort(key=lambda refund: (refund.as_of, refund.id))
        for count in range(1 if course else len(refunds), len(refunds) + 1):
            goods = _kept(program, order, refunds[:count], first.plan)
            worth = appraise(program, first.plan, first.layout, goods, gross, context)
            orders = 1 if goods.basis or not gross.basis else 0
            when = max(at, refunds[count - 1].as_of)
            if course:
                steps.append(Step(when, worth.target, _spend(goods.basis), orders))
    if course and order.status is OrderStatus.REFUNDED:
        steps[len(steps) - bool(refunds) :] = [Step(max([at, *(r.as_of for r in refunds)]), 0, ZERO, 0)]
    return tuple(steps), worth, goods


def _kept(
    program: CompiledProgram, order: OrderFacts, refunds: Sequence[RefundSnapshot], plan: Plan
) -> Goods[Any]:
    """What is kept after `refunds`; in fractions where a share of fixed points may have no end."""
    goods = counted(program, order.lines, (order.shipping_net, order.shipping_tax), refunds)
    if plan.wide or plan.fixed or plan.units:
        goods = in_fractions(goods)
    if plan.units:
        count_units_kept(program, goods, order.lines, refunds)
    return goods


def _spend(basis: Decimal | Fraction | int) -> Decimal:
    """The basis cut to the places that a column of money holds."""
    if isinstance(basis, Decimal):
        return _CUT.quantize(basis, SPEND)
    units = Fraction(basis) * 10**SPEND_PLACES
    return Decimal(units.numerator // units.denominator).scaleb(-SPEND_PLACES)


def _used(worth: Worth) -> dict[str, list[Any]]:
    return {key: [ratio_text(points, worth.plan.scale), 1] for key, points in (worth.used or {}).items()}
