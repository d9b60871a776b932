"""A program in the words that everybody reads: ways to earn, campaigns, tiers."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from rewards.actions.catalogue import archive_reward, create_reward
from shops.models import Shop
from storefront_api import connections
from tests.orders.stories import change
from tests.storefront_api.program_stories import TIERS, rule, shop_with, today

pytestmark = pytest.mark.django_db
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    connections.forget()


def told(shop: Shop) -> Any:
    return Client().get(f"/storefront/v1/program?shop={shop.public_id}").json()


def day(days: int) -> str:
    return (today() + timedelta(days=days)).isoformat()


def campaign(**more: Any) -> dict[str, Any]:
    conditions = {
        name: more.pop(name) for name in ("starts", "ends", "weekdays", "customer_tags") if name in more
    }
    return {"key": "c", "name": "C", "multiplier": "2", "conditions": conditions, **more}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (rule("per_order", 20), "20 points for each order"),
        (rule("first_order", 20), "20 points for the first order"),
        (rule("nth_order", 20, every=5), "20 points for every 5th order"),
        (rule("signup", 50), "50 points for signing up"),
        (rule("birthday", 50), "50 points on each birthday"),
        (rule("newsletter", 50), "50 points for subscribing to the newsletter"),
        (rule("review", 1), "1 point for each product review"),
        (rule("visit", 5), "5 points for a visit, once a day"),
        (rule("custom", 5, event="quiz.done", name="Our tea quiz"), "5 points: Our tea quiz"),
        (
            rule("social_follow", 5, network="x", url="https://x.com/tea"),
            "5 points for following us on X",
        ),
        (
            rule("per_currency", 3, per="1", conditions={"products": {"tags": ["sale"]}}),
            "3 points for every 1 € you spend on products tagged sale",
        ),
    ],
)
def test_every_kind_of_rule_has_a_sentence(given: dict[str, Any], sentence: str) -> None:
    assert told(shop_with(given))["earn"][1]["sentence"] == sentence


def test_details_say_when_and_how_often() -> None:
    given = rule("review", conditions={"weekdays": ["sat"]}, limits=[{"period": "month", "times": 2}])
    (_, way) = told(shop_with(given))["earn"]
    assert way["details"] == "on Saturdays, at most 2 times a month"


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, True),
        ({"active": False}, False),
        ({"conditions": {"starts": day(-2), "ends": day(1)}}, True),
        ({"conditions": {"starts": day(1)}}, False),
        ({"conditions": {"ends": day(0)}}, False),
    ],
)
def test_only_what_counts_now_is_offered(more: dict[str, Any], shown: bool) -> None:
    assert (len(told(shop_with(rule("review", **more)))["earn"]) == 2) is shown


def test_a_campaign_is_announced_while_it_runs() -> None:
    (running,) = told(shop_with(campaigns=[campaign(starts=day(-1), ends=day(1))]))["campaigns"]
    assert running["text"] == "Double points today"
    assert running["ends_at"].endswith("Z")
    words = campaign(announcement="Twice as much for tea lovers")
    assert told(shop_with(campaigns=[words]))["campaigns"] == [
        {"key": "c", "text": "Twice as much for tea lovers", "ends_at": None}
    ]


@pytest.mark.parametrize(
    "more",
    [
        {"active": False},
        {"starts": day(1)},
        {"starts": day(-9), "ends": day(0)},
        {"weekdays": [name for name in WEEKDAYS if name != WEEKDAYS[today().weekday()]]},
        {"customer_tags": ["vip"]},
    ],
)
def test_a_campaign_that_does_not_run_is_not_told(more: dict[str, Any]) -> None:
    assert told(shop_with(campaigns=[campaign(**more)]))["campaigns"] == []


def test_tiers_say_what_they_give() -> None:
    tiers = told(shop_with(tiers=TIERS))["tiers"]
    assert tiers["counts"] == "What you spend counts, in the last 12 months."
    bronze, silver = tiers["levels"]
    assert (bronze["name"], bronze["threshold_text"], bronze["benefits"]) == ("Bronze", "", [])
    assert (silver["threshold"], silver["threshold_text"]) == ("250", "250 €")
    assert silver["benefits"] == [
        "1.5 × points on what you buy",
        "50 points when you get there",
        "Free gift wrapping",
    ]


def test_the_reward_of_a_tier_is_told_by_its_name() -> None:
    shop = shop_with()
    reward = create_reward(shop, "5 € off", {"kind": "fixed", "price": 500, "value": "5"})
    silver = {"key": "silver", "name": "Silver", "threshold": "250", "entry_points": 50}
    levels = [silver | {"entry_reward": reward.public_id}]
    change(shop, tiers={"levels": levels})
    assert told(shop)["tiers"]["levels"][0]["benefits"] == [
        "50 points when you get there",
        "5 € off when you get there",
    ]
    archive_reward(reward)
    connections.forget()
    assert told(shop)["tiers"]["levels"][0]["benefits"] == ["50 points when you get there"]


@pytest.mark.parametrize(
    ("terms", "counts", "threshold"),
    [
        ({"metric": "points", "window": "lifetime"}, "The points you earn count, of all time.", "250 points"),
        (
            {"metric": "orders", "window": "calendar_year"},
            "Your orders count, in this calendar year.",
            "250 orders",
        ),
        ({"window": "anniversary"}, "What you spend counts, in your year as a member.", "250 €"),
    ],
)
def test_tiers_say_what_counts(terms: dict[str, str], counts: str, threshold: str) -> None:
    tiers = told(shop_with(tiers=TIERS | terms))["tiers"]
    assert (tiers["counts"], tiers["levels"][1]["threshold_text"]) == (counts, threshold)
