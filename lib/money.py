"""Exact money: strict amounts, ISO 4217 currencies, and shares that add up."""

import re
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from babel.numbers import list_currencies

# Amounts stay below this, so that sums of products of them fit the 28 digits of Decimal's default context.
LIMIT = Decimal(10**12)
PLACES = 8

# Minor units by ISO 4217 where they are not 2. Babel's precisions are CLDR's, which follow the cash in use:
# it gives the Serbian dinar and the Lebanese pound none, where ISO 4217 and every store platform have two.
_NO_MINOR_UNIT = (
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF",
    "XOF", "XPF",
)  # fmt: skip
_THOUSANDTHS = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_MINOR_UNITS = {
    **dict.fromkeys(_NO_MINOR_UNIT, 0),
    **dict.fromkeys(_THOUSANDTHS, 3),
    "CLF": 4,
    "UYW": 4,
}
_CURRENCIES = frozenset(list_currencies()) - {"XXX", "XTS"}

_PATTERN = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,8})?")
_LONGEST = 22


class BadAmount(ValueError):
    """Not an amount of money; the message names the field and shows the value."""


def is_currency(code: object) -> bool:
    """Whether `code` is an ISO 4217 code of money, in capitals (codes of the past are known too)."""
    return isinstance(code, str) and code in _CURRENCIES


def minor_units(currency: str) -> int:
    """Decimal places of a currency by ISO 4217: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _MINOR_UNITS.get(currency, 2)


def amount(value: object, field: str) -> Decimal:
    """A str or int as an exact Decimal: at most 12 digits before the point and 8 after, ASCII, no exponent.

    Raises `BadAmount` for everything else, floats and booleans included.
    """
    if isinstance(value, str):
        exact = _exact(value) if len(value) <= _LONGEST else None
        if exact is not None:
            return exact
    elif type(value) is int and -LIMIT < value < LIMIT:
        return Decimal(value)
    raise BadAmount(f"{field}: not an amount: {shown(value)}")


# Prices repeat: most amounts of an order ("0.00", "19.99") have been read before.
@lru_cache(maxsize=16384)
def _exact(text: str) -> Decimal | None:
    return Decimal(text) if _PATTERN.fullmatch(text) else None


def shown(value: object) -> str:
    """A value as an error message may quote it: short, whatever was sent."""
    if isinstance(value, str):
        return repr(str(value[:40])) + ("…" if len(value) > 40 else "")
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value) if -(10**40) < value < 10**40 else "a number too large"
    return f"a {type(value).__name__}"


def spread(total: Decimal, weights: Sequence[Decimal], currency: str) -> list[Decimal]:
    """`total` (≥ 0) divided in proportion to `weights` (≥ 0), adding up exactly: largest remainder, ties to
    the earlier. Steps of the currency's minor unit, or finer where an input is; so while `total` is not above
    the sum of the weights, no share is above its weight. All zero if the weights are.
    """
    places = max(minor_units(currency), *(_places(value) for value in (total, *weights)))
    units = int(total.scaleb(places))
    parts = [int(weight.scaleb(places)) for weight in weights]
    whole = sum(parts)
    if not whole:
        return [Decimal(0)] * len(parts)
    shares = [units * part // whole for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda index: -(units * parts[index] % whole))
    for index in by_remainder[: units - sum(shares)]:
        shares[index] += 1
    return [Decimal(share).scaleb(-places) for share in shares]


def fraction(value: Decimal, part: int, whole: int) -> Decimal:
    """`value * part / whole`, exact, or to 8 places where it never ends."""
    result = value * part / whole
    return result if _places(result) <= PLACES else result.quantize(Decimal(1).scaleb(-PLACES))


def _places(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
