"""Drafts whose points depend on a member's other orders: tried as if they had been in force, and who changes tier."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scope

from lib.clock import now
from loyalty.documents import as_dict, default_document
from loyalty.models import Award, Program, ProgramVersion
from shops.models import Shop
from tests.orders.backtests import buy, drafted, tried
from tests.orders.stores import Store, open_store
from tests.orders.stories import Open

pytestmark = pytest.mark.django_db

Change = Callable[[dict[str, Any]], None]
HISTORY = (
    # (id, price, days ago, customer)
    (1, "120.00", 80, 1),
    (2, "40.00", 60, 1),
    (3, "30.00", 20, 1),
    (4, "99.99", 50, 2),
    (5, "10.00", 40, 2),
    (6, "5.00", 2, 3),
)


def tiers(document: dict[str, Any]) -> None:
    document["tiers"] = {
        "metric": "spend",
        "window": "rolling",
        "levels": [
            {"key": "silver", "name": "Silver", "threshold": "100", "multiplier": "2"},
            {"key": "gold", "name": "Gold", "threshold": "150", "multiplier": "3"},
        ],
    }


def welcome(document: dict[str, Any]) -> None:
    document["rules"].append({"kind": "first_order", "key": "first", "name": "First order", "points": "500"})


def punch_card(document: dict[str, Any]) -> None:
    document["rules"].append(
        {"kind": "nth_order", "key": "third", "name": "Third", "points": "50", "every": 3}
    )


def capped(document: dict[str, Any]) -> None:
    document["caps"] = {"limits": [{"period": "year", "points": 130}]}


def told(store: Store) -> None:
    for id, price, days_ago, customer in HISTORY:
        buy(store, id, price, days_ago, customer)


def long_live(change: Change) -> Store:
    """A shop in which the changed program was live before every order."""
    document = as_dict(default_document("EUR"))
    change(document)
    shop = Shop.objects.create(name="Old", currency="EUR", timezone="Europe/Berlin")
    with scope(shop=shop):
        Program.objects.create(shop=shop, draft=document)
        ProgramVersion.objects.create(
            shop=shop,
            number=1,
            document=document,
            published_at=now() - timedelta(days=900),
            published_by="test",
        )
    return open_store(shop, "shopify", f"old{shop.pk}.myshopify.com")


@pytest.fixture
def store(opened: Open) -> Store:
    made = opened()
    told(made)
    return made


@pytest.mark.parametrize("change", [tiers, welcome, punch_card, capped])
def test_the_draft_gives_what_it_would_have_given_had_it_been_live(store: Store, change: Change) -> None:
    drafted(store.connection.shop, change)
    result = tried(store.connection.shop)
    other = long_live(change)
    told(other)
    with scope(shop=other.connection.shop):
        targets = list(Award.objects.filter(source__startswith="order:").values_list("target", flat=True))
    assert result.points.draft == sum(targets)
    assert result.points.now == 304
    assert result.points.difference != 0


def test_what_came_before_the_period_counts_for_ordinals_but_not_for_points(store: Store) -> None:
    shop = store.connection.shop
    drafted(shop, welcome)
    result = tried(shop, 30)
    # Only the third member's first order lies in the period.
    assert (result.points.now, result.points.draft) == (35, 535)
    assert [each.difference for each in result.winners] == [500]
    assert result.winners[0].reasons[0] == "First order: 0 → 500 points"
