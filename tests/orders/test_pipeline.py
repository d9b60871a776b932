"""From a signed webhook to points: orders, refunds, cancellations, edits, guests, in any order."""

from typing import Any

import pytest
from django_scopes import scope

from loyalty.actions.points import adjust
from loyalty.actions.programs import draft_document, load_draft, open_shop, publish
from loyalty.documents import as_dict, decode
from loyalty.models import Account, Award
from loyalty.proof import verify
from orders.actions import set_test_mode
from platforms.connect import connect_store
from tests.bodies import (
    encode,
    line,
    shopify_customer,
    shopify_order,
    shopify_refund,
    shopify_refund_line,
    sign_shopify,
)
from tests.orders.post import Inbox

pytestmark = pytest.mark.django_db

LATER = "2026-03-05T09:00:00+01:00"


def test_a_paid_order_becomes_points(inbox: Inbox) -> None:
    inbox.apply(("orders/paid", shopify_order(lines=[line("49.95", id=1)])))
    assert inbox.balance() == 49
    assert inbox.entries() == [("earn", 49)]
    assert inbox.last().state == "done"


def test_a_duplicate_is_answered_200_and_stored_once(inbox: Inbox) -> None:
    body = shopify_order(lines=[line("49.95", id=1)])
    assert inbox.post("orders/paid", body, webhook_id="same") == 200
    assert inbox.post("orders/paid", body, webhook_id="same") == 200
    inbox.apply(("orders/updated", body))
    assert inbox.entries() == [("earn", 49)]


def test_refund_by_line_takes_points_back_and_names_what_it_reverses(inbox: Inbox) -> None:
    order = shopify_order(lines=[line("100.00", id=1)])
    inbox.apply(("orders/paid", order))
    inbox.apply(("refunds/create", shopify_refund(lines=[shopify_refund_line(1, "75.00")], paid="75.00")))
    assert inbox.balance() == 25
    assert inbox.entries() == [("earn", 100), ("reverse", -75)]


def test_a_refund_before_its_order_counts_when_the_order_comes(inbox: Inbox) -> None:
    inbox.apply(("refunds/create", shopify_refund(lines=[shopify_refund_line(1, "75.00")], paid="75.00")))
    assert inbox.order().placed_at is None
    inbox.apply(("orders/paid", shopify_order(lines=[line("100.00", id=1)])))
    assert inbox.entries() == [("earn", 25)]


def test_an_older_snapshot_changes_nothing(inbox: Inbox) -> None:
    inbox.apply(
        ("orders/cancelled", shopify_order(lines=[line("80.00", id=1)], updated_at=LATER, cancelled_at=LATER))
    )
    inbox.apply(("orders/paid", shopify_order(lines=[line("80.00", id=1)])))
    assert inbox.balance() == 0
    assert inbox.entries() == []


def test_cancelled_twice_reverses_once(inbox: Inbox) -> None:
    cancelled = shopify_order(lines=[line("80.00", id=1)], updated_at=LATER, cancelled_at=LATER)
    inbox.apply(("orders/paid", shopify_order(lines=[line("80.00", id=1)])))
    inbox.apply(("orders/cancelled", cancelled), ("orders/updated", cancelled))
    assert inbox.entries() == [("earn", 80), ("reverse", -80)]


def test_deleting_an_unknown_order_makes_no_entry(inbox: Inbox) -> None:
    inbox.apply(("orders/delete", {"id": 5820982911946}))
    assert inbox.entries() == []
    inbox.apply(("orders/paid", shopify_order(lines=[line("80.00", id=1)])))
    assert inbox.entries() == []


def test_a_guest_who_registers_with_the_verified_email_gets_the_points(inbox: Inbox) -> None:
    inbox.apply(("orders/paid", shopify_order(lines=[line("30.00", id=1)], guest=True)))
    assert inbox.entries() == []
    inbox.apply(("customers/create", shopify_customer(verified_email=False)))
    assert inbox.balance() == 0
    inbox.apply(("customers/update", shopify_customer(email="MARA@example.com", updated_at=LATER)))
    assert inbox.balance() == 30


def test_a_body_of_another_connected_store_is_not_applied(inbox: Inbox) -> None:
    other = open_shop("Other", "EUR", "UTC")
    connect_store(other, "shopify", "other.myshopify.com", secret=inbox.connection.secret)
    inbox.apply(("orders/paid", shopify_order(domain="other.myshopify.com")))
    assert (inbox.last().state, inbox.entries()) == ("dead", [])
    assert "other.myshopify.com" in inbox.last().error
    inbox.apply(("orders/paid", shopify_order(domain="renamed.myshopify.com")))
    assert inbox.last().state == "done"


def test_at_the_shared_address_the_body_must_not_contradict_the_header(inbox: Inbox) -> None:
    for domain, state in (("renamed.myshopify.com", "dead"), (inbox.connection.domain, "done")):
        raw = encode(shopify_order(domain=domain))
        headers = sign_shopify(inbox.connection.secret, raw, domain=inbox.connection.domain)
        sent = inbox.client.post("/webhooks/shopify/", raw, content_type="application/json", headers=headers)
        inbox.apply()
        assert (sent.status_code, inbox.last().state) == (200, state)


