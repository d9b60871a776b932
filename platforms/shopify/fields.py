"""Reading single fields of Shopify's objects."""

from collections.abc import Sequence
from decimal import Decimal

from platforms.reading import amount, each, identifier, positive
from platforms.shopify.shapes import DiscountAllocation, MoneySet, TaxLine
from platforms.snapshots import ZERO


def gid_number(gid: str | None, kind: str) -> str | None:
    """123 of gid://shopify/Kind/123."""
    prefix = f"gid://shopify/{kind}/"
    if gid is None or not gid.startswith(prefix):
        return None
    number = gid[len(prefix) :].partition("?")[0]
    return number if number.isascii() and number.isdigit() and len(number) <= 40 else None


def own_id(value: object, gid: str | None, kind: str, field: str = "id") -> str:
    """An object's id, from its gid where there is one: a 64-bit `id` may have passed through a float."""
    return gid_number(gid, kind) or identifier(value, field)


def _preferred(plain: object, both: MoneySet | None) -> object:
    if both is not None and both.shop_money is not None and both.shop_money.amount is not None:
        return both.shop_money.amount
    return plain


def shop_amount(plain: object, both: MoneySet | None, field: str) -> Decimal:
    """An amount in the shop's currency, zero or more."""
    return positive(_preferred(plain, both), field)


def signed_amount(plain: object, both: MoneySet | None, field: str) -> Decimal:
    """As `shop_amount`, of either sign; zero where there is none."""
    value = _preferred(plain, both)
    return ZERO if value is None else amount(value, field)


def taxes(lines: Sequence[TaxLine] | None) -> Decimal:
    """The sum of the tax lines."""
    if not lines:
        return ZERO
    return sum(each("tax_lines", lines, lambda tax: shop_amount(tax.price, tax.price_set, "price")), ZERO)


def discounts(allocations: Sequence[DiscountAllocation] | None) -> Decimal:
    """The sum of what discounts take off a line, an order's own discounts included."""
    if not allocations:
        return ZERO
    return sum(
        each(
            "discount_allocations",
            allocations,
            lambda discount: shop_amount(discount.amount, discount.amount_set, "amount"),
        ),
        ZERO,
    )
