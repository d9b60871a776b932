"""A store's access, the store against the ledger, and its past orders, as a merchant sees them."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope
from pytest_django.fixtures import Settings

from lib.clock import now
from loyalty.models import Account
from orders.letting_in import let_in
from orders.models import Fetch, Sweep
from orders.sweeping import advance
from platforms.connect import connect_store
from platforms.upkeep import subscribe_due
from shops.models import Connection, StoreAccess
from tests.dashboard.conftest import Desks
from tests.orders.shelves import LONG_AGO, Woo, shelf
from tests.orders.stores import Store


@pytest.fixture
def woo(settings: Settings) -> Iterator[Woo]:
    with shelf("woocommerce", settings) as found:
        yield found


@pytest.fixture
def one(desks: Desks, woo: Woo) -> Connection:
    """A store that has not let us in yet."""
    return connect_store(desks.shop, "woocommerce", woo.domain)


def at(one: Connection, page: str = "") -> str:
    return f"/dashboard/connections/{one.public_id}/{page}"


def text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return close_up(answer.content)


def close_up(page: bytes) -> str:
    """A page without the space between its tags and words."""
    return re.sub(r"\s*(<[^>]*>)\s*", r"\1", " ".join(page.decode().split()))


def posted(client: Client, address: str, **form: str) -> str:
    return close_up(client.post(address, form, follow=True).content)


def work(one: Connection) -> None:
    while advance():
        pass
    Store(one).drain()


def access(one: Connection, **changes: Any) -> StoreAccess:
    with scope(shop=one.shop_id):
        found = StoreAccess.objects.filter(connection=one)
        if changes:
            found.update(**changes)
        kept: StoreAccess = found.get()
    return kept


def test_a_merchant_lets_regulars_in_and_out(owner: Client, one: Connection, woo: Woo) -> None:
    assert "No access: only webhooks" in text(owner, at(one))
    wrong = {"consumer_key": "ck_wrong", "consumer_secret": "cs_very_secret"}
    refused = owner.post(at(one, "access/"), wrong)
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "WooCommerce does not accept the key" in page
    assert "cs_very_secret" not in page
    page = posted(owner, at(one, "access/"), **woo.credentials)
    assert "Tea House lets Regulars in. Its webhooks are being set up." in page
    assert "Being set up" in page
    assert woo.credentials["consumer_secret"] not in page
    assert subscribe_due() == 1
    assert "Set up<time" in text(owner, at(one))
    assert "Tea House answers. It sells in EUR." in posted(owner, at(one, "access/check/"))
    assert "The webhooks are being set up again." in posted(owner, at(one, "access/webhooks/"))
    assert access(one).subscribed_at is None
    assert "The credentials are forgotten, and the webhooks are gone." in posted(
        owner, at(one, "access/end/")
    )
    assert woo.server.webhooks == {}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"state": "revoked", "error": "The key is gone."}, "Access taken back: connect again"),
        ({"state": "uninstalled"}, "App uninstalled: connect again"),
        ({"subscribed_at": None, "error": "No permission."}, "Not set up yet: No permission."),
        ({"failures": 6}, "None yet"),
    ],
)
def test_the_state_of_the_access_is_told(
    owner: Client, one: Connection, woo: Woo, changes: dict[str, Any], said: str
) -> None:
    let_in(one, woo.credentials)
    access(one, **changes)
    assert said in text(owner, at(one))


def test_a_store_that_is_left_alone_says_until_when(owner: Client, one: Connection, woo: Woo) -> None:
    let_in(one, woo.credentials)
    until = now() + timedelta(minutes=5)
    access(one, failures=6, open_until=until, error="The store failed (500).")
    said = "Not answering: 6 calls in a row failed. Next try at"
    assert said in text(owner, at(one))
    assert said in text(owner, "/dashboard/connections/")
    assert "does not answer at the moment" in posted(owner, at(one, "access/check/"))


def test_a_currency_that_is_not_the_programs_is_refused(owner: Client, one: Connection, woo: Woo) -> None:
    woo.server.currency = "CHF"
    assert "The store sells in CHF" in posted(owner, at(one, "access/"), **woo.credentials)
    with scope(shop=one.shop_id):
        assert not StoreAccess.objects.exists()


def test_the_store_against_the_ledger(owner: Client, one: Connection, woo: Woo) -> None:
    assert "Let Regulars into the store" in text(owner, at(one, "orders/"))
    let_in(one, woo.credentials)
    assert "The first look begins within a minute." in text(owner, at(one, "orders/"))
    woo.put(815, "10.00", now() - timedelta(minutes=30))
    assert "The store's orders are being compared." in posted(owner, at(one, "orders/reconcile/")).replace(
        "&#x27;", "'"
    )
    assert owner.get(at(one, "orders/"))["Refresh"] == "3"
    advance()
    assert "Not yet" in text(owner, at(one, "orders/"))
    work(one)
    page = text(owner, at(one, "orders/"))
    assert "1 changed order, of which 1 was not known and came in this way." in page
    assert "1 of 1" in page
    assert "Not yet" not in page
    with scope(shop=one.shop_id):
        member = Account.objects.get(customer__connection=one)
    assert f'href="/dashboard/members/{member.pk}/">815</a>' in page
    with scope(shop=one.shop_id):
        Sweep.objects.create(
            shop=one.shop,
            connection=one,
            kind="reconcile",
            until=now(),
            state="failed",
            error="It is frozen.",
        )
    assert "It is frozen." in text(owner, at(one, "orders/"))


def test_a_shop_without_an_interface_is_offered_nothing(desks: Desks, owner: Client) -> None:
    """The shop's own store speaks Standard Webhooks."""
    assert "have no interface that could be asked" in text(owner, at(desks.connection, "orders/"))
    assert "Past orders come from a file" in text(owner, at(desks.connection, "history/"))
    page = text(owner, at(desks.connection)) + text(owner, "/dashboard/connections/")
    assert "Webhooks only" in page
    assert "Access to the store" not in page
    assert at(desks.connection, "history/") not in page


