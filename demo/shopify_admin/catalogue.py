"""The shop itself, its goods, customers and orders, and the app's installation."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from demo.shopify_admin import store_credit
from demo.shopify_admin.documents import Json
from demo.shopify_admin.schema import instant, iso
from demo.shopify_admin.search import found, number_of, page
from demo.shopify_admin.state import Record

if TYPE_CHECKING:
    from demo.shopify_admin.admin import AdminStore

APP = {"__typename": "App", "id": "gid://shopify/App/1"}
SORTED_BY = {"UPDATED_AT": "updatedAt", "CREATED_AT": "createdAt", "PROCESSED_AT": "processedAt"}


def fields(store: "AdminStore") -> dict[str, Callable[..., Any]]:
    """The fields at the top that read what the store holds, and the one by which the app takes itself off."""

    def uninstall(info: Any) -> Json:
        store.uninstall()
        return {"app": APP, "userErrors": []}

    def installation(info: Any) -> Json:
        scopes = [{"handle": scope, "description": scope} for scope in info.context]
        return {"id": "gid://shopify/AppInstallation/1", "app": APP, "accessScopes": scopes}

    def orders(info: Any, **given: Any) -> Json:
        name = SORTED_BY.get(given.get("sortKey") or "", "id")
        nodes = _orders(store, given.get("query"))
        return page(
            nodes, given, rank=lambda node: [node[name] if name != "id" else "", number_of(node["id"])]
        )

    def count(info: Any, query: str | None = None, limit: int | None = None) -> Json:
        counted = len(_orders(store, query))
        if limit is not None and counted > limit:
            return {"count": limit, "precision": "AT_LEAST"}
        return {"count": counted, "precision": "EXACT"}

    return {
        "appUninstall": uninstall,
        "collection": lambda info, id: store["collections"].get(id),
        "collections": lambda info, **given: _listed(list(store["collections"].all()), given),
        "currentAppInstallation": installation,
        "customer": lambda info, id: _customer(store, store["customers"].get(id)),
        "node": lambda info, id: _node(store, id),
        "order": lambda info, id: store["orders"].get(id),
        "orders": orders,
        "ordersCount": count,
        "product": lambda info, id: _product(store["products"].get(id)),
        "productVariant": lambda info, id: next(iter(v for v in _variants(store) if v["id"] == id), None),
        "productVariants": lambda info, **given: _listed(_variants(store), given),
        "products": lambda info, **given: _listed([_product(p) for p in store["products"].all()], given),
        "refund": lambda info, id: next((r for r in _refunds(store) if r["id"] == id), None),
        "shop": lambda info: shop_of(store),
    }


def add_customer(store: "AdminStore", number: int, **facts: Any) -> Record:
    """Put a customer there; `facts` as the schema names them."""
    plain = {"displayName": f"Customer {number}", "tags": [], "verifiedEmail": True}
    record = _numbered("Customer", number, facts, **plain)
    record = {"createdAt": store.now(), "updatedAt": store.now(), **record}
    store["customers"].add(record["id"], record)
    return record


def add_product(
    store: "AdminStore", number: int, title: str, variants: dict[int, str], **facts: Any
) -> Record:
    """Put a product there, with its variants' numbers and prices."""
    defaults = {"title": title, "handle": title.lower().replace(" ", "-"), "status": "ACTIVE"}
    record = _numbered("Product", number, facts, **defaults)
    record["variants"] = [
        _numbered("ProductVariant", id, {}, title="Default Title", displayName=title, price=price, sku=None)
        for id, price in variants.items()
    ]
    store["products"].add(record["id"], record)
    return record


def add_collection(store: "AdminStore", number: int, title: str) -> Record:
    """Put a collection there."""
    record = _numbered("Collection", number, {"title": title, "handle": title.lower().replace(" ", "-")})
    store["collections"].add(record["id"], record)
    return record


