"""What goods are worth under a plan: each rule's points, what cuts them, and their sum."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from loyalty.context import Context, Room
from loyalty.exact import rounded
from loyalty.goods import Goods
from loyalty.plans import Part, Plan, Source
from loyalty.products import LINE
from loyalty.programs import CompiledProgram, limit_of

MAX_POINTS = 10**15

Cut = dict[str, Any]


@dataclass(slots=True)
class Worth:
    """Numbers are times the plan's scale. `rated`: per-currency points, after cuts and caps; `fixed`: the rest.

    `weighted`: {kind of line: its basis times its multiplier}. `cuts` by part; `caps` and `room` where they cut or
    raised the whole.
    """

    plan: Plan
    weighted: dict[int, Any]
    rated: Any = 0
    fixed: Any = 0
    target: int = 0
    cuts: dict[int, tuple[Any, Cut]] = field(default_factory=dict)
    caps: Cut | None = None
    room: Cut | None = None

    @property
    def raw(self) -> Any:
        return self.rated + self.fixed


def appraise(
    program: CompiledProgram, plan: Plan, goods: Goods[Any], gross: Goods[Any], context: Context
) -> Worth:
    """What `goods` are worth, of which `gross` were bought. Raises OverflowError where that cannot be true."""
    weighted, rated = _weighted(plan, goods)
    worth = Worth(plan, weighted, rated)
    if goods.refunded and gross.basis and not goods.basis:
        worth.rated = worth.rated * 0
        return worth
    if plan.any_fixed:
        worth.fixed = sum((earned(worth, part, goods, gross) for part in plan.fixed), worth.fixed)
        worth.fixed = sum((earned(worth, part, goods, gross) for part in plan.units), worth.fixed)
    if plan.capped:
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


def _weighted(plan: Plan, goods: Goods[Any]) -> tuple[dict[int, Any], Any]:
    """The weighted basis by kind of line, and the per-currency points of all."""
    if plan.uniform:
        weight = plan.multiplier(0).weight
        return {0: goods.basis * weight if weight != 1 else goods.basis}, goods.basis * plan.factor(0)
    sums: dict[int, Any] = {}
    bits = plan.bits
    for mask, part in zip(goods.masks, goods.parts, strict=True):
        kind = mask & bits
        sums[kind] = sums[kind] + part if kind in sums else part
    rated: Any = 0
    for kind, amount in sums.items():
        rated += amount * plan.factor(kind)
        weight = plan.multiplier(kind).weight
        if weight != 1:
            sums[kind] = amount * weight
    return sums, rated


def basis_of(amounts: dict[int, Any], products: int) -> Any:
    """The sum of the kinds of lines that are among these products."""
    if products == LINE:
        return sum(amounts.values()) if len(amounts) != 1 else next(iter(amounts.values()))
    return sum(amount for kind, amount in amounts.items() if kind & products)


def earned(worth: Worth, part: Part, goods: Goods[Any], gross: Goods[Any]) -> Any:
    """What one rule or campaign gives before any cut."""
    if not part.products & (gross.mask | (LINE if part.source.kind == "rate" else 0)):
        return 0
    if part.source.kind == "rate":
        return basis_of(worth.weighted, part.products) * part.factor
    if part.source.kind == "unit":
        return units_of(part, goods) * part.factor
    return part.factor * _kept_share(part, goods, gross) if goods.refunded else part.factor


def units_of(part: Part, goods: Goods[Any]) -> Any:
    """The units of the lines that the rule is about."""
    products = part.products
    # Shipping has a mask but no units.
    return sum(units for units, mask in zip(goods.units, goods.masks, strict=False) if mask & products)


def _kept_share(part: Part, goods: Goods[Any], gross: Goods[Any]) -> Fraction:
    """How much is kept of the lines that fixed points are about; of the whole order where those cost nothing."""
    bought = _amount(gross, part.products)
    if bought:
        return Fraction(_amount(goods, part.products)) / Fraction(bought)
    return Fraction(goods.basis) / Fraction(gross.basis) if gross.basis else Fraction(1)


def _amount(goods: Goods[Any], products: int) -> Any:
    if products == LINE:
        return goods.basis
    pairs = zip(goods.parts, goods.masks, strict=True)
    return sum((amount for amount, mask in pairs if mask & products), goods.basis * 0)


def _cut(worth: Worth, goods: Goods[Any], gross: Goods[Any], context: Context) -> None:
    """Cut what single rules give to their own maximum and to what their limits leave."""
    for part in worth.plan.capped:
        points = earned(worth, part, goods, gross)
        allowed, cut = _allowed(part.source, context.rooms.get(part.source.key))
        if allowed is None:
            continue
        scaled = _alike(allowed, goods.basis) * worth.plan.scale
        if points <= scaled:
            continue
        worth.cuts[part.source.bit] = scaled, cut
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


def used(worth: Worth, goods: Goods[Any], gross: Goods[Any]) -> Iterable[tuple[str, Any]]:
    """(rule key, its points times the scale) of rules with limits that gave something."""
    for part in worth.plan.capped:
        if part.source.limits:
            cut = worth.cuts.get(part.source.bit)
            points = cut[0] if cut else earned(worth, part, goods, gross)
            if points > 0:
                yield part.source.key, points
