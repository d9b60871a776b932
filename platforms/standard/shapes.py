"""The generic events as docs/order.schema.json describes them; unknown fields are skipped."""

from typing import Any

from msgspec import Struct


class Line(Struct, gc=False):
    id: Any
    net: Any
    tax: Any = 0
    quantity: Any = 1
    title: str | None = None
    product_id: Any = None
    variant_id: Any = None
    sku: str | None = None
    vendor: str | None = None
    product_type: str | None = None
    tags: list[str] | None = None
    gift_card: bool = False


class RefundLine(Struct, gc=False):
    line_id: Any
    net: Any
    tax: Any = 0
    quantity: Any = 0


class Refund(Struct, gc=False):
    id: Any
    updated_at: str | None = None
    order_id: Any = None
    lines: list[RefundLine] | None = None
    amount: Any = 0
    shipping_net: Any = 0
    shipping_tax: Any = 0
    void: bool = False


class Customer(Struct, gc=False):
    id: Any
    updated_at: str | None = None
    email: str | None = None
    email_verified: bool = False
    first_name: str | None = None
    last_name: str | None = None
    tags: list[str] | None = None
    created_at: str | None = None
    birthday: str | None = None
    accepts_marketing: bool | None = None


class Order(Struct, gc=False):
    id: Any
    currency: str
    status: str
    placed_at: str
    updated_at: str
    lines: list[Line]
    number: Any = None
    paid_at: str | None = None
    cancelled_at: str | None = None
    test: bool = False
    channel: str | None = None
    customer: Customer | None = None
    email: str | None = None
    shipping_net: Any = 0
    shipping_tax: Any = 0
    total: Any = 0
    discount_codes: list[str] | None = None
    refunds: list[Refund] | None = None
    refunds_complete: bool = False


class Deleted(Struct, gc=False):
    id: Any


class Event(Struct, gc=False):
    type: str


class OrderEvent(Struct, gc=False):
    data: Order


class RefundEvent(Struct, gc=False):
    data: Refund


class CustomerEvent(Struct, gc=False):
    data: Customer


class DeletedEvent(Struct, gc=False):
    data: Deleted
