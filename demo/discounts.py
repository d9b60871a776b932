"""What a discount code takes off a cart of the demo store, and why it cannot be used."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from django.utils.translation import gettext

from demo.catalogue import CURRENCY, FREE_SHIPPING_FROM, SHIPPING, Product
from demo.shopify_admin.discounts import Use
from lib.money import spread

Items = tuple[tuple[Product, int], ...]
NOTHING = Decimal(0)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Discount:
    """A code as an order carries it. `value` is an amount, or per cent.

    `by_line` is what it takes off each line, `shipping` what it takes off shipping; `entitled`: for some lines only.
    """

    code: str
    kind: Literal["percentage", "amount", "free_shipping"]
    value: Decimal
    by_line: tuple[Decimal, ...]
    entitled: bool = False
    shipping: Decimal = NOTHING

    @property
    def goods(self) -> Decimal:
        return sum(self.by_line, NOTHING)

    @property
    def amount(self) -> Decimal:
        return self.goods + self.shipping


class Unusable(Exception):
    """The code cannot be used, in words for the shopper. `for_good`: whatever else they put into the cart."""

    def __init__(self, message: str, for_good: bool = False) -> None:
        super().__init__(message)
        self.for_good = for_good


def goods_of(items: Items) -> Decimal:
    """What the pieces cost before any discount."""
    return sum((product.price * count for product, count in items), NOTHING)


def shipping_for(goods: Decimal) -> Decimal:
    """What sending goods costs that are worth so much after discounts."""
    return NOTHING if goods >= FREE_SHIPPING_FROM else SHIPPING


def check(use: Use | None, customer: int) -> Use:
    """A code that this customer could use with the right cart. Raises `Unusable`."""
    if use is None:
        raise Unusable(gettext("There is no such code. Please check how it is written."), for_good=True)
    if use.left == 0:
        raise Unusable(gettext("This code has been used already."), for_good=True)
    if use.status == "EXPIRED":
        raise Unusable(gettext("This code cannot be used any more: its time is over."), for_good=True)
    if use.status == "SCHEDULED":
        raise Unusable(gettext("This code cannot be used yet."), for_good=True)
    if use.customers is not None and f"gid://shopify/Customer/{customer}" not in use.customers:
        raise Unusable(gettext("This code belongs to another customer."), for_good=True)
    return use


def discount(use: Use, items: Items) -> Discount:
    """What the code takes off these pieces. Raises `Unusable`."""
    chosen = [_entitled(use, product) for product, _ in items]
    sums = [
        product.price * count if own else NOTHING for (product, count), own in zip(items, chosen, strict=True)
    ]
    worth = sum(sums, NOTHING)
    if not worth:
        raise Unusable(gettext("This code is for other pieces than those in your cart."))
    least = use.minimum_subtotal or NOTHING
    if worth < least:
        missing = {"least": f"{least:.2f} €", "missing": f"{least - worth:.2f} €"}
        raise Unusable(
            gettext("This code is for orders from %(least)s: add pieces for %(missing)s more.") % missing
        )
    if use.kind == "free_shipping":
        return _free_shipping(use, worth, len(items))
    off = (worth * use.value).quantize(CENT, ROUND_HALF_UP) if use.kind == "percentage" else use.value
    value = use.value * 100 if use.kind == "percentage" else use.value
    by_line = tuple(spread(min(off, worth), sums, CURRENCY))
    return Discount(use.code, use.kind, value, by_line, entitled=use.items != "all")


def _free_shipping(use: Use, worth: Decimal, lines: int) -> Discount:
    price = shipping_for(worth)
    if not price:
        raise Unusable(gettext("Shipping is free for this order anyway: keep the code for another one."))
    return Discount(use.code, "free_shipping", Decimal(100), (NOTHING,) * lines, shipping=price)


def _entitled(use: Use, product: Product) -> bool:
    gids = {f"gid://shopify/Product/{product.id}", f"gid://shopify/ProductVariant/{product.variant_id}"}
    return use.items == "all" or bool(gids & use.items)
