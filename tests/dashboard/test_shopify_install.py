"""Connecting a Shopify store: our pages, Shopify's consent page on a socket, and Shopify's own Python client."""

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import shopify
from django.test import Client
from django_scopes import scope, scopes_disabled
from pytest_django.fixtures import Settings

from dashboard.installing import BEGUN, LIFE_S
from demo.shopify_admin.oauth import signature
from lib.clock import now
from lib.rows import execute
from orders.tasks import keep_stores
from platforms.connect import connect_store
from platforms.shopify.install import TOKEN
from shops.models import Connection, StoreAccess
from tests.conftest import TwoShops
from tests.dashboard.conftest import Desks
from tests.platforms.clay import DOMAIN, SCOPES, Clay, opened

CONNECT, CALLBACK = "/dashboard/shopify/connect/", "/dashboard/shopify/callback/"


@pytest.fixture
def clay(settings: Settings) -> Iterator[Clay]:
    """A store at Shopify, and our app there."""
    with opened() as (clay, url):
        settings.OUTBOUND_ROUTES = {DOMAIN: url}
        settings.SHOPIFY_API_KEY = clay.store.app.client_id
        settings.SHOPIFY_API_SECRET = clay.store.app.client_secret
        settings.SHOPIFY_SCOPES = list(SCOPES)
        yield clay


@pytest.fixture
def official(clay: Clay, settings: Settings) -> Iterator[Any]:
    """Shopify's own client. It puts a store's name before its domain: the store 127 of 0.0.1 is this machine."""
    app = clay.store.app
    shopify.Session.setup(api_key=app.client_id, secret=app.client_secret)
    yield shopify.Session
    shopify.ShopifyResource.clear_session()
    defaults = {"protocol": "https", "myshopify_domain": "myshopify.com", "port": None}
    shopify.Session.setup(api_key=None, secret=None, **defaults)


def begin(client: Client, domain: str = DOMAIN) -> str:
    """The address of the consent page."""
    answer = client.post(CONNECT, {"domain": domain})
    assert answer.status_code == 302
    return str(answer["Location"])


def agree(settings: Settings, page: str) -> dict[str, str]:
    """What Shopify sends back after the owner agreed."""
    parts = urlsplit(page)
    assert parts.hostname == DOMAIN
    base = settings.OUTBOUND_ROUTES[DOMAIN]
    answer = httpx.get(f"{base}{parts.path}?{parts.query}", trust_env=False)
    assert answer.headers["location"].startswith(f"{settings.PUBLIC_URL}{CALLBACK}?")
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def call_back(client: Client, given: dict[str, str]) -> Any:
    return client.get(f"{CALLBACK}?{urlencode(given)}")


def signed(clay: Clay, given: dict[str, str]) -> dict[str, str]:
    plain = {name: value for name, value in given.items() if name != "hmac"}
    return plain | {"hmac": signature(clay.store.app.client_secret, plain)}


def stores() -> list[tuple[int, str, str | None]]:
    """(shop, secret, access) of every connection of the store."""
    with scopes_disabled():
        found = Connection.objects.filter(domain=DOMAIN).order_by("pk")
        return [(one.shop_id, one.secret, _token(one)) for one in found]


def _token(one: Connection) -> str | None:
    access = StoreAccess.objects.filter(connection=one).first()
    return None if access is None else json.loads(access.credentials).get(TOKEN)


def test_a_store_is_connected_and_read_by_shopifys_own_client(
    desks: Desks, owner: Client, clay: Clay, official: Any, settings: Settings
) -> None:
    page = begin(owner, "https://Clay.myshopify.com/admin")
    state = dict(parse_qsl(urlsplit(page).query))["state"]
    callback = f"{settings.PUBLIC_URL}{CALLBACK}"
    assert page == official(DOMAIN, "2026-04").create_permission_url(list(SCOPES), callback, state)
    back = agree(settings, page)
    assert official.validate_params(dict(back))
    answer = call_back(owner, back)
    ((shop_id, secret, token),) = stores()
    assert (shop_id, secret) == (desks.shop.pk, clay.store.app.client_secret)
    shown = owner.get(answer["Location"]).content.decode()
    assert "clay.myshopify.com is connected." in shown
    assert "Clay &amp; Co" in shown
    assert "another currency" not in shown
    assert "being set up" in shown.lower()

    port = urlsplit(settings.OUTBOUND_ROUTES[DOMAIN]).port
    official.setup(protocol="http", myshopify_domain="0.0.1", port=port)
    shopify.ShopifyResource.activate_session(official("127", "2026-04", token))
    assert shopify.Shop.current().name == "Clay & Co"

    keep_stores()
    with scope(shop=desks.shop):
        access = StoreAccess.objects.get()
        assert access.subscribed_at is not None
        addresses = {record["uri"] for record in clay.store["subscriptions"].all()}
        assert addresses == {f"{settings.PUBLIC_URL}/webhooks/{access.connection.public_id}/"}
    ((sealed,),) = execute("SELECT credentials FROM shops_storeaccess")
    assert "shpat" not in sealed
    assert "being set up" not in owner.get(answer["Location"]).content.decode().lower()


