"""Customers' tags: whatever tells of them, in any order, ends in the same; orders keep those of their day."""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from orders.customers import CustomerTold, remember
from orders.models import Order
from platforms.snapshots import CustomerSnapshot, CustomerTagged
from shops.models import Connection, Customer, Shop
from tests.bodies import shopify_customer, standard_event, standard_order
from tests.loyalty.activity_stories import reward, rule, store
from tests.orders.stores import Store, open_store
from tests.orders.stories import change, goods, order

START = datetime(2037, 1, 1, 12, tzinfo=UTC)
ADDED, REMOVED = "customer.tags_added", "customer.tags_removed"
MARA = 7115310627
VIP = {"customer_tags": ["vip"]}


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def told(days: float, *all_tags: str, **facts: Any) -> CustomerSnapshot:
    return CustomerSnapshot("mara", at(days), **({"tags": all_tags} | facts))


def silent(days: float) -> CustomerSnapshot:
    return CustomerSnapshot("mara", at(days), first_name="Mara")


def added(days: float, *names: str) -> CustomerTagged:
    return CustomerTagged("mara", at(days), added=names)


def removed(days: float, *names: str) -> CustomerTagged:
    return CustomerTagged("mara", at(days), removed=names)


STORIES: dict[str, tuple[list[CustomerTold], list[str]]] = {
    "silence changes nothing": ([told(1, "a", "b"), silent(2), silent(0)], ["a", "b"]),
    "the newest list counts": ([told(1, "a"), told(3, "b"), told(2, "c")], ["b"]),
    "a list may be empty": ([told(1, "a"), told(2), silent(3)], []),
    "the last word on a tag": ([added(1, "a"), removed(2, "a"), added(3, "a"), removed(4, "b")], ["a"]),
    "and when it was taken away": ([added(1, "a", "b"), removed(2, "a"), silent(3)], ["b"]),
    "a list after single words": ([added(1, "a"), removed(2, "b"), told(3, "b", "c")], ["b", "c"]),
    "single words after a list": ([told(1, "a", "b"), added(2, "c"), removed(3, "a")], ["b", "c"]),
    "an older word than the list's": ([told(2, "a"), added(1, "b"), removed(1, "a")], ["a"]),
    "between two lists": ([told(1, "a"), added(2, "b"), told(3, "a"), added(4, "c")], ["a", "c"]),
    "letter case and spaces": ([added(1, "VIP"), removed(2, " vip "), added(3, "Tea Club")], ["Tea Club"]),
    "of one instant, having counts": ([added(1, "a"), removed(1, "a"), told(1, "b")], ["a", "b"]),
}


def take_in(connection: Connection, *tellings: CustomerTold, name: str = "mara") -> None:
    """One batch."""
    key = connection.shop_id, connection.pk, name
    with transaction.atomic():
        remember([(key, each) for each in tellings], [])


def customer(connection: Connection, name: str = "mara") -> Customer:
    with scope(shop=connection.shop):
        found: Customer = Customer.objects.get(shop=connection.shop, external_id=name)
        return found


# How one telling after the other arrives: the batches of them.
ARRIVALS: dict[str, Callable[[Sequence[CustomerTold]], list[Sequence[CustomerTold]]]] = {
    "one by one": lambda told: [[each] for each in told],
    "at once": lambda told: [told],
    "repeated": lambda told: [[each, told[0]] for each in (*told, *told[:2])],
}


@pytest.mark.parametrize("arrival", ARRIVALS)
@pytest.mark.parametrize("story", STORIES)
def test_any_order_of_arrival(shop: Shop, story: str, arrival: str) -> None:
    connection = store(shop)
    tellings, expected = STORIES[story]
    ended = set()
    for number, told in enumerate(permutations(tellings)):
        for batch in ARRIVALS[arrival](told):
            take_in(connection, *batch, name=str(number))
        known = customer(connection, str(number))
        assert (known.tags, told) == (expected, told)
        ended.add(json.dumps(known.tag_marks, sort_keys=True))
    assert len(ended) == 1


def test_a_tag_told_before_its_customer_overwrites_nothing(shop: Shop) -> None:
    connection = store(shop)
    take_in(connection, added(7, "vip"))
    assert customer(connection).joined_at == at(7)
    take_in(connection, told(5, "tea club", first_name="Mara", joined_at=at(4)))
    mara = customer(connection)
    assert (mara.tags, mara.first_name, mara.joined_at) == (["tea club", "vip"], "Mara", at(4))


def test_what_is_known_already_is_not_written_again(shop: Shop) -> None:
    connection = store(shop)
    tellings = told(5, "vip", joined_at=at(1)), added(6, "tea club")
    take_in(connection, *tellings)
    with CaptureQueriesContext(database) as done:
        take_in(connection, *tellings, removed(4, "vip"))
    assert not [query for query in done if "INSERT" in query["sql"]]


# Orders


@pytest.fixture
def shopify(shop: Shop) -> Store:
    """2 points per euro for customers tagged "vip", nothing for others."""
    change(shop, points="2", rules=[per_euro(conditions=VIP)])
    return open_store(shop, "shopify")


def per_euro(**more: Any) -> dict[str, Any]:
    return rule("per_currency", 2, per="1", **more)


