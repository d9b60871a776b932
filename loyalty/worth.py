"""What goods are worth under a plan: each rule's points, what cuts them, and their sum."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from operator import mul
from typing import Any

from loyalty.context import Context, Room
from loyalty.exact import rounded
from loyalty.goods import Goods
from loyalty.plans import Layout, Part, Plan, Source
from loyalty.products import LINE
from loyalty.programs import CompiledProgram, limit_of

MAX_POINTS = 10**15

Cut = dict[str, Any]


@dataclass(slots=True)
class Worth:
    """Numbers are times the plan's scale. `rated`: per-currency points, after cuts and caps, `uncut` before;
    `fixed`: the rest, after cuts.

    `cuts`, by the bit of what they cut: what was left of it, and why. `used`: by rule key, what rules with limits gave.
    `caps` and `room` where they changed the whole.
    """

    plan: Plan
    layout: Layout
    rated: Any
    uncut: Any
    fixed: Any = 0
    target: int = 0
    cuts: dict[int, tuple[Any, Cut]] | None = None
    used: dict[str, Any] | None = None
    caps: Cut | None = None
    room: Cut | None = None


def appraise(
    program: CompiledProgram,
    plan: Plan,
    layout: Layout,
    goods: Goods[Any],
    gross: Goods[Any],
    context: Context,
) -> Worth:
    """What `goods` are worth, of which `gross` were bought. Raises OverflowError where that cannot be true."""
    rated: Any = sum(map(mul, goods.sums.values(), layout.factors))
    worth = Worth(plan, layout, rated, rated)
    if goods.refunded and not goods.basis and gross.basis:
        goods.units = dict.fromkeys(goods.units, 0)
        return worth
    worth.fixed = layout.fixed
    if goods.refunded and layout.fixed:
        fixed = [part for part in layout.matching if part.source.kind == "fixed"]
        worth.fixed = sum(part.factor * _kept_share(part, goods, gross) for part in fixed)
    if plan.units:
        worth.fixed += sum(map(mul, goods.units.values(), layout.units))
    if layout.capped:
        _cut(worth, goods, gross, context)
    if program.caps.max_points is not None or program.caps.min_points is not None:
        _cap(program, worth, goods)
    worth.target = rounded(worth.rated + worth.fixed, plan.scale, program.rounding)
    if worth.target > MAX_POINTS:
        raise OverflowError(worth.target)
    left = context.room.points
    if left is not None and worth.target > left:
        worth.room = {
            "from": worth.target,
            "limit": limit_of(program.caps.limits, context.room.period, False),
        }
        worth.target = max(0, int(left))
    return worth


def earned(part: Part, by_kind: list[int], goods: Goods[Any], gross: Goods[Any]) -> Any:
    """What one rule or campaign gives before any cut."""
    if part.source.kind == "rate":
        return sum(map(mul, goods.sums.values(), by_kind))
    if part.source.kind == "unit":
        return sum(map(mul, goods.units.values(), by_kind))
    return fixed_points(part, goods, gross)


def fixed_points(part: Part, goods: Goods[Any], gross: Goods[Any]) -> Any:
    """What is left of fixed points: in proportion to what is kept."""
    if not goods.refunded:
        return part.factor
    nothing = gross.basis and not goods.basis
    return 0 if nothing else part.factor * _kept_share(part, goods, gross)


def _kept_share(part: Part, goods: Goods[Any], gross: Goods[Any]) -> Fraction:
    """How much is kept of the lines that fixed points are about; of the whole order where those cost nothing."""
    bought = _amount(gross, part.products)
    if bought:
        return Fraction(_amount(goods, part.products)) / Fraction(bought)
    return Fraction(goods.basis) / Fraction(gross.basis) if gross.basis else Fraction(1)


def _amount(goods: Goods[Any], products: int) -> Any:
    if products == LINE:
        return goods.basis
    return sum(amount for mask, amount in goods.sums.items() if mask & products)


def _cut(worth: Worth, goods: Goods[Any], gross: Goods[Any], context: Context) -> None:
    """Cut what single rules give to their own maximum and to what their limits leave."""
    scale = worth.plan.scale
    for part, by_kind in worth.layout.capped:
        source = part.source
        given = points = earned(part, by_kind, goods, gross)
        allowed, cut = _allowed(source, context.rooms.get(source.key))
        if allowed is not None:
            given = min(points, _alike(allowed, goods.basis) * scale)
        if given != points:
            worth.cuts = (worth.cuts or {}) | {source.bit: (given, cut)}
            if source.kind == "rate":
                worth.rated -= points - given
            else:
                worth.fixed -= points - given
        if source.limits and given:
            worth.used = (worth.used or {}) | {source.key: given}


def _alike(number: Decimal | int, like: Any) -> Any:
    return Fraction(number) if isinstance(like, Fraction) else number


def _allowed(source: Source, room: Room | None) -> tuple[Decimal | int | None, Cut]:
    """The most that the rule may give, and why."""
    allowed: Decimal | int | None = source.max_points
    cut: Cut = {"max": source.max_points}
    if room is not None and room.times is not None and room.times <= 0:
        return 0, {"limit": limit_of(source.limits, room.period, True)}
    if room is not None and room.points is not None and (allowed is None or room.points < allowed):
        return max(Decimal(0), room.points), {"limit": limit_of(source.limits, room.period, False)}
    return allowed, cut


def has_room(source: Source, context: Context) -> bool:
    """Whether the limits of a rule leave it anything to give."""
    room = context.rooms.get(source.key)
    if room is None:
        return True
    return (room.times is None or room.times > 0) and (room.points is None or room.points > 0)


def _cap(program: CompiledProgram, worth: Worth, goods: Goods[Any]) -> None:
    """Bound the per-currency points of an order by the program's least and most; fixed points come on top."""
    caps, scale = program.caps, worth.plan.scale
    bound = worth.rated
    if caps.min_points is not None and 0 < bound < caps.min_points * scale and goods.basis:
        bound, worth.caps = _alike(caps.min_points, goods.basis) * scale, {"min": caps.min_points}
    if caps.max_points is not None and bound > caps.max_points * scale:
        bound, worth.caps = _alike(caps.max_points, goods.basis) * scale, {"max": caps.max_points}
    if worth.caps is not None:
        worth.caps["from"] = worth.rated
    worth.rated = bound
