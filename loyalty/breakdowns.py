"""Why an award is what it is, as plain JSON values: what is kept with it and explained from.

Decimals are text; numbers without end are "n/d". Of `rules` and `campaigns` only those that matched are named.
`raw` is what one gave: multiplied, shrunk by refunds, and cut; where it is missing, it follows from the `groups`
of goods whose `rules` name its key: their basis (or units) at its rate, times their multiplier.
"""

from fractions import Fraction
from typing import Any

from loyalty.basis import Refunded
from loyalty.context import Context
from loyalty.exact import ratio_text, shared, text, total
from loyalty.goods import Goods
from loyalty.plans import Part
from loyalty.programs import CompiledProgram
from loyalty.worth import Worth, earned

FORMAT = 1


def breakdown(
    program: CompiledProgram, worth: Worth, goods: Goods[Any], gross: Goods[Any], context: Context
) -> dict[str, Any]:
    """The whole breakdown of an order's award."""
    basis, plan = text(goods.basis), worth.plan
    found: dict[str, Any] = {
        "v": FORMAT,
        "currency": program.currency,
        "basis": basis,
        "rules": _rates(worth, goods, basis) if plan.plain else _rules(worth, goods, gross),
        "rounding": program.rounding,
        "raw": ratio_text(worth.rated + worth.fixed, plan.scale),
        "target": worth.target,
        "lines": _lines(worth, goods),
    }
    if program.basis.include_tax or program.basis.include_shipping:
        included = {"tax": program.basis.include_tax, "shipping": program.basis.include_shipping}
        found["with"] = [name for name, included_ in included.items() if included_]
    if goods.excluded:
        found["excluded"] = goods.excluded
    if goods.refunded:
        found["refunds"] = _refunds(gross, goods.refunded)
    if not plan.plain:
        found["groups"] = _groups(worth, goods)
        if worth.layout.bonuses:
            found["campaigns"] = _bonuses(worth, goods, gross)
    if worth.caps:
        found["caps"] = worth.caps | {"from": ratio_text(worth.caps["from"], plan.scale)}
    if worth.room:
        found["room"] = worth.room
    if program.gates.uses_ordinal:
        found["ordinal"] = context.ordinal
    if context.tier in program.tiers:
        found["member"] = program.tiers[context.tier]
    return found


def _rates(worth: Worth, goods: Goods[Any], basis: str) -> list[dict[str, Any]]:
    """What each rule gave where all are per-currency rules for every line."""
    scale, amount = worth.plan.scale, goods.basis
    return [
        part.shown | {"basis": basis, "raw": ratio_text(amount * part.factor, scale)}
        for part in worth.plan.rates
    ]


def _rules(worth: Worth, goods: Goods[Any], gross: Goods[Any]) -> list[dict[str, Any]]:
    """The rules that matched; with `raw` where it does not follow from the groups."""
    if not worth.cuts and not goods.refunded:
        return list(worth.layout.rules)
    return [_anew(worth, part, goods, gross) for part in worth.layout.matching if part.source.key]


def _bonuses(worth: Worth, goods: Goods[Any], gross: Goods[Any]) -> list[dict[str, Any]]:
    if not goods.refunded:
        return list(worth.layout.bonuses)
    return [_anew(worth, part, goods, gross) for part in worth.layout.matching if not part.source.key]


def _anew(worth: Worth, part: Part, goods: Goods[Any], gross: Goods[Any]) -> dict[str, Any]:
    cut = worth.cuts.get(part.source.bit) if worth.cuts else None
    if cut:
        return part.shown | {"cut": cut[1], "raw": ratio_text(cut[0], worth.plan.scale)}
    if part.source.kind != "fixed":
        return part.shown
    return part.shown | {"raw": ratio_text(earned(worth, part, goods, gross), worth.plan.scale)}


def _groups(worth: Worth, goods: Goods[Any]) -> list[dict[str, Any]]:
    """The goods by the rules and multipliers that are for them; rules for units need those too."""
    pairs = zip(worth.layout.groups, goods.sums.values(), strict=True)
    groups = [{**shown, "basis": text(amount)} for shown, amount in pairs]
    if worth.plan.units:
        for group, units in zip(groups, goods.units.values(), strict=True):
            group["units"] = text(units)
    return groups


def _lines(worth: Worth, goods: Goods[Any]) -> list[list[Any]]:
    """[id, basis, points] of each part: the award by what it earned, fixed points by its share of the basis."""
    parts = goods.parts
    weights, whole = parts, goods.basis
    if worth.target and not (worth.layout.alike and whole):
        try:
            weights, whole = _weights(worth, goods, parts)
        except ArithmeticError:
            weights, whole = _weights(worth, goods, [Fraction(part) for part in parts])
    points = shared(worth.target, weights, whole)
    return [[id, text(part), own] for id, part, own in zip(goods.names(), parts, points, strict=True)]


def _weights(worth: Worth, goods: Goods[Any], parts: list[Any]) -> tuple[list[Any], Any]:
    """How the parts share in the award: per-currency points, and fixed ones (times the basis, to stay exact)."""
    if not goods.basis:
        return [1] * len(parts), len(parts)
    factors: dict[int, Any] = worth.layout.by_mask
    if worth.fixed:
        basis, fixed = goods.basis, worth.fixed
        if isinstance(parts[0], Fraction):
            basis, fixed = Fraction(basis), Fraction(fixed)
        factors = {mask: factor * basis + fixed for mask, factor in factors.items()}
    weights = [part * factors[mask] for part, mask in zip(parts, goods.masks, strict=True)]
    whole = total(weights)
    return (weights, whole) if whole else (parts, total(parts))


def _refunds(gross: Goods[Any], refunded: Refunded) -> dict[str, str]:
    """The basis before refunds, and what they gave back (tax included) by kind, without zeros."""
    taken = {"lines": refunded.lines, "amount": refunded.amount, "shipping": refunded.shipping}
    return {"before": text(gross.basis)} | {kind: text(amount) for kind, amount in taken.items() if amount}
