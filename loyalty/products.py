"""Which product sets of a program a line is in, as a bit mask: one look-up for lines seen before."""

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

from loyalty.documents import ProductSet
from platforms.snapshots import Line

# Lines remembered by program, so that memory is bounded.
MOST_LINES = 1000

LINE = 1
_GIFT_CARD = 2
# What can take a line out of the basis, by its bit; the first that holds is the reason.
_REASONS = {
    _GIFT_CARD: "gift_card",
    4: "product",
    8: "variant",
    16: "sku",
    32: "vendor",
    64: "product_type",
    128: "tag",
}
EXCLUDED = sum(_REASONS)
_FIRST_SET = 256
_FIELDS = {
    "product_id": "product_ids",
    "variant_id": "variant_ids",
    "sku": "skus",
    "vendor": "vendors",
    "product_type": "product_types",
    "tags": "tags",
}


def reason(mask: int) -> str:
    """Why a line of this mask earns nothing, as a machine reason."""
    excluded = mask & EXCLUDED
    return _REASONS[excluded & -excluded]


class Masks(dict[Any, int]):
    """Masks by what `key_of` reads of a line; one that is missing is worked out and kept."""

    def __init__(self, by_value: dict[str, dict[str, int]], gift_cards: int) -> None:
        super().__init__()
        self._by_value = tuple(by_value.values())
        self._gift_card = LINE | gift_cards

    def __missing__(self, key: Any) -> int:
        gift_card, *values = key if isinstance(key, tuple) else (key,)
        mask = self._gift_card if gift_card else LINE
        for bits, value in zip(self._by_value, values, strict=True):
            for text in value if isinstance(value, tuple) else (value,):
                mask |= bits.get(folded(text), 0)
        if len(self) >= MOST_LINES:
            self.clear()
        self[key] = mask
        return mask


class ProductIndex:
    """The exclusions and the product sets of one program. `masks[key_of(line)]` is the mask of a line:

    LINE, the bits of EXCLUDED that take it out, and the bit of every set that it is in.
    """

    def __init__(self, exclusions: ProductSet, include_gift_cards: bool) -> None:
        self._bits: dict[ProductSet, int] = {}
        self._by_value: dict[str, dict[str, int]] = {}
        self._gift_cards = 0 if include_gift_cards else _GIFT_CARD
        for bit, (field, text) in _excluding(exclusions):
            self._add(field, text, bit)
        self.seal()

    def bit(self, products: ProductSet) -> int:
        """The bit of the lines in `products`; LINE where that is every line. Seal the index afterwards."""
        values = list(_values(products))
        if not values:
            return LINE if products == ProductSet() else self._new(products)
        if products not in self._bits:
            bit = self._new(products)
            for field, text in values:
                self._add(field, text, bit)
        return self._bits[products]

    def seal(self) -> None:
        """Make `key_of` and `masks` ready for all sets told so far."""
        self.key_of = attrgetter("gift_card", *self._by_value)
        self.masks = Masks(self._by_value, self._gift_cards)

    def of(self, line: Line) -> int:
        """The mask of `line`."""
        return self.masks[self.key_of(line)]

    def _new(self, products: ProductSet) -> int:
        return self._bits.setdefault(products, _FIRST_SET << len(self._bits))

    def _add(self, field: str, text: str, bit: int) -> None:
        bits = self._by_value.setdefault(field, {})
        bits[text] = bits.get(text, 0) | bit


def folded(text: str) -> str:
    """`text` as it is compared: without regard to letter case and to spaces around it."""
    return text.strip().casefold()


def _values(products: ProductSet) -> Iterator[tuple[str, str]]:
    """(field of a line, folded value) of all that `products` names."""
    for field, name in _FIELDS.items():
        for text in getattr(products, name):
            if value := folded(text):
                yield field, value


def _excluding(exclusions: ProductSet) -> Iterator[tuple[int, tuple[str, str]]]:
    bits = dict(zip(_FIELDS, [bit for bit in _REASONS if bit != _GIFT_CARD], strict=True))
    for field, text in _values(exclusions):
        yield bits[field], (field, text)