def untold(**changes: Any) -> dict[str, Any]:
    """A customer as bodies have them since 2025-01: without tags."""
    body = shopify_customer(MARA, **changes)
    del body["tags"]
    return body


def tagged(days: float, *names: str) -> dict[str, Any]:
    gid = f"gid://shopify/Customer/{MARA}"
    return {"customerId": gid, "occurredAt": at(days).isoformat(), "tags": list(names)}


def bought(number: int, price: str = "10.00", **changes: Any) -> tuple[str, dict[str, Any]]:
    body = order(goods(price), customer=untold(), **changes)
    return "orders/paid", {**body, "id": number, "admin_graphql_api_id": None}


def kept(store: Store) -> list[list[str]]:
    return [each.customer_tags for each in store.orders()]


def test_a_tag_then_an_order_then_points(shopify: Store) -> None:
    shopify.apply((ADDED, tagged(1, "VIP")), ("customers/update", untold()), bought(1))
    assert kept(shopify) == [["VIP"]]
    assert shopify.moves() == [20]
    assert [each.state for each in shopify.deliveries()] == ["done"] * 3


def test_an_order_keeps_the_tags_of_its_day(shopify: Store) -> None:
    shopify.apply(bought(1))
    shopify.apply((ADDED, tagged(1, "vip")), bought(2))
    shopify.apply((REMOVED, tagged(2, "vip")), bought(3))
    assert kept(shopify) == [[], ["vip"], []]
    shopify.apply((ADDED, tagged(3, "vip")))
    later = {"updated_at": at(5).isoformat()}
    shopify.apply(*[("orders/updated", bought(number, "20.00", **later)[1]) for number in (1, 2, 3)])
    assert kept(shopify) == [[], ["vip"], []]
    assert sum(shopify.moves()) == 40


def test_tags_in_the_order_itself_come_first(shopify: Store) -> None:
    shopify.apply((ADDED, tagged(1, "vip")))
    topic, body = bought(1)
    shopify.apply((topic, body | {"customer": shopify_customer(MARA, tags="")}))
    assert kept(shopify) == [[]]
    told_now = {"customer": shopify_customer(MARA, tags="vip, press"), "updated_at": at(1).isoformat()}
    shopify.apply((topic, body | told_now))
    shopify.apply((topic, body | {"updated_at": at(2).isoformat()}))
    assert kept(shopify) == [["vip", "press"]]
    assert sum(shopify.moves()) == 20


def test_a_guest_who_registers_has_the_tags_of_then(shopify: Store) -> None:
    topic, body = bought(1)
    shopify.apply((topic, body | {"customer": None, "email": "mara@example.com"}))
    assert (kept(shopify), shopify.moves()) == ([[]], [])
    shopify.apply((ADDED, tagged(1, "vip")), ("customers/create", untold()))
    assert (kept(shopify), shopify.moves()) == ([["vip"]], [20])


def test_a_refund_that_comes_before_its_order(shopify: Store) -> None:
    early = {"id": 9, "order_id": 1, "processed_at": at(2).isoformat(), "refund_line_items": []}
    shopify.apply(("refunds/create", early))
    shopify.apply((ADDED, tagged(1, "vip")), bought(1))
    assert (kept(shopify), shopify.moves()) == ([["vip"]], [20])


@pytest.mark.parametrize(("conditions", "asked"), [({}, 0), (VIP, 1)])
def test_only_programs_that_look_at_tags_ask_for_them(
    shop: Shop, conditions: dict[str, Any], asked: int
) -> None:
    change(shop, rules=[per_euro(conditions=conditions)])
    store = open_store(shop, "shopify")
    store.apply((ADDED, tagged(1, "vip")))
    for topic, body in (bought(1), bought(2)):
        assert store.post(body, topic).status_code == 200
    with CaptureQueriesContext(database) as done:
        store.drain()
    assert (
        len([query for query in done if query["sql"].strip().startswith("SELECT c.shop_id, c.id, c.tags")])
        == asked
    )
    assert kept(store) == [["vip"] if asked else []] * 2


def test_campaigns_look_at_tags_too(shop: Shop) -> None:
    campaign = {"key": "treat", "name": "Treat", "multiplier": "2", "conditions": VIP}
    change(shop, rules=[per_euro()], campaigns=[campaign])
    store = open_store(shop, "shopify")
    store.apply(bought(1))
    store.apply((ADDED, tagged(1, "vip")))
    store.apply(bought(2))
    assert store.moves() == [20, 40]


def test_an_order_of_any_other_shop(shop: Shop) -> None:
    reward(shop, per_euro(conditions=VIP))
    till = Store(store(shop))
    told_of = {"id": "mara", "updated_at": at(1).isoformat()}
    till.apply(("", standard_event("customer.updated", told_of | {"tags": ["vip"]})))
    till.apply(("", standard_event("customer.updated", told_of | {"updated_at": at(2).isoformat()})))
    dates = {"placed_at": at(3).isoformat(), "updated_at": at(3).isoformat()}
    sold = standard_order("A-1", [goods("10.00")], customer={"id": "mara"}, **dates)
    till.apply(("", standard_event("order.updated", sold)))
    assert till.moves() == [20]
    with scope(shop=shop):
        assert Order.objects.get(shop=shop).customer_tags == ["vip"]
