"""What goods are worth under a plan: each rule's points, what cuts them, and their sum."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from operator import mul
from typing import Any

from loyalty.context import Context, Room
from loyalty.exact import rounded
from loyalty.goods import Goods
from loyalty.plans import Layout, Part, Plan, Source, concerns
from loyalty.products import LINE
from loyalty.programs import CompiledProgram, limit_of

MAX_POINTS = 10**15

Cut = dict[str, Any]


@dataclass(slots=True)
class Worth:
    """Numbers are times the plan's scale. `rated`: per-currency points, after cuts and caps; `fixed`: the rest.

    `cuts`, by the bit of what they cut: what was left of it, and why. `caps` and `room` where they changed the whole.
    """

    plan: Plan
    layout: Layout
    rated: Any
    fixed: Any = 0
    target: int = 0
    cuts: dict[int, tuple[Any, Cut]] | None = None
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
    worth = Worth(plan, layout, sum(map(mul, goods.sums.values(), layout.factors)))
    if goods.refunded and not goods.basis and gross.basis:
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


def earned(worth: Worth, part: Part, goods: Goods[Any], gross: Goods[Any]) -> Any:
    """What one rule or campaign gives before any cut."""
    if goods.refunded and not goods.basis and gross.basis:
        return 0
    match part.source.kind:
        case "fixed":
            return part.factor * _kept_share(part, goods, gross) if goods.refunded else part.factor
        case "unit":
            products = part.products
            return part.factor * sum(count for mask, count in goods.units.items() if mask & products)
    pairs = zip(goods.sums.items(), worth.layout.weights, strict=True)
    return part.factor * sum(amount * weight for (mask, amount), weight in pairs if concerns(part, mask))


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
    for part in worth.layout.capped:
        points = earned(worth, part, goods, gross)
        allowed, cut = _allowed(part.source, context.rooms.get(part.source.key))
        if allowed is None:
            continue
        scaled = _alike(allowed, goods.basis) * worth.plan.scale
        if points <= scaled:
            continue
        worth.cuts = (worth.cuts or {}) | {part.source.bit: (scaled, cut)}
        if part.source.kind == "rate":
            worth.rated -= points - scaled
        else:
            worth.fixed -= points - scaled


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


def used(worth: Worth, goods: Goods[Any]) -> Iterable[tuple[str, Any]]:
    """(rule key, its points times the scale) of rules with limits that gave something for what was bought."""
    for part in worth.layout.capped:
        if part.source.limits:
            cut = worth.cuts.get(part.source.bit) if worth.cuts else None
            points = cut[0] if cut else earned(worth, part, goods, goods)
            if points > 0:
                yield part.source.key, points
