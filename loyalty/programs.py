"""A program document prepared for fast, exact evaluation."""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from operator import attrgetter
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.documents import Basis, Exclusions, PerCurrency, ProgramDocument, Rounding
from platforms.snapshots import Line

# A common denominator with more digits than this is evaluated in fractions, so that decimals stay exact.
WIDEST_SCALE = 10**12


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """`factor` / the program's scale = points for one unit of money; `shown` names it in a breakdown."""

    factor: int
    shown: dict[str, str]


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """`excluded`: (reason, reader of the line's value or values, folded values that exclude)."""

    currency: str
    rounding: Rounding
    basis: Basis
    rules: tuple[CompiledRule, ...]
    scale: int
    excluded: tuple[tuple[str, Callable[[Line], Any], frozenset[str]], ...]
    document: ProgramDocument
    zone: ZoneInfo
    needs_context: bool
    tier_multipliers: dict[str, Fraction]

    @property
    def wide(self) -> bool:
        return self.scale > WIDEST_SCALE

    def exclusion(self, line: Line) -> str | None:
        """Why `line` earns nothing, as a machine reason, or None."""
        if line.gift_card and not self.basis.include_gift_cards:
            return "gift_card"
        for reason, value_of, values in self.excluded:
            value = value_of(line)
            found = value if isinstance(value, tuple) else (value,)
            if any(text.strip().casefold() in values for text in found):
                return reason
        return None


def compile_program(document: ProgramDocument, timezone: str = "UTC") -> CompiledProgram:
    """Prepare `document`, once per version. A rule that makes no sense (per 0) is left out, not an error."""
    rates = [
        (Fraction(rule.points) / Fraction(rule.per), rule)
        for rule in document.rules
        if isinstance(rule, PerCurrency) and rule.active and _sensible(rule)
    ]
    scale = lcm(*(rate.denominator for rate, _ in rates))
    return CompiledProgram(
        currency=document.currency,
        rounding=document.rounding,
        basis=document.basis,
        rules=tuple(CompiledRule(int(rate * scale), _shown(rule)) for rate, rule in rates),
        scale=scale,
        excluded=_excluded(document.exclusions),
        document=document,
        zone=ZoneInfo(timezone),
        needs_context=bool(document.tiers.levels),
        tier_multipliers={tier.key: Fraction(tier.multiplier) for tier in document.tiers.levels},
    )


def _sensible(rule: PerCurrency) -> bool:
    return rule.points.is_finite() and rule.per.is_finite() and rule.points > 0 and rule.per > 0


def _shown(rule: PerCurrency) -> dict[str, str]:
    return {"key": rule.key, "name": rule.name, "points": f"{rule.points:f}", "per": f"{rule.per:f}"}


def _excluded(
    exclusions: Exclusions,
) -> tuple[tuple[str, Callable[[Line], Any], frozenset[str]], ...]:
    lists = {
        "product": ("product_id", exclusions.product_ids),
        "variant": ("variant_id", exclusions.variant_ids),
        "sku": ("sku", exclusions.skus),
        "vendor": ("vendor", exclusions.vendors),
        "product_type": ("product_type", exclusions.product_types),
        "tag": ("tags", exclusions.tags),
    }
    return tuple(
        (reason, attrgetter(field), frozenset(value.strip().casefold() for value in values) - {""})
        for reason, (field, values) in lists.items()
        if values
    )
