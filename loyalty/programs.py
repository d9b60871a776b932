"""A program document prepared for fast, exact evaluation."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.documents import (
    ACTIVITY_RULES,
    ORDER_RULES,
    ActivityRule,
    Basis,
    Campaign,
    Caps,
    FirstOrder,
    Limit,
    NthOrder,
    OrderRule,
    PerCurrency,
    PerUnit,
    ProgramDocument,
    Rounding,
    Rule,
)
from loyalty.gates import Gate, Gates, sensible
from loyalty.plans import Boost, Kind, Plan, Source
from loyalty.products import LINE, ProductIndex

# Bounds what is remembered by combinations of rules that apply.
MOST_PLANS = 200


@dataclass(frozen=True, slots=True)
class CompiledProgram:
    """A document made ready. `needs_context`: its points depend on the member's other orders and activities.
    `counts_units`: some rule gives points for units of goods.

    `sources` and `boosts`: what orders may earn by; `gates` says which of it applies, numbered alike.
    `activities`: the rules of activities by kind, with gates of their own.
    """

    document: ProgramDocument
    currency: str
    rounding: Rounding
    basis: Basis
    caps: Caps
    zone: ZoneInfo
    needs_context: bool
    counts_units: bool
    tier_multipliers: dict[str, Fraction]
    tiers: dict[str, dict[str, str]]
    products: ProductIndex
    gates: Gates
    sources: tuple[Source, ...]
    boosts: tuple[Boost, ...]
    activities: dict[str, tuple["CompiledActivity", ...]]
    activity_gates: Gates
    _plans: dict[tuple[int, str], Plan] = field(default_factory=dict)

    def plan(self, opened: int, tier: str) -> Plan:
        """What applies where the gates let `opened` through, to a member of the tier of this key."""
        key = opened, tier if tier in self.tier_multipliers else ""
        found = self._plans.get(key)
        if found is None:
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            found = self._plans[key] = self._planned(*key)
        return found

    def alone(self, source: Source, opened: int, tier: str) -> Plan:
        """What applies where `source` is the only rule: campaigns still do."""
        rules = sum(other.bit for other in self.sources if other.key)
        return self.plan(opened & ~rules | source.bit, tier)

    def _planned(self, opened: int, tier: str) -> Plan:
        sources = [source for source in self.sources if source.bit & opened]
        boosts = [boost for boost in self.boosts if boost.bit & opened]
        multiplier = self.tier_multipliers.get(tier, Fraction(1))
        if multiplier != 1:
            boosts.insert(0, Boost(multiplier, {"tier": tier, "name": self.tiers[tier]["name"]}))
        return Plan(sources, boosts, self.document.multipliers)


@dataclass(frozen=True, slots=True)
class CompiledActivity:
    """A rule for activities; `points` are exact, `bit` is its gate, `shown` names it in a breakdown."""

    rule: ActivityRule
    bit: int
    points: Fraction
    shown: dict[str, Any]


def compile_program(document: ProgramDocument, timezone: str = "UTC") -> CompiledProgram:
    """Prepare `document`, once per version; dates in it are of the zone named `timezone`.

    A rule or campaign that makes no sense (per 0) is left out, not an error.
    """
    zone = ZoneInfo(timezone)
    rules = [rule for rule in document.rules if isinstance(rule, ORDER_RULES) and _sensible(rule)]
    campaigns = [campaign for campaign in document.campaigns if _campaign_sensible(campaign)]
    activities = [rule for rule in document.rules if isinstance(rule, ACTIVITY_RULES) and _sensible(rule)]
    products = ProductIndex(document.exclusions, document.basis.include_gift_cards)
    gates = Gates([*map(_gate, rules), *map(_gate, campaigns)], zone)
    sources = [_source(rule, 1 << index, products) for index, rule in enumerate(rules)]
    bonuses = list(_bonuses(campaigns, len(rules), products))
    products.seal()
    activity_gates = Gates([_gate(rule) for rule in activities], zone)
    return CompiledProgram(
        document=document,
        currency=document.currency,
        rounding=document.rounding,
        basis=document.basis,
        caps=document.caps,
        zone=zone,
        needs_context=_needs_context(document, gates, activity_gates, [*rules, *activities]),
        counts_units=any(source.kind == "unit" for source in sources),
        tier_multipliers={
            tier.key: Fraction(tier.multiplier)
            for tier in document.tiers.levels
            if tier.multiplier.is_finite() and tier.multiplier > 0
        },
        tiers={tier.key: {"key": tier.key, "name": tier.name} for tier in document.tiers.levels},
        products=products,
        gates=gates,
        sources=(*sources, *(bonus for bonus in bonuses if isinstance(bonus, Source))),
        boosts=tuple(bonus for bonus in bonuses if isinstance(bonus, Boost)),
        activities=_by_kind(activities),
        activity_gates=activity_gates,
    )


def _needs_context(document: ProgramDocument, gates: Gates, others: Gates, rules: list[Any]) -> bool:
    asked = gates.uses_ordinal or gates.uses_tiers or others.uses_ordinal or others.uses_tiers
    limited = bool(document.caps.limits) or any(rule.limits for rule in rules)
    return asked or limited or bool(document.tiers.levels)


def _positive(number: Decimal | None) -> bool:
    return number is not None and number.is_finite() and number > 0


def _sensible(rule: Rule) -> bool:
    if not (rule.active and _positive(rule.points) and sensible(rule.conditions)):
        return False
    if isinstance(rule, PerCurrency):
        return _positive(rule.per)
    return not isinstance(rule, NthOrder) or rule.every > 0


def _campaign_sensible(campaign: Campaign) -> bool:
    gives = _positive(campaign.multiplier) or _positive(campaign.points)
    return campaign.active and gives and sensible(campaign.conditions)


def _gate(rule: Rule | Campaign) -> Gate:
    every = rule.every if isinstance(rule, NthOrder) else 0
    return Gate(rule.conditions, isinstance(rule, FirstOrder), every)


def _source(rule: OrderRule, bit: int, products: ProductIndex) -> Source:
    points = Fraction(rule.points)
    kind: Kind = "fixed"
    if isinstance(rule, PerCurrency):
        points, kind = points / Fraction(rule.per), "rate"
    elif isinstance(rule, PerUnit):
        kind = "unit"
    return Source(
        bit=bit,
        products=products.bit(rule.conditions.products),
        kind=kind,
        points=points,
        shown=_shown(rule),
        key=rule.key,
        exclusive=rule.exclusive,
        priority=rule.priority,
        max_points=rule.max_points,
        limits=rule.limits,
    )


def _shown(rule: Rule) -> dict[str, Any]:
    shown: dict[str, Any] = {"key": rule.key, "name": rule.name, "points": f"{rule.points:f}"}
    if isinstance(rule, PerCurrency):
        return shown | {"per": f"{rule.per:f}"}
    shown["kind"] = str(rule.__struct_config__.tag)
    return shown | ({"every": rule.every} if isinstance(rule, NthOrder) else {})


def _bonuses(campaigns: list[Campaign], first: int, products: ProductIndex) -> Iterator[Source | Boost]:
    for index, campaign in enumerate(campaigns, first):
        bit, lines = 1 << index, products.bit(campaign.conditions.products)
        shown = {"campaign": campaign.key, "name": campaign.name}
        if campaign.multiplier is not None and _positive(campaign.multiplier):
            yield Boost(Fraction(campaign.multiplier), shown, bit, lines)
        elif campaign.points is not None:
            shown["points"] = f"{campaign.points:f}"
            yield Source(bit, lines, "fixed", Fraction(campaign.points), shown)


def _by_kind(rules: list[ActivityRule]) -> dict[str, tuple[CompiledActivity, ...]]:
    found: dict[str, tuple[CompiledActivity, ...]] = {}
    for index, rule in enumerate(rules):
        kind = str(rule.__struct_config__.tag)
        compiled = CompiledActivity(rule, 1 << index, Fraction(rule.points), _shown(rule))
        found[kind] = (*found.get(kind, ()), compiled)
    return found


def limit_of(limits: tuple[Limit, ...], period: str, times: bool) -> dict[str, Any]:
    """The limit of this period as it is shown: {"period", "points"} or {"period", "times"}."""
    for limit in limits:
        amount = limit.times if times else limit.points
        if limit.period == period and amount is not None:
            return {"period": period, "times" if times else "points": amount}
    return {"period": period} if period else {}


__all__ = ["LINE", "CompiledActivity", "CompiledProgram", "compile_program", "limit_of"]
