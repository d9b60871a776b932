"""Previewing the impact of a draft in the dashboard."""

from datetime import timedelta

import msgspec
import pytest
from django.test import Client
from django_scopes import scope

from lib.clock import now
from loyalty.actions.programs import draft_document, load_draft
from orders.backtest import runs
from orders.models import Backtest, Order
from shops.models import Shop
from tests.dashboard.conftest import Desks
from tests.orders.backtests import doubled, drafted, finished


@pytest.fixture
def recent(desks: Desks) -> Order:
    """An order of the member, placed the day before yesterday."""
    with scope(shop=desks.shop):
        return Order.objects.create(
            shop=desks.shop,
            connection=desks.connection,
            customer=desks.member.customer,
            external_id="recent",
            number="#1080",
            currency="EUR",
            status="paid",
            placed_at=now() - timedelta(days=2),
            lines=[{"id": "1", "net": "100.00", "title": "<b>Tea</b>"}],
        )


def latest(shop: Shop) -> Backtest:
    with scope(shop=shop):
        return Backtest.objects.select_related("shop").latest("id")


def test_from_the_button_to_the_result(desks: Desks, owner: Client, recent: Order) -> None:
    drafted(desks.shop, doubled)
    page = owner.get("/dashboard/program/backtest/").content.decode()
    assert "Points per 1 €: 1 → 2" in page
    answer = owner.post("/dashboard/program/backtest/", {"days": "30"})
    run = latest(desks.shop)
    url = f"/dashboard/program/backtest/{run.pk}/"
    assert (answer.status_code, answer["Location"]) == (302, url)
    assert (run.days, run.requested_by) == (30, "olivia@corner.example")

    waiting = owner.get(url).content.decode()
    assert 'http-equiv="refresh"' in waiting
    assert owner.get(f"{url}progress/").json() == {
        "finished": False,
        "percent": 0,
        "said": "Counting the orders of the period.",
    }
    finished(run)
    assert owner.get(f"{url}progress/").json()["finished"] is True
    result = owner.get(url).content.decode()
    # The order was never awarded: only the draft gives anything, and its campaign doubles that.
    assert "In the last 30 days this draft would have given 400 beans more, worth 4.00 €." in result
    assert f"/dashboard/members/{desks.member.pk}/" in result
    assert "Order #1080 with the draft: 400 beans" in result
    assert "Version 2" in result
    assert run.digest[:12] in result
    assert "http-equiv" not in result


def test_a_draft_that_changed_meanwhile_is_told(desks: Desks, owner: Client, recent: Order) -> None:
    drafted(desks.shop, doubled)
    owner.post("/dashboard/program/backtest/", {"days": "30"})
    run = finished(latest(desks.shop))
    url = f"/dashboard/program/backtest/{run.pk}/"
    assert "The draft has changed" not in owner.get(url).content.decode()
    load_draft(desks.shop, msgspec.structs.replace(draft_document(desks.shop), hold_days=7))
    assert "The draft has changed since this preview." in owner.get(url).content.decode()


@pytest.mark.parametrize("days", ["", "0", "6", "731", "-30", "3e1", "٣٠", "9" * 5000, "30\0"])
def test_another_period_is_refused(desks: Desks, owner: Client, days: str) -> None:
    before = latest(desks.shop).pk
    answer = owner.post("/dashboard/program/backtest/", {"days": days})
    assert answer.status_code == 422
    assert "must be from 7 to 730 days" in answer.content.decode()
    assert latest(desks.shop).pk == before


def test_a_run_that_failed_says_so(desks: Desks, owner: Client) -> None:
    run = latest(desks.shop)
    with scope(shop=desks.shop):
        Backtest.objects.filter(pk=run.pk).update(document={"currency": 3})
    while runs.advance(run.pk):
        pass
    page = owner.get(f"/dashboard/program/backtest/{run.pk}/").content.decode()
    assert "The preview did not succeed" in page
    assert "http-equiv" not in page


def test_a_member_who_only_looks_has_no_button(desks: Desks) -> None:
    page = desks.client("viewer").get("/dashboard/program/backtest/").content.decode()
    assert "Earlier previews" in page
    assert '<form class="rg-card-foot' not in page


def test_no_orders_is_a_sentence(desks: Desks, owner: Client) -> None:
    run = finished(desks.backtest)
    page = owner.get(f"/dashboard/program/backtest/{run.pk}/").content.decode()
    assert "In the last 90 days there was no order of a member to try this draft on." in page
