"""Exact arithmetic: decimals that refuse to round, and fractions where a number has no end."""

from collections.abc import Collection, Sequence
from decimal import Context, Decimal, DivisionByZero, Inexact, InvalidOperation, Overflow
from fractions import Fraction
from typing import Any, TypeVar

from loyalty.documents import Rounding

EXACT = Context(prec=60, Emin=-30, Emax=30, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow])

N = TypeVar("N", Decimal, Fraction)


def rounded(numerator: Decimal | Fraction, scale: int, rounding: Rounding) -> int:
    """`numerator` / `scale` as a whole number."""
    whole, rest = divmod(numerator, scale)
    up = (rounding == "ceil" and rest > 0) or (rounding == "half_up" and 2 * rest >= scale)
    return int(whole) + up


def shared(target: int, parts: Sequence[N], whole: N) -> list[int]:
    """`target` shared out in proportion to `parts` (sum `whole`) by largest remainder, ties to the earlier part."""
    if not target:
        return [0] * len(parts)
    return whole_quotas(target, [divmod(part * target, whole) for part in parts])


def whole_quotas(target: int, quotas: Sequence[tuple[Any, Any]]) -> list[int]:
    """`quotas`, each (whole, rest) and `target` together, as whole numbers by largest remainder."""
    points = [int(quota) for quota, _ in quotas]
    missing = target - sum(points)
    if missing:
        by_rest = sorted(range(len(points)), key=lambda index: quotas[index][1], reverse=True)
        for index in by_rest[:missing]:
            points[index] += 1
    return points


def ratio_text(numerator: Decimal | Fraction | int, scale: int) -> str:
    """`numerator` / `scale` as exact text."""
    if scale == 1:
        return text(numerator)
    if isinstance(numerator, int) and not numerator % scale:
        return str(numerator // scale)
    if isinstance(numerator, Decimal):
        try:
            return text(numerator / scale)
        except Inexact:
            pass
    return text(Fraction(numerator) / scale)


def text(number: Decimal | Fraction | int) -> str:
    """The exact number: as a decimal where it ends, else as "numerator/denominator"."""
    if isinstance(number, Fraction):
        try:
            return text(Decimal(number.numerator) / number.denominator)
        except ArithmeticError:
            return str(number)
    written = str(number)
    return written if "E" not in written else f"{number:f}"


def texts(numbers: Collection[Decimal | Fraction | int]) -> list[str]:
    """The exact text of each."""
    found = list(map(str, numbers))
    together = "".join(found)
    return list(map(text, numbers)) if "E" in together or "/" in together else found
