"""The fields of BigCommerce's objects that matter here; the decoder skips the others.

Amounts, ids and counts are Any: v2 writes amounts as strings, v3 as numbers, and either may change its mind.
"""

from typing import Any

from msgspec import Struct


class ThinData(Struct, gc=False):
    type: str | None = None
    id: Any = None


class Thin(Struct, gc=False):
    """A webhook's body: what happened to which object."""

    scope: str
    data: ThinData | None = None


class Discount(Struct, gc=False):
    amount: Any = None


class Product(Struct, gc=False):
    """A line of an order. `total_ex_tax` is before discounts, `total_tax` after them."""

    id: Any
    quantity: Any
    total_ex_tax: Any
    total_inc_tax: Any = None
    total_tax: Any = None
    discounted_total_inc_tax: Any = None
    applied_discounts: list[Discount] | None = None
    product_id: Any = None
    variant_id: Any = None
    name: str | None = None
    sku: str | None = None
    brand: str | None = None
    type: str | None = None


class Coupon(Struct, gc=False):
    code: str | None = None


class Item(Struct, gc=False):
    """What a refund gives back: a number of units of a line, or a part of the shipping, or of the whole order."""

    item_type: str
    item_id: Any = None
    quantity: Any = None
    requested_amount: Any = None


class Payment(Struct, gc=False):
    is_declined: bool = False


class Refund(Struct, gc=False):
    id: Any
    total_amount: Any
    items: list[Item] | None = None
    payments: list[Payment] | None = None


class Billing(Struct, gc=False):
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class Order(Struct, gc=False):
    """`default_currency_code` is the currency that was paid in, `currency_code` the one that was shown."""

    id: Any
    status_id: Any
    date_created: str
    date_modified: str
    total_inc_tax: Any
    default_currency_code: str | None = None
    currency_code: str | None = None
    customer_id: Any = None
    billing_address: Billing | None = None
    shipping_cost_ex_tax: Any = None
    shipping_cost_tax: Any = None
    order_source: str | None = None


class Document(Struct, gc=False):
    """An order with its parts, as they were fetched one by one."""

    order: Order
    products: list[Product]
    coupons: list[Coupon]
    refunds: list[Refund]


class Customer(Struct, gc=False):
    id: Any
    date_modified: str | None = None
    date_created: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