def put_order(store: "AdminStore", number: int, **facts: Any) -> Record:
    """Put an order there, or change the one of this number; `facts` as the schema names them, connections as lists.

    Its `refunds` are whole refunds. What is not given is that of a paid order of nothing.
    """
    id = f"gid://shopify/Order/{number}"
    nothing = {"shopMoney": store.money("0.00"), "presentmentMoney": store.money("0.00")}
    plain = {
        "name": f"#{number}",
        "createdAt": store.now(),
        "processedAt": store.now(),
        "displayFinancialStatus": "PAID",
        "test": False,
        "taxesIncluded": store.shop.taxes_included,
        "currencyCode": store.shop.currency,
        "discountCodes": [],
        "totalPriceSet": nothing,
        "totalTipReceivedSet": nothing,
        "lineItems": [],
        "shippingLines": [],
        "refunds": [],
    }
    kept = store["orders"].get(id) or plain
    at = {name: iso(instant(facts[name])) for name in SORTED_BY.values() if name in facts}
    record = _numbered("Order", number, kept | {"updatedAt": store.now()} | facts | at)
    if not store["orders"].add(id, record):
        store["orders"].change(id, lambda old: old.update(record))
    return record


def shop_of(store: "AdminStore") -> Json:
    """The shop as GraphQL tells it."""
    shop = store.shop
    website = f"https://{shop.website}"
    return {
        "__typename": "Shop",
        "id": shop.id,
        "name": shop.name,
        "email": shop.email,
        "currencyCode": shop.currency,
        "ianaTimezone": shop.timezone,
        "myshopifyDomain": shop.domain,
        "primaryDomain": {
            "id": "gid://shopify/Domain/1",
            "host": shop.website,
            "url": website,
            "sslEnabled": True,
        },
        "taxesIncluded": shop.taxes_included,
        "url": website,
        "contactEmail": shop.email,
    }


def shop_over_rest(store: "AdminStore") -> Json:
    """The shop as `shop.json` tells it."""
    shop = store.shop
    return {
        "id": number_of(shop.id),
        "name": shop.name,
        "email": shop.email,
        "domain": shop.website,
        "myshopify_domain": shop.domain,
        "currency": shop.currency,
        "iana_timezone": shop.timezone,
        "taxes_included": shop.taxes_included,
        "plan_name": "basic",
    }


def _orders(store: "AdminStore", query: str | None) -> list[Record]:
    return found(list(store["orders"].all()), query, lambda order: [order["name"]])


def _refunds(store: "AdminStore") -> list[Record]:
    return [refund for order in store["orders"].all() for refund in order["refunds"]]


def _numbered(kind: str, number: int, facts: Json, **defaults: Any) -> Record:
    known = {"__typename": kind, "id": f"gid://shopify/{kind}/{number}", "legacyResourceId": str(number)}
    return known | defaults | facts


def _listed(nodes: list[Any], given: Json) -> Json:
    matching = found(nodes, given.get("query"), lambda node: [node.get("title", ""), node.get("sku") or ""])
    return page(matching, given, rank=lambda node: [number_of(node["id"])])


def _product(record: Record | None) -> Json | None:
    if record is None:
        return None
    bare = {name: value for name, value in record.items() if name != "variants"}
    return record | {"variants": [variant | {"product": bare} for variant in record["variants"]]}


def _variants(store: "AdminStore") -> list[Json]:
    return [
        variant | {"product": record} for record in store["products"].all() for variant in record["variants"]
    ]


def _customer(store: "AdminStore", record: Record | None) -> Json | None:
    if record is None:
        return None
    return record | {"storeCreditAccounts": store_credit.accounts_of(store, record)}


def _node(store: "AdminStore", id: str) -> Json | None:
    kinds = {"Customer": "customers", "Product": "products", "Order": "orders", "Collection": "collections"}
    kind = kinds.get(id.removeprefix("gid://shopify/").partition("/")[0])
    return store[kind].get(id) if kind else None
