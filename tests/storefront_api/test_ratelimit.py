"""A shopper who asks too often waits; everybody else goes on."""

import time
from typing import Any

import jwt
import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from lib import ratelimit
from platforms.connect import connect_store
from shops.models import Connection, Shop
from storefront_api import connections
from storefront_api.storefront.road import SHOPPERS_PER_ADDRESS

LIMIT = 4


@pytest.fixture
def store(shop: Shop, settings: Settings) -> Connection:
    settings.STOREFRONT_REQUESTS_PER_MINUTE = LIMIT
    connections.forget()
    if time.time() % ratelimit.WINDOW_S > ratelimit.WINDOW_S - 5:
        time.sleep(6)
    return connect_store(shop, "shopify", "corner.myshopify.com")


def ask(client: Client, store: Connection, sub: str, address: str) -> Any:
    claims = {"iss": store.shop.public_id, "sub": sub, "exp": int(time.time()) + 600}
    token = jwt.encode(claims, store.storefront_secret, algorithm="HS256")
    headers = {"Authorization": f"Bearer {token}", "Origin": "https://corner.myshopify.com"}
    return client.get("/storefront/v1/me", headers=headers, REMOTE_ADDR=address)


def test_a_shopper_has_a_limit_of_their_own(client: Client, store: Connection) -> None:
    statuses = [ask(client, store, "a", "192.0.2.1").status_code for _ in range(LIMIT + 1)]
    assert statuses == [200] * LIMIT + [429]
    refused = ask(client, store, "a", "192.0.2.2")
    assert refused.status_code == 429
    assert 1 <= int(refused["Retry-After"]) <= ratelimit.WINDOW_S + 1
    assert refused.json()["error"]["code"] == "too_many_requests"
    assert refused["Access-Control-Allow-Origin"] == "https://corner.myshopify.com"
    assert ask(client, store, "b", "192.0.2.1").status_code == 200


def test_an_address_has_a_limit_too(client: Client, store: Connection) -> None:
    allowed = LIMIT * SHOPPERS_PER_ADDRESS
    statuses = [
        client.get("/storefront/v1/program?shop=x", REMOTE_ADDR="192.0.2.3").status_code
        for _ in range(allowed + 1)
    ]
    assert statuses == [404] * allowed + [429]
    assert client.get("/storefront/v1/program?shop=x", REMOTE_ADDR="192.0.2.4").status_code == 404


def test_behind_a_proxy_the_clients_address_counts(
    client: Client, store: Connection, settings: Settings
) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for number in range(LIMIT * SHOPPERS_PER_ADDRESS + 1):
        headers = {"X-Forwarded-For": f"10.9.9.9, 198.51.100.{number}"}
        answer = client.get("/storefront/v1/program?shop=x", headers=headers, REMOTE_ADDR="10.0.0.1")
        assert answer.status_code == 404
