"""What of an order counts under a program: amounts by line, exclusions, refunds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from itertools import compress
from operator import attrgetter, or_
from typing import Any, Generic

from loyalty.basis import Kept, Refunded, kept, kept_units
from loyalty.exact import N
from loyalty.products import EXCLUDED, reason
from loyalty.programs import CompiledProgram
from platforms.snapshots import ZERO, Line, RefundSnapshot

_NONE_EXCLUDED: list[list[str]] = []
_quantity = attrgetter("quantity")


@dataclass(slots=True)
class Goods(Generic[N]):
    """The counted `lines`; `parts` are the amounts kept of them and, where it counts, of shipping at the end.

    `masks` say by part which product sets it is in (0: shipping). `sums` are the amounts and `units` the units of
    goods by mask.
    """

    lines: Sequence[Line]
    parts: list[N]
    masks: list[int]
    basis: Any
    sums: dict[int, N]
    excluded: list[list[str]]
    refunded: Refunded | None
    units: dict[int, Any] = field(default_factory=dict)

    def part_ids(self) -> list[str]:
        """The id of each part, "shipping" for that."""
        ids: list[str] = [line.id for line in self.lines]
        return ids if len(ids) == len(self.parts) else [*ids, "shipping"]


def counted(
    program: CompiledProgram,
    lines: Sequence[Line],
    shipping: tuple[Decimal, Decimal],
    refunds: Sequence[RefundSnapshot] = (),
) -> Goods[Any]:
    """What counts after `refunds`: in decimals, or in fractions where a share of a refund may have no end."""
    left = kept(lines, shipping[0], shipping[1], refunds)
    key_of, masks_of = program.products.key_of, program.products.masks
    with_tax = program.basis.include_tax
    masks = list(map(masks_of.__getitem__, map(key_of, lines)))
    if program.counts_units and not refunds:
        return _sorted(program, lines, left, masks)
    kinds = set(masks)
    found, amounts, excluded = lines, left.lines, _NONE_EXCLUDED
    if reduce(or_, kinds, 0) & EXCLUDED:
        excluded = [
            [line.id, reason(mask)] for line, mask in zip(lines, masks, strict=True) if mask & EXCLUDED
        ]
        counts = [not mask & EXCLUDED for mask in masks]
        found, amounts = list(compress(lines, counts)), list(compress(amounts, counts))
        masks = list(compress(masks, counts))
        kinds = set(masks)
    parts: list[Any] = [net + tax for net, tax in amounts] if with_tax else [net for net, _ in amounts]
    if left.share is not None:
        parts = [Fraction(part) * left.share for part in parts]
    if program.basis.include_shipping:
        parts.append(_shipping(left, with_tax))
        masks.append(0)
        kinds.add(0)
    sums = {masks[0]: sum(parts)} if len(kinds) == 1 else _by_mask(masks, parts)
    return Goods(found, parts, masks, sum(sums.values()), sums, excluded, left.refunded)


def _sorted(program: CompiledProgram, lines: Sequence[Line], left: Kept, masks: Sequence[int]) -> Goods[Any]:
    """What was bought, and the units of it, in one go over the lines."""
    with_tax = program.basis.include_tax
    goods: Goods[Any] = Goods([], [], [], 0, {}, [], left.refunded)
    found, parts, kinds, sums, units = [], goods.parts, goods.masks, goods.sums, goods.units
    for line, (net, tax), mask in zip(lines, left.lines, masks, strict=True):
        if mask & EXCLUDED:
            goods.excluded.append([line.id, reason(mask)])
            continue
        part, quantity = net + tax if with_tax else net, line.quantity
        found.append(line)
        parts.append(part)
        kinds.append(mask)
        if mask in sums:
            sums[mask] += part
            units[mask] += quantity if quantity > 0 else 0
        else:
            sums[mask] = part
            units[mask] = quantity if quantity > 0 else 0
    if program.basis.include_shipping:
        shipping = _shipping(left, with_tax)
        parts.append(shipping)
        kinds.append(0)
        sums[0], units[0] = shipping, 0
    goods.lines, goods.basis = found, sum(sums.values())
    return goods


def _by_mask(masks: Sequence[int], amounts: Sequence[Any]) -> dict[int, Any]:
    sums: dict[int, Any] = {}
    for mask, amount in zip(masks, amounts, strict=True):
        if mask in sums:
            sums[mask] += amount
        else:
            sums[mask] = amount
    return sums


def _shipping(left: Kept, with_tax: bool) -> Decimal | Fraction:
    amount = sum(left.shipping, ZERO) if with_tax else left.shipping[0]
    return amount if left.share is None else Fraction(amount)


def in_fractions(goods: Goods[Any]) -> Goods[Fraction]:
    """The same in fractions, for sums that decimals could not hold."""
    goods.parts = [Fraction(part) for part in goods.parts]
    goods.basis = Fraction(goods.basis)
    goods.sums = {mask: Fraction(amount) for mask, amount in goods.sums.items()}
    return goods


def count_units(goods: Goods[Any]) -> None:
    """Count the units that were bought."""
    units: dict[int, int] = dict.fromkeys(goods.sums, 0)
    # The mask of shipping, the last, has no line.
    for quantity, mask in zip(map(_quantity, goods.lines), goods.masks, strict=False):
        if quantity > 0:
            units[mask] += quantity
    goods.units = units


def count_units_kept(
    program: CompiledProgram,
    goods: Goods[Any],
    lines: Sequence[Line],
    refunds: Sequence[RefundSnapshot],
) -> None:
    """Count the units kept of the order's `lines` after `refunds`."""
    left = kept(lines, ZERO, ZERO, refunds)
    of = program.products.of
    units: dict[int, Fraction] = dict.fromkeys(goods.sums, Fraction(0))
    for line, count in zip(lines, kept_units(lines, left, refunds), strict=True):
        mask = of(line)
        if not mask & EXCLUDED:
            units[mask] += count
    goods.units = units
