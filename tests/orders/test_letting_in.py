"""Credentials of stores: proved before they are kept, never half kept, and given up again."""

import json
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django_scopes import scope
from pytest_django.fixtures import Settings

from lib.clock import now
from orders.letting_in import let_in, shut_out
from orders.models import Fetch
from platforms.connect import connect_store, webhook_url
from platforms.upkeep import subscribe_due
from shops.models import Connection, Shop, StoreAccess
from tests.orders.shelves import LONG_AGO, Shelf, Woo, shelf

KEYS = {"consumer_key": "ck_1", "consumer_secret": "cs_1"}


@pytest.fixture
def woo(settings: Settings) -> Iterator[Woo]:
    with shelf("woocommerce", settings) as found:
        yield found


def accesses(shop: Shop) -> list[StoreAccess]:
    with scope(shop=shop):
        return list(StoreAccess.objects.order_by("id"))


@pytest.mark.parametrize("platform", ["woocommerce", "bigcommerce", "shopify"])
def test_a_store_is_let_in_subscribed_and_shut_out(shop: Shop, settings: Settings, platform: str) -> None:
    with shelf(platform, settings) as store:
        one = connect_store(shop, platform, store.domain)
        let_in(one, {name: f" {value} " for name, value in store.credentials.items()})
        (access,) = accesses(shop)
        assert (access.state, access.info["currency"], access.subscribed_at) == ("active", "EUR", None)
        with scope(shop=shop):
            one.refresh_from_db()
        assert one.secret == store.credentials.get("client_secret", one.secret)
        assert subscribe_due() == 1
        assert urls(store) == {webhook_url(one)}
        assert accesses(shop)[0].subscribed_at is not None
        assert shut_out(one)
        assert (urls(store), accesses(shop)) == (set(), [])


def urls(store: Shelf) -> set[str]:
    """Where the store sends its webhooks."""
    if hasattr(store, "clay"):
        return {each["uri"] for each in store.clay.store["subscriptions"].all()}
    if isinstance(store, Woo):
        return {each["delivery_url"] for each in store.server.webhooks.values()}
    return {each["destination"] for each in store.server.hooks.values()}  # type: ignore[attr-defined]


def test_access_that_comes_back_wakes_what_waited(shop: Shop, woo: Woo) -> None:
    one = connect_store(shop, "woocommerce", woo.domain)
    let_in(one, woo.credentials)
    with scope(shop=shop):
        StoreAccess.objects.update(state="revoked", failures=7, error="Away.")
        Fetch.objects.create(shop=shop, connection=one, kind="order", external_id="1", error="Away.")
        Fetch.objects.update(due_at=now().replace(year=2100))
    let_in(one, woo.credentials)
    (access,) = accesses(shop)
    assert (access.state, access.failures, access.error) == ("active", 0, "")
    with scope(shop=shop):
        assert Fetch.objects.get().due_at <= now()


def test_a_store_that_is_gone_is_shut_out_all_the_same(shop: Shop, woo: Woo) -> None:
    one = connect_store(shop, "woocommerce", woo.domain)
    let_in(one, woo.credentials)
    woo.server.keys.clear()
    assert not shut_out(one)
    assert accesses(shop) == []


@pytest.mark.parametrize(
    ("domain", "credentials", "field", "said"),
    [
        ("tea.example", KEYS, "consumer_key", "WooCommerce does not accept the key"),
        ("tea.example", KEYS | {"consumer_key": " "}, "consumer_key", "This field is required."),
        ("tea.example", KEYS | {"consumer_key": "ck\r\nX: 1"}, "consumer_key", "copy it once more"),
        ("tea.example", KEYS | {"consumer_key": "käse"}, "consumer_key", "copy it once more"),
        ("tea.example", KEYS | {"colour": "red"}, "colour", "has no such credential"),
        ("localhost", KEYS, "domain", "not a public address"),
        ("169.254.169.254", KEYS, "domain", "not a public address"),
        ("no-such-store.invalid", KEYS, "domain", "The store does not answer"),
    ],
)
def test_what_does_not_open_the_store_is_not_kept(
    shop: Shop, woo: Woo, domain: str, credentials: dict[str, str], field: str, said: str
) -> None:
    one = connect_store(shop, "woocommerce", domain)
    with pytest.raises(ValidationError) as refused:
        let_in(one, credentials)
    assert said in " ".join(refused.value.message_dict[field])
    assert accesses(shop) == []


def test_a_store_in_another_currency_is_refused_and_the_old_access_stays(shop: Shop, woo: Woo) -> None:
    one = connect_store(shop, "woocommerce", woo.domain)
    before = let_in(one, woo.credentials)
    woo.server.currency = "USD"
    with pytest.raises(ValidationError, match="sells in USD, and this shop's program counts EUR") as refused:
        let_in(one, woo.credentials)
    assert list(refused.value.message_dict) == ["currency"]
    assert [access.granted_at for access in accesses(shop)] == [before.granted_at]


def test_a_platform_without_an_interface_needs_none(shop: Shop) -> None:
    with pytest.raises(ValidationError, match="they need no credentials"):
        let_in(connect_store(shop, "standard", "till.example"), {})


def call(*words: str) -> dict[str, object]:
    out = StringIO()
    call_command(*words, "--json", stdout=out, stderr=StringIO())
    answer: dict[str, object] = json.loads(out.getvalue())
    return answer


def test_the_command_connects_and_lets_in_or_does_neither(shop: Shop, settings: Settings) -> None:
    with shelf("bigcommerce", settings) as store:
        pairs = [f"--credential={name}={value}" for name, value in store.credentials.items()]
        command = (
            "connect_store",
            "--shop",
            shop.public_id,
            "--platform",
            "bigcommerce",
            "--domain",
            store.domain,
        )
        with pytest.raises(CommandError, match="access_token: BigCommerce does not accept the access token"):
            call(*command, *pairs, "--credential=access_token=wrong")
        with pytest.raises(CommandError, match="write it as NAME=VALUE"):
            call(*command, "--credential=access_token")
        with scope(shop=shop):
            assert not Connection.objects.exists()
        made = call(*command, *pairs)
        assert (made["answers"], made["webhook_secret"]) == (True, store.credentials["client_secret"])
        assert made["store"] == {
            "currency": "EUR",
            "name": "Tea House",
            "domain": "teahouse.mybigcommerce.com",
        }
        assert call(*command, *pairs)["connection"] == made["connection"]


def test_the_command_imports_a_history(shop: Shop, woo: Woo) -> None:
    one = connect_store(shop, "woocommerce", woo.domain)
    let_in(one, woo.credentials)
    woo.put(1, "70.00", LONG_AGO)
    woo.put(2, "50.00", LONG_AGO, LONG_AGO - timedelta(days=30))
    command = ("import_history", "--shop", shop.public_id, "--since")
    expected = {"connection": one.public_id, "seen": 1, "new": 1, "updated": 0, "same": 0, "applied": 1}
    assert call(*command, "2026-03-01", "--points") == expected
    with pytest.raises(CommandError, match="write the day as 2025-01-31"):
        call(*command, "yesterday")
    for day in ("9999-12-31", "0001-01-01"):
        with pytest.raises(CommandError, match="choose a day between 1990 and today"):
            call(*command, day)
    woo.server.keys.clear()
    with pytest.raises(CommandError, match="stopped after 0 orders: WooCommerce does not accept"):
        call(*command, "2026-03-01")
    with pytest.raises(CommandError, match=r"tea\.example does not let Regulars in"):
        call(*command, "2026-03-01")
