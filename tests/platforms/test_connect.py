"""Linking stores, and changing their secrets."""

import pytest
from django.core.exceptions import ValidationError
from django.db import connection as database
from django_scopes import scope

from loyalty.actions.programs import open_shop
from platforms.connect import connect_store, rotate_secret, webhook_url
from platforms.registry import PLATFORMS
from shops.models import Connection, Shop


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("tea.example", "tea.example"),
        (" Tea.Example. ", "tea.example"),
        ("https://tea.example/de/?a=1#top", "tea.example"),
        ("http://localhost:3000", "localhost:3000"),
        ("https://tee-blätter.example", "xn--tee-bltter-v5a.example"),
    ],
)
def test_a_domain_may_be_pasted_as_an_address(shop: Shop, given: str, kept: str) -> None:
    assert connect_store(shop, "standard", given).domain == kept
    with scope(shop=shop):
        assert Connection.objects.get().domain == kept


@pytest.mark.parametrize(
    "given",
    [
        "",
        "https://",
        "tea shop.example",
        "tea_shop.example",
        "-tea.example",
        "tea..example",
        "a" * 64 + ".example",
        "me@tea.example",
        "tea.example:port",
        "tea.example:80:80",
        "ta.\x00",
        "x." * 130 + "example",
        "[::1]",
    ],
)
def test_what_is_not_a_host_is_refused(shop: Shop, given: str) -> None:
    for field, call in {
        "domain": lambda: connect_store(shop, "standard", given),
        "storefront_domains": lambda: connect_store(
            shop, "standard", "tea.example", None, ["ok.example", given]
        ),
    }.items():
        with pytest.raises(ValidationError) as refused:
            call()
        assert list(refused.value.message_dict) == [field]
    with scope(shop=shop):
        assert not Connection.objects.exists()


def test_an_unknown_platform_is_refused(shop: Shop) -> None:
    with pytest.raises(ValidationError) as refused:
        connect_store(shop, "myspace", "tea.example")
    assert refused.value.message_dict["platform"] == [
        "“myspace” is not a platform; choose one of " + ", ".join(PLATFORMS) + "."
    ]


def test_a_store_is_connected_once_until_it_is_switched_off(shop: Shop) -> None:
    first = connect_store(shop, "shopify", "tea.myshopify.com")
    rival = open_shop("Rival", "EUR", "UTC")
    for somebody in (shop, rival):
        with pytest.raises(ValidationError) as refused:
            connect_store(somebody, "shopify", "TEA.myshopify.com")
        assert refused.value.message_dict == {"domain": ["tea.myshopify.com is connected already."]}
    connect_store(shop, "standard", "tea.myshopify.com")
    with scope(shop=shop):
        Connection.objects.filter(pk=first.pk).update(active=False)
    assert connect_store(rival, "shopify", "tea.myshopify.com").shop == rival


@pytest.mark.parametrize("platform", sorted(PLATFORMS))
def test_secrets_are_made_fresh_and_kept_encrypted(shop: Shop, platform: str) -> None:
    one, two = (connect_store(shop, platform, f"{name}.example") for name in ("one", "two"))
    secrets = {one.secret, one.storefront_secret, two.secret, two.storefront_secret}
    assert len(secrets) == 4
    assert min(map(len, secrets)) >= 32
    with database.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM shops_connection c")
        stored = " ".join(row[0] for row in cursor.fetchall())
    assert not [secret for secret in secrets if secret in stored]


def test_a_rotation_keeps_the_secret_before(shop: Shop) -> None:
    connection = connect_store(shop, "woocommerce", "tea.example", "the-first")
    rotate_secret(connection, "the-second")
    rotate_secret(connection)
    with scope(shop=shop):
        kept = Connection.objects.get(pk=connection.pk)
    assert (kept.previous_secret, kept.secret) == ("the-second", connection.secret)
    assert kept.secret not in {"the-first", "the-second"}
    with pytest.raises(ValidationError):
        rotate_secret(connection, "s" * 256)


def test_a_secret_that_the_platform_cannot_use_is_refused(shop: Shop) -> None:
    with pytest.raises(ValidationError) as refused:
        connect_store(shop, "standard", "tea.example", "not base64 at all")
    assert list(refused.value.message_dict) == ["secret"]
    assert connect_store(shop, "standard", "tea.example", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").secret


def test_the_webhook_address_is_public(shop: Shop) -> None:
    connection = connect_store(shop, "standard", "tea.example")
    assert webhook_url(connection) == f"http://127.0.0.1:8000/webhooks/{connection.public_id}/"
