"""Shopify's webhook bodies, by topic."""

from collections.abc import Callable

from platforms.base import Ignored
from platforms.reading import decode, decoder, identifier, instant
from platforms.shopify import privacy
from platforms.shopify.customers import read_consent, read_customer, read_tags
from platforms.shopify.fields import own_id
from platforms.shopify.orders import read_order
from platforms.shopify.refunds import Context, read_refund
from platforms.shopify.shapes import ConsentUpdate, Customer, Deleted, Order, Refund, TagsChange
from platforms.snapshots import Fact, OrderDeleted, RefundEvent

_ORDER = decoder(Order)
_REFUND = decoder(Refund)
_CUSTOMER = decoder(Customer)
_CONSENT = decoder(ConsentUpdate)
_TAGS = decoder(TagsChange)
_DELETED = decoder(Deleted)

_IGNORED = {
    "orders/edited": "An edit is told in full by the orders/updated that comes with it.",
    "customers/delete": "Members and their points are kept when the store deletes the customer.",
    "customers/merge": "Merging members is done by hand.",
}


def parse(topic: str, body: bytes) -> list[Fact]:
    """What a body says. Raises `Unreadable` or `Ignored`."""
    reader = _READERS.get(topic)
    if reader is None:
        if topic.startswith("discounts/"):
            raise Ignored("Discounts of the store change no points.")
        raise Ignored(_IGNORED.get(topic, f"Nothing is done with the topic {topic[:100]!r}."))
    return [reader(body)]


def _order(body: bytes) -> Fact:
    return read_order(decode(_ORDER, body))


def _order_deleted(body: bytes) -> Fact:
    deleted = decode(_DELETED, body)
    return OrderDeleted(own_id(deleted.id, deleted.admin_graphql_api_id, "Order"))


def _refund(body: bytes) -> Fact:
    refund = decode(_REFUND, body)
    as_of = instant(refund.processed_at or refund.created_at, "processed_at")
    return RefundEvent(identifier(refund.order_id, "order_id"), read_refund(refund, as_of, Context()))


def _customer(body: bytes) -> Fact:
    return read_customer(decode(_CUSTOMER, body))


def _consent(body: bytes) -> Fact:
    return read_consent(decode(_CONSENT, body))


def _tags_added(body: bytes) -> Fact:
    return read_tags(decode(_TAGS, body), added=True)


def _tags_removed(body: bytes) -> Fact:
    return read_tags(decode(_TAGS, body), added=False)


_READERS: dict[str, Callable[[bytes], Fact]] = {
    "orders/create": _order,
    "orders/paid": _order,
    "orders/updated": _order,
    "orders/cancelled": _order,
    "orders/fulfilled": _order,
    "orders/partially_fulfilled": _order,
    "orders/delete": _order_deleted,
    "refunds/create": _refund,
    "customers/create": _customer,
    "customers/update": _customer,
    "customers_email_marketing_consent/update": _consent,
    "customer.tags_added": _tags_added,
    "customer.tags_removed": _tags_removed,
    "customers/data_request": privacy.read_data_request,
    "customers/redact": privacy.read_redact,
    "shop/redact": privacy.read_shop_redact,
    "shop/update": privacy.read_shop,
    "app/uninstalled": privacy.read_uninstalled,
}
