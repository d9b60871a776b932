"""What applies to an order once its conditions are held against it: rates, fixed points and multipliers.

Numbers are integers over a common scale, so that sums of decimals stay exact and cheap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm, prod
from typing import Any, Literal

from loyalty.documents import Limit, Multipliers
from loyalty.products import LINE

# A common denominator with more digits than this is evaluated in fractions, so that decimals stay exact.
WIDEST_SCALE = 10**12
# Bounds what is remembered by kinds of lines.
MOST_KINDS = 1000

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


@dataclass(frozen=True, slots=True)
class Multiplier:
    """What multiplies the points of one kind of line: `weight` / the plan's `weights`; `shown` None for 1.

    `boosts`: the bits of what makes it up.
    """

    weight: int
    shown: Shown | None
    boosts: tuple[int, ...]


class Plan:
    """All that applies. A line's kind is its mask & `bits`; `uniform`: all lines are of one kind.

    `rates`, `fixed` and `units` are what gives points; `exclusives` those of them that stand alone, the most
    important first. Points for one unit of money on a kind of line: `factor(kind)` / `scale`.
    """

    def __init__(self, sources: Sequence[Source], boosts: Sequence[Boost], how: Multipliers) -> None:
        self._boosts = boosts
        self._how = how
        dens = [boost.factor.denominator for boost in boosts]
        self.weights = lcm(*dens) if how == "best" else prod(dens)
        self.rate_scale = lcm(*(source.points.denominator for source in sources))
        self.scale = self.rate_scale * self.weights
        parts = [self._part(source) for source in sources]
        self.rates = tuple(part for part in parts if part.source.kind == "rate")
        self.fixed = tuple(part for part in parts if part.source.kind == "fixed")
        self.units = tuple(part for part in parts if part.source.kind == "unit")
        self.capped = tuple(part for part in parts if part.capped)
        self.exclusives = sorted(
            (source for source in sources if source.exclusive), key=lambda source: -source.priority
        )
        self.bits = 0
        for products in [part.products for part in (*self.rates, *self.units)] + [b.products for b in boosts]:
            self.bits |= products if products != LINE else 0
        if self.units:
            self.bits |= LINE
        self.uniform = not self.bits
        self.wide = self.scale > WIDEST_SCALE
        self.any_fixed = bool(self.fixed or self.units)
        self._multipliers: dict[int, Multiplier] = {}
        self._factors: dict[int, int] = {}
        self.shown = [part.shown for part in parts]
        self.plain = self.uniform and not (self.any_fixed or self.capped or boosts or self.exclusives)

    def _part(self, source: Source) -> Part:
        rate = source.kind == "rate"
        points = source.points * (self.rate_scale if rate else self.scale)
        whole = source.shown | {"raw": source.shown["points"]}
        capped = source.max_points is not None or bool(source.limits)
        return Part(source, source.products, int(points), source.shown, whole, capped)

    def multiplier(self, kind: int) -> Multiplier:
        """What multiplies the per-currency points of this kind of line."""
        found = self._multipliers.get(kind)
        if found is None:
            if len(self._multipliers) >= MOST_KINDS:
                self._multipliers.clear()
            found = self._multipliers[kind] = self._multiplied(kind)
        return found

    def factor(self, kind: int) -> int:
        """Points for one unit of money on this kind of line, times the scale."""
        found = self._factors.get(kind)
        if found is None:
            if len(self._factors) >= MOST_KINDS:
                self._factors.clear()
            rates = sum(p.factor for p in self.rates if p.products == LINE or kind & p.products)
            found = self._factors[kind] = rates * self.multiplier(kind).weight
        return found

    def _multiplied(self, kind: int) -> Multiplier:
        boosts = [boost for boost in self._boosts if boost.products == LINE or kind & boost.products]
        if self._how == "best" and boosts:
            boosts = [max(boosts, key=lambda boost: boost.factor)]
            if boosts[0].factor < 1:
                boosts = []
        factor = prod((boost.factor for boost in boosts), start=Fraction(1))
        by = [boost.shown for boost in boosts if boost.factor != 1]
        shown = {"multiplier": _decimal_text(factor), "by": by} if by else None
        return Multiplier(int(factor * self.weights), shown, tuple(boost.bit for boost in boosts))


def _decimal_text(number: Fraction) -> str:
    """A product of decimals, which therefore ends, as text."""
    places = 0
    while (number * 10**places).denominator != 1:
        places += 1
    digits = str(int(number * 10**places)).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}" if places else digits
