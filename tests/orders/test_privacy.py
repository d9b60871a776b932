"""What stores and merchants say of people's rights: given out, forgotten, and never in the way of the points."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scope

from lib.clock import now
from loyalty.actions.points import adjust
from loyalty.models import Account, Activity, Entry
from orders.actions import replay
from orders.models import Delivery, Order
from orders.privacy.asked import ask_to_erase
from orders.privacy.doing import carry_out_due
from platforms.shopify.install import TOKEN
from shops.models import Customer, PrivacyRequest, StoreAccess
from tests import bodies
from tests.orders.post import Inbox

ORDERS = [1001, 1002]
SHOP: dict[str, Any] = {"shop_id": 7, "shop_domain": "teahouse.myshopify.com"}
MIA = {"id": 501, "email": "Mia@corner.example", "phone": "+49 30 1234"}
LATER = "2098-01-01T00:00:00Z"


def person(number: int, email: str, first: str, **more: Any) -> dict[str, Any]:
    return bodies.shopify_customer(number, email=email, first_name=first, last_name="Moss", **more)


def order(number: int, customer: dict[str, Any] | None, email: str = "", **more: Any) -> dict[str, Any]:
    email = customer["email"] if customer else email
    given: dict[str, Any] = {"email": email, "contact_email": email, "customer": customer} | more
    return bodies.shopify_order(number, guest=customer is None, **given)


@pytest.fixture
def story(inbox: Inbox) -> Inbox:
    """Mia (501) has two orders, one of them as a guest, and Noah (502) has one."""
    mia, noah = person(501, "mia@corner.example", "Mia"), person(502, "noah@corner.example", "Noah")
    inbox.apply(
        ("customers/create", mia),
        ("customers/create", noah),
        ("orders/paid", order(1001, mia)),
        ("orders/paid", order(1002, None, "MIA@corner.example")),
        ("orders/paid", order(1003, noah)),
    )
    with scope(shop=inbox.connection.shop):
        account = Account.objects.get(customer__external_id="501")
        adjust(account, 5, "Sorry, mia@corner.example", "olivia@corner.example", "adjust_1")
        Account.objects.filter(pk=account.pk).update(frozen_reason="Called as MIA@corner.example, Mia Moss")
        told = {"text": "Lovely, says Mia Moss (Mia@Corner.example)", "stars": 5}
        Activity.objects.create(
            shop=account.shop,
            account=account,
            kind="note",
            reference="r1",
            occurred_at=now(),
            properties=told,
        )
        give_access(inbox)
    return inbox


def give_access(inbox: Inbox, **more: Any) -> StoreAccess:
    shop = inbox.connection.shop
    fields = {"credentials": json.dumps({TOKEN: "shpat_1"}), "info": {"currency": "EUR"}} | more
    with scope(shop=shop):
        return StoreAccess.objects.create(shop=shop, connection=inbox.connection, **fields)


def requests(inbox: Inbox) -> list[PrivacyRequest]:
    with scope(shop=inbox.connection.shop):
        return list(PrivacyRequest.objects.order_by("id"))


def kept(inbox: Inbox, number: str) -> tuple[Any, ...]:
    """What would tell who a customer is."""
    with scope(shop=inbox.connection.shop):
        one = Customer.objects.get(external_id=number)
        return one.email, one.first_name, one.last_name, one.tags, one.birth_month, one.email_verified


def raw(inbox: Inbox) -> list[bytes]:
    with scope(shop=inbox.connection.shop):
        return [delivery.raw for delivery in Delivery.objects.order_by("id")]


BLANK: tuple[Any, ...] = ("", "", "", [], None, False)


@pytest.mark.parametrize(
    "asked",
    [
        SHOP | {"customer": MIA, "orders_to_redact": ORDERS},
        SHOP | {"customer": {"email": MIA["email"]}, "orders_to_redact": []},
        SHOP | {"customer": {"id": "501"}, "orders_to_redact": None},
    ],
    ids=["both", "e-mail alone", "id as text"],
)
def test_a_customer_is_forgotten_and_the_figures_stay(story: Inbox, asked: dict[str, Any]) -> None:
    before = story.balance("501"), story.balance("502"), story.entries()
    noah = kept(story, "502")
    story.apply(("customers/redact", asked), ("customers/redact", asked))
    (request,) = requests(story)
    assert request.due_at - request.requested_at == timedelta(days=30)
    assert carry_out_due() == 1
    assert kept(story, "501") == BLANK
    assert kept(story, "502") == noah
    assert (story.balance("501"), story.balance("502"), story.entries()) == before
    with scope(shop=story.connection.shop):
        emails = dict(Order.objects.values_list("external_id", "email"))
        assert emails == {"1001": "", "1002": "", "1003": "noah@corner.example"}
        assert (
            Account.objects.get(customer__external_id="501").frozen_reason == "Called as [erased], [erased]"
        )
    bodies_left = [body for body in raw(story) if body]
    assert len(bodies_left) == 2
    assert all(b"Noah" in body for body in bodies_left)
    with scope(shop=story.connection.shop):
        erased = list(Delivery.objects.filter(error="Erased").values_list("pk", flat=True))
    assert (len(erased), replay(erased, story.connection.shop)) == (5, 0)
    (request,) = requests(story)
    assert request.state == "done"
    assert "corner.example" not in json.dumps(request.subject)


def test_old_news_bring_nobody_back_and_a_new_order_does(story: Inbox) -> None:
    story.apply(("customers/redact", SHOP | {"customer": MIA, "orders_to_redact": ORDERS}))
    carry_out_due()
    mia = person(501, "mia@corner.example", "Mia")
    story.apply(("customers/update", mia | {"note": "late"}), ("orders/updated", order(1001, mia)))
    assert kept(story, "501") == BLANK
    with scope(shop=story.connection.shop):
        assert Order.objects.get(external_id="1001").email == ""
    story.apply(("orders/paid", order(1009, mia | {"updated_at": LATER}, updated_at=LATER)))
    assert kept(story, "501")[:2] == ("mia@corner.example", "Mia")
    # Asked again, they are forgotten again.
    with scope(shop=story.connection.shop):
        PrivacyRequest.objects.update(done_at=now() - timedelta(hours=1))
    story.apply(("customers/redact", SHOP | {"customer": MIA, "orders_to_redact": ORDERS}))
    assert carry_out_due() == 1
    assert kept(story, "501")[:2] == ("", "")


def test_a_request_waits_for_what_came_before_it(story: Inbox) -> None:
    story.post("orders/paid", order(1004, person(501, "mia@corner.example", "Mia")))
    with scope(shop=story.connection.shop):
        ask_to_erase(Customer.objects.get(external_id="501"))
    assert carry_out_due() == 0
    assert kept(story, "501") != BLANK
    story.apply()
    assert carry_out_due() == 1
    assert kept(story, "501") == BLANK
    assert len([body for body in raw(story) if body]) == 2


def test_what_is_kept_is_given_out(story: Inbox) -> None:
    asked = SHOP | {"customer": MIA, "orders_requested": ORDERS, "data_request": {"id": 9999}}
    story.apply(("customers/data_request", asked), ("customers/data_request", asked | {"more": 1}))
    assert carry_out_due() == 1
    (request,) = requests(story)
    assert (request.kind, request.reference, request.state) == ("export", "9999", "done")
    document = request.export
    assert document is not None
    assert document["customers"][0]["email"] == "mia@corner.example"
    assert [one["external_id"] for one in document["orders"]] == ["1001", "1002"]
    assert isinstance(document["orders"][0]["total"], str)
    assert document["entries"][-1]["reason"] == "Sorry, mia@corner.example"
    assert all(document[part] for part in ("awards", "accounts"))
    assert "noah" not in json.dumps(document).lower()
    # What was written down to be given out is forgotten with them.
    story.apply(("customers/redact", SHOP | {"customer": MIA, "orders_to_redact": []}))
    carry_out_due()
    assert all("corner.example" not in json.dumps([one.export, one.subject]) for one in requests(story))


def test_a_store_that_left_is_forgotten_whole(story: Inbox) -> None:
    entries = story.entries()
    story.apply(("app/uninstalled", {"id": 7, "myshopify_domain": SHOP["shop_domain"]}))
    with scope(shop=story.connection.shop):
        access = StoreAccess.objects.get()
        assert (access.state, access.credentials, access.subscribed_at) == ("uninstalled", "{}", None)
        assert access.connection.active
    story.apply(("shop/redact", SHOP))
    assert carry_out_due() == 1
    assert (kept(story, "501"), kept(story, "502"), story.entries()) == (BLANK, BLANK, entries)
    with scope(shop=story.connection.shop):
        assert not Order.objects.exclude(email="").exists()
        assert Entry.objects.filter(reason__contains="mia@").exists()  # the ledger cannot be changed
    assert not any(raw(story))


def test_a_store_that_came_back_is_not_forgotten(story: Inbox) -> None:
    before = kept(story, "501")
    with scope(shop=story.connection.shop):
        StoreAccess.objects.update(granted_at=now() + timedelta(hours=1))
    # An uninstall that is told late is over by now.
    story.apply(
        ("app/uninstalled", {"id": 7, "myshopify_domain": SHOP["shop_domain"]}), ("shop/redact", SHOP)
    )
    assert carry_out_due() == 1
    assert kept(story, "501") == before
    (request,) = requests(story)
    assert "connected again" in request.error
    with scope(shop=story.connection.shop):
        assert StoreAccess.objects.get().state == "active"


def test_what_a_store_says_of_itself(story: Inbox) -> None:
    changed = {"id": 7, "name": "Tea & Co", "currency": "USD", "myshopify_domain": SHOP["shop_domain"]}
    story.apply(("shop/update", changed))
    with scope(shop=story.connection.shop):
        assert StoreAccess.objects.get().info == {"currency": "USD", "name": "Tea & Co"}
    story.apply(("shop/update", changed | {"currency": "nonsense"}))
    assert "currency" in story.last().error


@pytest.mark.parametrize(
    ("topic", "body", "reason"),
    [
        ("customers/redact", SHOP | {"customer": {}, "orders_to_redact": []}, "neither an id nor an e-mail"),
        ("customers/data_request", SHOP, "neither an id nor an e-mail"),
        ("customers/redact", SHOP | {"customer": {"id": True}}, "not an id"),
        ("shop/redact", {"shop_id": 7}, "shop_domain: missing"),
        ("shop/redact", {"shop_domain": "other.myshopify.com"}, ""),
        ("customers/redact", SHOP | {"customer": {"id": 1}, "orders_to_redact": [0]}, "orders_to_redact[0]"),
    ],
)
def test_wishes_that_cannot_be_read(story: Inbox, topic: str, body: dict[str, Any], reason: str) -> None:
    other = story.connection
    if not reason:
        # Another store of the same app: its wish is not ours.
        other.domain = body["shop_domain"]
        headers = bodies.sign_shopify(other.secret, bodies.encode(body), topic, domain=SHOP["shop_domain"])
        answer = story.client.post(
            "/webhooks/shopify/", bodies.encode(body), content_type="application/json", headers=headers
        )
        assert answer.status_code == 200
        story.apply()
    else:
        story.apply((topic, body))
    assert story.last().state == "dead"
    assert reason in story.last().error
    assert requests(story) == []
