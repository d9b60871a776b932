"""What the rest of Regulars knows of an order: platform-neutral, immutable, exact.

Every platform's `payloads.parse` turns the bytes of a delivery into these. Amounts are in the shop's
currency, as `Decimal`; instants are aware UTC datetimes; ids are strings, whatever the platform uses.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

ZERO = Decimal(0)


class OrderStatus(StrEnum):
    """Where the payment of an order stands. Only PAID and PARTIALLY_REFUNDED count for points."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    PAID = "paid"
    PARTIALLY_REFUNDED = "partially_refunded"
    REFUNDED = "refunded"
    VOIDED = "voided"
    CANCELLED = "cancelled"
    FAILED = "failed"


class Line(Struct, frozen=True, omit_defaults=True):
    """One line of an order: `net` and `tax` are for the whole line after every discount, `net` before tax."""

    id: str
    net: Decimal
    tax: Decimal = ZERO
    quantity: int = 1
    title: str = ""
    product_id: str = ""
    variant_id: str = ""
    sku: str = ""
    vendor: str = ""
    product_type: str = ""
    tags: tuple[str, ...] = ()
    gift_card: bool = False


class RefundLine(Struct, frozen=True, omit_defaults=True):
    """What a refund takes from one line; `net` and `tax` as in `Line`, positive."""

    line_id: str
    net: Decimal
    tax: Decimal = ZERO
    quantity: int = 0


class RefundSnapshot(Struct, frozen=True, omit_defaults=True):
    """One refund. `amount` is what it gives back (tax included) without naming a line, beyond `lines`.

    `as_of` decides between two readings of one refund: the later wins. `void` marks one whose payment failed.
    `summary`: only the amount is told here; a reading in full wins over it, whenever either was told.
    """

    id: str
    as_of: datetime
    lines: tuple[RefundLine, ...] = ()
    amount: Decimal = ZERO
    shipping_net: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    void: bool = False
    summary: bool = False


class CustomerSnapshot(Struct, frozen=True, omit_defaults=True):
    """A customer as the platform told it. `email` is as sent; matching lower-cases it.

    `as_of` is the instant of this knowledge: an older one never overwrites a newer one. `tags`: all of them, or None
    where it says nothing of tags. `joined_at`: since when the store knows them; `birthday`: "MM-DD", or "" where it
    says nothing; `subscribed`: to marketing, or unknown, and `subscribed_at` since when they are or are not, where
    that is told.
    """

    id: str
    as_of: datetime
    email: str = ""
    email_verified: bool = False
    first_name: str = ""
    last_name: str = ""
    tags: tuple[str, ...] | None = None
    joined_at: datetime | None = None
    birthday: str = ""
    subscribed: bool | None = None
    subscribed_at: datetime | None = None


class CustomerTagged(Struct, frozen=True, omit_defaults=True):
    """Tags that a customer got or lost at the instant `as_of`; the others stay as they are."""

    customer_id: str
    as_of: datetime
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class OrderSnapshot(Struct, frozen=True, omit_defaults=True):
    """An order as of `updated_at`. `customer` is None for a guest, whose `email` may still be known.

    `refunds_complete`: this platform lists every refund in the order itself, so that a newer snapshot
    replaces the list; otherwise refunds are merged by id.
    """

    id: str
    currency: str
    status: OrderStatus
    placed_at: datetime
    updated_at: datetime
    number: str = ""
    paid_at: datetime | None = None
    cancelled_at: datetime | None = None
    test: bool = False
    channel: str = "web"
    customer: CustomerSnapshot | None = None
    email: str = ""
    lines: tuple[Line, ...] = ()
    shipping_net: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    total: Decimal = ZERO
    discount_codes: tuple[str, ...] = ()
    refunds: tuple[RefundSnapshot, ...] = ()
    refunds_complete: bool = False


class RefundEvent(Struct, frozen=True):
    """A refund that came by itself, perhaps before its order."""

    order_id: str
    refund: RefundSnapshot


class OrderDeleted(Struct, frozen=True):
    """The platform deleted the order. The body does not say when, so `as_of` is when it was received."""

    order_id: str
    as_of: datetime | None = None


class OrderRestored(Struct, frozen=True):
    """The platform took a deletion back; `as_of` as for `OrderDeleted`."""

    order_id: str
    as_of: datetime | None = None


class PrivacyAsked(Struct, frozen=True, omit_defaults=True):
    """A wish about personal data: "export" or "erase" a customer, or "erase_shop", all customers of the store.

    `reference` tells one wish from another. The customer is known by id, by e-mail, or by both; `orders` by their ids.
    """

    kind: str
    reference: str
    customer_id: str = ""
    email: str = ""
    orders: tuple[str, ...] = ()


class StoreGone(Struct, frozen=True):
    """The store has taken its access back."""


class StoreChanged(Struct, frozen=True):
    """What is to be known of the store: any of name, currency, website and timezone."""

    info: dict[str, str]


StoreFact = PrivacyAsked | StoreGone | StoreChanged
Fact = (
    OrderSnapshot | RefundEvent | OrderDeleted | OrderRestored | CustomerSnapshot | CustomerTagged | StoreFact
)
