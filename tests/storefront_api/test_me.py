"""What a shopper reads: balance, history, program."""

import time
from typing import Any

import jwt
import msgspec
import pytest
from django.test import Client
from django.utils import translation

from loyalty.actions.points import adjust
from loyalty.actions.programs import draft_document, load_draft, publish
from platforms.connect import connect_store
from shops.models import Connection, Customer, Shop
from storefront_api import connections
from tests.conftest import TwoShops
from tests.storefront_api.stories import customer, order

V1 = "/storefront/v1"


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    connections.forget()


@pytest.fixture
def store(shop: Shop) -> Connection:
    return connect_store(shop, "shopify", "corner.myshopify.com")


def read(client: Client, store: Connection, path: str, sub: str = "42", **headers: str) -> Any:
    claims = {"iss": store.shop.public_id, "sub": sub, "exp": int(time.time()) + 600}
    token = jwt.encode(claims, store.storefront_secret, algorithm="HS256")
    return client.get(f"{V1}/{path}", headers={"Authorization": f"Bearer {token}"} | headers)


def test_an_unknown_customer_has_nothing_and_is_not_created(client: Client, store: Connection) -> None:
    response = read(client, store, "me")
    assert response.json() == {"balance": 0, "pending": 0, "lifetime_earned": 0, "tier": None, "name": None}
    assert response["Cache-Control"] == "private, no-cache"
    assert response["Vary"] == "Origin, Authorization"
    assert read(client, store, "me/activity").json() == {"entries": [], "next": None}
    assert not Customer.objects.model._base_manager.filter(shop=store.shop).exists()


def test_the_balance_and_why(client: Client, store: Connection) -> None:
    account = order(customer(store, "42"), "order:1", "49.95")
    adjust(account, -9, "Thank-you card", "olivia@corner.example")
    assert read(client, store, "me").json()["balance"] == 40
    newest, oldest = read(client, store, "me/activity").json()["entries"]
    assert (newest["kind"], newest["points"], newest["balance_after"]) == ("adjust", -9, 40)
    assert newest["sentence"] == "Thank-you card"
    assert (oldest["kind"], oldest["points"], oldest["balance_after"]) == ("earn", 49, 49)
    assert oldest["sentence"] == "49 points: 49.95 € of goods at 1 point per 1 €, rounded down"
    assert oldest["order_number"] is None
    assert oldest["occurred_at"].startswith("2026-03-01T12:00:00")


def test_a_return_explains_what_changed(client: Client, store: Connection) -> None:
    shopper = customer(store, "42")
    order(shopper, "order:1", "60")
    order(shopper, "order:1", "60", returned="20")
    newest = read(client, store, "me/activity").json()["entries"][0]
    assert (newest["points"], newest["balance_after"]) == (-20, 40)
    assert "an item was returned" in newest["sentence"]


def test_nothing_new_is_304(client: Client, store: Connection) -> None:
    shopper = customer(store, "42")
    order(shopper, "order:1", "10")
    first = read(client, store, "me")
    again = read(client, store, "me", **{"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    order(shopper, "order:2", "5")
    changed = read(client, store, "me", **{"If-None-Match": first["ETag"]})
    assert (changed.status_code, changed.json()["balance"]) == (200, 15)


def test_history_comes_in_pages(client: Client, store: Connection) -> None:
    account = order(customer(store, "42"), "order:1", "1000")
    for number in range(41):
        adjust(account, 1, f"Star {number}", "olivia@corner.example")
    pages, before = [], ""
    while True:
        page = read(client, store, f"me/activity{before}").json()
        pages.append([entry["seq"] for entry in page["entries"]])
        if page["next"] is None:
            break
        before = f"?before={page['next']}"
    assert [len(page) for page in pages] == [20, 20, 2]
    assert [seq for page in pages for seq in page] == list(range(42, 0, -1))


@pytest.mark.parametrize("before", ["x", "-1", "1.5", "", "٣", "99999999999"])
def test_a_bad_page_is_named(client: Client, store: Connection, before: str) -> None:
    response = read(client, store, f"me/activity?before={before}")
    assert (response.status_code, response.json()["error"]["field"]) == (400, "before")


def test_two_stores_of_a_shop_are_two_namespaces(client: Client, store: Connection) -> None:
    second = connect_store(store.shop, "woocommerce", "corner.example")
    order(customer(store, "42"), "order:1", "10")
    order(customer(second, "42"), "order:2", "70")
    assert read(client, store, "me").json()["balance"] == 10
    assert read(client, second, "me").json()["balance"] == 70


def test_another_shop_shows_nothing_of_this_one(
    client: Client, store: Connection, two_shops: TwoShops
) -> None:
    order(customer(store, "42"), "order:1", "10")
    elsewhere = connect_store(two_shops.other, "shopify", "elsewhere.myshopify.com")
    assert read(client, elsewhere, "me").json()["balance"] == 0
    assert read(client, elsewhere, "me/activity").json()["entries"] == []


def test_the_program_in_words(client: Client, store: Connection) -> None:
    response = client.get(f"{V1}/program?shop={store.shop.public_id}")
    assert response.json() == {
        "shop": "Corner Shop",
        "currency": "EUR",
        "points_name": "points",
        "point_name": "point",
        "earn": [
            {
                "key": "purchases",
                "kind": "per_currency",
                "name": "Points for purchases",
                "sentence": "1 point for every 1 € you spend",
                "details": "",
                "network": None,
                "network_name": None,
                "url": None,
            }
        ],
        "campaigns": [],
        "tiers": None,
    }
    assert response["Cache-Control"] == "public, max-age=60"
    again = client.get(
        f"{V1}/program?shop={store.shop.public_id}", headers={"If-None-Match": response["ETag"]}
    )
    assert again.status_code == 304


def test_the_program_is_the_live_one(client: Client, shop: Shop) -> None:
    load_draft(shop, msgspec.structs.replace(draft_document(shop), points_name="Beans"))
    told = client.get(f"{V1}/program?shop={shop.public_id}").json()
    assert told["points_name"] == "points", "a draft is not live"
    publish(shop, "olivia@corner.example")
    told = client.get(f"{V1}/program?shop={shop.public_id}").json()
    assert told["earn"][0]["sentence"] == "1 Bean for every 1 € you spend"


@pytest.mark.parametrize("query", ["", "?shop=", "?shop=shop_unknown", "?shop=%00", "?shop=%ED%A0%80"])
def test_an_unknown_shop_is_404(client: Client, db: None, query: str) -> None:
    response = client.get(f"{V1}/program{query}")
    assert (response.status_code, response.json()["error"]["field"]) == (404, "shop")


@pytest.mark.parametrize("path", ["me", "me/activity", "me/program", "me/tiers", "program"])
@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "PATCH", "DELETE"])
def test_only_get(client: Client, db: None, path: str, method: str) -> None:
    response = client.generic(method, f"{V1}/{path}")
    assert (response.status_code, response["Allow"]) == (405, "GET, OPTIONS")
    assert not response.cookies


def test_the_language_of_an_earlier_page_does_not_matter(client: Client, store: Connection) -> None:
    with translation.override("en-gb"):
        told = client.get(f"{V1}/program?shop={store.shop.public_id}").json()
    assert told["earn"][0]["sentence"] == "1 point for every 1 € you spend"
