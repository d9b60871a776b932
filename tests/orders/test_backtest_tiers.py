"""Drafts with tiers: what members did before the period counts for their tier, and who changes tier."""

from typing import Any

import pytest
from django_scopes import scope

from loyalty.actions.members import replay_accounts
from loyalty.actions.programs import publish
from loyalty.models import Account
from orders.backtest.figures import Result
from tests.orders.backtests import drafted, tried
from tests.orders.stores import Store
from tests.orders.stories import Open
from tests.orders.test_backtest_members import tiers, told

pytestmark = pytest.mark.django_db


def moved(result: Result) -> list[tuple[str, str, bool, bool, int]]:
    return [(move.old, move.new, move.up, move.at_once, move.members) for move in result.tiers]


@pytest.fixture
def store(opened: Open) -> Store:
    made = opened()
    told(made)
    return made


def test_the_tier_from_before_the_period_multiplies_points_in_it(store: Store) -> None:
    shop = store.connection.shop
    drafted(shop, tiers)
    # 30.00 at triple points: the first member was gold by then.
    assert tried(shop, 30).points.draft == 95


def test_first_tiers_place_everybody(store: Store) -> None:
    drafted(store.connection.shop, tiers)
    result = tried(store.connection.shop, 7)
    assert moved(result) == [("", "Gold", True, True, 1), ("", "Silver", True, True, 1)]
    assert (result.up, result.down) == (2, 0)


def test_other_thresholds_move_members_up_at_once_and_down_at_their_review(store: Store) -> None:
    shop = store.connection.shop
    drafted(shop, tiers)
    publish(shop, "test")
    with scope(shop=shop):
        replay_accounts([(shop.pk, pk) for pk in Account.objects.values_list("pk", flat=True)])
        standings = sorted(shop.standings.values_list("tier", flat=True))
    assert standings == ["", "gold", "silver"]

    def harder(document: dict[str, Any]) -> None:
        document["tiers"]["levels"][0]["threshold"] = "5"
        document["tiers"]["levels"][1]["threshold"] = "1000"

    drafted(shop, harder)
    result = tried(shop)
    assert moved(result) == [("", "Silver", True, True, 1), ("Gold", "Silver", False, False, 1)]

    def none(document: dict[str, Any]) -> None:
        document["tiers"] = {}

    drafted(shop, none)
    assert moved(tried(shop)) == [("Gold", "", False, True, 1), ("Silver", "", False, True, 1)]
