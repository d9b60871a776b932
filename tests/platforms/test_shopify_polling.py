"""What Shopify is asked to send by itself, and what is fetched from it: both ways tell the same of an order."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import sleep
from typing import Any

import pytest
from msgspec.structs import replace

from lib.clock import now
from platforms.clients import Fetched, Page, StoreAway
from platforms.shopify import orders_query, subscriptions
from platforms.shopify.payloads import parse
from platforms.snapshots import OrderSnapshot
from tests.bodies import encode, line, shopify_customer, shopify_order, shopify_refund, shopify_refund_line
from tests.fakes.shopify_orders import admin_order
from tests.material import bodies
from tests.platforms.clay import Clay

GENUINE = [
    *(path for path in bodies("shopify", "orders") if path.name.startswith("shopify_js")),
    *(
        path
        for path in bodies("shopify", "webhooks")
        if path.name.startswith("orders__") and "edited" not in path.name
    ),
]
LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


def test_webhooks_come_once_however_often_they_are_asked_for(clay: Clay) -> None:
    client, url = clay.client(), "https://points.example/webhooks/abc/"

    def there() -> list[tuple[str, str]]:
        return sorted((record["topic"], record["uri"]) for record in clay.store["subscriptions"].all())

    every = sorted((topic, url) for topic in subscriptions.TOPICS)
    assert client.subscribe(url, "unused") == list(subscriptions.TOPICS.values())
    assert client.subscribe(url, "unused") == []
    assert there() == every
    moved = "https://new.points.example/webhooks/abc/"
    assert client.subscribe(moved, "unused") == list(subscriptions.TOPICS.values())
    first = next(iter(clay.store["subscriptions"].all()))
    clay.store["subscriptions"].add(
        "again", first | {"id": "gid://shopify/WebhookSubscription/2", "uri": url}
    )
    clay.store["subscriptions"].remove("again")
    assert there() == [(topic, moved) for topic, _ in every]
    client.unsubscribe(url)
    assert len(there()) == len(every), "those to another address stay"
    client.unsubscribe(moved)
    assert there() == []


def test_an_interrupted_subscribing_goes_on_where_it_stopped(clay: Clay) -> None:
    client, url = clay.client(), "https://points.example/webhooks/abc/"
    clay.store.bucket.most = clay.store.bucket.restored = 150  # enough for some, not for all
    clay.store.bucket.empty()
    fresh: list[str] = []
    for _ in range(20):
        with suppress(StoreAway):
            fresh = client.subscribe(url, "")
            break
        sleep(0.3)
    topics = sorted(record["topic"] for record in clay.store["subscriptions"].all())
    assert topics == sorted(subscriptions.TOPICS)
    assert 0 < len(fresh) < len(topics)


def test_compliance_topics_are_not_subscribed_to() -> None:
    assert not set(subscriptions.COMPLIANCE_TOPICS) & set(subscriptions.TOPICS.values())
    assert all(topic in subscriptions.COMPLIANCE_NOTE for topic in subscriptions.COMPLIANCE_TOPICS)


def snapshot(body: bytes) -> OrderSnapshot:
    (order,) = parse("orders/updated", body)
    assert isinstance(order, OrderSnapshot)
    return order


def put(clay: Clay, body: dict[str, Any]) -> None:
    record = admin_order(body)
    clay.store["orders"].add(record["id"], record)


def polled(clay: Clay, body: dict[str, Any]) -> Fetched:
    """The order as it is polled."""
    put(clay, body)
    (fetched,) = clay.client().orders_changed(LONG_AGO).orders
    assert fetched.topic == "orders/updated"
    return fetched


def order_in(path: Path) -> dict[str, Any]:
    told = json.loads(path.read_bytes())
    order: dict[str, Any] = told["orders"][0] if "orders" in told else told.get("order", told)
    return order


def as_told(webhook: OrderSnapshot, poll: OrderSnapshot) -> OrderSnapshot:
    """The polled order without what webhooks of this version keep to topics of their own: tags and consent."""
    if poll.customer is None or webhook.customer is None:
        return poll
    customer = poll.customer
    if webhook.customer.tags is None:
        customer = replace(customer, tags=None)
    if webhook.customer.subscribed is None:
        customer = replace(customer, subscribed=None, subscribed_at=None)
    return replace(poll, customer=customer)


@pytest.mark.parametrize("path", GENUINE, ids=lambda path: path.stem)
def test_a_poll_tells_what_the_webhook_told(clay: Clay, path: Path) -> None:
    webhook = order_in(path)
    fetched = polled(clay, webhook)
    told, poll = snapshot(encode(webhook)), snapshot(fetched.body)
    assert as_told(told, poll) == told
    assert (fetched.order_id, fetched.updated_at) == (told.id, told.updated_at)


REFUND: dict[str, Any] = {
    "lines": [shopify_refund_line(1, "49.80", 2, "9.46")],
    "order_adjustments": [
        {"kind": "shipping_refund", "amount": "-4.90", "tax_amount": "-0.93"},
        {"kind": "refund_discrepancy", "amount": "-3.00", "tax_amount": "0.00"},
    ],
    "refund_shipping_lines": [
        {
            "subtotal_amount_set": {"shop_money": {"amount": "4.90", "currency_code": "EUR"}},
            "tax_amount_set": {"shop_money": {"amount": "0.93", "currency_code": "EUR"}},
        }
    ],
}


@pytest.mark.parametrize(
    "changes",
    [
        {
            "taxes_included": True,
            "refunds": [shopify_refund(**REFUND)],
            "financial_status": "partially_refunded",
        },
        {"discount_codes": [{"code": "TEA4M9QXB4TZ", "amount": "5.00", "type": "fixed_amount"}]},
        {"cancelled_at": "2026-03-03T10:00:00+01:00", "financial_status": "refunded"},
        {"guest": True, "email": "", "contact_email": None, "source_name": "pos", "test": True},
        {"customer": shopify_customer(email=None, verified_email=False, tags="")},
        {"currency": "JPY", "financial_status": "authorized", "source_name": "shopify_draft_order"},
    ],
)
def test_refunds_discounts_and_taxes_are_told_alike(clay: Clay, changes: dict[str, Any]) -> None:
    lines = (
        line("24.90", 2, id=1, tax="9.46", discount="5.00"),
        line("64.00", 1, id=2, current_quantity=0, variant_id=None),
        line("30.00", 1, id=3, gift_card=True, taxable=False, requires_shipping=False),
    )
    webhook = shopify_order(lines=lines, **changes)
    told = snapshot(encode(webhook))
    assert as_told(told, snapshot(polled(clay, webhook).body)) == told


@pytest.mark.parametrize(
    ("tips", "others"),
    [
        (["4.00"], []),
        (["4.00"], ["4.50", "3.00"]),
        (["4.00", "2.50"], []),
        ([], ["4.50"]),
        (["4.00"], ["4.00"]),
    ],
)
def test_a_tip_is_known_by_its_amount(clay: Clay, tips: list[str], others: list[str]) -> None:
    bare: dict[str, Any] = {"product_id": None, "variant_id": None, "requires_shipping": False}
    lines = [line(amount, id=3 + at, tip_payment_method="card", **bare) for at, amount in enumerate(tips)]
    lines += [line(amount, id=6 + at, title="Wrapping", **bare) for at, amount in enumerate(others)]
    webhook = shopify_order(lines=[line(id=1), *lines])
    for bought in webhook["line_items"][1:]:
        bought["sku"] = None
    told = snapshot(encode(webhook))
    assert as_told(told, snapshot(polled(clay, webhook).body)) == told


def test_no_line_is_lost_of_an_order_that_is_too_long_for_a_page(clay: Clay) -> None:
    many = [line("1.00", 1, id=number) for number in range(1, 131)]
    back = shopify_refund(
        lines=[shopify_refund_line(number, "1.00") for number in range(1, 71)], paid="70.00"
    )
    webhook = shopify_order(lines=many, refunds=[back])
    webhook["shipping_lines"] *= 8
    clay.store.bucket.restored = 1000
    told = snapshot(encode(webhook))
    poll = snapshot(polled(clay, webhook).body)
    assert (len(poll.lines), len(poll.refunds[0].lines)) == (130, 70)
    assert as_told(told, poll) == told
    (again,) = clay.client().fetch("order", told.id)
    assert snapshot(again.body) == poll
    assert list(clay.client().fetch("order", "404")) == []
    assert list(clay.client().fetch("customer", "1")) == []


def test_parts_are_waited_for_and_what_is_whole_is_not_lost(
    clay: Clay, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = [line("1.00", 1, id=number) for number in range(1, 21)]
    for number in (1, 2):
        put(clay, shopify_order(id=number, lines=lines if number == 2 else lines[:1]))
    client = clay.client()
    clay.store.bucket.most, clay.store.bucket.restored = 1000, 1000
    assert len(client.orders_changed(LONG_AGO).orders) == 2, "after half a second the bucket was full enough"
    clay.store.bucket.most = clay.store.bucket.restored = 10**6
    monkeypatch.setattr(orders_query, "PATIENCE_S", 0)
    clay.faults.shares = {"order": {"throttle": 1.0}}
    page = client.orders_changed(LONG_AGO)
    assert [order.order_id for order in page.orders] == ["1"]
    with pytest.raises(StoreAway) as away:
        client.orders_changed(LONG_AGO, page.cursor)
    assert away.value.limited
    clay.faults.shares = {}
    rest = client.orders_changed(LONG_AGO, page.cursor)
    assert ([order.order_id for order in rest.orders], rest.cursor) == (["2"], None)


def all_of(page: Callable[[str | None], Page]) -> tuple[list[Fetched], list[Page]]:
    pages = [page(None)]
    while pages[-1].cursor is not None:
        pages.append(page(pages[-1].cursor))
    return [order for each in pages for order in each.orders], pages


def test_orders_come_in_pages_by_their_change_or_their_making(clay: Clay) -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    for number in range(1, 15):
        placed, changed = start + timedelta(days=number), start + timedelta(days=40 - number)
        put(
            clay,
            shopify_order(
                id=number, created_at=placed.isoformat(), updated_at=changed.isoformat(), lines=[line()]
            ),
        )
    client = clay.client()
    latest, pages = all_of(lambda cursor: client.orders_changed(start + timedelta(days=28), cursor))
    assert [order.order_id for order in latest] == [str(number) for number in range(12, 0, -1)]
    assert len(pages) == 12 / orders_query.PAGE_SIZES[-1]
    assert pages[0].cursor is not None
    assert pages[0].cursor.startswith("6:"), "the next page need not ask for too many again"
    assert pages[0].total is None
    placed_since, pages = all_of(lambda cursor: client.orders_placed(start + timedelta(days=3), cursor))
    assert [order.order_id for order in placed_since] == [str(number) for number in range(3, 15)]
    assert [page.total for page in pages] == [12, None]
    whole, _ = all_of(lambda cursor: client.orders_placed(None, cursor))
    assert len(whole) == 14
    assert client.orders_changed(now()).orders == []
