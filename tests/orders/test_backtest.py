"""A draft tried on the orders of a period: what it would have given, and that nothing else changes."""

import itertools
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django_scopes import scope

from loyalty.actions.programs import draft_document, publish
from loyalty.models import Account, Award, Entry, Lot
from orders.backtest import rows, runs
from orders.backtest.figures import Points, result_from
from orders.backtest.tally import SHOWN, Change, Tally
from orders.models import Backtest
from shops.models import Shop
from tests import bodies
from tests.orders.backtests import buy, doubled, drafted, finished, placed, tried
from tests.orders.stores import Store
from tests.orders.stories import Open

pytestmark = pytest.mark.django_db


@pytest.fixture
def store(opened: Open) -> Store:
    return opened()


def written(shop: Shop) -> list[Any]:
    with scope(shop=shop):
        return [list(model.objects.order_by("pk").values()) for model in (Entry, Lot, Award, Account)]


def test_twice_the_points_are_told_in_points_and_money(store: Store) -> None:
    shop = store.connection.shop
    buy(store, 1, "49.95", 10)
    buy(store, 2, "30.00", 3, customer=2)
    buy(store, 3, "1000.00", 200)
    drafted(shop, doubled)
    before = written(shop)
    result = tried(shop)
    assert written(shop) == before

    assert (result.orders, result.members, result.gaining, result.losing) == (2, 2, 2, 0)
    assert (result.points.now, result.points.draft, result.points.difference) == (79, 159, 80)
    assert result.points.percent == Decimal("101.3")
    assert (result.cost.now, result.cost.draft, result.cost.difference) == (
        Decimal("0.79"),
        Decimal("1.59"),
        Decimal("0.80"),
    )
    assert (result.liability.points, result.liability.difference) == (1079, Decimal("0.80"))
    assert result.changes == ("Points per 1 €: 1 → 2",)
    assert [(each.now, each.draft, each.orders) for each in result.winners] == [(49, 99, 1), (30, 60, 1)]
    assert result.losers == ()
    assert result.winners[0].reasons[0] == "Points for purchases: 49 → 99 points"
    assert "49.95 € of goods at 2 points per 1 €" in result.winners[0].reasons[2]
    assert sum(each.now for each in result.series) == 79
    assert sum(each.draft for each in result.series) == 159
    assert (result.version, result.days) == (1, 90)


def test_the_points_may_cost_something_else(store: Store) -> None:
    shop = store.connection.shop
    buy(store, 1, "100.00", 1)

    def dearer(document: dict[str, Any]) -> None:
        document["point_value"] = "0.05"

    drafted(shop, dearer)
    result = tried(shop)
    assert result.points.difference == 0
    assert (result.cost.now, result.cost.draft) == (Decimal("1.00"), Decimal("5.00"))
    assert result.liability.difference == Decimal("4.00")
    assert result.liability.spent_share is None


def test_the_expected_share_is_what_was_spent_so_far(store: Store) -> None:
    shop = store.connection.shop
    buy(store, 1, "100.00", 1)
    with scope(shop=shop):
        Account.objects.filter(shop=shop).update(lifetime_spent=25)
    drafted(shop, doubled)
    liability = tried(shop).liability
    assert (liability.spent_share, liability.difference) == (Decimal("0.25"), Decimal("1.00"))
    assert liability.expected == Decimal("0.25")


def test_refunds_count_as_they_are_by_now(store: Store) -> None:
    shop = store.connection.shop
    buy(store, 1, "100.00", 5)
    refund = bodies.shopify_refund(7, 1, [bodies.shopify_refund_line(1, "75.00")], paid="75.00")
    store.apply(("refunds/create", refund))
    drafted(shop, doubled)
    points = tried(shop).points
    assert (points.now, points.draft) == (25, 50)


def test_what_earns_nothing_is_counted_by_its_reason(store: Store) -> None:
    shop = store.connection.shop
    buy(store, 1, "10.00", 5)
    buy(store, 2, "10.00", 5, currency="USD")
    buy(store, 3, "10.00", 5, cancelled_at="2026-01-01T00:00:00Z")
    buy(store, 4, "10.00", 5, test=True)
    buy(store, 5, "10.00", 5, financial_status="pending")
    at = placed(5).isoformat()
    guest = bodies.shopify_order(6, guest=True, created_at=at, processed_at=at, email="gast@tee.example")
    store.apply(("orders/paid", guest))
    result = tried(shop)
    assert result.left_out == {"cancelled": 1, "currency": 1, "guest": 1, "pending": 1, "test": 1}
    assert (result.points.now, result.points.draft, result.orders) == (10, 10, 5)


