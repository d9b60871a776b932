"""Which webhooks a store is asked to send, and having it send each of them once."""

from typing import Any, Final

from platforms.shopify import documents
from platforms.shopify.graphql import Admin, Json

TOPICS: Final = {
    "ORDERS_CREATE": "orders/create",
    "ORDERS_PAID": "orders/paid",
    "ORDERS_UPDATED": "orders/updated",
    "ORDERS_CANCELLED": "orders/cancelled",
    "ORDERS_EDITED": "orders/edited",
    "ORDERS_DELETE": "orders/delete",
    "REFUNDS_CREATE": "refunds/create",
    "CUSTOMERS_CREATE": "customers/create",
    "CUSTOMERS_UPDATE": "customers/update",
    "CUSTOMERS_DELETE": "customers/delete",
    "CUSTOMERS_MERGE": "customers/merge",
    "CUSTOMERS_EMAIL_MARKETING_CONSENT_UPDATE": "customers_email_marketing_consent/update",
    "CUSTOMER_TAGS_ADDED": "customer.tags_added",
    "CUSTOMER_TAGS_REMOVED": "customer.tags_removed",
    "DISCOUNTS_UPDATE": "discounts/update",
    "DISCOUNTS_DELETE": "discounts/delete",
    "DISCOUNTS_REDEEMCODE_REMOVED": "discounts/redeemcode_removed",
    "APP_UNINSTALLED": "app/uninstalled",
    "SHOP_UPDATE": "shop/update",
}

COMPLIANCE_TOPICS: Final = ("customers/data_request", "customers/redact", "shop/redact")
COMPLIANCE_NOTE: Final = (
    "customers/data_request, customers/redact and shop/redact cannot be subscribed to through the API: their "
    "addresses are part of the app's own configuration at Shopify (compliance_topics in shopify.app.toml, or "
    "“Compliance webhooks” in the app's settings)."
)


def subscribe(admin: Admin, url: str) -> list[str]:
    """Every topic of `TOPICS` to `url` once; those that did not come there before.

    A token sees its own app's subscriptions alone, so one of a topic that goes elsewhere is an old one of ours.
    """
    by_topic: dict[str, list[Json]] = {}
    for subscription in _all(admin):
        by_topic.setdefault(subscription["topic"], []).append(subscription)
    fresh = []
    for topic, name in TOPICS.items():
        there = sorted(by_topic.get(topic, ()), key=lambda found: found["uri"] != url)
        if not there:
            admin.change(documents.SUBSCRIBE, topic=topic, subscription=_wanted(url))
        elif there[0]["uri"] != url:
            admin.change(documents.REDIRECT_SUBSCRIPTION, id=there[0]["id"], subscription=_wanted(url))
        if not there or there[0]["uri"] != url:
            fresh.append(name)
        for again in there[1:]:
            admin.change(documents.UNSUBSCRIBE, id=again["id"])
    return fresh


def unsubscribe(admin: Admin, url: str) -> None:
    """No more webhooks to `url`."""
    for subscription in _all(admin):
        if subscription["uri"] == url:
            admin.change(documents.UNSUBSCRIBE, id=subscription["id"])


def _wanted(url: str) -> dict[str, Any]:
    return {"uri": url, "format": "JSON"}


def _all(admin: Admin) -> list[Json]:
    found: list[Json] = []
    after = None
    while True:
        page = admin.ask(documents.SUBSCRIPTIONS, after=after)["webhookSubscriptions"]
        found += page["nodes"]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
