"""Why an award is what it is, as plain JSON values: what is kept with it and explained from.

Decimals are text; numbers without end are "n/d". Of `rules` and `campaigns` only those that matched are named.
`raw` is what one gave: multiplied, shrunk by refunds, and cut. Where it is missing, it follows from the `groups` of
goods whose `rules` name its key: their `amounts` at its rate, times their multiplier, or their `units` at its points.
`loyalty.contributions` reads all of them.
"""

from fractions import Fraction
from itertools import repeat
from operator import mul
from typing import Any

from loyalty.basis import Refunded
from loyalty.context import Context
from loyalty.exact import ratio_text, shared, text, texts, whole_quotas
from loyalty.goods import Goods
from loyalty.plans import Part
from loyalty.programs import CompiledProgram
from loyalty.worth import Worth, fixed_points

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
        found["groups"] = worth.layout.groups
        found["amounts"] = texts(goods.sums.values())
        if plan.units:
            units = goods.units.values()
            found["units"] = texts(units) if goods.refunded else list(units)
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
        return worth.layout.rules
    return [_anew(worth, part, goods, gross) for part in worth.layout.matching if part.source.key]


def _bonuses(worth: Worth, goods: Goods[Any], gross: Goods[Any]) -> list[dict[str, Any]]:
    if not goods.refunded:
        return worth.layout.bonuses
    return [_anew(worth, part, goods, gross) for part in worth.layout.matching if not part.source.key]


def _anew(worth: Worth, part: Part, goods: Goods[Any], gross: Goods[Any]) -> dict[str, Any]:
    cut = worth.cuts.get(part.source.bit) if worth.cuts else None
    if cut:
        return part.shown | {"cut": cut[1], "raw": ratio_text(cut[0], worth.plan.scale)}
    if part.source.kind != "fixed":
        return part.shown
    return part.shown | {"raw": ratio_text(fixed_points(part, goods, gross), worth.plan.scale)}


def _lines(worth: Worth, goods: Goods[Any]) -> list[list[Any]]:
    """[id, basis, points] of each part: the award by what it earned, fixed points by its share of the basis."""
    if (worth.layout.alike and goods.basis) or not worth.target:
        points = shared(worth.target, goods.parts, goods.basis)
    else:
        try:
            points = _by_weight(worth, goods, goods.parts)
        except ArithmeticError:
            points = _by_weight(worth, goods, [Fraction(part) for part in goods.parts])
    return [
        [id, text(part), own] for id, part, own in zip(goods.part_ids(), goods.parts, points, strict=True)
    ]


def _by_weight(worth: Worth, goods: Goods[Any], parts: list[Any]) -> list[int]:
    """The award by line, where lines earn differently: each as its own points before caps, and the fixed ones."""
    target, layout, basis = worth.target, worth.layout, goods.basis
    if not basis:
        return shared(target, [Fraction(1)] * len(parts), Fraction(len(parts)))
    whole, fixed = worth.uncut, worth.fixed
    if type(parts[0]) is Fraction:
        whole, fixed, basis = Fraction(whole), Fraction(fixed), Fraction(basis)
    if not whole:
        return shared(target, parts, basis)
    if fixed:
        # Times the basis, so that no share of it has to be divided.
        whole = (whole + fixed) * basis
        each, all_ = basis * target, fixed * target
        factors = {mask: factor * each + all_ for mask, factor in layout.by_mask.items()}
    else:
        factors = {mask: factor * target for mask, factor in layout.by_mask.items()}
    weights = map(mul, parts, map(factors.__getitem__, goods.masks))
    return whole_quotas(target, list(map(divmod, weights, repeat(whole))))


def _refunds(gross: Goods[Any], refunded: Refunded) -> dict[str, str]:
    """The basis before refunds, and what they gave back (tax included) by kind, without zeros."""
    taken = {"lines": refunded.lines, "amount": refunded.amount, "shipping": refunded.shipping}
    return {"before": text(gross.basis)} | {kind: text(amount) for kind, amount in taken.items() if amount}
