"""The names of points, one and many, and what rules and campaigns say."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from loyalty.documents import (
    RULE_KINDS,
    Campaign,
    Conditions,
    FirstOrder,
    Limit,
    NthOrder,
    PerCurrency,
    PerOrder,
    PerUnit,
    ProductSet,
)
from loyalty.wording import (
    campaign_text,
    conditions_text,
    limit_text,
    one_of,
    points_text,
    products_text,
    rule_text,
)


@pytest.mark.parametrize(
    ("name", "one"),
    [("points", "point"), ("Beans", "Bean"), ("Gold Coins", "Gold Coin"), ("Miles", "Mile"), ("★s", "★s")],
)
def test_one_of_many(name: str, one: str) -> None:
    assert one_of(name) == one


@pytest.mark.parametrize("name", ["Bonus", "Kudos", "Bliss", "Cookies", "Taler", "Oasis", "Boxes", "s", "XS"])
def test_a_name_that_is_no_simple_plural_stays(name: str) -> None:
    assert one_of(name) == name


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "1 Bean"), (-1, "−1 Bean"), (0, "0 Beans"), (1200, "1,200 Beans"), (Decimal("1.5"), "1.5 Beans")],
)
def test_counting(count: int | Decimal, text: str) -> None:
    assert points_text(count, "Beans") == text


SPECIAL = {
    "per_currency": {"per": Decimal(1)},
    "nth_order": {"every": 5},
    "social_follow": {"network": "instagram", "url": "https://instagram.example/tea"},
    "custom": {"event": "quiz.done"},
}
SENTENCES = {
    "per_currency": "50 points per 1 €",
    "per_order": "50 points for each order",
    "per_unit": "50 points for each item",
    "first_order": "50 points for the first order",
    "nth_order": "50 points for every 5th order",
    "signup": "50 points for signing up",
    "birthday": "50 points on each birthday",
    "anniversary": "50 points on each anniversary of joining",
    "newsletter": "50 points for subscribing to the newsletter",
    "review": "50 points for each product review",
    "social_follow": "50 points for following us on Instagram",
    "visit": "50 points for a visit, once a day",
    "custom": "50 points for each event “quiz.done”",
}


@pytest.mark.parametrize("kind", RULE_KINDS)
def test_every_rule_has_a_sentence(kind: str) -> None:
    rule = RULE_KINDS[kind](key="k", name="Name", points=Decimal(50), **SPECIAL.get(kind, {}))  # type: ignore[arg-type]
    assert rule_text(rule, "EUR") == SENTENCES[kind]


THREE = Conditions(products=ProductSet(product_ids=("1", "2", "3")))


@pytest.mark.parametrize(
    ("kind", "more", "text"),
    [
        (PerCurrency, {"per": Decimal(10)}, "1 Bean per 10 € on 3 products"),
        (PerUnit, {}, "1 Bean for each item of 3 products"),
        (PerOrder, {}, "1 Bean for each order with 3 products"),
        (FirstOrder, {}, "1 Bean for the first order with 3 products"),
        (NthOrder, {"every": 2}, "1 Bean for every 2nd order with 3 products"),
    ],
)
def test_rules_for_some_products_name_them(kind: type[Any], more: dict[str, Any], text: str) -> None:
    rule = kind(key="k", name="Name", points=Decimal(1), conditions=THREE, **more)
    assert rule_text(rule, "EUR", "Beans") == text


@pytest.mark.parametrize(
    ("products", "text"),
    [
        (ProductSet(), ""),
        (ProductSet(product_ids=("1",)), "1 product"),
        (ProductSet(vendors=("Acme", "Bolt")), "Acme or Bolt"),
        (ProductSet(tags=("tea",), skus=("A", "B")), "2 SKUs or products tagged tea"),
        (ProductSet(product_types=("A", "B", "C", "D")), "4 product types"),
    ],
)
def test_products_in_a_few_words(products: ProductSet, text: str) -> None:
    assert products_text(products) == text


@pytest.mark.parametrize(
    ("limit", "text"),
    [
        (Limit(period="day", points=100), "at most 100 points a day"),
        (Limit(period="ever", times=1), "at most once in all"),
        (Limit(period="year", times=3), "at most 3 times a year"),
    ],
)
def test_limits_in_words(limit: Limit, text: str) -> None:
    assert limit_text(limit) == text


@pytest.mark.parametrize(
    ("conditions", "text"),
    [
        (Conditions(), ""),
        (
            Conditions(ends="2026-12-25", weekdays=("sat",), tiers=("gold",)),
            "until 24 Dec, on Saturdays, for Gold members",
        ),
        (Conditions(starts="2026-12-01", ends="2027-01-01"), "from 1 Dec until 31 Dec"),
        (Conditions(starts="2026-12-01T18:30"), "from 1 Dec, 18:30"),
        (Conditions(ends="2027-02-01"), "until 31 Jan 2027"),
        (Conditions(weekdays=("fri", "mon", "wed")), "on Mondays, Wednesdays and Fridays"),
        (Conditions(weekdays=("sat", "sun")), "at weekends"),
        (
            Conditions(min_basis=Decimal("49.5"), first_order=True),
            "on the first order, for orders of 49.50 € or more",
        ),
        (
            Conditions(channels=("web", "pos"), customer_tags=("vip",), tiers=("gold", "lost")),
            "by web or pos, for Gold and lost members, for customers tagged vip",
        ),
    ],
)
def test_conditions_in_words(conditions: Conditions, text: str) -> None:
    assert conditions_text(conditions, "EUR", {"gold": "Gold"}, date(2026, 11, 1)) == text


TUESDAY = datetime(2026, 12, 1, 12)


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ("", "Double points"),
        ("2026-12-02", "Double points today"),
        ("2026-12-01T18:00", "Double points today until 18:00"),
        ("2026-12-03", "Double points until Wednesday"),
        ("2026-12-07", "Double points until Sunday"),
        ("2026-12-08", "Double points until Monday"),
        ("2026-12-09", "Double points until 8 December"),
        ("2026-12-06T20:00", "Double points until Sunday, 20:00"),
        ("2026-12-25", "Double points until 24 December"),
    ],
)
def test_a_campaign_says_until_when(ends: str, text: str) -> None:
    double = Campaign(key="d", name="D", multiplier=Decimal(2), conditions=Conditions(ends=ends))
    assert campaign_text(double, TUESDAY) == text


@pytest.mark.parametrize(
    ("campaign", "text"),
    [
        ({"multiplier": Decimal(3)}, "Triple Beans"),
        ({"multiplier": Decimal("1.5")}, "1.5 × Beans"),
        ({"points": Decimal(20)}, "20 Beans more for each order"),
        ({"points": Decimal(20), "announcement": " Ho, ho, ho! "}, "Ho, ho, ho!"),
        ({"multiplier": Decimal(2), "conditions": THREE}, "Double Beans on 3 products"),
        (
            {
                "multiplier": Decimal(2),
                "conditions": Conditions(
                    weekdays=("sat",), tiers=("gold",), min_basis=Decimal(50), ends="2027-01-01"
                ),
            },
            "Double Beans on Saturdays for orders of 50 € or more for Gold members until 31 December",
        ),
    ],
)
def test_a_campaign_says_what_it_gives(campaign: dict[str, Any], text: str) -> None:
    given = Campaign(key="d", name="D", **campaign)
    assert campaign_text(given, TUESDAY, "EUR", "Beans", {"gold": "Gold"}) == text
