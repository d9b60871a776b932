"""Which tokens name a shopper, and which are refused."""

import base64
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django_scopes import scope

from platforms.connect import connect_store
from shops.models import Connection, Shop
from storefront_api import connections
from tests.conftest import TwoShops

ME = "/storefront/v1/me"


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    connections.forget()


@pytest.fixture
def store(shop: Shop) -> Connection:
    return connect_store(shop, "shopify", "corner.myshopify.com")


def claims(store: Connection, **changes: Any) -> dict[str, Any]:
    given = {"iss": store.shop.public_id, "sub": "42", "exp": int(time.time()) + 600} | changes
    return {name: value for name, value in given.items() if value is not None}


def token(store: Connection, **changes: Any) -> str:
    return jwt.encode(claims(store, **changes), store.storefront_secret, algorithm="HS256")


def ask(client: Client, given: str) -> tuple[int, Any]:
    response = client.get(ME, headers={"Authorization": f"Bearer {given}"})
    return response.status_code, response.json()


def _part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unsigned(store: Connection) -> str:
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part(claims(store))}."


def _signed_by_public_key(store: Connection) -> str:
    """The classic confusion: a header that says RS256, a signature by HMAC with a public key."""
    key = rsa.generate_private_key(65537, 2048).public_key()
    pem = key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    content = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims(store))}"
    return f"{content}.{_part(hmac.digest(pem, content.encode(), 'sha256'))}"


def _rsa(store: Connection) -> str:
    return jwt.encode(claims(store), rsa.generate_private_key(65537, 2048), algorithm="RS256")


def _other_algorithm(store: Connection) -> str:
    """The right secret with a longer digest than the one that is agreed on."""
    return jwt.encode(claims(store), store.storefront_secret * 2, algorithm="HS512")


def _hs512(store: Connection) -> str:
    content = f"{_part({'alg': 'HS512', 'typ': 'JWT'})}.{_part(claims(store))}"
    return f"{content}.{_part(hmac.digest(store.storefront_secret.encode(), content.encode(), 'sha512'))}"


def _raw(payload: bytes) -> Callable[[Connection], str]:
    """Signed with the right secret, but with this payload."""

    def make(store: Connection) -> str:
        whole = payload.replace(b"ISS", store.shop.public_id.encode())
        content = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(whole)}"
        return f"{content}.{_part(hmac.digest(store.storefront_secret.encode(), content.encode(), 'sha256'))}"

    return make


