"""What each rule and campaign gave, read off the breakdown of an award."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

Breakdown = dict[str, Any]


class Contribution(NamedTuple):
    """`points` before rounding and before what cut the whole award; `shown` is the entry of the breakdown.

    `key` is that of a rule, or of a campaign with fixed points where `campaign` says so.
    """

    key: str
    name: str
    points: Fraction
    campaign: bool
    shown: dict[str, Any]


class Group(NamedTuple):
    """Goods that the same rules and multipliers are for. `amount`: their basis; `by` names the multipliers."""

    rules: tuple[str, ...]
    amount: Fraction
    units: Fraction
    multiplier: Fraction
    by: list[dict[str, str]]


def contributions(breakdown: Breakdown) -> list[Contribution]:
    """The contribution of every rule and campaign that matched; those that gave nothing with 0."""
    known = groups(breakdown)
    found = [
        Contribution(rule["key"], rule["name"], _given(rule, known), False, rule)
        for rule in breakdown.get("rules", [])
    ]
    found += [
        Contribution(bonus["campaign"], bonus["name"], Fraction(bonus["raw"]), True, bonus)
        for bonus in breakdown.get("campaigns", [])
    ]
    return found


def groups(breakdown: Breakdown) -> list[Group]:
    """The goods of an order by what earns points on them; none where all rules are for all goods alike."""
    shown = breakdown.get("groups", [])
    units = breakdown.get("units") or [0] * len(shown)
    return [
        Group(
            tuple(group["rules"]),
            Fraction(amount),
            Fraction(count),
            Fraction(group.get("multiplier", 1)),
            group.get("by", []),
        )
        for group, amount, count in zip(shown, breakdown.get("amounts", []), units, strict=True)
    ]


def _given(rule: dict[str, Any], known: list[Group]) -> Fraction:
    if "raw" in rule:
        return Fraction(rule["raw"])
    return sum((_of_group(rule, group) for group in _about(rule["key"], known)), Fraction(0))


def _about(key: str, known: list[Group]) -> Iterator[Group]:
    return (group for group in known if key in group.rules)


def _of_group(rule: dict[str, Any], group: Group) -> Fraction:
    if "per" in rule:
        return group.amount * group.multiplier * Fraction(rule["points"]) / Fraction(rule["per"])
    return group.units * Fraction(rule["points"])


def units_of(key: str, known: list[Group]) -> Fraction:
    """The units of goods that a rule is about."""
    return sum((group.units for group in _about(key, known)), Fraction(0))
