"""What the law asks of a Shopify app reaches every connection that the store let in, and nobody else's."""

import pytest
from django.test import Client
from django_scopes import scopes_disabled
from pytest_django.fixtures import Settings

from orders.models import Delivery
from platforms.connect import connect_store
from shops.models import Connection
from storefront_api import connections
from tests import bodies
from tests.conftest import TwoShops

SECRET, DOMAIN = "the-app's-secret", "tea.myshopify.com"
BODY = {"shop_id": 1, "shop_domain": DOMAIN, "customer": {"id": 5, "email": "mia@corner.example"}}


@pytest.fixture(autouse=True)
def _app(settings: Settings) -> None:
    connections.forget()
    settings.SHOPIFY_API_KEY, settings.SHOPIFY_API_SECRET = "key", SECRET


def send(topic: str = "customers/redact", secret: str = SECRET) -> int:
    raw = bodies.encode(BODY)
    headers = bodies.sign_shopify(secret, raw, topic, domain=DOMAIN)
    answer = Client().post("/webhooks/shopify/", raw, content_type="application/json", headers=headers)
    return answer.status_code


def received() -> list[int]:
    with scopes_disabled():
        return list(Delivery.objects.order_by("connection_id").values_list("connection_id", flat=True))


def switched_off(one: Connection) -> Connection:
    with scopes_disabled():
        Connection.objects.filter(pk=one.pk).update(active=False)
    return one


def test_every_connection_that_the_store_let_in(two_shops: TwoShops) -> None:
    left = switched_off(connect_store(two_shops.shop, "shopify", DOMAIN, secret=SECRET))
    by_hand = switched_off(connect_store(two_shops.shop, "shopify", DOMAIN))
    here = connect_store(two_shops.other, "shopify", DOMAIN, secret=SECRET)
    assert send() == 200
    assert received() == [left.pk, here.pk]
    assert by_hand.pk not in received()
    # Orders go to the store that is connected now, and to no other one.
    assert send("orders/paid") == 200
    assert received() == [left.pk, here.pk, here.pk]


@pytest.mark.django_db
def test_a_store_that_nothing_is_kept_of() -> None:
    assert [send(), send("orders/paid"), send(secret="wrong")] == [200, 401, 401]
    assert received() == []


def test_a_store_that_signs_with_a_secret_of_its_own(two_shops: TwoShops) -> None:
    own = connect_store(two_shops.shop, "shopify", DOMAIN, secret="by hand")
    assert send(secret="by hand") == 200
    assert received() == [own.pk]