def test_an_order_that_changes_hands_takes_its_points_along(inbox: Inbox) -> None:
    first, second = (
        shopify_customer(id=1, email="a@example.com"),
        shopify_customer(id=2, email="b@example.com"),
    )
    inbox.apply(("orders/paid", shopify_order(lines=[line("100.00", id=1)], customer=first)))
    moved = shopify_order(lines=[line("100.00", id=1)], customer=second, updated_at=LATER)
    inbox.apply(("orders/updated", moved))
    assert (inbox.balance("1"), inbox.balance("2")) == (0, 100)
    inbox.apply(("refunds/create", shopify_refund(lines=[shopify_refund_line(1, "75.00")], paid="75.00")))
    assert (inbox.balance("1"), inbox.balance("2")) == (0, 25)
    assert verify(inbox.connection.shop_id) == []


def test_an_order_leaves_a_spent_account_and_goes_on(inbox: Inbox) -> None:
    """The former owner spent the points, and the program clamps: nothing can be taken, nothing gets stuck."""
    shop = inbox.connection.shop
    load_draft(shop, decode(as_dict(draft_document(shop)) | {"deficit": "clamp"}))
    publish(shop, "test")
    first, second = (
        shopify_customer(id=1, email="a@example.com"),
        shopify_customer(id=2, email="b@example.com"),
    )
    placed: dict[str, Any] = {"created_at": "2036-01-01T00:00:00Z", "updated_at": "2036-01-01T00:00:00Z"}
    goods = [line("100.00", id=1)]
    inbox.apply(("orders/paid", shopify_order(lines=goods, customer=first, **placed)))
    with scope(shop=shop):
        adjust(Account.objects.get(shop=shop, customer__external_id="1"), -100, "spent", "test")
    moved = placed | {"updated_at": "2036-01-02T00:00:00Z"}
    inbox.apply(("orders/updated", shopify_order(lines=goods, customer=second, **moved)))
    inbox.apply(("refunds/create", shopify_refund(lines=[shopify_refund_line(1, "75.00")], paid="75.00")))
    assert (inbox.balance("1"), inbox.balance("2")) == (0, 25)
    assert verify(shop.pk) == []


def test_points_that_a_clamp_left_are_not_given_twice(inbox: Inbox) -> None:
    shop = inbox.connection.shop
    load_draft(shop, decode(as_dict(draft_document(shop)) | {"deficit": "clamp"}))
    publish(shop, "test")
    placed: dict[str, Any] = {"created_at": "2036-01-01T00:00:00Z", "updated_at": "2036-01-01T00:00:00Z"}
    inbox.apply(("orders/paid", shopify_order(lines=[line("100.00", id=1)], **placed)))
    with scope(shop=shop):
        adjust(Account.objects.get(shop=shop), -100, "spent", "test")
    refund = shopify_refund(lines=[shopify_refund_line(1, "100.00")], paid="100.00")
    failed = refund | {"processed_at": "2036-02-01T00:00:00Z"}
    failed["transactions"] = [failed["transactions"][0] | {"status": "failure"}]
    inbox.apply(("refunds/create", refund))
    inbox.apply(("refunds/create", failed))
    assert inbox.balance() == 0
    with scope(shop=shop):
        award = Award.objects.get(shop=shop)
    assert (award.target, award.posted, award.shortfall) == (100, 100, 0)
    assert verify(shop.pk) == []


def test_a_linked_guest_keeps_the_points_under_another_address(inbox: Inbox) -> None:
    inbox.apply(("orders/paid", shopify_order(lines=[line("30.00", id=1)], guest=True)))
    inbox.apply(("customers/create", shopify_customer()))
    inbox.apply(("customers/update", shopify_customer(email="new@example.com", updated_at=LATER)))
    inbox.apply(("orders/updated", shopify_order(lines=[line("30.00", id=1)], guest=True, updated_at=LATER)))
    assert inbox.balance() == 30


def test_test_mode_counts_the_test_orders_that_are_there(inbox: Inbox) -> None:
    inbox.apply(("orders/paid", shopify_order(lines=[line("30.00", id=1)], test=True)))
    assert inbox.entries() == []
    set_test_mode(inbox.connection, True)
    assert inbox.balance() == 30
    set_test_mode(inbox.connection, False)
    assert inbox.entries() == [("earn", 30), ("reverse", -30)]


def test_a_tip_earns_nothing(inbox: Inbox) -> None:
    order = shopify_order(lines=[line("30.00", id=1), line("5.00", id=2)])
    order["line_items"][1]["tip_payment_gateway"] = "shopify_payments"
    inbox.apply(("orders/paid", order))
    assert inbox.balance() == 30


def test_the_same_id_with_another_body_is_another_delivery(inbox: Inbox) -> None:
    inbox.post("orders/paid", shopify_order(lines=[line("30.00", id=1)]), webhook_id="reused")
    inbox.post("refunds/create", shopify_refund(lines=[shopify_refund_line(1, "10.00")]), webhook_id="reused")
    inbox.post("orders/paid", shopify_order(5820982911947, lines=[line("8.00", id=1)]), webhook_id="reused")
    inbox.apply()
    assert inbox.balance() == 28
