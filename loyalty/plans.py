"""What applies to an order once its conditions are held against it: rates, fixed points and multipliers.

Numbers are integers over a common scale, so that sums of decimals stay exact and cheap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import lcm, prod
from operator import or_
from typing import Any, Literal

from loyalty.documents import Limit, Multipliers
from loyalty.products import LINE

# A common denominator with more digits than this is evaluated in fractions, so that decimals stay exact.
WIDEST_SCALE = 10**12
# Bounds what is remembered by the kinds of goods that orders are made of.
MOST_LAYOUTS = 500

Kind = Literal["rate", "fixed", "unit"]
Shown = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A rule, or a campaign with fixed points: `points` for one unit of money, an order, or a unit of goods.

    `bit`: its gate. `products`: the bit of the lines it is about, LINE for all. `shown` names it in a breakdown.
    """

    bit: int
    products: int
    kind: Kind
    points: Fraction
    shown: Shown
    key: str = ""
    exclusive: bool = False
    priority: int = 0
    max_points: int | None = None
    limits: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class Boost:
    """A multiplier of per-currency points: of a tier, or of a campaign (`bit`, `products` as in `Source`)."""

    factor: Fraction
    shown: Shown
    bit: int = 0
    products: int = LINE


@dataclass(frozen=True, slots=True)
class Part:
    """A source within a plan. `factor` / the plan's scale: points for one unit; `whole`: shown, not refunded."""

    source: Source
    products: int
    factor: int
    shown: Shown
    whole: Shown
    capped: bool


class Plan:
    """All that applies to an order. `exclusives`: what stands alone, the most important first.

    `plain`: nothing but per-currency points, the same for every line.
    """

    def __init__(self, sources: Sequence[Source], boosts: Sequence[Boost], how: Multipliers) -> None:
        dens = [boost.factor.denominator for boost in boosts]
        self.boosts = boosts
        self.best = how == "best"
        self.weights = lcm(*dens) if self.best else prod(dens)
        self.rate_scale = lcm(*(source.points.denominator for source in sources))
        self.scale = self.rate_scale * self.weights
        self.wide = self.scale > WIDEST_SCALE
        self.parts = tuple(self._part(source) for source in sources)
        self.rates = tuple(part for part in self.parts if part.source.kind == "rate")
        self.fixed = tuple(part for part in self.parts if part.source.kind == "fixed")
        self.units = tuple(part for part in self.parts if part.source.kind == "unit")
        self.capped = tuple(part for part in self.parts if part.capped)
        self.exclusives = sorted(
            (source for source in sources if source.exclusive), key=lambda source: -source.priority
        )
        every = all(part.products == LINE for part in self.rates)
        self.plain = every and len(self.rates) == len(self.parts) and not (self.capped or boosts)
        self._layouts: dict[tuple[int, ...], Layout] = {}

    def _part(self, source: Source) -> Part:
        rate = source.kind == "rate"
        points = source.points * (self.rate_scale if rate else self.scale)
        whole = source.shown | {"raw": source.shown["points"]}
        capped = source.max_points is not None or bool(source.limits)
        return Part(source, source.products, int(points), source.shown, whole, capped)

    def layout(self, masks: tuple[int, ...]) -> "Layout":
        """What applies to goods of these kinds, each given by the mask of its product sets."""
        found = self._layouts.get(masks)
        if found is None:
            if len(self._layouts) >= MOST_LAYOUTS:
                self._layouts.clear()
            found = self._layouts[masks] = Layout(self, masks)
        return found


class Layout:
    """A plan for goods of certain kinds, by kind: `factors` are points for one unit of money, `units` for one unit
    of goods, times the scale; `weights` the multipliers. `fixed`: all fixed points before cuts and refunds.

    `rules`, `bonuses` (campaigns) and `groups` (by kind) show it in a breakdown.
    """

    def __init__(self, plan: Plan, masks: tuple[int, ...]) -> None:
        self.masks = masks
        self.mask = reduce(or_, masks, 0)
        boosts = [_boosting(plan, mask) for mask in masks]
        self.weights = [int(_product(boost) * plan.weights) for boost in boosts]
        rates = [[part for part in plan.rates if concerns(part, mask)] for mask in masks]
        self.factors = [
            weight * sum(part.factor for part in parts)
            for weight, parts in zip(self.weights, rates, strict=True)
        ]
        units = [[part for part in plan.units if mask & part.products] for mask in masks]
        self.units = [sum(part.factor for part in parts) for parts in units]
        self.by_mask = dict(zip(masks, self.factors, strict=True))
        self.alike = len(set(self.factors)) <= 1
        self.matching = [part for part in plan.parts if any(concerns(part, mask) for mask in masks)]
        fixed = [part for part in self.matching if part.source.kind == "fixed"]
        self.fixed = sum(part.factor for part in fixed)
        self.rules = [_entry(part) for part in self.matching if part.source.key]
        self.bonuses = [part.whole for part in self.matching if not part.source.key]
        self.groups = [
            _group([*of_money, *of_units], boost)
            for of_money, of_units, boost in zip(rates, units, boosts, strict=True)
        ]
        self.capped = [(part, self.by_kind(part)) for part in self.matching if part.capped]

    def by_kind(self, part: Part) -> list[int]:
        """Points of one rule for one unit of money, or of goods, by kind; not for fixed points."""
        weights = self.weights if part.source.kind == "rate" else [1] * len(self.masks)
        return [
            part.factor * weight if concerns(part, mask) else 0
            for mask, weight in zip(self.masks, weights, strict=True)
        ]


def concerns(part: Part, mask: int) -> bool:
    """Whether goods of this mask (0: shipping) are among those that `part` is about."""
    return bool(mask & part.products) or (part.products == LINE and part.source.kind == "rate")


def _entry(part: Part) -> Shown:
    return part.whole if part.source.kind == "fixed" else part.shown


def _group(parts: list[Part], boosts: list[Boost]) -> Shown:
    group: Shown = {"rules": [part.source.key for part in parts]}
    if boosts:
        group |= {
            "multiplier": _decimal_text(_product(boosts)),
            "by": [boost.shown for boost in boosts],
        }
    return group


def _product(boosts: list[Boost]) -> Fraction:
    return prod((boost.factor for boost in boosts), start=Fraction(1))


def _boosting(plan: Plan, mask: int) -> list[Boost]:
    """What multiplies the per-currency points of goods of this mask."""
    boosts = [boost for boost in plan.boosts if boost.products == LINE or mask & boost.products]
    if plan.best and boosts:
        boosts = [max(boosts, key=lambda boost: boost.factor)]
        return boosts if boosts[0].factor > 1 else []
    return [boost for boost in boosts if boost.factor != 1]


def _decimal_text(number: Fraction) -> str:
    """A product of decimals, which therefore ends, as text."""
    places = 0
    while (number * 10**places).denominator != 1:
        places += 1
    digits = str(int(number * 10**places)).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits
