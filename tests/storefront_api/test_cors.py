"""Which pages of the web may read a shopper's points in a browser."""

import time
from typing import Any

import jwt
import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from platforms.connect import connect_store
from shops.models import Connection, Shop
from storefront_api import connections
from tests.conftest import TwoShops

ALLOW = "Access-Control-Allow-Origin"


@pytest.fixture(autouse=True)
def _plain(settings: Settings) -> None:
    settings.DEMO = settings.DEBUG = False
    connections.forget()


@pytest.fixture
def store(shop: Shop) -> Connection:
    return connect_store(shop, "shopify", "corner.myshopify.com", storefront_domains=["shop.corner.example"])


def paths(store: Connection) -> dict[str, dict[str, str]]:
    claims = {"iss": store.shop.public_id, "sub": "42", "exp": int(time.time()) + 600}
    token = jwt.encode(claims, store.storefront_secret, algorithm="HS256")
    bearer = {"Authorization": f"Bearer {token}"}
    return {
        "/storefront/v1/me": bearer,
        "/storefront/v1/me/activity": bearer,
        f"/storefront/v1/program?shop={store.shop.public_id}": {},
    }


def origin_of(response: Any) -> str | None:
    given: str | None = response.get(ALLOW)
    return given


OURS = ("https://corner.myshopify.com", "https://shop.corner.example")
OTHERS = (
    "https://elsewhere.myshopify.com",
    "http://corner.myshopify.com",
    "https://corner.myshopify.com:8443",
    "https://corner.myshopify.com.evil.example",
    "https://evil.example",
    "null",
    "",
    "https://",
    "*",
)


@pytest.mark.parametrize("origin", OURS)
def test_the_stores_own_pages_may_read(client: Client, store: Connection, origin: str) -> None:
    for path, headers in paths(store).items():
        response = client.get(path, headers=headers | {"Origin": origin})
        assert (response.status_code, origin_of(response)) == (200, origin)
        assert "Origin" in response["Vary"]
        assert "ETag" in response["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in response


@pytest.mark.parametrize("origin", OTHERS)
def test_others_may_not(client: Client, store: Connection, two_shops: TwoShops, origin: str) -> None:
    connect_store(two_shops.other, "shopify", "elsewhere.myshopify.com")
    for path, headers in paths(store).items():
        response = client.get(path, headers=headers | {"Origin": origin})
        assert response.status_code == 200, "a server may always read"
        assert origin_of(response) is None
        assert "Origin" in response["Vary"]


@pytest.mark.parametrize("origin", OURS)
def test_a_connected_page_is_let_ask(client: Client, store: Connection, origin: str) -> None:
    response = client.options("/storefront/v1/me", headers={"Origin": origin})
    assert (response.status_code, origin_of(response)) == (204, origin)
    assert response["Access-Control-Allow-Headers"] == "Authorization, If-None-Match"
    assert response["Access-Control-Allow-Methods"] == "GET"


@pytest.mark.parametrize("origin", OTHERS[1:])
def test_an_unknown_page_is_not(client: Client, store: Connection, origin: str) -> None:
    response = client.options("/storefront/v1/me", headers={"Origin": origin})
    assert (response.status_code, origin_of(response)) == (204, None)
    assert "Access-Control-Allow-Headers" not in response


def test_a_connected_page_can_read_why_it_was_refused(client: Client, store: Connection) -> None:
    response = client.get("/storefront/v1/me", headers={"Origin": OURS[0], "Authorization": "Bearer x"})
    assert (response.status_code, origin_of(response)) == (401, OURS[0])
    response = client.get("/storefront/v1/me", headers={"Origin": OTHERS[4], "Authorization": "Bearer x"})
    assert (response.status_code, origin_of(response)) == (401, None)


@pytest.mark.parametrize(("demo", "allowed"), [(True, True), (False, False)])
def test_this_machine_and_the_demo_store(
    client: Client, shop: Shop, settings: Settings, demo: bool, allowed: bool
) -> None:
    settings.DEMO, settings.PUBLIC_URL = demo, "http://127.0.0.1:8123"
    store = connect_store(shop, "shopify", "localhost:3000")
    for origin in ("http://localhost:3000", "http://127.0.0.1:8123"):
        for path, headers in paths(store).items():
            response = client.get(path, headers=headers | {"Origin": origin})
            assert origin_of(response) == (origin if allowed else None)
