"""The inbox, held orders and connections."""

from collections.abc import Callable

import pytest
from django.test import Client
from django_scopes import scope

from lib.packing import pack
from orders.models import Delivery
from shops.models import Connection
from tests.dashboard.conftest import Desks


def test_the_inbox_shows_state_and_reason(read: Callable[[str], str]) -> None:
    page = read("inbox")
    assert "lines: is missing" in page
    assert "Needs attention" in page


@pytest.mark.parametrize(("state", "shown"), [("dead", True), ("done", False), ("", True), ("bogus", True)])
def test_the_inbox_shows_one_state_only(owner: Client, state: str, shown: bool) -> None:
    page = owner.get("/dashboard/inbox/", {"state": state}).content.decode()
    assert ("lines: is missing" in page) == shown


def test_a_body_is_shown_exactly_and_harmlessly(read: Callable[[str], str]) -> None:
    page = read("delivery")
    assert "9007199254740993" in page
    assert "1e400" in page
    assert "<script>alert(1)</script>" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


@pytest.mark.parametrize(
    "body", [b"", b"\xff\x00\xfe", b"not json", b"[" * 100_000, b'{"a": "' + b"x" * 900_000 + b'"}']
)
def test_any_body_can_be_looked_at(desks: Desks, owner: Client, body: bytes) -> None:
    with scope(shop=desks.shop):
        Delivery.objects.filter(pk=desks.delivery.pk).update(body=pack(body))
    answer = owner.get(desks.url("delivery"))
    assert answer.status_code == 200
    assert len(answer.content) < 1_000_000


def test_replaying_puts_a_delivery_back_into_the_queue(desks: Desks, owner: Client) -> None:
    answer = owner.post("/dashboard/inbox/replay/", {"delivery": desks.delivery.pk}, follow=True)
    assert "1 delivery will be applied again." in answer.content.decode()
    desks.delivery.refresh_from_db()
    assert (desks.delivery.state, desks.delivery.attempts, desks.delivery.error) == ("new", 0, "")


def test_replaying_nothing_says_so(owner: Client) -> None:
    answer = owner.post("/dashboard/inbox/replay/", {"delivery": "x"}, follow=True)
    assert "Choose at least one delivery." in answer.content.decode()


def test_replaying_own_and_foreign_deliveries_together_replays_none(desks: Desks) -> None:
    outsider = desks.client("outsider")
    assert outsider.post("/dashboard/inbox/replay/", {"delivery": [1, desks.delivery.pk]}).status_code == 404
    desks.delivery.refresh_from_db()
    assert desks.delivery.state == "dead"


def test_a_held_order_says_why(read: Callable[[str], str]) -> None:
    page = read("held")
    assert "#1077" in page
    assert "It is in USD, and the program counts EUR only." in page


def test_secrets_of_a_new_store_are_shown_once(desks: Desks, owner: Client) -> None:
    form = {"platform": "standard", "domain": "https://New.example/de/"}
    first = owner.post("/dashboard/connections/add/", form, follow=True).content.decode()
    made = connection(desks, "new.example")
    assert made.secret in first
    assert made.storefront_secret in first
    assert f"/webhooks/{made.public_id}/" in first
    again = owner.get(f"/dashboard/connections/{made.public_id}/").content.decode()
    assert made.secret not in again
    assert made.storefront_secret not in again
    assert f"/webhooks/{made.public_id}/" in again


def test_the_storefront_secret_is_shown_when_asked_for(
    desks: Desks, owner: Client, read: Callable[[str], str]
) -> None:
    secret = connection(desks, desks.connection.domain).storefront_secret
    assert secret not in read("connection")
    assert secret in owner.post(desks.url("storefront_secret"), follow=True).content.decode()
    assert secret not in read("connection") + read("connections")


@pytest.mark.parametrize("role", ["support", "viewer"])
def test_the_storefront_secret_is_not_for_everybody(desks: Desks, role: str) -> None:
    client = desks.client(role)
    refused = client.post(desks.url("storefront_secret"), follow=True).content.decode()
    page = client.get(desks.url("connection")).content.decode()
    assert connection(desks, desks.connection.domain).storefront_secret not in refused + page
    assert "Show storefront secret" not in page


def test_the_widget_tag_is_ready_to_be_copied(desks: Desks, read: Callable[[str], str]) -> None:
    tag = f"/widget/v1/regulars.js&quot;\n  data-shop=&quot;{desks.shop.public_id}&quot;"
    assert tag in read("connection")


def test_a_fresh_secret_is_encrypted_while_it_waits(desks: Desks, owner: Client) -> None:
    owner.post("/dashboard/connections/add/", {"platform": "standard", "domain": "new.example"})
    assert connection(desks, "new.example").secret not in str(dict(owner.session))


def test_rotating_keeps_the_secret_from_before(desks: Desks, owner: Client) -> None:
    old = desks.connection.secret
    page = owner.post(desks.url("rotate"), {}, follow=True).content.decode()
    fresh = connection(desks, desks.connection.domain)
    assert fresh.secret != old
    assert fresh.previous_secret == old
    assert fresh.secret in page
    assert old not in page


@pytest.mark.parametrize(
    ("form", "field", "said"),
    [
        ({"platform": "standard", "domain": "no host!"}, "domain", "is not a host name"),
        ({"platform": "standard", "domain": ""}, "domain", "This field is required."),
        ({"platform": "magento", "domain": "a.example"}, "platform", "not one of the available choices"),
        (
            {"platform": "standard", "domain": "a.example", "storefront_domains": "b c"},
            "storefront_domains",
            "host name",
        ),
    ],
)
def test_a_mistake_is_shown_beside_its_field(
    owner: Client, form: dict[str, str], field: str, said: str
) -> None:
    answer = owner.post("/dashboard/connections/add/", form)
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors[field])


def test_settings_are_saved(desks: Desks, owner: Client) -> None:
    owner.post(desks.url("connection_settings"), {"test_mode": "on"})
    saved = connection(desks, desks.connection.domain)
    assert (saved.active, saved.test_mode) == (False, True)


def test_a_store_that_is_active_elsewhere_stays_off(desks: Desks, owner: Client) -> None:
    with scope(shop=[desks.shop, desks.other]):
        Connection.objects.filter(pk=desks.connection.pk).update(active=False)
        Connection.objects.create(shop=desks.other, platform="standard", domain=desks.connection.domain)
    page = owner.post(desks.url("connection_settings"), {"active": "on"}, follow=True).content.decode()
    assert "connected elsewhere already" in page
    assert not connection(desks, desks.connection.domain).active


def connection(desks: Desks, domain: str) -> Connection:
    with scope(shop=desks.shop):
        found: Connection = Connection.objects.get(shop=desks.shop, domain=domain)
    return found