def test_a_period_without_orders_has_an_empty_result(store: Store) -> None:
    buy(store, 1, "10.00", 50)
    result = tried(store.connection.shop, 7)
    assert (result.orders, result.members, result.points.now) == (0, 0, 0)
    assert result.points.percent is None
    assert len(result.series) == 8


@pytest.mark.parametrize("days", [-1, 0, 6, 731, 10**9])
def test_days_out_of_range_are_refused_by_name(store: Store, days: int) -> None:
    with pytest.raises(ValidationError) as refused:
        runs.start(store.connection.shop, days, "test")
    assert refused.value.message_dict == {"days": ["must be from 7 to 730 days"]}


@pytest.mark.parametrize(("days", "stretches"), [(7, 8), (31, 32), (90, 13), (365, 13), (730, 25)])
def test_the_series_has_no_gaps(store: Store, days: int, stretches: int) -> None:
    buy(store, 1, "10.00", 5)
    series = tried(store.connection.shop, days).series
    assert abs(len(series) - stretches) <= 1
    for one, other in itertools.pairwise(series):
        assert (other.first - one.last).days == 1
    assert sum(each.now for each in series) == 10


def test_the_same_question_has_the_same_answer(store: Store) -> None:
    shop = store.connection.shop
    buy(store, 1, "10.00", 5)
    first = runs.start(shop, 90, "test")
    assert runs.start(shop, 90, "other").pk == first.pk
    finished(first)
    assert runs.start(shop, 90, "other").pk == first.pk
    assert runs.start(shop, 30, "test").pk != first.pk
    buy(store, 2, "10.00", 4)
    assert runs.start(shop, 90, "test").pk != first.pk
    drafted(shop, doubled)
    other = runs.start(shop, 90, "test")
    assert other.digest != first.digest


def test_a_version_that_goes_live_meanwhile_ends_the_run(store: Store) -> None:
    shop = store.connection.shop
    buy(store, 1, "10.00", 5)
    drafted(shop, doubled)
    run = runs.start(shop, 90, "test")
    assert runs.advance(run.pk)
    publish(shop, "test")
    assert runs.advance(run.pk)
    assert not runs.advance(run.pk)
    with scope(shop=shop):
        run.refresh_from_db()
    assert (run.state, run.result) == (Backtest.State.STALE, None)


def test_chunks_add_up_wherever_they_end(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = store.connection.shop
    for number in range(12):
        buy(store, 100 + number, f"{number + 1}.00", 5, customer=number % 5)
    drafted(shop, doubled)
    whole = tried(shop)
    monkeypatch.setattr(rows, "CHUNK", 2)
    monkeypatch.setattr(rows, "FETCHED", 1)
    with scope(shop=shop):
        Backtest.objects.filter(shop=shop).update(state="failed")
    run = runs.start(shop, 90, "test")
    steps = 0
    while runs.advance(run.pk):
        steps += 1
    with scope(shop=shop):
        run.refresh_from_db()
    assert steps > 4
    assert run.processed == run.total == 12
    again = result_from(run.result)
    assert again.points == whole.points == Points(78, 156, 78)
    assert again.winners == whole.winners


def test_another_shops_orders_are_not_looked_at(store: Store, opened: Open) -> None:
    other = opened()
    buy(store, 1, "10.00", 5)
    buy(other, 2, "500.00", 5)
    drafted(store.connection.shop, doubled)
    assert tried(store.connection.shop).points.now == 10


def test_a_draft_that_says_what_is_live_changes_nothing(store: Store) -> None:
    shop = store.connection.shop
    buy(store, 1, "49.95", 5)
    result = tried(shop)
    assert (result.points.difference, result.changes, result.winners) == (0, (), ())
    assert draft_document(shop).rules[0].points == 1


def test_only_the_greatest_changes_are_kept_the_greatest_first() -> None:
    tally = Tally()
    for number in range(1, 40):
        change = Change(customer=number)
        change.add(number, 0, number % 17)
        tally.add_member(change)
    kept = [(each.difference, each.customer) for each in tally.winners]
    assert len(kept) == SHOWN
    assert kept == sorted(((n % 17, n) for n in range(1, 40)), key=lambda each: (-each[0], each[1]))[:SHOWN]
    assert Tally.of(tally.as_json()) == tally
