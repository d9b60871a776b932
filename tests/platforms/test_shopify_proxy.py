"""Shoppers who come through a store's app proxy."""

import hmac
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlencode

import jwt
import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from lib.clock import now
from platforms.connect import connect_store
from platforms.shopify.proxy import BadProxyCall, verify_proxy
from shops.models import Connection, Shop
from storefront_api import connections
from tests.material import material
from tests.platforms.clay import DOMAIN
from tests.storefront_api.stories import customer, order

SECRET = "the-app's-secret"
Pairs = list[tuple[str, str]]


def pairs(**changes: str) -> Pairs:
    own = {"shop": DOMAIN, "path_prefix": "/apps/regulars", "timestamp": str(int(time.time()))}
    return list((own | {"logged_in_customer_id": "42"} | changes).items())


def signed(given: Pairs, secret: str = SECRET) -> str:
    joined: dict[str, list[str]] = {}
    for name, value in given:
        joined.setdefault(name, []).append(value)
    text = "".join(sorted(f"{name}={','.join(values)}" for name, values in joined.items()))
    return urlencode([*given, ("signature", hmac.digest(secret.encode(), text.encode(), "sha256").hex())])


def test_vectors() -> None:
    for case in json.loads(material("vectors/signature_vectors.json").read_bytes())["shopify_app_proxy"]:
        at = datetime.fromtimestamp(int(parse_qs(case["query"])["timestamp"][0]), UTC)
        if case["valid"]:
            call = verify_proxy(case["query"], [case["secret"]], at)
            assert (call.shop, call.customer_id) == ("some-random-store.myshopify.com", "")
        else:
            with pytest.raises(BadProxyCall):
                verify_proxy(case["query"], [case["secret"]], at)


def test_what_shopify_signed() -> None:
    for given in (pairs(), [*pairs(), ("ids", "2"), ("ids", "1"), ("text", "a&b=c é+ ")]):
        assert verify_proxy(signed(given), ["other", SECRET], now()) == (DOMAIN, "42")


def test_nobody_signed_in() -> None:
    assert verify_proxy(signed(pairs(logged_in_customer_id="")), [SECRET], now()).customer_id == ""


BAD: dict[str, Callable[[], str]] = {
    "changed": lambda: signed(pairs()).replace("=42", "=43"),
    "other secret": lambda: signed(pairs(), "other"),
    "no secret": lambda: signed(pairs(), ""),
    "no signature": lambda: urlencode(pairs()),
    "added": lambda: f"{signed(pairs())}&more=1",
    "signature twice": lambda: f"{signed(pairs())}&signature=00",
    "shop twice": lambda: signed([*pairs(), ("shop", "other.myshopify.com")]),
    "time twice": lambda: signed([*pairs(), ("timestamp", str(int(time.time())))]),
    "customer twice": lambda: signed([*pairs(), ("logged_in_customer_id", "43")]),
    "old": lambda: signed(pairs(timestamp=str(int(time.time()) - 9_000))),
    "early": lambda: signed(pairs(timestamp=str(int(time.time()) + 9_000))),
    "no time": lambda: signed(pairs(timestamp="soon")),
    "decimal time": lambda: signed(pairs(timestamp=f"{time.time()}")),
    "foreign shop": lambda: signed(pairs(shop="clay.example")),
    "odd customer": lambda: signed(pairs(logged_in_customer_id="42 or 43")),
    "not ascii": lambda: f"{urlencode(pairs())}&signature={quote('é')}",
    "not utf-8": lambda: "%ff=1&signature=00",
    "too long": lambda: signed([*pairs(), ("x", "y" * 5000)]),
    "nothing": lambda: "",
}


@pytest.mark.parametrize("name", BAD)
def test_what_shopify_did_not_sign(name: str) -> None:
    with pytest.raises(BadProxyCall):
        verify_proxy(BAD[name](), [SECRET, ""], now())


@pytest.fixture
def store(settings: Settings, shop: Shop) -> Connection:
    connections.forget()
    settings.SHOPIFY_API_KEY, settings.SHOPIFY_API_SECRET = "key", SECRET
    return connect_store(shop, "shopify", DOMAIN, secret=SECRET)


def read(query: str, path: str = "me", **headers: str) -> tuple[int, dict[str, Any]]:
    answer = Client().get(f"/storefront/v1/{path}?{query}", headers=headers)
    return answer.status_code, answer.json()


def test_a_storefront_shows_its_customer(store: Connection) -> None:
    order(customer(store, "42"), "order:1", "49.95")
    status, told = read(signed(pairs()))
    assert (status, told["balance"]) == (200, 49)
    assert len(read(signed([*pairs(), ("before", "99")]), "me/activity")[1]["entries"]) == 1
    assert read(signed(pairs(logged_in_customer_id="")), "program")[1]["shop"] == store.shop.name
    said = Client(enforce_csrf_checks=True).post(
        f"/storefront/v1/me/events?{signed(pairs())}", b'{"event": "visit"}', "application/json"
    )
    assert (said.status_code, said.json()["balance"]) == (200, 49)


def test_who_is_not_signed_in_or_not_believed(store: Connection) -> None:
    assert read(signed(pairs(logged_in_customer_id="")))[1]["error"]["code"] == "signed_out"
    assert read(BAD["changed"]())[1]["error"]["code"] == "proxy_invalid"
    assert read(BAD["changed"](), "program")[0] == 404
    assert read(signed(pairs(shop="other.myshopify.com")))[0] == 401
    claims = {"iss": store.shop.public_id, "sub": "42", "exp": int(time.time()) + 600}
    token = jwt.encode(claims, store.storefront_secret, algorithm="HS256")
    status, told = read(signed(pairs()), Authorization=f"Bearer {token}")
    assert (status, told["error"]["code"]) == (401, "two_identities")


def test_a_store_that_never_let_the_app_in_has_no_proxy(settings: Settings, shop: Shop) -> None:
    connections.forget()
    settings.SHOPIFY_API_KEY, settings.SHOPIFY_API_SECRET = "key", SECRET
    connect_store(shop, "shopify", DOMAIN)
    assert read(signed(pairs()))[1]["error"]["code"] == "proxy_invalid"
    settings.SHOPIFY_API_KEY = ""
    assert read(signed(pairs()))[0] == 401
