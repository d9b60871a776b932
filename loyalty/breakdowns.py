"""Why an award is what it is, as plain JSON values: what is kept with it and explained from.

Decimals are text; numbers without end are "n/d". Of `rules` and `campaigns` only those that matched are named,
`raw` is what each gave: multiplied, shrunk by refunds, and cut.
"""

from fractions import Fraction
from typing import Any

from loyalty.basis import Refunded
from loyalty.context import Context
from loyalty.exact import ratio_text, shared, text, total
from loyalty.goods import Goods
from loyalty.plans import Part
from loyalty.products import LINE
from loyalty.programs import CompiledProgram
from loyalty.worth import Worth, basis_of, earned, units_of

FORMAT = 1


def breakdown(
    program: CompiledProgram, worth: Worth, goods: Goods[Any], gross: Goods[Any], context: Context
) -> dict[str, Any]:
    """The whole breakdown of an order's award."""
    basis = text(goods.basis)
    found: dict[str, Any] = {
        "v": FORMAT,
        "currency": program.currency,
        "basis": basis,
        "rules": _rates(worth, goods, gross, basis),
        "rounding": program.rounding,
        "raw": ratio_text(worth.raw, worth.plan.scale),
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
    if not worth.plan.plain or worth.caps or worth.room:
        _add_bonuses(found, program, worth, goods, gross, context)
    return found


def _rates(worth: Worth, goods: Goods[Any], gross: Goods[Any], basis: str) -> list[dict[str, Any]]:
    """What each per-currency rule gave."""
    plan = worth.plan
    rates = []
    all_of = basis_of(worth.weighted, LINE)
    for part in plan.rates:
        if part.products == LINE:
            weighted, amount = all_of, basis
        elif part.products & gross.mask:
            weighted = basis_of(worth.weighted, part.products)
            amount = text(_amount(goods, part))
        else:
            continue
        rate = {**part.shown, "basis": amount}
        cut = worth.cuts.get(part.source.bit)
        if cut:
            rate["cut"] = cut[1]
        rate["raw"] = ratio_text(cut[0] if cut else weighted * part.factor, plan.scale)
        rates.append(rate)
    return rates


def _amount(goods: Goods[Any], part: Part) -> Any:
    pairs = zip(goods.parts, goods.masks, strict=True)
    return total(amount for amount, mask in pairs if mask & part.products)


def _add_bonuses(
    found: dict[str, Any],
    program: CompiledProgram,
    worth: Worth,
    goods: Goods[Any],
    gross: Goods[Any],
    context: Context,
) -> None:
    """Fixed points, multipliers, caps and what was known of the member."""
    plan = worth.plan
    bonuses: list[dict[str, Any]] = []
    for part in (*plan.fixed, *plan.units):
        if part.products & gross.mask:
            (found["rules"] if part.source.key else bonuses).append(_fixed(worth, part, goods, gross))
    if bonuses:
        found["campaigns"] = bonuses
    multipliers = _multipliers(worth, goods)
    if multipliers:
        found["multipliers"] = multipliers
    if worth.caps:
        found["caps"] = worth.caps | {"from": ratio_text(worth.caps["from"], plan.scale)}
    if worth.room:
        found["room"] = worth.room
    if program.gates.uses_ordinal:
        found["ordinal"] = context.ordinal
    if context.tier in program.tiers:
        found["member"] = program.tiers[context.tier]


def _fixed(worth: Worth, part: Part, goods: Goods[Any], gross: Goods[Any]) -> dict[str, Any]:
    cut = worth.cuts.get(part.source.bit)
    if part.source.kind == "fixed" and not cut and not goods.refunded:
        return part.whole
    scale = worth.plan.scale
    shown = dict(part.shown)
    if part.source.kind == "unit":
        shown["units"] = text(units_of(part, goods))
    if cut:
        shown["cut"] = cut[1]
    nothing = goods.refunded and gross.basis and not goods.basis
    points = 0 if nothing else cut[0] if cut else earned(worth, part, goods, gross)
    return shown | {"raw": ratio_text(points, scale)}


def _multipliers(worth: Worth, goods: Goods[Any]) -> list[dict[str, Any]]:
    """Each multiplier with its names, and with the amount of goods it is for where that is not all of them."""
    if worth.plan.uniform:
        shown = worth.plan.multiplier(0).shown
        return [shown] if shown else []
    multiplied: dict[tuple[int, ...], list[Any]] = {}
    for kind, weighted in worth.weighted.items():
        multiplier = worth.plan.multiplier(kind)
        if multiplier.shown and weighted:
            entry = multiplied.setdefault(multiplier.boosts, [multiplier, 0])
            entry[1] += weighted
    found = []
    for multiplier, weighted in multiplied.values():
        found.append({**multiplier.shown, "basis": ratio_text(weighted, multiplier.weight)})
    return found


def _lines(worth: Worth, goods: Goods[Any]) -> list[list[Any]]:
    """[id, basis, points] of each part: the award by what it earned, fixed points by its share of the basis."""
    parts = goods.parts
    weights, whole = parts, goods.basis
    if worth.target and not (worth.plan.uniform and whole):
        try:
            weights, whole = _weights(worth, parts, goods)
        except ArithmeticError:
            weights, whole = _weights(worth, [Fraction(part) for part in parts], goods)
    points = shared(worth.target, weights, whole)
    return [[id, text(part), own] for id, part, own in zip(goods.names(), parts, points, strict=True)]


def _weights(worth: Worth, parts: list[Any], goods: Goods[Any]) -> tuple[list[Any], Any]:
    """How the parts share in the award: per-currency points, and fixed ones (times the basis, to stay exact)."""
    if not goods.basis:
        return [1] * len(parts), len(parts)
    plan = worth.plan
    basis, fixed = total(parts), worth.fixed
    if isinstance(basis, Fraction):
        fixed = Fraction(fixed)
    factors = {mask: plan.factor(mask & plan.bits) for mask in set(goods.masks)}
    if fixed:
        factors = {mask: factor * basis + fixed for mask, factor in factors.items()}
    weights = [part * factors[mask] for part, mask in zip(parts, goods.masks, strict=True)]
    whole = total(weights)
    return (weights, whole) if whole else (parts, basis)


def _refunds(gross: Goods[Any], refunded: Refunded) -> dict[str, str]:
    """The basis before refunds, and what they gave back (tax included) by kind, without zeros."""
    taken = {"lines": refunded.lines, "amount": refunded.amount, "shipping": refunded.shipping}
    return {"before": text(gross.basis)} | {kind: text(amount) for kind, amount in taken.items() if amount}
