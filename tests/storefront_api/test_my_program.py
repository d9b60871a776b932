"""What the program holds for one shopper: tier, ways to earn, punch cards, points that come and go."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client

from loyalty.actions.tiers import pin_tier
from loyalty.calendar import add_months, local_day
from orders.customer_facts import tell
from storefront_api import connections
from tests.storefront_api.program_stories import TIERS, ZONE, ago, rule, shop_with, shopper, today

pytestmark = pytest.mark.django_db
FOLLOW: dict[str, Any] = {"network": "instagram", "url": "https://www.instagram.com/teahouse"}


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    connections.forget()


def test_a_plain_program_holds_nothing_but_its_rule() -> None:
    mara = shopper(shop_with())
    mara.buys(1, "40.00")
    told = mara.read("me/program")
    assert [way["sentence"] for way in told.pop("earn")] == ["1 point for every 1 € you spend"]
    assert told == {
        "tier": None,
        "punch_cards": [],
        "campaigns": [],
        "pending": [],
        "expiries": [],
        "expiry_slides": False,
    }
    assert mara.read("me/tiers") == {"tiers": []}
    assert mara.read("me")["tier"] is None


def test_a_customer_who_is_not_known_yet_reads_what_everybody_may_earn() -> None:
    mara = shopper(shop_with(rule("signup"), rule("nth_order", every=5), tiers=TIERS))
    told = mara.read("me/program")
    assert (told["tier"], told["pending"], told["expiries"]) == (None, [], [])
    assert {way["state"] for way in told["earn"]} == {"available"}
    assert [(card["stamps"], card["of"]) for card in told["punch_cards"]] == [(0, 5)]
    assert mara.read("me/tiers") == {"tiers": []}


def test_a_tier_is_told_with_what_is_missing_and_what_keeps_it() -> None:
    mara = shopper(shop_with(tiers=TIERS))
    mara.buys(1, "146.40", days_ago=30)
    assert mara.read("me")["tier"] == {"key": "bronze", "name": "Bronze"}
    tier = mara.read("me/program")["tier"]
    assert (tier["name"], tier["figure_text"], tier["progress"]) == ("Bronze", "146.40 €", 58)
    assert (tier["next_name"], tier["next_threshold_text"], tier["missing"]) == ("Silver", "250 €", "103.6")
    assert tier["next_text"] == "Spend 103.60 € more to reach Silver."
    assert (tier["kept_until"], tier["benefits"]) == (None, [])

    mara.buys(2, "103.60", days_ago=3)
    assert mara.read("me")["tier"] == {"key": "silver", "name": "Silver"}
    tier = mara.read("me/program")["tier"]
    kept = add_months(local_day(ZONE, ago(3)), 12)
    assert (tier["kept_until"], tier["next_name"], tier["progress"]) == (kept.isoformat(), "", 100)
    assert "to keep Silver" in tier["keep_text"] or "goes on after" in tier["keep_text"]
    assert tier["benefits"] == ["1.5 × points on what you buy", "Free gift wrapping"]
    newest, oldest = mara.read("me/tiers")["tiers"]
    assert (newest["key"], newest["until"], oldest["key"]) == ("silver", None, "bronze")
    assert newest["why"] == "Reached with 250.00 €; 250.00 € are needed."
    assert oldest["until"] == newest["since"]


def test_who_gave_a_tier_by_hand_is_not_told_to_the_shopper() -> None:
    mara = shopper(shop_with(tiers=TIERS))
    mara.buys(1, "10.00")
    pin_tier(
        mara.account, "silver", today() + timedelta(days=30), "Cousin of the boss", "olivia@corner.example"
    )
    newest = mara.read("me/tiers")["tiers"][0]
    assert (newest["key"], newest["why"]) == ("silver", "Given by the shop.")
    assert "olivia" not in str(mara.read("me/program")) + str(mara.read("me/tiers"))


def test_what_is_done_once_says_so() -> None:
    mara = shopper(
        shop_with(rule("signup"), rule("newsletter"), rule("first_order"), rule("social_follow", **FOLLOW))
    )
    mara.buys(1, "10.00", days_ago=2)
    before = mara.ways()
    assert before["signup"] == before["first_order"] == ("done", None)
    assert before["newsletter"] == before["social_follow"] == ("available", None)
    assert mara.tells({"event": "social_follow", "network": "instagram"})["points"] == 10
    tell(mara.account, subscribed=True)
    assert mara.ways()["social_follow"] == mara.ways()["newsletter"] == ("done", None)
    (way,) = [way for way in mara.read("me/program")["earn"] if way["key"] == "social_follow"]
    assert (way["network"], way["network_name"], way["url"]) == ("instagram", "Instagram", FOLLOW["url"])


def test_a_visit_is_open_again_tomorrow() -> None:
    mara = shopper(shop_with(rule("visit", 5)))
    mara.buys(1, "10.00")
    assert mara.ways()["visit"] == ("available", None)
    mara.tells({"event": "visit"})
    assert mara.ways()["visit"] == ("later", (today() + timedelta(days=1)).isoformat())


def test_birthdays_and_anniversaries_come_on_their_day() -> None:
    mara = shopper(shop_with(rule("birthday", 150), rule("anniversary", 50)))
    mara.buys(1, "10.00", days_ago=100)
    assert mara.ways()["birthday"] == ("unknown", None)
    day = today() + timedelta(days=40)
    tell(mara.account, birthday=day.strftime("%m-%d"))
    assert mara.ways()["birthday"] == ("scheduled", day.isoformat())
    joined = local_day(ZONE, ago(100))
    assert mara.ways()["anniversary"] == ("scheduled", add_months(joined, 12).isoformat())


def test_a_sign_up_from_before_the_rule_is_not_spoken_of() -> None:
    mara = shopper(shop_with(rule("signup")))
    mara.buys(1, "10.00", days_ago=1, joined=900)
    assert "signup" not in mara.ways()


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ({"period": "day", "times": 1}, ("later", today() + timedelta(days=1))),
        ({"period": "month", "times": 1}, ("later", add_months(today().replace(day=1), 1))),
        ({"period": "ever", "points": 10}, ("done", None)),
        ({"period": "ever", "times": 2}, ("available", None)),
    ],
)
def test_a_limit_that_is_reached_says_when_it_opens_again(
    limit: dict[str, Any], expected: tuple[str, date | None]
) -> None:
    mara = shopper(shop_with(rule("social_follow", **FOLLOW), rule("per_order", limits=[limit])))
    assert mara.ways()["per_order"] == ("available", None)
    mara.buys(1, "10.00", days_ago=0)
    assert mara.ways()["per_order"] == (expected[0], expected[1].isoformat() if expected[1] else None)


def test_a_punch_card_fills_and_starts_anew() -> None:
    mara = shopper(shop_with(rule("nth_order", 100, every=3)))
    stamps = []
    for number in range(1, 5):
        mara.buys(number, "10.00", days_ago=10 - number)
        (card,) = mara.read("me/program")["punch_cards"]
        stamps.append(card["stamps"])
    assert stamps == [1, 2, 0, 1]
    assert card["sentence"] == "100 points for every 3rd order"
    assert mara.read("me")["balance"] == 140


def test_points_on_hold_say_when_they_can_be_used() -> None:
    mara = shopper(shop_with(hold_days=14))
    mara.buys(1, "80.00", days_ago=4)
    mara.buys(2, "40.00", days_ago=2)
    me = mara.read("me")
    assert (me["balance"], me["pending"]) == (0, 120)
    assert mara.read("me/program")["pending"] == [
        {"points": 80, "on": local_day(ZONE, ago(-10)).isoformat()},
        {"points": 40, "on": local_day(ZONE, ago(-12)).isoformat()},
    ]


def test_the_whole_schedule_of_expiries_is_told() -> None:
    mara = shopper(shop_with(expiry={"mode": "per_lot", "months": 12}))
    mara.buys(1, "80.00", days_ago=300)
    mara.buys(2, "40.00", days_ago=20)
    assert mara.read("me/program")["expiries"] == [
        {"points": 80, "on": add_months(local_day(ZONE, ago(300)), 12).isoformat()},
        {"points": 40, "on": add_months(local_day(ZONE, ago(20)), 12).isoformat()},
    ]


def test_an_expiry_that_activity_puts_off_says_so() -> None:
    mara = shopper(shop_with(expiry={"mode": "inactivity", "months": 6}))
    mara.buys(1, "80.00", days_ago=30)
    told = mara.read("me/program")
    assert told["expiry_slides"] is True
    assert [expiry["points"] for expiry in told["expiries"]] == [80]


def test_what_is_for_others_is_not_told() -> None:
    for_silver = rule("review", conditions={"tiers": ["silver"]})
    for_tagged = rule("custom", event="quiz", conditions={"customer_tags": ["Tea Club"]})
    shop = shop_with(for_silver, for_tagged, tiers=TIERS)
    everybody = Client().get(f"/storefront/v1/program?shop={shop.public_id}").json()
    assert [(way["key"], way["details"]) for way in everybody["earn"]] == [
        ("purchases", ""),
        ("review", "for Silver members"),
    ]
    mara = shopper(shop)
    mara.buys(1, "10.00", tags="tea club")
    assert list(mara.ways()) == ["purchases", "custom"]
    mara.buys(2, "300.00", days_ago=0.5, tags="")
    assert list(mara.ways()) == ["purchases", "review"]


def test_nobody_reads_another_shops_member() -> None:
    terms: dict[str, Any] = {"tiers": TIERS, "expiry": {"mode": "per_lot"}}
    mara, stranger = shopper(shop_with(**terms)), shopper(shop_with(name="Elsewhere", **terms))
    mara.buys(1, "300.00")
    assert stranger.read("me/program")["tier"] is None
    assert stranger.read("me/program")["expiries"] == []
    assert stranger.read("me/tiers") == {"tiers": []}
    stranger.buys(1, "20.00")
    assert stranger.read("me")["tier"]["key"] == "bronze"
    assert [span["key"] for span in stranger.read("me/tiers")["tiers"]] == ["bronze"]


@pytest.mark.parametrize("path", ["me/program", "me/tiers"])
def test_a_token_is_needed(client: Client, db: None, path: str) -> None:
    answer = client.get(f"/storefront/v1/{path}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "token_missing")


def test_a_history_of_orders_and_activities_is_readable() -> None:
    mara = shopper(shop_with(rule("signup", 50)))
    mara.buys(1, "10.00", days_ago=3)
    told = mara.read("me/activity")["entries"]
    assert sorted(entry["points"] for entry in told) == [10, 50]
    assert {entry["order_number"] for entry in told} == {"#1042", None}
