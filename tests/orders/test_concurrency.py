"""Several workers on one inbox, with real commits: the points are the model's, and nothing is left behind."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db import connections

from loyalty.actions.programs import open_shop
from loyalty.proof import verify
from orders.inbox import apply_due
from tests.bodies import line, shopify_customer, shopify_order, shopify_refund, shopify_refund_line
from tests.orders.stores import Store, open_store

Sent = tuple[str, dict[str, Any]]
PAID, UPDATED, REFUND, CUSTOMER = "orders/paid", "orders/updated", "refunds/create", "customers/update"


@pytest.fixture
def store(committed: None) -> Store:
    shop = open_shop("Busy", "EUR", "UTC")
    return open_store(shop, "shopify", f"s{shop.pk}.myshopify.com")


def at(minute: int) -> str:
    return f"2026-03-02T{10 + minute // 60}:{minute % 60:02}:00+01:00"


def order(id: int, price: int, minute: int, **changes: Any) -> dict[str, Any]:
    own: dict[str, Any] = {"admin_graphql_api_id": None, "order_status_url": None, "updated_at": at(minute)}
    return shopify_order(id, [line(f"{price}.00", id=id * 10)], **own) | changes


def refund(id: int, order_id: int, amount: int) -> dict[str, Any]:
    dates: dict[str, Any] = {"processed_at": at(5), "created_at": at(5), "admin_graphql_api_id": None}
    return shopify_refund(id, order_id, [shopify_refund_line(order_id * 10, f"{amount}.00")], **dates)


def together(threads: int, work: Callable[[], None]) -> None:
    """Run `work` in threads that begin at once; raises what one of them raised."""
    failures: list[BaseException] = []
    start = threading.Barrier(threads)

    def run() -> None:
        try:
            start.wait(10)
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=run) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert not any(worker.is_alive() for worker in workers)
    if failures:
        raise failures[0]


def race(store: Store, sent: Iterable[Sent], threads: int, limit: int) -> None:
    """Take everything in, and apply it in small batches by threads side by side."""
    for topic, body in sent:
        assert store.post(body, topic).status_code == 200

    def work() -> None:
        idle = 0
        while idle < 3:
            idle = 0 if apply_due(limit=limit, shop_id=store.connection.shop_id) else idle + 1

    together(threads, work)
    store.drain()


def check(store: Store, balances: dict[str, int], log: pytest.LogCaptureFixture) -> None:
    states = Counter(delivery.state for delivery in store.deliveries())
    assert set(states) == {"done"}
    assert {account.customer.external_id: account.balance for account in store.accounts()} == balances
    assert all(award.posted == award.target for award in store.awards())
    assert verify(store.connection.shop_id) == []
    given_back = sum("given back" in record.getMessage() for record in log.records)
    assert given_back <= 5


@pytest.mark.parametrize(("threads", "limit", "seed"), [(2, 9, 1), (4, 5, 2), (4, 1, 3)])
def test_many_deliveries_of_the_same_orders(
    store: Store, threads: int, limit: int, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    dice = random.Random(seed)
    sent: list[Sent] = []
    expected: Counter[str] = Counter()
    for id in range(1, 21):
        customer, price, back = id % 3 + 1, dice.randint(10, 99), dice.randint(1, 9)
        whole = {"customer": shopify_customer(customer, email=f"c{customer}@example.com")}
        returned = refund(id * 100, id, back)
        sent.append((PAID, order(id, price, 1, **whole)))
        sent.append((REFUND, returned))
        status = {"financial_status": "partially_refunded", "refunds": [returned]}
        sent.append((UPDATED, order(id, price, 9, **whole, **status)))
        expected[str(customer)] += price - back
    sent += dice.choices(sent, k=20)
    dice.shuffle(sent)
    race(store, sent, threads, limit)
    check(store, dict(expected), caplog)
    assert len(store.orders()) == 20


def test_a_refund_and_its_order_side_by_side(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    expected: Counter[str] = Counter()
    for id in range(1, 13):
        race(store, [(REFUND, refund(id, id, 30)), (PAID, order(id, 100, 1))], threads=2, limit=1)
        expected["7115310627"] += 70
    check(store, dict(expected), caplog)


def test_a_guests_order_and_the_registration_side_by_side(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    expected = {}
    for id in range(1, 13):
        email = f"guest{id}@example.com"
        bought = order(id, 40, 1, customer=None, email=email, contact_email=email)
        registered = shopify_customer(id, email=email.upper(), updated_at=at(3))
        race(store, [(PAID, bought), (CUSTOMER, registered)], threads=2, limit=1)
        expected[str(id)] = 40
    check(store, expected, caplog)


def test_guests_orders_and_registrations_in_batches(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(4)
    sent: list[Sent] = []
    for id in range(1, 41):
        person = id % 10 + 1
        email = f"guest{person}@example.com"
        sent.append((PAID, order(id, 10, 1, customer=None, email=email, contact_email=email)))
        if id <= 10:
            sent.append((CUSTOMER, shopify_customer(person, email=email, updated_at=at(3))))
    dice.shuffle(sent)
    race(store, sent, threads=4, limit=6)
    check(store, {str(person): 40 for person in range(1, 11)}, caplog)


def test_orders_change_hands_while_others_come_in(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    dice = random.Random(5)
    sent: list[Sent] = []
    for id in range(1, 21):
        one, two = (shopify_customer(number, email=f"c{number}@example.com") for number in (1, 2))
        sent.append((PAID, order(id, 10, 1, customer=one if id % 2 else two)))
        sent.append((UPDATED, order(id, 10, 9, customer=two if id % 2 else one)))
    dice.shuffle(sent)
    race(store, sent, threads=4, limit=4)
    check(store, {"1": 100, "2": 100}, caplog)