def test_the_form_may_lead_to_shopify_and_no_further(owner: Client, clay: Clay) -> None:
    policy = owner.get(CONNECT)["Content-Security-Policy"]
    assert "form-action 'self' https://*.myshopify.com https://*.shopify.com" in policy
    for typed in ("clay.example", "", "clay.myshopify.com.evil.example"):
        answer = owner.post(CONNECT, {"domain": typed})
        assert (answer.status_code, "Location" in answer.headers) == (422, False)


REFUSED: dict[str, Callable[[Clay, dict[str, str]], dict[str, str]]] = {
    "tampered": lambda clay, back: back | {"code": "other"},
    "no signature": lambda clay, back: {name: back[name] for name in back if name != "hmac"},
    "other state": lambda clay, back: signed(clay, back | {"state": "guessed"}),
    "no state": lambda clay, back: signed(clay, {name: back[name] for name in back if name != "state"}),
    "other store": lambda clay, back: signed(clay, back | {"shop": "other.myshopify.com"}),
    "no store": lambda clay, back: signed(clay, back | {"shop": "clay.example"}),
    "old": lambda clay, back: signed(clay, back | {"timestamp": str(int(back["timestamp"]) - 600)}),
    "denied": lambda clay, back: {"error": "access_denied", "shop": DOMAIN},
    "code of nobody": lambda clay, back: signed(clay, back | {"code": "0" * 32}),
    "nothing": lambda clay, back: {},
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_connects_nothing(owner: Client, clay: Clay, settings: Settings, name: str) -> None:
    back = agree(settings, begin(owner))
    answer = call_back(owner, REFUSED[name](clay, back))
    assert answer.status_code in (400, 409)
    assert "Nothing was changed" in answer.content.decode()
    assert stores() == []


def test_a_callback_counts_once_in_time_and_for_who_began(
    desks: Desks, owner: Client, clay: Clay, settings: Settings
) -> None:
    back = agree(settings, begin(owner))
    # Somebody else's session does not know the state; a viewer may not, whatever they know.
    assert call_back(desks.client("manager"), back).status_code == 400
    assert call_back(desks.client("viewer"), back).status_code == 403
    assert call_back(Client(), back)["Location"].startswith("/dashboard/login/")
    assert stores() == []
    assert call_back(owner, back).status_code == 302
    before = stores()
    assert len(before) == 1
    replayed = call_back(owner, back)
    assert (replayed.status_code, stores()) == (400, before)
    assert "used already" in replayed.content.decode()
    slow = begin(owner)
    session = owner.session
    session[BEGUN][3] -= LIFE_S + 1
    session.save()
    late = call_back(owner, agree(settings, slow))
    assert (late.status_code, stores()) == (400, before)


def test_the_shop_is_the_one_that_began(
    desks: Desks, two_shops: TwoShops, clay: Clay, settings: Settings
) -> None:
    with scope(shop=desks.other):
        desks.other.staff.create(shop=desks.other, user=desks.people["owner"], role="owner")
    owner = desks.client("owner")
    back = agree(settings, begin(owner))
    owner.post("/dashboard/shops/", {"shop": desks.other.public_id})
    answer = call_back(owner, back)
    assert (answer.status_code, stores()) == (400, [])
    assert "turned to another shop" in answer.content.decode()


def test_a_store_of_another_shop_stays_there(
    desks: Desks, owner: Client, clay: Clay, settings: Settings
) -> None:
    back = agree(settings, begin(owner))
    theirs = connect_store(desks.other, "shopify", DOMAIN)
    before = stores()
    answer = call_back(owner, back)
    assert (answer.status_code, stores()) == (409, before)
    assert "belongs to another shop" in answer.content.decode()
    answer = owner.post(CONNECT, {"domain": DOMAIN})
    assert answer.status_code == 422
    # Switched off there, it may come here.
    with scope(shop=desks.other):
        Connection.objects.filter(pk=theirs.pk).update(active=False)
    assert call_back(owner, agree(settings, begin(owner))).status_code == 302
    assert [shop_id for shop_id, _, token in stores() if token] == [desks.shop.pk]


def test_less_than_was_asked_for_is_refused(owner: Client, clay: Clay, settings: Settings) -> None:
    page = begin(owner)
    settings.SHOPIFY_SCOPES = [*SCOPES, "read_all_orders"]
    answer = call_back(owner, agree(settings, page))
    assert "read_all_orders is missing" in answer.content.decode()
    assert stores() == []


def install(client: Client, settings: Settings) -> Any:
    return call_back(client, agree(settings, begin(client)))


def test_it_comes_back_as_it_was(desks: Desks, owner: Client, clay: Clay, settings: Settings) -> None:
    install(owner, settings)
    (first,) = stores()
    clay.store.uninstall()
    with scope(shop=desks.shop):
        StoreAccess.objects.update(state="uninstalled", credentials="{}", uninstalled_at=now())
        known = Connection.objects.get(domain=DOMAIN)
        Connection.objects.filter(pk=known.pk).update(active=False)
    page = owner.get(f"/dashboard/connections/{known.public_id}/").content.decode()
    assert "The app was uninstalled" in page
    assert f'href="{CONNECT}"' in page
    install(owner, settings)
    (again,) = stores()
    assert again[2] != first[2]
    with scope(shop=desks.shop):
        access = StoreAccess.objects.get()
        assert (access.connection_id, access.state, access.uninstalled_at) == (known.pk, "active", None)
        assert access.connection.active
        assert access.connection.storefront_secret == known.storefront_secret


def test_a_foreign_currency_is_said(desks: Desks, owner: Client, clay: Clay, settings: Settings) -> None:
    clay.store.shop.currency = "USD"
    page = owner.get(install(owner, settings)["Location"]).content.decode()
    assert "The store sells in another currency" in page
    assert "Its prices are in USD, and the program counts EUR" in page


def test_a_new_secret_reaches_the_stores(desks: Desks, owner: Client, clay: Clay, settings: Settings) -> None:
    install(owner, settings)
    by_hand = connect_store(desks.shop, "shopify", "hand.myshopify.com", secret="by hand")
    old = settings.SHOPIFY_API_SECRET
    settings.SHOPIFY_API_SECRET, settings.SHOPIFY_API_SECRET_PREVIOUS = "the new one", old
    keep_stores()
    with scope(shop=desks.shop):
        one = Connection.objects.get(domain=DOMAIN)
        assert (one.secret, one.previous_secret) == ("the new one", old)
        settings.SHOPIFY_API_SECRET_PREVIOUS = ""
        keep_stores()
        one.refresh_from_db()
        assert (one.secret, one.previous_secret) == ("the new one", "")
        assert Connection.objects.get(pk=by_hand.pk).secret == "by hand"


def arrival(clay: Clay, **changes: str) -> str:
    given = {"shop": DOMAIN, "timestamp": str(int(now().timestamp()))} | changes
    return f"/shopify/install?{urlencode(signed(clay, given))}"


def test_from_shopifys_app_store(desks: Desks, clay: Clay, settings: Settings) -> None:
    client = Client()
    answer = client.get(arrival(clay, host="YWRtaW4="))
    assert (answer.status_code, answer["Location"]) == (302, CONNECT)
    assert client.get(CONNECT)["Location"] == f"/dashboard/login/?next={CONNECT}"
    client.force_login(desks.people["owner"], backend="django.contrib.auth.backends.ModelBackend")
    page = client.get(CONNECT).content.decode()
    assert "You come from clay.myshopify.com. Connect it to Corner Shop?" in page
    assert f'value="{DOMAIN}"' in page
    assert install(client, settings).status_code == 302
    assert "You come from" not in client.get(CONNECT).content.decode()


def test_arrivals_that_shopify_did_not_send(clay: Clay, settings: Settings) -> None:
    for url in (
        arrival(clay).replace("clay", "other"),
        arrival(clay, timestamp="1"),
        arrival(clay, shop="evil.example"),
        "/shopify/install",
        f"{arrival(clay)}&shop=other.myshopify.com",
    ):
        client = Client()
        answer = client.get(url)
        assert (answer.status_code, "Location" in answer.headers) == (400, False)
        assert "not connected" in answer.content.decode()
        assert not client.cookies
    settings.SHOPIFY_API_KEY = ""
    assert Client().get(arrival(clay)).status_code == 400


def test_without_an_app_it_says_so(owner: Client) -> None:
    page = owner.get(CONNECT).content.decode()
    assert "No Shopify app is set up" in page
    assert owner.post(CONNECT, {"domain": DOMAIN}).status_code == 200
