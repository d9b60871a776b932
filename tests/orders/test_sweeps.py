"""Looks at stores: what no webhook told is found, counted once and repaired, whatever goes wrong meanwhile."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, InterfaceError, connection, connections
from django_scopes import scope
from pytest_django.fixtures import Settings

from lib.clock import now
from lib.rows import execute
from loyalty.actions.programs import open_shop
from orders import sweeping, sweeps
from orders.comparing import repaired
from orders.models import Sweep
from orders.store_report import report
from orders.sweeping import advance
from orders.sweeps import begin_reconciliations, reconcile
from shops.models import Connection, Shop, StoreAccess
from tests.fakes.http_server import Fault
from tests.orders.shelves import Linked, Woo, link, shelf

PLATFORMS = ("woocommerce", "bigcommerce", "shopify")


def ago(minutes: float) -> datetime:
    return now().replace(microsecond=0) - timedelta(minutes=minutes)


def counts(sweep: Sweep) -> dict[str, int]:
    return {
        name: getattr(sweep, name) for name in ("missed", "late", "differing", "same") if getattr(sweep, name)
    }


def look(linked: Linked) -> Sweep:
    reconcile(linked.connection)
    sweep = linked.work()
    assert (sweep.state, sweep.error) == ("done", "")
    return sweep


@pytest.fixture
def woo(settings: Settings) -> Iterator[Woo]:
    with shelf("woocommerce", settings) as found:
        yield found


@pytest.fixture
def linked(shop: Shop, woo: Woo) -> Linked:
    return link(shop, "woocommerce", woo)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_what_webhooks_failed_to_tell_is_found_once_and_repaired(
    shop: Shop, settings: Settings, platform: str
) -> None:
    with shelf(platform, settings) as store:
        linked = link(shop, platform, store)
        store.put(1, "50.00", ago(50))
        store.put(2, "30.00", ago(49))
        assert counts(look(linked)) == {"missed": 2}
        assert sorted(linked.store.moves()) == [30, 50]

        store.put(1, "60.00", ago(40))
        with scope(shop=shop):
            (second,) = [order for order in linked.store.orders() if order.external_id == "2"]
        assert second.platform_updated_at is not None
        store.put(2, "20.00", second.platform_updated_at)
        store.put(3, "10.00", ago(30))
        sweep = look(linked)
        assert counts(sweep) == {"missed": 1, "late": 1, "differing": 1}
        assert {each["order_id"]: each["what"] for each in sweep.examples} == {
            "1": "late",
            "2": "differing",
            "3": "missed",
        }
        totals = {order.external_id: order.total for order in linked.store.orders()}
        # Of two states of one instant the same one wins for ever, whichever came first.
        assert repaired(sweep) == {"1": True, "2": totals["2"] == 20, "3": True}
        assert sum(linked.store.moves()) == 60 + (20 if totals["2"] == 20 else 30) + 10

        assert counts(look(linked)) == {"same": 3}
        with scope(shop=shop):
            told = report(linked.connection, now())
        assert [(each.seen, each.missed, each.late, each.differing) for each in told.periods] == [
            (8, 3, 1, 1)
        ] * 2
        assert {each.order_id for each in told.findings} == {"1", "2", "3"}
        assert all(each.member for each in told.findings)


def test_a_repair_counts_for_what_the_store_said(linked: Linked, woo: Woo) -> None:
    woo.put(5, "10.00", ago(20))
    reconcile(linked.connection)
    advance()
    assert repaired(linked.sweep()) == {"5": False}  # still in the inbox
    linked.store.drain()
    assert repaired(linked.sweep()) == {"5": True}
    with scope(shop=linked.connection.shop):
        (order,) = linked.store.orders()
        order.total = Decimal(11)
        order.save()
    assert repaired(linked.sweep()) == {"5": False}


def test_an_order_that_cannot_be_read_is_missed_once_and_stays_open(linked: Linked, woo: Woo) -> None:
    woo.put(7, "10.00", ago(20))["line_items"] = "none"
    sweep = look(linked)
    assert counts(sweep) == {"missed": 1}
    assert repaired(sweep) == {"7": False}
    (delivery,) = linked.store.deliveries()
    assert (delivery.state, "line_items" in delivery.error) == ("dead", True)
    assert counts(look(linked)) == {"same": 1}
    woo.put(7, "10.00", ago(10))
    assert counts(look(linked)) == {"missed": 1}
    assert repaired(sweep) == {"7": True}


def test_a_look_leaves_to_webhooks_what_is_on_its_way_and_begins_when_it_is_due(
    linked: Linked, woo: Woo
) -> None:
    woo.put(1, "10.00", ago(30))
    woo.put(2, "20.00", ago(0.5))
    assert (begin_reconciliations(), begin_reconciliations()) == (1, 0)
    first = linked.work()
    assert (first.seen, counts(first)) == (1, {"missed": 1})
    assert begin_reconciliations(now() + timedelta(minutes=9)) == 0
    assert begin_reconciliations(now() + timedelta(minutes=11)) == 1
    second = linked.work()
    # It begins an hour before the end of the first.
    assert second.since == first.until - sweeps.OVERLAP
    assert counts(second) == {"missed": 1, "same": 1}
    # Whoever asks for a look wants to see what was changed a moment ago.
    woo.put(3, "30.00", ago(0))
    assert counts(look(linked)) == {"missed": 1, "same": 2}


def test_a_look_waits_for_what_came_before_it(linked: Linked, woo: Woo) -> None:
    body = woo.put(1, "10.00", ago(30))
    linked.store.post(body)
    reconcile(linked.connection)
    assert advance()
    assert (linked.sweep().seen, woo.server.calls("GET", "orders")) == (0, [])
    linked.store.drain()
    linked.hurry()
    assert counts(linked.work()) == {"same": 1}


def test_old_looks_are_forgotten_but_not_where_the_next_begins(linked: Linked) -> None:
    old = now() - timedelta(days=40)
    with scope(shop=linked.connection.shop):
        for state in ("done", "failed", "done", "failed"):
            Sweep.objects.create(
                shop=linked.connection.shop,
                connection=linked.connection,
                kind="reconcile",
                state=state,
                until=old,
                created_at=old,
            )
        begin_reconciliations()
        states = list(Sweep.objects.order_by("id").values_list("state", "since"))
    assert [state for state, _ in states] == ["done", "queued"]
    assert states[-1][1] == old - sweeps.OVERLAP


def test_stores_that_cannot_be_asked_are_left_alone(linked: Linked) -> None:
    shop, one = linked.connection.shop, linked.connection
    with scope(shop=shop):
        StoreAccess.objects.update(state="revoked")
        assert begin_reconciliations() == 0
        StoreAccess.objects.update(state="active")
        Connection.objects.filter(pk=one.pk).update(active=False)
        assert begin_reconciliations() == 0
        reconcile(one)
    sweep = linked.work()
    assert (sweep.state, sweep.error) == ("failed", "This connection is switched off.")


@pytest.mark.parametrize(
    ("trouble", "attempts", "state", "said"),
    [
        ("failing", 1, "running", "The store failed (500)."),
        ("limited", 0, "running", "The store wants fewer calls."),
        ("open", 0, "running", "does not answer at the moment"),
        ("revoked", 1, "failed", "WooCommerce does not accept the key"),
        ("ended", 1, "failed", "connect it again"),
    ],
)
def test_a_look_at_a_store_in_trouble(
    linked: Linked, woo: Woo, trouble: str, attempts: int, state: str, said: str
) -> None:
    woo.put(1, "10.00", ago(30))
    reconcile(linked.connection)
    with scope(shop=linked.connection.shop):
        if trouble == "open":
            StoreAccess.objects.update(failures=9, open_until=now() + timedelta(minutes=1))
        elif trouble == "ended":
            StoreAccess.objects.update(state="revoked")
        elif trouble == "revoked":
            woo.server.keys.clear()
        else:
            # Too many calls are asked once more at once.
            fault, times = {"failing": (Fault.ERROR_BEFORE, 1), "limited": (Fault.LIMITED, 2)}[trouble]
            woo.server.fail(fault, times)
        assert advance()
        sweep = linked.sweep()
        assert said in sweep.error
        assert (sweep.state, sweep.attempts) == (state, attempts)
        if state == "running":
            assert sweep.due_at > now()
            StoreAccess.objects.update(open_until=None)
            linked.hurry()
            assert counts(linked.work()) == {"missed": 1}
        elif trouble == "revoked":
            assert linked.access().state == "revoked"


def test_a_look_that_always_fails_ends(linked: Linked, woo: Woo) -> None:
    reconcile(linked.connection)
    linked.hurry(attempts=sweeping.MAX_ATTEMPTS - 1)
    woo.server.fail(Fault.ERROR_BEFORE)
    assert (linked.work().state, linked.sweep().error) == ("failed", "The store failed (500).")
    # One that ended every worker says so.
    reconcile(linked.connection)
    linked.hurry(attempts=sweeping.MAX_ATTEMPTS)
    assert linked.work().error == "It was broken off in the same place again and again."


@pytest.fixture
def busy(committed: None, woo: Woo) -> Linked:
    """A store of 120 orders, on three pages."""
    shop = open_shop("Busy", "EUR", "UTC")
    woo.domain = f"busy{shop.pk}.example"
    for id in range(1, 121):
        woo.put(id, "10.00", ago(55 - id / 4))
    return link(shop, "woocommerce", woo)


def route(settings: Settings, linked: Linked, woo: Woo) -> None:
    settings.OUTBOUND_ROUTES = {linked.connection.domain: woo.server.url}


def test_workers_that_come_to_the_same_page_count_it_once(
    busy: Linked, woo: Woo, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    route(settings, busy, woo)
    # Every lease is over at once, so that all of them ask for every page.
    monkeypatch.setattr(sweeping, "LEASE", timedelta(0))
    woo.server.delay_s = 0.1
    reconcile(busy.connection)
    failures: list[BaseException] = []
    together = threading.Barrier(3)

    def work() -> None:
        try:
            connections["default"].ensure_connection()
            together.wait(30)
            # One that comes while another is claiming finds nothing, and comes again.
            while advance() or busy.sweep().state != "done":
                time.sleep(0.01)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    sweep = busy.sweep()
    assert (sweep.state, sweep.seen, counts(sweep)) == ("done", 120, {"missed": 120})
    assert len(woo.server.calls("GET", "orders")) > 3
    assert len(busy.store.deliveries()) == 120


def test_a_killed_worker_loses_no_page(busy: Linked, woo: Woo, settings: Settings) -> None:
    route(settings, busy, woo)
    reconcile(busy.connection)
    assert advance()
    first = busy.sweep()
    woo.server.delay_s = 0.5
    ended: list[Any] = []

    def work() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                ended.append(cursor.fetchone())
            advance()
        except (DatabaseError, InterfaceError) as error:
            ended.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    while len(woo.server.calls("GET", "orders")) < 2:
        time.sleep(0.02)
    execute("SELECT pg_terminate_backend(%(pid)s)", pid=ended[0][0])
    thread.join(30)
    assert isinstance(ended[1], DatabaseError | InterfaceError)
    woo.server.delay_s = 0
    left = busy.sweep()
    assert (left.cursor, left.seen, left.state) == (first.cursor, 50, "running")
    assert not advance()  # its lease goes on
    busy.hurry()
    sweep = busy.work()
    assert (sweep.state, sweep.seen, counts(sweep)) == ("done", 120, {"missed": 120})
    assert sum(busy.store.moves()) == 1200