def test_what_could_not_be_fetched_is_fetched_again(desks: Desks, owner: Client) -> None:
    page = text(owner, at(desks.connection, "orders/"))
    assert "order 88" in page
    with scope(shop=desks.shop):
        fetch = Fetch.objects.get()
        assert "0 are fetched once more." in posted(owner, at(desks.connection, "orders/fetch/"), fetch="999")
        answer = posted(owner, at(desks.connection, "orders/fetch/"), fetch=str(fetch.pk))
        assert "1 is fetched once more." in answer
        fetch.refresh_from_db()
    assert (fetch.state, fetch.attempts, fetch.error) == ("new", 0, "")


def test_a_merchant_imports_past_orders(owner: Client, one: Connection, woo: Woo) -> None:
    assert "The store has to let Regulars in" in text(owner, at(one, "history/"))
    let_in(one, woo.credentials)
    for id in range(1, 61):
        woo.put(id, "2.00", LONG_AGO)
    assert "Choose a day between 1990 and today." in posted(
        owner, at(one, "history/"), since="2100-01-01", points="count"
    )
    page = posted(owner, at(one, "history/"), since="2026-01-01", points="count")
    assert "Importing past orders" in page
    assert "Settling the orders that are here already." in page
    assert advance()
    progress = owner.get(at(one, "history/progress/")).json()
    assert progress == {"finished": False, "percent": None, "said": "Asking the store."}
    again = owner.post(at(one, "history/"), {"points": "points"})
    assert (again.status_code, "are being imported already" in again.content.decode()) == (409, True)
    while owner.get(at(one, "history/progress/")).json()["percent"] is None:
        assert advance()
    assert owner.get(at(one, "history/progress/")).json() == {
        "finished": False,
        "percent": 83,
        "said": "50 of 60 orders",
    }
    work(one)
    page = text(owner, at(one, "history/"))
    assert "Past orders are imported" in page
    assert "<dt>New here</dt><dd>60</dd>" in page
    assert "count for tiers and spend and give no points" in page
    with scope(shop=one.shop_id):
        member = Account.objects.get(customer__connection=one)
    assert member.balance == 0


def test_an_import_that_stopped_goes_on(owner: Client, one: Connection, woo: Woo) -> None:
    let_in(one, woo.credentials)
    woo.put(1, "2.00", LONG_AGO)
    with scope(shop=one.shop_id):
        Sweep.objects.create(
            shop=one.shop, connection=one, kind="history", until=now(), state="failed", seen=7, error="Away."
        )
    assert "The import stopped after 7 orders" in text(owner, at(one, "history/"))
    posted(owner, at(one, "history/resume/"))
    work(one)
    assert "Past orders are imported" in text(owner, at(one, "history/"))
    # What holds is chosen, so that nobody takes points back by importing once more.
    assert 'value="points" checked' in text(owner, at(one, "history/"))
    assert "There is no import to go on with." in posted(owner, at(one, "history/resume/"))
