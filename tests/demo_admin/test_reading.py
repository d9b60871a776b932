"""What the store holds, read in pages; webhooks; and several stores behind one address."""

from typing import Any

import httpx

from demo.shopify_admin.admin import AdminStore, Shop
from demo.shopify_admin.catalogue import put_order
from demo.shopify_admin.server import serve
from platforms.shopify.order_documents import REFUND
from tests.demo_admin.conftest import GRAPHQL, SCHEMA, Admin, client_of

ORDERS = """
query Orders($after: String, $query: String) {
  orders(first: 2, after: $after, sortKey: UPDATED_AT, query: $query) {
    nodes { id legacyResourceId name updatedAt lineItems(first: 1) { nodes { quantity } pageInfo { hasNextPage } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
SUBSCRIBE = """
mutation($topic: WebhookSubscriptionTopic!, $wanted: WebhookSubscriptionInput!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: $wanted) {
    webhookSubscription { id topic uri } userErrors { field message }
  }
}
"""
REDIRECT = """
mutation($id: ID!, $wanted: WebhookSubscriptionInput!) {
  webhookSubscriptionUpdate(id: $id, webhookSubscription: $wanted) {
    webhookSubscription { id uri } userErrors { message }
  }
}
"""
UNSUBSCRIBE = "mutation($id: ID!) { webhookSubscriptionDelete(id: $id) { deletedWebhookSubscriptionId } }"
LISTED = "{ webhookSubscriptions(first: 50) { nodes { id topic uri } } }"


def names(answer: dict[str, Any]) -> list[str]:
    return [node["name"] for node in answer["orders"]["nodes"]]


def test_orders_in_pages_by_their_last_change(admin: Admin) -> None:
    lines = [{"quantity": 2}, {"quantity": 1}]
    for number in (1, 2, 3, 4):
        put_order(admin.store, number, updatedAt=f"2026-03-0{number}T10:00:00Z", lineItems=lines)
    since = "updated_at:>='2026-03-02T10:00:00Z'"
    first = admin.ask(ORDERS, query=since)
    assert names(first) == ["#2", "#3"]
    node = first["orders"]["nodes"][0]
    assert node["id"] == "gid://shopify/Order/2"
    assert node["legacyResourceId"] == "2"
    assert node["lineItems"] == {"nodes": [{"quantity": 2}], "pageInfo": {"hasNextPage": True}}
    put_order(admin.store, 2, updatedAt="2026-03-09T10:00:00Z")
    page = first["orders"]["pageInfo"]
    assert page["hasNextPage"]
    rest = admin.ask(ORDERS, query=since, after=page["endCursor"])
    assert names(rest) == ["#4", "#2"]
    assert not rest["orders"]["pageInfo"]["hasNextPage"]
    assert names(admin.ask(ORDERS, query="updated_at:>2026-04-01")) == []
    assert admin.ask("{ ordersCount { count } }") == {"ordersCount": {"count": 4}}
    [error] = admin.errors('{ orders(first: 1, query: "id:1 OR id:2") { nodes { id } } }')
    assert "OR" in error["message"]
    [error] = admin.errors("{ orders { nodes { id } } }")
    assert error["message"] == "you must provide one of first or last"


def test_a_refund_is_read_without_the_scopes_of_store_credit(admin: Admin) -> None:
    money = {"shopMoney": admin.store.money("12.50")}
    line = {"id": "gid://shopify/LineItem/7"}
    refund = {
        "id": "gid://shopify/Refund/5",
        "legacyResourceId": "5",
        "createdAt": "2026-03-02T10:00:00Z",
        "processedAt": "2026-03-02T10:00:00Z",
        "refundLineItems": [{"quantity": 1, "lineItem": line, "subtotalSet": money, "totalTaxSet": money}],
        "orderAdjustments": [],
        "refundShippingLines": [],
        "transactions": [{"kind": "REFUND", "status": "SUCCESS", "amountSet": money}],
    }
    put_order(admin.store, 1, refunds=[refund])
    reader = admin.store.grant("read_orders", token="reader")
    told = admin.post(REFUND, {"id": refund["id"]}, token=reader).json()
    assert "errors" not in told
    [back] = told["data"]["refund"]["transactions"]["nodes"]
    assert back["amountSet"]["shopMoney"] == {"amount": "12.50", "currencyCode": "EUR"}
    assert told["data"]["refund"]["refundLineItems"]["nodes"][0]["lineItem"] == line


def test_goods_the_shop_and_what_the_app_may(admin: Admin) -> None:
    variant = admin.ask(
        "query($id: ID!) { productVariant(id: $id) { price product { id title } } }",
        id="gid://shopify/ProductVariant/31",
    )
    assert variant == {
        "productVariant": {"price": "12.50", "product": {"id": "gid://shopify/Product/21", "title": "Mug"}}
    }
    found = admin.ask(
        '{ products(first: 5, query: "mug") { nodes { variants(first: 1) { nodes { price } } } } }'
    )
    assert found == {"products": {"nodes": [{"variants": {"nodes": [{"price": "12.50"}]}}]}}
    assert admin.ask('{ productVariant(id: "gid://shopify/ProductVariant/9") { id } }') == {
        "productVariant": None
    }
    shop = admin.ask("{ shop { name currencyCode myshopifyDomain primaryDomain { host } } }")["shop"]
    assert shop == {
        "name": "Clay & Co",
        "currencyCode": "EUR",
        "myshopifyDomain": "clay.myshopify.com",
        "primaryDomain": {"host": "clay.example"},
    }
    scopes = admin.ask("{ currentAppInstallation { accessScopes { handle } } }")["currentAppInstallation"]
    assert {scope["handle"] for scope in scopes["accessScopes"]} == set(admin.store.app.scopes)


def test_webhooks_are_made_once_for_each_address(admin: Admin) -> None:
    wanted = {"uri": "https://loyalty.example/webhooks/shopify/", "format": "JSON"}
    made = admin.ask(SUBSCRIBE, topic="ORDERS_PAID", wanted=wanted)["webhookSubscriptionCreate"]
    assert made["userErrors"] == []
    id = made["webhookSubscription"]["id"]
    again = admin.ask(SUBSCRIBE, topic="ORDERS_PAID", wanted=wanted)["webhookSubscriptionCreate"]
    taken = "Address for this topic has already been taken"
    assert again["userErrors"] == [{"field": ["webhookSubscription", "callbackUrl"], "message": taken}]
    moved = admin.ask(REDIRECT, id=id, wanted={"uri": "https://new.example/"})["webhookSubscriptionUpdate"]
    assert moved["webhookSubscription"]["uri"] == "https://new.example/"
    assert admin.ask(SUBSCRIBE, topic="ORDERS_PAID", wanted=wanted)["webhookSubscriptionCreate"][
        "webhookSubscription"
    ]
    assert len(admin.ask(LISTED)["webhookSubscriptions"]["nodes"]) == 2
    assert admin.ask(UNSUBSCRIBE, id=id)["webhookSubscriptionDelete"]["deletedWebhookSubscriptionId"] == id
    assert len(admin.ask(LISTED)["webhookSubscriptions"]["nodes"]) == 1
    admin.store.plain_http = False
    plain = admin.ask(SUBSCRIBE, topic="SHOP_UPDATE", wanted={"uri": "http://a.example/"})
    assert plain["webhookSubscriptionCreate"]["userErrors"][0]["message"] == (
        "Address protocol http:// is not supported"
    )
    [error] = admin.errors(SUBSCRIBE, topic="CUSTOMERS_REDACT", wanted=wanted)
    assert error["extensions"]["code"] == "INVALID_VARIABLE"


def test_several_stores_behind_one_address() -> None:
    one = AdminStore(Shop(name="One", domain="one.myshopify.com"), schema_path=SCHEMA)
    two = AdminStore(Shop(name="Two", domain="two.myshopify.com"), schema_path=SCHEMA)
    with serve({store.shop.domain: store for store in (one, two)}) as base, client_of(one, base) as client:
        two.grant(*two.app.scopes)

        def name(prefix: str = "", **headers: str) -> httpx.Response:
            return client.post(f"{prefix}{GRAPHQL}", json={"query": "{ shop { name } }"}, headers=headers)

        told = [
            name("/one.myshopify.com"),
            name("/two.myshopify.com"),
            name(Host="two.myshopify.com:443"),
            name(**{"X-Forwarded-Host": "one.myshopify.com"}),
        ]
        assert [answer.json()["data"]["shop"]["name"] for answer in told] == ["One", "Two", "Two", "One"]
        unknown = name("/three.myshopify.com")
        assert (unknown.status_code, unknown.json()) == (404, {"errors": "Not Found"})
