"""Webhook subscriptions made through the API."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from demo.shopify_admin.documents import Json
from demo.shopify_admin.schema import API_VERSION
from demo.shopify_admin.search import number_of, page
from demo.shopify_admin.state import Record

if TYPE_CHECKING:
    from demo.shopify_admin.admin import AdminStore

ADDRESS = ["webhookSubscription", "callbackUrl"]
GONE = {"field": ["id"], "message": "Webhook subscription does not exist"}


def fields(store: "AdminStore") -> dict[str, Callable[..., Any]]:
    """The fields at the top that are about webhooks."""
    kept = store["subscriptions"]

    def create(info: Any, topic: str, webhookSubscription: Json) -> Json:
        record = _record(store, topic, webhookSubscription)
        if error := _error(store, record):
            return _told(None, error)
        kept.add(record["id"], record)
        return _told(record)

    def update(info: Any, id: str, webhookSubscription: Json) -> Json:
        old = kept.get(id)
        if old is None:
            return _told(None, GONE)
        wanted = old | webhookSubscription | {"updatedAt": store.now()}
        if error := _error(store, wanted):
            return _told(None, error)
        return _told(kept.change(id, lambda record: record.update(wanted)))

    def delete(info: Any, id: str) -> Json:
        gone = kept.remove(id)
        return {"deletedWebhookSubscriptionId": id if gone else None, "userErrors": [] if gone else [GONE]}

    def listed(info: Any, **given: Any) -> Json:
        topics, uri = given.get("topics"), given.get("uri")
        nodes = [
            _node(record)
            for record in kept.all()
            if (not topics or record["topic"] in topics) and (not uri or record["uri"] == uri)
        ]
        return page(nodes, given, rank=lambda node: [number_of(node["id"])])

    return {
        "webhookSubscription": lambda info, id: _node(record) if (record := kept.get(id)) else None,
        "webhookSubscriptions": listed,
        "webhookSubscriptionCreate": create,
        "webhookSubscriptionUpdate": update,
        "webhookSubscriptionDelete": delete,
    }


def _record(store: "AdminStore", topic: str, wanted: Json) -> Record:
    own: Record = {
        "id": store.new_id("WebhookSubscription"),
        "topic": topic,
        "uri": "",
        "format": "JSON",
        "filter": None,
        "includeFields": [],
        "createdAt": store.now(),
        "updatedAt": store.now(),
    }
    return own | wanted


def _error(store: "AdminStore", wanted: Record) -> Json | None:
    uri = wanted["uri"]
    if not uri:
        return {"field": ADDRESS, "message": "Address can't be blank"}
    if uri.startswith("http://") and not store.plain_http:
        return {"field": ADDRESS, "message": "Address protocol http:// is not supported"}
    if not uri.startswith(("https://", "http://", "arn:aws:events:", "pubsub://")):
        return {"field": ADDRESS, "message": "Address is invalid"}
    same = ("topic", "uri", "format", "filter")
    for other in store["subscriptions"].all():
        if other["id"] != wanted["id"] and all(other[name] == wanted[name] for name in same):
            return {"field": ADDRESS, "message": "Address for this topic has already been taken"}
    return None


def _told(record: Record | None, error: Json | None = None) -> Json:
    node = _node(record) if record else None
    return {"webhookSubscription": node, "userErrors": [error] if error else []}


def _node(record: Record) -> Json:
    version = {"displayName": API_VERSION, "handle": API_VERSION, "supported": True}
    return record | {
        "__typename": "WebhookSubscription",
        "apiVersion": version,
        "callbackUrl": record["uri"],
        "legacyResourceId": str(number_of(record["id"])),
        "metafieldNamespaces": [],
        "metafields": [],
    }
