"""Session tokens of a page in Shopify's admin, and the access that one renews."""

import base64
import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from django.test import Client
from django_scopes import scope
from pytest_django.fixtures import Settings

from demo.shopify_admin.oauth import session_token
from platforms.connect import connect_store
from platforms.shopify.install import TOKEN
from platforms.shopify.oauth import App
from platforms.shopify.session_tokens import BadSessionToken, shop_of
from shops.models import Connection, Shop, StoreAccess
from tests.material import material
from tests.platforms.clay import DOMAIN, SCOPES, Clay

pytestmark = pytest.mark.filterwarnings("ignore:The HMAC key")
APP = App("API key", ("API Secret", "API Secret before"), SCOPES)


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    own = {"iss": "https://test-shop.myshopify.com/admin", "dest": "https://test-shop.myshopify.com"}
    own |= {"aud": "API key", "sub": "1", "jti": "4321", "sid": "abc123"}
    times = {"exp": now + 60, "nbf": now, "iat": now}
    return {name: value for name, value in (own | times | changes).items() if value is not None}


def bearer(secret: str = "API Secret", algorithm: str = "HS256", **changes: Any) -> str:
    return f"Bearer {jwt.encode(claims(**changes), secret, algorithm=algorithm)}"


def test_the_claims_of_the_vectors_are_those_we_try() -> None:
    vectors = json.loads(material("vectors/signature_vectors.json").read_bytes())["shopify_session_token"]
    assert set(vectors["claims"]) == set(claims())
    assert (vectors["claims"]["iss"], vectors["secret"]) == (claims()["iss"], APP.secrets[0])


def test_good_tokens() -> None:
    soon, lately = int(time.time()) + 8, int(time.time()) - 5
    for header in (bearer(), bearer("API Secret before"), bearer(nbf=soon), bearer(exp=lately)):
        assert shop_of(APP, header)[0] == "test-shop.myshopify.com"


NONE = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
BAD: dict[str, Callable[[int], str]] = {
    "no kind": lambda now: bearer()[7:],
    "other kind": lambda now: bearer().replace("Bearer", "Basic"),
    "over": lambda now: bearer(exp=now - 11),
    "long over": lambda now: bearer(exp=now - 60),
    "not yet": lambda now: bearer(nbf=now + 60),
    "from the future": lambda now: bearer(iat=now + 60),
    "other secret": lambda now: bearer("bad_secret"),
    "other algorithm": lambda now: bearer(algorithm="HS512"),
    "no algorithm": lambda now: f"Bearer {NONE}.{bearer().split('.')[1]}.",
    "other app": lambda now: bearer(aud="other key"),
    "two apps": lambda now: bearer(aud=["API key", "other key"]),
    "no host": lambda now: bearer(iss="bad_shop_hostname"),
    "two stores": lambda now: bearer(iss="https://other.myshopify.com/admin"),
    "foreign host": lambda now: bearer(iss="https://evil.example/admin", dest="https://evil.example"),
    "plain http": lambda now: bearer(iss="http://test-shop.myshopify.com/admin"),
    "a port": lambda now: bearer(dest="https://test-shop.myshopify.com:444"),
    "a user": lambda now: bearer(dest="https://x@test-shop.myshopify.com"),
    "a number": lambda now: bearer(sub=7),
    "an empty claim": lambda now: bearer(sid=""),
    "no token": lambda now: "Bearer not_a_valid_token",
    "not ascii": lambda now: "Bearer é",
    "too long": lambda now: f"Bearer {'x' * 5000}",
    "nothing": lambda now: "",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_tokens(name: str) -> None:
    with pytest.raises(BadSessionToken):
        shop_of(APP, BAD[name](int(time.time())))


def test_every_claim_must_be_there() -> None:
    for name in claims():
        without: dict[str, Any] = {name: None}
        with pytest.raises(BadSessionToken):
            shop_of(APP, bearer(**without))


@pytest.fixture
def ours(settings: Settings, clay: Clay) -> Clay:
    settings.SHOPIFY_API_KEY = clay.store.app.client_id
    settings.SHOPIFY_API_SECRET = clay.store.app.client_secret
    settings.SHOPIFY_SCOPES = list(SCOPES)
    return clay


def ask(clay: Clay, **changes: Any) -> tuple[int, dict[str, Any]]:
    header = f"Bearer {session_token(clay.store, **changes)}"
    answer = Client(enforce_csrf_checks=True).post("/shopify/session", headers={"Authorization": header})
    return answer.status_code, answer.json()


def access(connection: Connection) -> StoreAccess | None:
    with scope(shop=connection.shop):
        return StoreAccess.objects.filter(connection=connection).first()


def test_a_lost_access_is_renewed(ours: Clay, shop: Shop) -> None:
    connection = connect_store(shop, "shopify", DOMAIN, secret=ours.store.app.client_secret)
    assert ask(ours) == (200, {"status": "connected"})
    first = access(connection)
    assert first is not None
    assert ours.store.scopes_of(json.loads(first.credentials)[TOKEN])
    with scope(shop=shop):
        StoreAccess.objects.update(state="uninstalled", credentials="{}")
    assert ask(ours) == (200, {"status": "connected"})
    again = access(connection)
    assert again is not None
    assert (again.pk, again.state, again.uninstalled_at) == (first.pk, "active", None)


def test_nobody_is_connected_by_it(ours: Clay, shop: Shop, settings: Settings) -> None:
    status, told = ask(ours)
    assert (status, told["error"]["code"]) == (409, "not_connected")
    # Whoever wrote the store's name into a connection of theirs does not get at the store.
    squatted = connect_store(shop, "shopify", DOMAIN)
    assert ask(ours)[1]["error"]["code"] == "not_connected"
    assert access(squatted) is None
    assert ask(ours, aud="other")[0] == 401
    settings.SHOPIFY_SCOPES = [*SCOPES, "read_all_orders"]
    Connection.objects.model._base_manager.update(secret=ours.store.app.client_secret)
    status, told = ask(ours)
    assert (status, told["error"]["code"]) == (409, "not_granted")
    assert "read_all_orders" in told["error"]["message"]
    assert access(squatted) is None
    settings.SHOPIFY_API_KEY = ""
    assert ask(ours)[0] == 404
    assert Client().get("/shopify/session").status_code == 405