BAD: dict[str, tuple[str, Callable[[Connection], str]]] = {
    "alg none": ("token_invalid", _unsigned),
    "HS512 with the secret": ("token_invalid", _hs512),
    "HS512 with another": ("token_invalid", _other_algorithm),
    "RS256": ("token_invalid", _rsa),
    "RS256 confusion": ("token_invalid", _signed_by_public_key),
    "no exp": ("token_invalid", lambda store: token(store, exp=None)),
    "exp too far": ("token_invalid", lambda store: token(store, exp=int(time.time()) + 3700)),
    "exp in ms": ("token_invalid", lambda store: token(store, exp=int(time.time() * 1000))),
    "exp as text": ("token_invalid", _raw(b'{"iss": "ISS", "sub": "42", "exp": "soon"}')),
    "exp infinite": ("token_invalid", _raw(b'{"iss": "ISS", "sub": "42", "exp": 1e400}')),
    "exp NaN": ("token_invalid", _raw(b'{"iss": "ISS", "sub": "42", "exp": NaN}')),
    "exp a list": ("token_invalid", _raw(b'{"iss": "ISS", "sub": "42", "exp": []}')),
    "expired": ("token_expired", lambda store: token(store, exp=int(time.time()) - 30)),
    "not yet": ("token_invalid", lambda store: token(store, nbf=int(time.time()) + 600)),
    "no sub": ("token_invalid", lambda store: token(store, sub=None)),
    "empty sub": ("token_invalid", lambda store: token(store, sub="")),
    "sub a number": ("token_invalid", _raw(b'{"iss": "ISS", "sub": 42, "exp": 9999999999}')),
    "NUL in sub": ("token_invalid", lambda store: token(store, sub="4\x002")),
    "lone surrogate in sub": (
        "token_invalid",
        _raw(b'{"iss": "ISS", "sub": "\\ud800", "exp": %d}' % (time.time() + 900)),
    ),
    "sub too long": ("token_invalid", lambda store: token(store, sub="4" * 256)),
    "no iss": ("token_invalid", lambda store: token(store, iss=None)),
    "wrong iss": ("token_invalid", lambda store: token(store, iss="shop_2222222222")),
    "iss a list": ("token_invalid", _raw(b'{"iss": ["ISS"], "sub": "42", "exp": 9999999999}')),
    "webhook secret": ("token_invalid", lambda store: jwt.encode(claims(store), store.secret, "HS256")),
    "no signature": ("token_invalid", lambda store: token(store).rsplit(".", 1)[0] + "."),
    "payload a list": ("token_invalid", _raw(b"[]")),
    "deep payload": ("token_invalid", _raw(b'{"iss": "ISS", "a": ' + b"[" * 2500 + b"}")),
    "garbage": ("token_invalid", lambda store: "garbage"),
    "dots": ("token_invalid", lambda store: "..."),
    "not base64": ("token_invalid", lambda store: "a.$$$.c"),
    "not ASCII": ("token_invalid", lambda store: "tök.en.é"),
    "very long": ("token_invalid", lambda store: token(store) + "a" * 5000),
    "nothing": ("token_missing", lambda store: ""),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_tokens(client: Client, store: Connection, case: str) -> None:
    code, make = BAD[case]
    response = client.get(ME, headers={"Authorization": f"Bearer {make(store)}"})
    assert response.status_code == 401
    assert response.json()["error"]["code"] == code
    assert response.json()["error"]["message"]
    assert response["WWW-Authenticate"].startswith("Bearer")
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("header", ["", "Basic YTpi", "Bearer", "ünsinn"])
def test_other_headers_are_no_token(client: Client, db: None, header: str) -> None:
    response = client.get(ME, headers={"Authorization": header})
    assert (response.status_code, response.json()["error"]["code"]) == (401, "token_missing")


def test_a_good_token_again_and_again(client: Client, store: Connection) -> None:
    given = token(store)
    assert [ask(client, given)[0] for _ in range(3)] == [200, 200, 200]
    assert ask(client, token(store, exp=int(time.time()) + 3600))[0] == 200


def test_a_kept_token_ends_when_it_expires(client: Client, store: Connection) -> None:
    given = token(store, exp=int(time.time()) - 8)
    assert ask(client, given)[0] == 200, "within the leeway"
    time.sleep(3)
    assert ask(client, given)[1]["error"]["code"] == "token_expired"


def test_the_other_shops_secret_is_refused(client: Client, store: Connection, two_shops: TwoShops) -> None:
    elsewhere = connect_store(two_shops.other, "shopify", "elsewhere.myshopify.com")
    forged = jwt.encode(claims(store), elsewhere.storefront_secret, algorithm="HS256")
    assert ask(client, forged)[0] == 401
    assert ask(client, token(elsewhere))[0] == 200


def test_a_store_without_a_secret_signs_nothing(client: Client, store: Connection) -> None:
    with scope(shop=store.shop):
        Connection.objects.filter(shop=store.shop, pk=store.pk).update(storefront_secret="")
    content = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims(store))}"
    forged = f"{content}.{_part(hmac.digest(b'', content.encode(), 'sha256'))}"
    assert ask(client, forged)[0] == 401


def test_a_new_secret_is_seen_at_once(client: Client, store: Connection) -> None:
    assert ask(client, token(store))[0] == 200
    with scope(shop=store.shop):
        Connection.objects.filter(shop=store.shop, pk=store.pk).update(storefront_secret="sfs_" + "n" * 43)
    old = token(store, sub="43")
    store.storefront_secret = "sfs_" + "n" * 43
    assert ask(client, token(store))[0] == 200
    assert ask(client, old)[0] == 401


def test_a_disconnected_store_signs_no_more(client: Client, store: Connection) -> None:
    given = token(store)
    assert ask(client, given)[0] == 200
    with scope(shop=store.shop):
        Connection.objects.filter(shop=store.shop, pk=store.pk).update(active=False)
    connections.forget()
    assert ask(client, given)[0] == 401


def test_bad_signatures_do_not_reach_the_database_each_time(
    client: Client, store: Connection, django_assert_max_num_queries: Any
) -> None:
    assert ask(client, token(store))[0] == 200
    forged = jwt.encode(claims(store), "x" * 40, algorithm="HS256")
    with django_assert_max_num_queries(2):
        assert {ask(client, forged)[0] for _ in range(10)} == {401}
