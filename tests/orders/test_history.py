"""A store's past orders: spend and tier without points or with them, in any order with webhooks, never twice."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django_scopes import scope
from pytest_django.fixtures import Settings

from lib.clock import now
from loyalty.explain import explain
from loyalty.models import Standing
from orders import sweeping
from orders.models import Sweep
from orders.sweeping import advance
from orders.sweeps import StillRunning, resume, start_history
from shops.models import Connection, Shop, StoreAccess
from tests.fakes.http_server import Fault
from tests.orders.shelves import LONG_AGO, Linked, Woo, link, shelf
from tests.orders.stories import change

GOLD = {"metric": "spend", "levels": [{"key": "gold", "name": "Gold", "threshold": "100"}]}


@pytest.fixture
def woo(settings: Settings) -> Iterator[Woo]:
    with shelf("woocommerce", settings) as found:
        yield found


@pytest.fixture
def linked(shop: Shop, woo: Woo) -> Linked:
    change(shop, tiers=GOLD)
    return link(shop, "woocommerce", woo)


def past(linked: Linked, *, with_points: bool = False, since: datetime | None = None) -> Sweep:
    start_history(linked.connection, since, with_points=with_points, actor="test")
    return linked.work()


def points(linked: Linked) -> int:
    return sum(linked.store.moves())


def tier(linked: Linked) -> str:
    with scope(shop=linked.connection.shop):
        return str(Standing.objects.get().tier)


@pytest.mark.parametrize("platform", ["woocommerce", "bigcommerce", "shopify"])
def test_past_orders_count_without_points_and_earn_when_they_are_to(
    shop: Shop, settings: Settings, platform: str
) -> None:
    change(shop, tiers=GOLD)
    with shelf(platform, settings) as store:
        linked = link(shop, platform, store)
        store.put(1, "70.00", LONG_AGO)
        store.put(2, "50.00", LONG_AGO + timedelta(days=1), LONG_AGO + timedelta(days=1))
        sweep = past(linked)
        assert (sweep.state, sweep.seen, sweep.missed, sweep.total) == ("done", 2, 2, 2)
        assert (points(linked), tier(linked)) == (0, "gold")
        with scope(shop=shop):
            said = [explain(award.breakdown, 0) for award in linked.store.awards()]
        assert all("placed before orders began to earn points" in each for each in said)

        # Orders of today earn as ever.
        placed = now() + timedelta(seconds=1)
        store.put(3, "30.00", placed, placed)
        with scope(shop=shop):
            sweep = past(linked, since=now() - timedelta(days=1))
        assert (sweep.seen, points(linked)) == (1, 30)
        assert (past(linked, with_points=True).same, points(linked)) == (3, 150)
        assert past(linked).same == 3
        assert (points(linked), tier(linked)) == (30, "gold")


def test_what_earned_since_the_store_was_connected_stays(linked: Linked, woo: Woo) -> None:
    """A store that was connected a month ago has given points since."""
    month_ago = now() - timedelta(days=30)
    with scope(shop=linked.connection.shop):
        Connection.objects.update(created_at=month_ago)
    linked.store.apply(("", woo.put(1, "40.00", now(), month_ago + timedelta(days=1))))
    linked.store.apply(("", woo.put(2, "60.00", now(), month_ago - timedelta(days=1))))
    assert points(linked) == 100
    past(linked)
    assert points(linked) == 40


def test_history_and_webhooks_come_to_the_same_in_any_order(linked: Linked, woo: Woo) -> None:
    first = woo.put(1, "70.00", LONG_AGO)
    newer = woo.put(1, "90.00", LONG_AGO + timedelta(hours=1))
    other = woo.put(2, "50.00", LONG_AGO)
    linked.store.post(newer)
    start_history(linked.connection, None, with_points=True, actor="test")
    assert advance()  # one webhook is still in the inbox
    linked.store.apply(("", other), ("", first))
    linked.work()
    assert points(linked) == 140
    with scope(shop=linked.connection.shop):
        assert sorted(str(order.total) for order in linked.store.orders()) == ["50.00000000", "90.00000000"]
    assert past(linked, with_points=True).same == 2


def test_a_history_lets_live_orders_go_first(
    linked: Linked, woo: Woo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "ENOUGH_WAITING", 40)
    for id in range(1, 61):
        woo.put(id, "1.00", LONG_AGO + timedelta(minutes=id))
    start_history(linked.connection, None, with_points=True, actor="test")
    while advance():
        pass
    asked = len(woo.server.calls("GET", "orders"))
    sweep = linked.sweep()
    assert (sweep.state, sweep.seen, sweep.attempts) == ("running", 50, 0)
    assert sweep.due_at > now()
    linked.hurry()
    assert advance()
    assert len(woo.server.calls("GET", "orders")) == asked
    linked.store.drain()
    linked.hurry()
    sweep = linked.work()
    assert (sweep.state, sweep.seen, sweep.total) == ("done", 60, 60)
    assert points(linked) == 60


def test_there_is_one_import_at_a_time_and_it_goes_on_where_it_failed(linked: Linked, woo: Woo) -> None:
    for id in range(1, 61):
        woo.put(id, "1.00", LONG_AGO + timedelta(minutes=id))
    start_history(linked.connection, None, with_points=True, actor="test")
    with pytest.raises(StillRunning):
        start_history(linked.connection, None, with_points=False, actor="test")
    with scope(shop=linked.connection.shop):
        assert Connection.objects.get().points_from is None
    assert advance()
    with scope(shop=linked.connection.shop):
        StoreAccess.objects.update(state="revoked")
    failed = linked.work()
    assert (failed.state, failed.seen) == ("failed", 50)
    with scope(shop=linked.connection.shop):
        StoreAccess.objects.update(state="active")
    resume(failed)
    woo.server.fail(Fault.DROP_BEFORE, times=1)
    assert (linked.work().state, linked.sweep().seen, points(linked)) == ("done", 60, 60)
    with pytest.raises(StillRunning):
        resume(failed)
