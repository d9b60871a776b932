"""Installing the app: the consent page, codes, session tokens, expiring tokens, uninstalling."""

import time
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
import pytest

from demo.shopify_admin.oauth import EXCHANGE, ID_TOKEN, session_token, signature
from tests.demo_admin.conftest import GRAPHQL, Admin

TOKEN = "/admin/oauth/access_token"
BACK = "https://loyalty.example/shopify/callback?x=1"


def consent(admin: Admin, **changes: str) -> httpx.Response:
    asked = {
        "client_id": admin.store.app.client_id,
        "scope": "write_discounts,read_orders",
        "redirect_uri": BACK,
        "state": "s&t=a%te",
    } | changes
    return admin.client.get("/admin/oauth/authorize", params=asked)


def exchange(admin: Admin, **fields: str) -> httpx.Response:
    app = admin.store.app
    known = {"client_id": app.client_id, "client_secret": app.client_secret}
    return admin.client.post(TOKEN, data=known | fields)


def works(admin: Admin, token: str) -> bool:
    return admin.post("{ shop { name } }", token=token).status_code == 200


def test_a_code_is_good_for_one_token(admin: Admin) -> None:
    answer = consent(admin)
    target = urlsplit(answer.headers["location"])
    assert answer.status_code == 302
    assert (target.netloc, target.path) == ("loyalty.example", "/shopify/callback")
    query = dict(parse_qsl(target.query))
    assert query.pop("x") == "1"
    assert query["state"] == "s&t=a%te"
    assert query["shop"] == admin.store.shop.domain
    assert query["hmac"] == signature(admin.store.app.client_secret, query)
    assert abs(int(query["timestamp"]) - time.time()) < 60
    given = exchange(admin, code=query["code"])
    assert given.json()["scope"] == "write_discounts,read_orders"
    assert works(admin, given.json()["access_token"])
    again = exchange(admin, code=query["code"])
    assert (again.status_code, again.json()["error"]) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client_id": "other"}, "application_cannot_be_found"),
        ({"client_secret": "guess"}, "invalid_client"),
        ({"code": "guess"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "guess"}, "invalid_request"),
        ({"grant_type": EXCHANGE, "subject_token": "a.b.c"}, "invalid_request"),
        ({"grant_type": EXCHANGE, "subject_token_type": ID_TOKEN}, "invalid_subject_token"),
    ],
)
def test_exchanges_that_are_refused(admin: Admin, changes: dict[str, str], error: str) -> None:
    answer = exchange(admin, **changes)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_consent_page_for_a_stranger(admin: Admin) -> None:
    assert consent(admin, client_id="other").status_code == 400
    assert consent(admin, redirect_uri="javascript:alert(1)").status_code == 400
    assert admin.store["grants"].all() == []


@pytest.mark.parametrize(
    ("claims", "granted"),
    [
        ({}, True),
        ({"aud": "another-app"}, False),
        ({"exp": 1_700_000_000}, False),
        ({"dest": "https://other.myshopify.com"}, False),
        ({"iss": "https://o.myshopify.com/admin", "dest": "https://o.myshopify.com"}, False),
    ],
)
def test_a_session_token_is_exchanged(admin: Admin, claims: dict[str, Any], granted: bool) -> None:
    token = session_token(admin.store, **claims)
    asked = {"grant_type": EXCHANGE, "subject_token": token, "subject_token_type": ID_TOKEN}
    answer = exchange(admin, **asked)
    assert (answer.status_code == 200) is granted
    if granted:
        assert works(admin, answer.json()["access_token"])
    forged = jwt.encode(jwt.decode(token, options={"verify_signature": False}), "x" * 32, algorithm="HS256")
    assert exchange(admin, **asked | {"subject_token": forged}).json() == {"error": "invalid_subject_token"}


def test_expiring_tokens_are_refreshed(admin: Admin) -> None:
    code = dict(parse_qsl(urlsplit(consent(admin).headers["location"]).query))["code"]
    given = exchange(admin, code=code, expiring="1").json()
    assert given["expires_in"] == 3600
    record = admin.store["tokens"].get(given["access_token"])
    assert record is not None
    admin.store["tokens"].change(given["access_token"], lambda kept: kept.update(expires_at=1.0))
    assert not works(admin, given["access_token"])
    fresh = exchange(admin, grant_type="refresh_token", refresh_token=given["refresh_token"]).json()
    assert works(admin, fresh["access_token"])
    assert fresh["refresh_token"] != given["refresh_token"]


def test_the_app_takes_itself_off(admin: Admin) -> None:
    token = admin.store.grant("write_discounts", token="shpat_other")
    headers = {"X-Shopify-Access-Token": token}
    told = admin.client.get("/admin/oauth/access_scopes.json", headers=headers)
    assert told.json() == {"access_scopes": [{"handle": "write_discounts"}]}
    gone = admin.client.delete("/admin/api_permissions/current.json", headers=headers)
    assert gone.status_code == 200
    after = admin.client.post(GRAPHQL, json={"query": "{ shop { name } }"}, headers=headers)
    assert after.status_code == 401
