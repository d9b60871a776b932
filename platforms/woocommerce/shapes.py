"""The fields of WooCommerce's REST objects that matter here; the decoder skips the others.

Amounts, ids and counts are Any: each comes as a string or as a number, by plugin and version.
"""

from typing import Any

from msgspec import Struct


class Meta(Struct, gc=False):
    key: Any = None
    value: Any = None


class LineItem(Struct, gc=False):
    """`total` is for the whole line, after its discounts and before tax."""

    id: Any
    quantity: Any
    total: Any
    total_tax: Any = 0
    name: str | None = None
    product_id: Any = None
    variation_id: Any = None
    sku: str | None = None


class Charge(Struct, gc=False):
    """A shipping line or a fee; a fee below zero is a discount."""

    total: Any
    total_tax: Any = 0


class Coupon(Struct, gc=False):
    code: str | None = None


class RefundLine(Struct, gc=False):
    """A line of a refund: amounts and quantity are negative, the order's line is named in the meta data."""

    total: Any
    total_tax: Any = 0
    quantity: Any = 0
    meta_data: list[Meta] | None = None


class Refund(Struct, gc=False):
    """Inside an order `id`, `reason` and a negative `total`; from orders/<id>/refunds `amount` and lines."""

    id: Any
    total: Any = None
    amount: Any = None
    line_items: list[RefundLine] | None = None
    shipping_lines: list[Charge] | None = None


class Billing(Struct, gc=False):
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None


class Order(Struct, gc=False):
    id: Any
    status: str
    currency: str
    line_items: list[LineItem]
    total: Any
    date_created_gmt: str | None = None
    date_modified_gmt: str | None = None
    date_paid_gmt: str | None = None
    number: Any = None
    created_via: str | None = None
    customer_id: Any = None
    billing: Billing | None = None
    shipping_lines: list[Charge] | None = None
    fee_lines: list[Charge] | None = None
    coupon_lines: list[Coupon] | None = None
    refunds: list[Refund] | None = None


class Customer(Struct, gc=False):
    id: Any
    date_created_gmt: str | None = None
    date_modified_gmt: str | None = None
    email: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    meta_data: list[Meta] | None = None


class Deleted(Struct, gc=False):
    id: Any
