"""What of an order counts under a program: amounts by line, exclusions, refunds."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, Generic

from loyalty.basis import Kept, Refunded, kept, kept_units
from loyalty.exact import N, total
from loyalty.products import EXCLUDED, reason
from loyalty.programs import CompiledProgram
from platforms.snapshots import ZERO, Line, RefundSnapshot


@dataclass(slots=True)
class Goods(Generic[N]):
    """The counted `lines`; `parts` are the amounts kept of them and, where it counts, of shipping at the end.

    `masks` say by part which product sets it is in, `mask` which any line is in. `units` by line, where asked for.
    """

    lines: list[Line]
    parts: list[N]
    masks: list[int]
    basis: N
    mask: int
    excluded: list[list[str]]
    refunded: Refunded | None = None
    units: Sequence[Fraction | int] = field(default_factory=list)

    def names(self) -> list[str]:
        """The id of each part, "shipping" for that."""
        names = [line.id for line in self.lines]
        return names if len(names) == len(self.parts) else [*names, "shipping"]


def counted(
    program: CompiledProgram,
    lines: Sequence[Line],
    shipping: tuple[Decimal, Decimal],
    refunds: Sequence[RefundSnapshot] = (),
) -> Goods[Any]:
    """What counts after `refunds`: in decimals, or in fractions where a share of a refund may have no end."""
    left = kept(lines, *shipping, refunds)
    key_of, masks_of = program.products.key_of, program.products.masks
    with_tax = program.basis.include_tax
    found: list[Line] = []
    parts: list[Decimal] = []
    masks: list[int] = []
    excluded: list[list[str]] = []
    every = 0
    for line, (net, tax) in zip(lines, left.lines, strict=True):
        mask = masks_of[key_of(line)]
        if mask & EXCLUDED:
            excluded.append([line.id, reason(mask)])
        else:
            found.append(line)
            parts.append(net + tax if with_tax else net)
            masks.append(mask)
            every |= mask
    exact: list[Any] = parts if left.share is None else [Fraction(part) * left.share for part in parts]
    if program.basis.include_shipping:
        exact.append(_shipping(left, with_tax, left.share is not None))
        masks.append(0)
    return Goods(found, exact, masks, total(exact), every, excluded, left.refunded)


def _shipping(left: Kept, with_tax: bool, fraction: bool) -> Decimal | Fraction:
    amount = sum(left.shipping, ZERO) if with_tax else left.shipping[0]
    return Fraction(amount) if fraction else amount


def in_fractions(goods: Goods[Any]) -> Goods[Fraction]:
    """The same in fractions, for sums that decimals could not hold."""
    goods.parts = [Fraction(part) for part in goods.parts]
    goods.basis = Fraction(goods.basis)
    return goods


def units_kept(
    program: CompiledProgram,
    lines: Sequence[Line],
    shipping: tuple[Decimal, Decimal],
    refunds: Sequence[RefundSnapshot],
) -> list[Fraction]:
    """Units kept of each counted line after `refunds`."""
    units = kept_units(lines, kept(lines, *shipping, refunds), refunds)
    of = program.products.of
    return [kept_ for line, kept_ in zip(lines, units, strict=True) if not of(line) & EXCLUDED]
