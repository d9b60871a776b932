"""The fields of Shopify's REST objects that matter here; the decoder skips the others.

Amounts, ids and counts are Any: Shopify sends each of them as a string or as a number, and
`platforms.reading` takes them exactly.
"""

from typing import Any

from msgspec import Struct


class Money(Struct, gc=False):
    amount: Any = None
    currency_code: str | None = None


class MoneySet(Struct, gc=False):
    """`shop_money` is in the shop's currency; the shopper's (`presentment_money`) is not read."""

    shop_money: Money | None = None


class TaxLine(Struct, gc=False):
    price: Any = None
    price_set: MoneySet | None = None


class DiscountAllocation(Struct, gc=False):
    amount: Any = None
    amount_set: MoneySet | None = None


class LineItem(Struct, gc=False):
    id: Any
    quantity: Any
    admin_graphql_api_id: str | None = None
    current_quantity: Any = None
    price: Any = None
    price_set: MoneySet | None = None
    title: str | None = None
    product_id: Any = None
    variant_id: Any = None
    sku: str | None = None
    vendor: str | None = None
    gift_card: bool | None = None
    tip_payment_gateway: str | None = None
    tip_payment_method: str | None = None
    tax_lines: list[TaxLine] | None = None
    discount_allocations: list[DiscountAllocation] | None = None


class ShippingLine(Struct, gc=False):
    price: Any = None
    price_set: MoneySet | None = None
    discounted_price: Any = None
    discounted_price_set: MoneySet | None = None
    is_removed: bool | None = None
    tax_lines: list[TaxLine] | None = None
    discount_allocations: list[DiscountAllocation] | None = None


class Named(Struct, gc=False):
    """The line item inside a refund line."""

    admin_graphql_api_id: str | None = None


class RefundLineItem(Struct, gc=False):
    line_item_id: Any
    quantity: Any = 0
    subtotal: Any = None
    subtotal_set: MoneySet | None = None
    total_tax: Any = None
    total_tax_set: MoneySet | None = None
    line_item: Named | None = None


class OrderAdjustment(Struct, gc=False):
    """`kind` is shipping_refund or refund_discrepancy; what the shopper gets is negative."""

    kind: str | None = None
    amount: Any = None
    amount_set: MoneySet | None = None
    tax_amount: Any = None
    tax_amount_set: MoneySet | None = None


class RefundShippingLine(Struct, gc=False):
    subtotal_amount_set: MoneySet | None = None
    tax_amount_set: MoneySet | None = None


class Transaction(Struct, gc=False):
    kind: str | None = None
    status: str | None = None
    amount: Any = None
    amount_set: MoneySet | None = None
    currency: str | None = None


class Refund(Struct, gc=False):
    id: Any
    order_id: Any = None
    admin_graphql_api_id: str | None = None
    created_at: str | None = None
    processed_at: str | None = None
    total_duties_set: MoneySet | None = None
    refund_line_items: list[RefundLineItem] | None = None
    order_adjustments: list[OrderAdjustment] | None = None
    refund_shipping_lines: list[RefundShippingLine] | None = None
    transactions: list[Transaction] | None = None


class Consent(Struct, gc=False):
    state: str | None = None
    consent_updated_at: str | None = None


class Customer(Struct, gc=False):
    """`accepts_marketing` is of versions before 2022-04; from 2025-01 on consent and tags have topics of their own."""

    id: Any = None
    admin_graphql_api_id: str | None = None
    created_at: str | None = None
    updated_at: str | None = None
    email: str | None = None
    verified_email: bool | None = None
    first_name: str | None = None
    last_name: str | None = None
    tags: str | None = None
    email_marketing_consent: Consent | None = None
    accepts_marketing: bool | None = None
    accepts_marketing_updated_at: str | None = None


class ConsentUpdate(Struct, gc=False):
    """The body of customers_email_marketing_consent/update."""

    customer_id: Any
    email_marketing_consent: Consent


class TagsChange(Struct, gc=False, rename="camel"):
    """The body of customer.tags_added and customer.tags_removed: the tags that came or went, and no others."""

    customer_id: Any
    tags: list[str]
    occurred_at: str | None = None


class DiscountCode(Struct, gc=False):
    code: str | None = None


class Order(Struct, gc=False):
    id: Any
    currency: str
    line_items: list[LineItem]
    created_at: str | None = None
    updated_at: str | None = None
    processed_at: str | None = None
    cancelled_at: str | None = None
    admin_graphql_api_id: str | None = None
    name: str | None = None
    financial_status: str | None = None
    test: bool | None = None
    source_name: str | None = None
    taxes_included: bool | None = None
    email: str | None = None
    contact_email: str | None = None
    customer: Customer | None = None
    total_price: Any = None
    total_price_set: MoneySet | None = None
    shipping_lines: list[ShippingLine] | None = None
    discount_codes: list[DiscountCode] | None = None
    refunds: list[Refund] | None = None


class Deleted(Struct, gc=False):
    id: Any
    admin_graphql_api_id: str | None = None
