"""Several workers on one back-test, and one that dies in the middle, with real commits."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connections, transaction
from django_scopes import scope

from loyalty.actions.programs import open_shop
from orders.backtest import rows, runs
from orders.backtest.figures import Points, result_from
from orders.models import Backtest
from tests.orders.backtests import buy, doubled, drafted, finished
from tests.orders.stores import Store, open_store

ORDERS = 24
POINTS = Points(300, 600, 300)


@pytest.fixture
def run(committed: None, monkeypatch: pytest.MonkeyPatch) -> Backtest:
    """A draft that doubles the points of 24 orders of eight members, in chunks of about three orders."""
    shop = open_shop("Busy", "EUR", "UTC")
    store: Store = open_store(shop, "shopify", f"b{shop.pk}.myshopify.com")
    for number in range(ORDERS):
        buy(store, 9000 + number, f"{number + 1}.00", 5, customer=number % 8)
    drafted(shop, doubled)
    monkeypatch.setattr(rows, "CHUNK", 3)
    return runs.start(shop, 30, "test")


@contextmanager
def another_worker(run: Backtest) -> Iterator[None]:
    """One that has begun with the run and dies without a commit."""
    begun, die = threading.Event(), threading.Event()

    def work() -> None:
        transaction.set_autocommit(False)
        with scope(shop=run.shop):
            Backtest.objects.filter(pk=run.pk).update(processed=10**6, cursor=10**12)
        begun.set()
        die.wait(20)
        # What PostgreSQL sees of a kill -9.
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    assert begun.wait(20)
    try:
        yield
    finally:
        die.set()
        thread.join(20)


def test_workers_side_by_side_count_every_order_once(run: Backtest) -> None:
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(200):
                runs.advance(run.pk)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    done = finished(run)
    assert (done.processed, done.total) == (ORDERS, ORDERS)
    result = result_from(done.result)
    assert (result.points, result.orders, result.members) == (POINTS, ORDERS, 8)


def test_what_a_dead_worker_left_is_gone_on_with(run: Backtest) -> None:
    assert runs.advance(run.pk)
    assert runs.advance(run.pk)
    with another_worker(run):
        assert not runs.advance(run.pk)
    done = finished(run)
    assert (done.processed, result_from(done.result).points) == (ORDERS, POINTS)
