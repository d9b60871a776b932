"""Birthdays and anniversaries: on the day of the shop's calendar, up to six days late, once a year."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connections
from django_scopes import scope

from loyalty.actions.activities import NOTE, NewActivity, record_many
from loyalty.actions.days import mark_days, missed_birthday, missed_reference
from loyalty.actions.programs import open_shop
from loyalty.models import Account
from loyalty.proof import verify
from shops.models import Connection, Customer, Shop
from tests.loyalty.activity_stories import activities, balance, member, reward, rule, store

BERLIN = ZoneInfo("Europe/Berlin")
LONG_AGO = datetime(2020, 8, 1, tzinfo=UTC)


def on(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=BERLIN)


@pytest.fixture
def teahouse(shop: Shop) -> Connection:
    """In Berlin: 10 points on a birthday, 100 on an anniversary."""
    reward(shop, rule("birthday", 10), rule("anniversary", 100))
    return store(shop)


def test_a_birthday_is_given_when_the_day_begins(teahouse: Connection) -> None:
    mara = member(teahouse, "mara", LONG_AGO, "06-14")
    assert mark_days(datetime(2037, 6, 13, 21, 59, tzinfo=UTC)) == 0  # 23:59 in Berlin
    assert mark_days(datetime(2037, 6, 13, 22, 0, tzinfo=UTC)) == 1
    assert mark_days(datetime(2037, 6, 13, 22, 0, tzinfo=UTC)) == 0
    (kept,) = activities(teahouse.shop)
    assert (kept.kind, kept.reference) == ("birthday", f"birthday:{mara.customer_id}:2037")
    assert kept.occurred_at == datetime(2037, 6, 13, 22, tzinfo=UTC)
    assert balance(mara) == 10
    assert verify() == []


@pytest.mark.parametrize(("late", "given"), [(0, 1), (6, 1), (7, 0), (-1, 0)])
def test_it_is_caught_up_with_for_six_days(teahouse: Connection, late: int, given: int) -> None:
    mara = member(teahouse, "mara", LONG_AGO, "06-14")
    assert mark_days(on("2037-06-14") + timedelta(days=late)) == given
    assert balance(mara) == 10 * given
    assert [kept.occurred_at for kept in activities(teahouse.shop)] == [on("2037-06-14", 0)] * given


def test_over_the_new_year_it_belongs_to_the_year_of_the_day(teahouse: Connection) -> None:
    mara = member(teahouse, "mara", LONG_AGO, "12-30")
    assert mark_days(on("2038-01-03")) == 1
    assert activities(teahouse.shop)[0].reference == f"birthday:{mara.customer_id}:2037"
    assert mark_days(on("2038-12-30")) == 1
    assert balance(mara) == 20


@pytest.mark.parametrize(
    ("year", "day", "given"),
    [
        (2037, "02-27", 0),
        (2037, "02-28", 1),
        (2037, "03-06", 1),
        (2037, "03-07", 0),
        (2040, "02-28", 0),
        (2040, "02-29", 1),
    ],
)
def test_29_february_is_kept_on_the_28th_in_other_years(
    teahouse: Connection, year: int, day: str, given: int
) -> None:
    member(teahouse, "leap", datetime(2020, 2, 29, 12, tzinfo=UTC), "02-29")
    assert mark_days(on(f"{year}-{day}")) == 2 * given  # the birthday, and the anniversary of that day


def test_28_february_is_not_moved(teahouse: Connection) -> None:
    member(teahouse, "mara", LONG_AGO, "02-28")
    assert mark_days(on("2040-02-28")) == 1
    assert mark_days(on("2040-02-29")) == 0
    assert mark_days(on("2041-02-28")) == 1


@pytest.mark.parametrize(
    ("zone", "begins"),
    [
        ("Pacific/Auckland", datetime(2037, 6, 13, 12, tzinfo=UTC)),
        ("UTC", datetime(2037, 6, 14, tzinfo=UTC)),
        ("America/Los_Angeles", datetime(2037, 6, 14, 7, tzinfo=UTC)),
    ],
)
def test_the_day_is_the_shops(db: None, zone: str, begins: datetime) -> None:
    shop = open_shop("Far away", "EUR", zone)
    reward(shop, rule("birthday"))
    member(store(shop), "mara", LONG_AGO, "06-14")
    assert mark_days(begins - timedelta(seconds=1)) == 0
    assert mark_days(begins) == 1
    assert activities(shop)[0].occurred_at == begins


def test_who_joins_on_their_birthday_gets_it_and_who_joins_later_waits(teahouse: Connection) -> None:
    today = member(teahouse, "today", on("2037-06-14", 23), "06-14")
    later = member(teahouse, "later", on("2037-06-15", 0), "06-14")
    assert mark_days(on("2037-06-16")) == 1
    assert (balance(today), balance(later)) == (10, 0)


def test_a_birthday_told_after_it_had_passed_waits_for_next_year(teahouse: Connection) -> None:
    mara = member(teahouse, "mara", LONG_AGO, "06-14")
    told = [
        NewActivity(
            mara.shop_id,
            mara.customer_id,
            NOTE,
            missed_reference(mara.customer_id, date(2037, 6, 14)),
            on("2037-06-14"),
        )
    ]
    record_many(told)
    assert mark_days(on("2037-06-16")) == 0
    assert mark_days(on("2038-06-14")) == 1


@pytest.mark.parametrize(
    ("birthday", "told", "missed"),
    [
        ("06-14", "2037-06-14", None),
        ("06-14", "2037-06-15", date(2037, 6, 14)),
        ("06-14", "2037-06-20", date(2037, 6, 14)),
        ("06-14", "2037-06-21", None),
        ("06-14", "2037-06-13", None),
        ("12-31", "2038-01-01", date(2037, 12, 31)),
        ("02-29", "2037-03-01", date(2037, 2, 28)),
        ("02-29", "2037-02-28", None),
        ("02-29", "2040-02-29", None),
    ],
)
def test_which_birthday_had_just_passed(birthday: str, told: str, missed: date | None) -> None:
    assert missed_birthday(BERLIN, birthday, on(told, 1)) == missed


@pytest.mark.parametrize(
    ("moved_to", "at", "given"), [("12-01", "2037-12-01", 0), ("06-13", "2038-06-13", 1)]
)
def test_a_changed_birthday_gives_no_second_award_within_300_days(
    teahouse: Connection, moved_to: str, at: str, given: int
) -> None:
    mara = member(teahouse, "mara", LONG_AGO, "06-14")
    assert mark_days(on("2037-06-14")) == 1
    month, day = moved_to.split("-")
    with scope(shop=teahouse.shop):
        Customer.objects.filter(pk=mara.customer_id).update(birth_month=int(month), birth_day=int(day))
    assert mark_days(on(at)) == given


def test_the_program_in_force_when_the_day_began_decides(teahouse: Connection) -> None:
    mara = member(teahouse, "mara", LONG_AGO, datetime.now(BERLIN).strftime("%m-%d"))
    assert mark_days() == 0  # the rule was published in the course of today
    assert balance(mara) == 0


def test_rules_switched_off_give_nothing(shop: Shop) -> None:
    reward(shop, rule("birthday", active=False), rule("visit"))
    member(store(shop), "mara", LONG_AGO, "06-14")
    assert mark_days(on("2037-06-14")) == 0


def test_anniversaries_count_the_years(teahouse: Connection) -> None:
    mara = member(teahouse, "mara", datetime(2034, 6, 13, 23, tzinfo=UTC))  # 14 June in Berlin
    assert mark_days(on("2037-06-13")) == 0
    assert mark_days(on("2037-06-14")) == 1
    assert mark_days(on("2037-06-20")) == 0
    (kept,) = activities(teahouse.shop)
    assert (kept.kind, kept.reference) == ("anniversary", f"anniversary:{mara.customer_id}:3")
    assert balance(mara) == 100


def test_the_day_of_joining_is_no_anniversary(teahouse: Connection) -> None:
    member(teahouse, "mara", on("2037-06-14"))
    assert mark_days(on("2037-06-15")) == 0
    assert mark_days(on("2038-06-19")) == 1


def test_an_earlier_joining_found_out_later_gives_no_second_one(teahouse: Connection) -> None:
    mara = member(teahouse, "mara", on("2034-06-14"))
    assert mark_days(on("2037-06-14")) == 1
    with scope(shop=teahouse.shop):
        Customer.objects.filter(pk=mara.customer_id).update(joined_at=on("2033-06-17"))
    assert mark_days(on("2037-06-17")) == 0
    assert mark_days(on("2038-06-17")) == 1


def test_all_members_are_reached_batch_by_batch(teahouse: Connection) -> None:
    people = [member(teahouse, f"m{n}", on("2034-06-14"), "06-12" if n % 2 else "06-14") for n in range(5)]
    assert mark_days(on("2037-06-14"), batch=2) == 10
    assert [balance(each) for each in people] == [110] * 5


def test_the_other_shop_is_left_alone(teahouse: Connection) -> None:
    other = open_shop("Elsewhere", "EUR", "Europe/Berlin")
    stranger = member(store(other), "mara", LONG_AGO, "06-14")
    member(teahouse, "mara", LONG_AGO, "06-14")
    assert mark_days(on("2037-06-14")) == 1
    assert balance(stranger) == 0


def test_two_at_once_give_it_once(committed: None) -> None:
    shop = open_shop("Side by side", "EUR", "Europe/Berlin")
    reward(shop, rule("birthday", 10))
    connection = store(shop)
    people: list[Account] = [member(connection, f"m{n}", LONG_AGO, "03-03") for n in range(20)]

    def run(_: Any) -> int:
        try:
            return mark_days(on("2061-03-03"))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(run, range(3)))
    assert [balance(each) for each in people] == [10] * 20
    assert len(activities(shop)) == 20
