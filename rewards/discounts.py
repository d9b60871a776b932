"""What a code takes off an order, where the order's total alone decides it."""

from decimal import ROUND_HALF_UP, Decimal

from lib.money import minor_units
from rewards.terms import Terms


def discount_of(terms: Terms, value: Decimal, order_total: Decimal, currency: str) -> Decimal | None:
    """The amount off an order of `order_total` (≥ 0), to the currency's minor unit, halves rounded up.

    `value` is that of the redemption. None where more than the total decides: a code for some goods only, free
    shipping, a free product, a gift card, what staff hand over.
    """
    if terms.product_ids or terms.variant_ids or terms.collection_ids:
        return None
    if terms.kind in ("fixed", "variable"):
        off = value
    elif terms.kind == "percentage":
        off = order_total * value / 100
    else:
        return None
    if terms.most_discount is not None:
        off = min(off, terms.most_discount)
    if terms.max_order_percent is not None:
        off = min(off, order_total * terms.max_order_percent / 100)
    unit = Decimal(1).scaleb(-minor_units(currency))
    return min(off.quantize(unit, ROUND_HALF_UP), order_total)
