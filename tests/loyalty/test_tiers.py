"""Every row of what tiers mean, one after the other."""

import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalty.documents import Tiers
from loyalty.tiers import Journey, Pin, Row
from tests.loyalty.tier_model import levels, timeline

ZONE = "Europe/Berlin"
LONG_AGO = datetime(2018, 1, 1, tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def tiers(*thresholds: int, **more: Any) -> Tiers:
    rewards = more.pop("entry_points", 0)
    return Tiers(levels=levels(*thresholds, entry_points=rewards), **more)


def journey(published: Tiers, *pins: Pin, joined: str = "2018-01-01") -> Journey:
    return Journey(timeline(ZONE, (LONG_AGO, published)), local(joined), pins)


def order(number: int, placed: str, worth: int, *, paid: str = "") -> Row:
    return Row(f"order:{number}", local(placed), local(paid or placed), 1, Decimal(worth), worth)


def refund(number: int, placed: str, at: str, worth: int) -> Row:
    return Row(f"order:{number}", local(placed), local(at), 0, -Decimal(worth), -worth)


def live(member: Journey, *rows: Row, until: str = "") -> Journey:
    for row in rows:
        member.advance(row.effective_at)
        member.count(row)
    if until:
        member.advance(local(until))
    return member


def kept_through(member: Journey) -> str:
    kept = member.standing().kept_until
    assert kept
    return str((kept.astimezone(ZoneInfo(ZONE)) - timedelta(microseconds=1)).date())


def story(member: Journey) -> list[tuple[str, str, str]]:
    zone = ZoneInfo(ZONE)
    return [(str(span.since.astimezone(zone).date()), span.tier, span.reason) for span in member.spans]


def test_a_term_of_twelve_months_ends_with_the_same_day_of_the_next_year() -> None:
    member = live(journey(tiers(0, 100)), order(1, "2024-03-03T15:00", 100))
    assert member.tier == "t1"
    assert kept_through(member) == "2025-03-03"
    member.advance(local("2025-03-03T23:59:59"))
    assert member.tier == "t1"
    member.advance(local("2025-03-04"))
    assert member.tier == "t0"


def test_a_term_of_the_calendar_year_lasts_through_the_next_one() -> None:
    settings = tiers(0, 100, window="calendar_year", term="calendar_year")
    member = live(journey(settings), order(1, "2018-11-15", 100))
    assert kept_through(member) == "2019-12-31"
    live(member, order(2, "2019-06-01", 100), until="2020-01-01")
    assert (member.tier, kept_through(member)) == ("t1", "2020-12-31")
    member.advance(local("2021-01-01"))
    assert member.tier == "t0"


def test_a_rolling_year_of_points_and_what_is_spent_never_counts() -> None:
    settings = tiers(0, 500, metric="points")
    member = live(journey(settings), order(1, "2024-01-10", 499))
    assert member.tier == "t0"
    live(member, order(2, "2024-02-01", 1), until="2024-12-31")
    assert member.tier == "t1"


def test_the_next_check_follows_the_last_upgrade() -> None:
    settings = tiers(0, 100, 300)
    member = live(journey(settings), order(1, "2024-04-15", 100), order(2, "2024-10-25", 200))
    assert (member.tier, kept_through(member)) == ("t2", "2025-10-25")
    member.advance(local("2025-10-25T23:59"))
    assert member.tier == "t2"


@pytest.mark.parametrize(
    ("prior", "earned", "expected"), [(4000, 500, "t0"), (0, 25000, "t2"), (9999, 1, "t1")]
)
def test_where_the_balance_stands(prior: int, earned: int, expected: str) -> None:
    settings = tiers(0, 10_000, 20_000, metric="points", window="lifetime")
    member = live(journey(settings), order(1, "2024-01-01", prior), order(2, "2024-01-02", earned))
    assert member.tier == expected


def test_a_refund_below_the_threshold_takes_the_tier_and_its_entry_reward() -> None:
    member = live(journey(tiers(0, 100, entry_points=50)), order(1, "2024-03-03", 120))
    assert [(entry.tier, entry.points, entry.undone) for entry in member.entries] == [("t1", 50, False)]
    live(member, refund(1, "2024-03-03", "2024-03-20", 20))
    assert member.tier == "t1"  # thresholds are inclusive
    live(member, refund(1, "2024-03-03", "2024-03-21", 1))
    assert member.tier == "t0"
    assert [entry.undone for entry in member.entries] == [True]
    assert story(member)[-1] == ("2024-03-21", "t0", "refund")
    assert member.spans[-1].details["undone"] == "t1"


def test_a_refund_of_what_came_later_takes_nothing() -> None:
    member = live(
        journey(tiers(0, 100)),
        order(1, "2024-03-03", 100),
        order(2, "2024-03-05", 50),
        refund(2, "2024-03-05", "2024-03-09", 50),
    )
    assert member.tier == "t1"


def test_another_order_that_carries_the_tier_keeps_it_and_its_reward() -> None:
    member = live(
        journey(tiers(0, 100, entry_points=50)),
        order(1, "2024-03-03", 100),
        order(2, "2024-04-03", 100),
        refund(1, "2024-03-03", "2024-05-01", 100),
    )
    assert member.tier == "t1"
    assert [(entry.n, entry.undone) for entry in member.entries] == [(1, False)]
    assert kept_through(member) == "2025-05-01"


def test_a_refund_brings_back_the_tier_before_as_its_own_reviews_left_it() -> None:
    """Silver of January would have ended in January; the order of December that kept it made it Gold as well."""
    settings = tiers(0, 100, 300)
    rows = [order(1, "2024-01-10", 100), order(2, "2024-12-10", 250)]
    kept = live(journey(settings), *rows, refund(2, "2024-12-10", "2025-02-01", 130))
    assert (kept.tier, kept_through(kept)) == ("t1", "2026-01-10")
    lost = live(journey(settings), *rows, refund(2, "2024-12-10", "2025-02-01", 200))
    assert (lost.tier, kept_through(lost)) == ("t1", "2026-01-10")  # what was known in January decided then


def test_a_renewed_tier_rests_on_its_review_and_not_on_the_first_order() -> None:
    member = live(
        journey(tiers(0, 100)),
        order(1, "2024-03-03", 100),
        order(2, "2024-06-03", 100),
        refund(1, "2024-03-03", "2025-03-10", 100),
    )
    assert (member.tier, kept_through(member)) == ("t1", "2026-03-03")
    assert [reason for _, _, reason in story(member)] == ["joined", "reached", "renewed"]


def test_a_renewal_settles_the_tiers_below_as_well() -> None:
    """Silver of an order of January and Gold of both; once Gold is renewed, the refund of January takes nothing."""
    member = live(
        journey(tiers(0, 100, 300, entry_points=50)),
        order(1, "2024-01-10", 100),
        order(2, "2024-02-10", 200),
        order(3, "2024-06-10", 300),
        refund(1, "2024-01-10", "2025-02-20", 100),
    )
    assert (member.tier, kept_through(member)) == ("t2", "2026-02-10")
    assert [(entry.tier, entry.undone) for entry in member.entries] == [("t1", False), ("t2", False)]


def test_a_refund_of_what_silver_rested_on_undoes_its_entry_below_gold() -> None:
    member = live(
        journey(tiers(0, 100, 300, entry_points=50)),
        order(1, "2024-01-10", 100),
        order(2, "2024-02-10", 300),
        refund(1, "2024-01-10", "2024-03-20", 100),
    )
    assert member.tier == "t2"
    assert [(entry.tier, entry.undone) for entry in member.entries] == [("t1", True), ("t2", False)]


@pytest.mark.parametrize(("policy", "expected"), [("to_standing", "t0"), ("one_step", "t1")])
def test_a_term_that_ends_unearned(policy: str, expected: str) -> None:
    settings = tiers(0, 100, 300, downgrade=policy)
    member = live(journey(settings), order(1, "2024-03-03", 300), until="2025-03-04")
    assert member.tier == expected
    assert story(member)[-1] == ("2025-03-04", expected, "downgraded")


def test_one_step_down_starts_a_term_of_its_own() -> None:
    settings = tiers(0, 100, 300, downgrade="one_step")
    member = live(journey(settings), order(1, "2024-03-03", 300), until="2025-03-04")
    assert kept_through(member) == "2026-03-03"
    member.advance(local("2026-03-04"))
    assert member.tier == "t0"


def test_grace_gives_more_days_over_the_same_start() -> None:
    settings = tiers(0, 100, grace_days=30)
    member = live(journey(settings), order(1, "2024-03-04", 100), until="2025-03-20")
    assert member.tier == "t1"
    assert member.standing().in_grace
    assert kept_through(member) == "2025-04-03"
    saved = live(journey(settings), order(1, "2024-03-04", 100), order(2, "2025-04-03T23:00", 100))
    saved.advance(local("2025-04-04"))
    assert (saved.tier, kept_through(saved)) == ("t1", "2026-04-03")
    member.advance(local("2025-04-04"))
    assert [reason for _, _, reason in story(member)] == ["joined", "reached", "grace", "downgraded"]


def test_a_tier_for_good_is_never_looked_at_again() -> None:
    member = live(journey(tiers(0, 100, term="forever")), order(1, "2024-03-03", 100), until="2040-01-01")
    assert member.tier == "t1"
    assert member.standing().review_at is None


def test_the_anniversary_year_starts_on_the_day_of_joining() -> None:
    settings = tiers(0, 100, window="anniversary")
    member = live(
        journey(settings, joined="2020-02-29T12:00"), order(1, "2022-02-27", 60), order(2, "2022-02-28", 60)
    )
    assert member.tier == "t0"  # 28 February 2022 began another year
    live(member, order(3, "2023-02-27", 40))
    assert member.tier == "t1"


def test_without_a_lowest_tier_of_zero_there_is_none_at_first() -> None:
    member = journey(tiers(100))
    assert (member.tier, member.spans) == ("", [])
    live(member, order(1, "2024-03-03", 100), until="2025-03-04")
    assert story(member) == [("2024-03-03", "t0", "reached"), ("2025-03-04", "", "downgraded")]


def test_points_on_hold_count_when_they_are_released() -> None:
    settings = tiers(0, 100, metric="points")
    member = live(journey(settings), order(1, "2024-03-03", 100, paid="2024-03-17"))
    assert story(member)[-1] == ("2024-03-17", "t1", "reached")


@pytest.mark.parametrize(("counted", "expected"), [(False, "t0"), (True, "t1")])
def test_imported_points_count_where_the_merchant_says_so(counted: bool, expected: str) -> None:
    row = order(1, "2024-03-03", 100)._replace(source="import:1")
    assert live(journey(tiers(0, 100, metric="points", count_imports=counted)), row).tier == expected


def test_an_entry_reward_comes_again_with_another_entry() -> None:
    member = live(
        journey(tiers(0, 100, entry_points=50)), order(1, "2024-03-03", 100), order(2, "2025-06-03", 100)
    )
    assert [(entry.n, entry.points, entry.undone) for entry in member.entries] == [
        (1, 50, False),
        (2, 50, False),
    ]


def test_a_pin_holds_whatever_is_earned_and_then_shows_what_was_earned() -> None:
    pin = Pin("t2", local("2024-02-01"), local("2024-05-01"), "founder's friend", "ada@shop.example")
    member = live(journey(tiers(0, 100, 300, entry_points=50), pin), order(1, "2024-03-03", 100))
    assert member.tier == "t2"
    assert member.standing().kept_until == pin.until
    assert not member.standing().simple
    member.advance(local("2024-05-01"))
    assert (member.tier, kept_through(member)) == ("t1", "2025-03-03")
    assert story(member)[1:] == [("2024-02-01", "t2", "pinned"), ("2024-05-01", "t1", "pin_ended")]
    assert [entry.points for entry in member.entries] == [0]


def publishing(*published: tuple[str, Tiers], joined: str = "2023-06-01") -> Journey:
    return Journey(timeline(ZONE, *((local(at), settings) for at, settings in published)), local(joined))


def test_a_publish_that_lowers_a_threshold_lifts_at_once_without_a_reward() -> None:
    member = publishing(
        ("2023-01-01", tiers(0, 100, entry_points=9)), ("2024-05-01", tiers(0, 80, entry_points=9))
    )
    live(member, order(1, "2024-03-03", 80), until="2024-05-01")
    assert (member.tier, kept_through(member)) == ("t1", "2025-05-01")
    assert member.entries == []


def test_a_publish_that_raises_a_threshold_keeps_running_terms() -> None:
    member = publishing(("2023-01-01", tiers(0, 100)), ("2024-05-01", tiers(0, 200)))
    live(member, order(1, "2024-03-03", 100), until="2025-03-03T23:59")
    assert (member.tier, kept_through(member)) == ("t1", "2025-03-03")
    member.advance(local("2025-03-04"))
    assert member.tier == "t0"


def test_a_publish_without_tiers_ends_them_and_one_with_tiers_places_everybody() -> None:
    member = publishing(
        ("2023-01-01", tiers(0, 100)), ("2024-05-01", tiers()), ("2024-06-01", tiers(0, 50, 100))
    )
    live(member, order(1, "2024-03-03", 100), until="2024-05-01")
    assert member.tier == ""
    assert member.spans[-1].until == local("2024-05-01")
    member.advance(local("2024-06-01"))
    assert (member.tier, story(member)[-1]) == ("t2", ("2024-06-01", "t2", "program"))


def test_a_publish_that_drops_the_members_tier_places_by_standing() -> None:
    three, two = tiers(0, 100, 300), tiers(0, 100)
    member = publishing(("2023-01-01", three), ("2024-05-01", two))
    live(member, order(1, "2024-03-03", 300), until="2024-05-01")
    assert (member.tier, kept_through(member)) == ("t1", "2025-05-01")


def test_a_publish_that_gives_terms_gives_one_to_who_had_none() -> None:
    member = publishing(("2023-01-01", tiers(0, 100, term="forever")), ("2024-05-01", tiers(0, 100)))
    live(member, order(1, "2024-03-03", 100), until="2024-05-01")
    assert (member.tier, kept_through(member)) == ("t1", "2025-05-01")


def test_the_evidence_is_kept_with_every_change() -> None:
    member = live(journey(tiers(0, 100)), order(1, "2024-03-03T10:00", 120))
    assert member.spans[-1].details == {
        "metric": "spend",
        "figure": "120",
        "threshold": "100",
        "from": local("2023-03-03").isoformat(),
        "to": local("2024-03-03T10:00").isoformat(),
    }


def test_a_member_with_thousands_of_orders_is_fast() -> None:
    member = journey(tiers(0, 100, 10**9))
    day = date(2018, 1, 2)
    started = time.process_time()
    for number in range(5_000):
        at = (day + timedelta(hours=number * 12 // 24)).isoformat()
        live(member, order(number, at, 10))
        if number % 10 == 0:
            live(member, refund(number, at, at, 5))
    assert time.process_time() - started < 2
    assert member.tier == "t1"
