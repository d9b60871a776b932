"""A member's tier on any day, what keeps it, what is missing to the next, and tiers given by a person."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope

from lib.clock import now
from loyalty.actions.tiers import pin_tier, unpin
from loyalty.documents import Tiers
from loyalty.errors import InvalidPin
from loyalty.models import Account, Standing, TierPin
from loyalty.reviews import review_all_due
from loyalty.tier_queries import outlook, tier_history, tier_on
from loyalty.tiers import Row
from tests.loyalty.test_reviews import join, open_tiered, remember, replayed
from tests.loyalty.test_tier_properties import START
from tests.loyalty.tier_model import levels

pytestmark = pytest.mark.django_db
MARCH = datetime.fromisoformat("2024-03-03T14:00:00+00:00")


def order(number: int, at: datetime, worth: str) -> Row:
    return Row(f"order:{number}", at, at, 1, Decimal(worth), int(Decimal(worth)))


def member(*rows: Row, at: datetime | None = None, **tiers: Any) -> Account:
    settings = Tiers(levels=levels(0, 100, 300, perks=("Tea",)), **tiers)
    account = join(open_tiered((START, settings)), START)[0]
    remember(account, rows)
    replayed([account], at or MARCH)
    return account


def test_the_tier_of_a_day_says_why_and_what_keeps_it() -> None:
    account = member(order(1, MARCH, "162"), at=MARCH + timedelta(days=60))
    review_all_due(MARCH + timedelta(days=400))
    day = tier_on(account, date(2024, 3, 3))
    assert (day.tier, day.name, day.kept_until) == ("t1", "Tier 1", date(2025, 3, 3))
    assert day.why == "Reached with 162.00 €; 100.00 € are needed."
    assert tier_on(account, date(2024, 3, 2)).why == "Every member starts here."
    assert tier_on(account, date(2024, 3, 2)).keeps == "Everybody has Tier 0 at least."
    assert tier_on(account, date(2025, 3, 3)).keeps == "Spend 100.00 € more by 3 Mar to keep Tier 1."
    gone = tier_on(account, date(2025, 3, 4))
    assert (gone.tier, gone.why) == ("t0", "The term ended with 0.00 € of 100.00 €.")
    assert tier_on(account, date(2020, 1, 1)).why == "The member had no tier on this day."
    assert [span.reason for span in tier_history(account)] == ["joined", "reached", "downgraded"]


@pytest.mark.parametrize(
    ("metric", "worth", "keep", "more"),
    [
        (
            "spend",
            "62",
            "Spend 38.00 € more by 3 Mar 2025 to keep Tier 1.",
            "Spend 138.00 € more to reach Tier 2.",
        ),
        (
            "spend",
            "61.995",
            "Spend 38.01 € more by 3 Mar 2025 to keep Tier 1.",
            "Spend 138.01 € more to reach Tier 2.",
        ),
        (
            "points",
            "62",
            "Earn 38 points more by 3 Mar 2025 to keep Tier 1.",
            "Earn 138 points more to reach Tier 2.",
        ),
        (
            "spend",
            "120",
            "Enough is done: Tier 1 goes on after 3 Mar 2025.",
            "Spend 80.00 € more to reach Tier 2.",
        ),
    ],
)
def test_the_outlook_of_a_shopper(metric: str, worth: str, keep: str, more: str) -> None:
    later = MARCH + timedelta(days=90)
    account = member(order(1, MARCH, "100"), order(2, later, worth), at=later, metric=metric)
    found = outlook(account, later)
    assert found
    assert (found.tier, found.name, found.kept_until) == ("t1", "Tier 1", date(2025, 3, 3))
    assert found.figure == 100 + (Decimal(worth) if metric == "spend" else int(Decimal(worth)))
    assert (found.keep_text, found.next_text) == (keep, more)
    assert (found.next_name, found.next_threshold) == ("Tier 2", 300)
    assert (found.window_text, found.multiplier, found.perks) == (
        "in the last 12 months",
        1,
        ("Tea",),
    )


def test_orders_are_counted_one_by_one() -> None:
    settings = Tiers(levels=levels(0, 1, 3), metric="orders")
    account = join(open_tiered((START, settings)), START)[0]
    remember(account, [order(1, MARCH, "5")])
    replayed([account], MARCH)
    found = outlook(account, MARCH)
    assert found
    assert found.next_text == "Place 2 more orders to reach Tier 2."
    assert found.keep_text == "Place 1 more order by 3 Mar 2025 to keep Tier 1."


def test_at_the_top_nothing_is_missing_and_a_tier_for_good_has_no_end() -> None:
    found = outlook(member(order(1, MARCH, "300"), term="forever"), MARCH)
    assert found
    assert (found.missing, found.next_name, found.next_text, found.keep_needed) == (None, "", "", None)
    assert found.keep_text == "Tier 2 has no end."


def test_a_program_without_tiers_has_no_outlook() -> None:
    account = join(open_tiered((START, Tiers())), START)[0]
    assert outlook(account, MARCH) is None
    assert tier_on(account, date(2024, 1, 1)).tier == ""


def test_a_pin_shows_at_once_and_ends_with_its_day() -> None:
    account = member()
    today = now().date()
    pin = pin_tier(account, "t2", today + timedelta(days=30), " founder's friend ", "ada@shop.example")
    assert (pin.reason, pin.actor) == ("founder's friend", "ada@shop.example")
    shown = tier_on(account, today)
    assert (shown.tier, shown.kept_until) == ("t2", today + timedelta(days=30))
    assert shown.why == "Given by ada@shop.example: founder's friend"
    assert shown.keeps.startswith("Tier 2 was given through ")
    found = outlook(account)
    assert found
    assert (found.tier, found.keep_needed, found.missing) == ("t2", None, None)
    assert review_all_due(pin.until - timedelta(seconds=1)) == 0
    assert review_all_due(pin.until) == 1
    with scope(shop=account.shop):
        assert Standing.objects.get(shop=account.shop).tier == "t0"


def test_another_pin_ends_the_one_before_and_unpinning_ends_that() -> None:
    account = member()
    first = pin_tier(account, "t2", now().date(), "first", "ada")
    second = pin_tier(account, "t1", now().date() + timedelta(days=3), "second", "ada")
    first.refresh_from_db()
    assert first.until <= second.since
    assert unpin(account, "bob")
    assert not unpin(account, "bob")
    with scope(shop=account.shop):
        assert Standing.objects.get(shop=account.shop).tier == "t0"
        assert TierPin.objects.filter(shop=account.shop, until__gt=now()).count() == 0
    assert [span.reason for span in tier_history(account)] == ["joined", "pinned", "pinned", "pin_ended"]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("tier", {"tier": "t9"}),
        ("tier", {"tier": ""}),
        ("until", {"until": date(2020, 1, 1)}),
        ("until", {"until": date.max}),
        ("reason", {"reason": "  "}),
        ("reason", {"reason": "x" * 501}),
        ("reason", {"reason": "a\x00b"}),
        ("actor", {"actor": ""}),
    ],
)
def test_a_pin_that_cannot_be_made_names_the_field(field: str, wrong: dict[str, Any]) -> None:
    account = member()
    wish: dict[str, Any] = {
        "tier": "t1",
        "until": now().date() + timedelta(days=9),
        "reason": "why",
        "actor": "ada",
    }
    with pytest.raises(InvalidPin) as refused:
        pin_tier(account, **wish | wrong)
    assert refused.value.field == field
    with scope(shop=account.shop):
        assert not TierPin.objects.filter(shop=account.shop).exists()


def test_a_program_without_tiers_pins_nobody() -> None:
    account = join(open_tiered((START, Tiers())), START)[0]
    with pytest.raises(InvalidPin) as refused:
        pin_tier(account, "t1", now().date(), "why", "ada")
    assert refused.value.field == "tier"
