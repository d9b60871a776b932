"""When points are released and when they expire, on the shop's own clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.calendar import (
    LotTerms,
    add_months,
    day_after,
    day_start,
    idle_until,
    last_day,
    local_day,
    lot_terms,
    release_at,
)
from loyalty.documents import Expiry, ProgramDocument

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = [
    ZoneInfo(name) for name in ("America/Santiago", "Australia/Lord_Howe", "Pacific/Apia", "America/Havana")
]


def program(hold_days: int = 0, **expiry: object) -> ProgramDocument:
    return ProgramDocument("EUR", (), hold_days=hold_days, expiry=Expiry(**expiry))  # type: ignore[arg-type]


def berlin(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BERLIN)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("expiry", "available", "last"),
    [
        ({"mode": "per_lot", "months": 1}, (2025, 1, 25, 9), (2025, 2, 25)),
        ({"mode": "per_lot", "months": 1}, (2025, 1, 31, 9), (2025, 2, 28)),
        ({"mode": "per_lot", "months": 1}, (2024, 1, 31, 9), (2024, 2, 29)),
        ({"mode": "per_lot", "months": 12}, (2024, 2, 29, 23, 59), (2025, 2, 28)),
        ({"mode": "per_lot", "months": 1, "to_month_end": True}, (2025, 1, 5, 0), (2025, 2, 28)),
        ({"mode": "per_lot", "months": 11, "to_month_end": True}, (2025, 1, 31, 0), (2025, 12, 31)),
        ({"mode": "calendar", "month": 12, "day": 31}, (2025, 1, 1, 0), (2025, 12, 31)),
        ({"mode": "calendar", "month": 12, "day": 31}, (2025, 12, 31, 23), (2025, 12, 31)),
        ({"mode": "calendar", "month": 6, "day": 30}, (2025, 7, 1, 0), (2026, 6, 30)),
        ({"mode": "calendar", "month": 2, "day": 29}, (2025, 1, 10, 0), (2025, 2, 28)),
        ({"mode": "calendar", "month": 2, "day": 29}, (2023, 3, 1, 0), (2024, 2, 29)),
    ],
)
def test_points_can_be_spent_through_the_last_day(
    expiry: dict[str, object], available: tuple[int, ...], last: tuple[int, int, int]
) -> None:
    terms = lot_terms(program(**expiry), BERLIN, berlin(*available))  # type: ignore[arg-type]
    assert terms == LotTerms(berlin(*last) + timedelta(days=1), None)


def test_points_that_never_expire() -> None:
    assert lot_terms(program(), BERLIN, berlin(2025, 1, 1)) == LotTerms(None, None)


def test_idle_points_end_with_a_day_months_after_the_last_activity() -> None:
    terms = lot_terms(program(mode="inactivity", months=6), BERLIN, berlin(2025, 8, 31, 20))
    assert terms == LotTerms(berlin(2026, 3, 1), 6)
    assert idle_until(BERLIN, berlin(2025, 9, 1, 1), 6) == berlin(2026, 3, 2)


def test_the_day_is_the_shops_not_the_worlds() -> None:
    just_after_midnight_in_berlin = datetime(2025, 1, 24, 23, 30, tzinfo=UTC)
    terms = lot_terms(program(mode="per_lot", months=1), BERLIN, just_after_midnight_in_berlin)
    assert terms.expires_at == datetime(2025, 2, 25, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "paid", "released"),
    [
        (14, (2025, 3, 20, 10, 30), (2025, 4, 3, 10, 30)),  # the clock went forward between
        (1, (2025, 3, 29, 2, 30), (2025, 3, 30, 3, 30)),  # 02:30 does not exist that night
        (1, (2025, 10, 25, 2, 30), (2025, 10, 26, 2, 30)),  # 02:30 comes twice: the first
    ],
)
def test_points_come_off_hold_at_the_same_time_of_day(
    days: int, paid: tuple[int, ...], released: tuple[int, ...]
) -> None:
    assert release_at(program(days), BERLIN, berlin(*paid)) == berlin(*released).astimezone(UTC)


def test_no_hold_no_release() -> None:
    assert release_at(program(0), BERLIN, berlin(2025, 1, 1)) is None


@pytest.mark.parametrize(
    ("zone", "day", "starts"),
    [
        ("America/Santiago", date(2024, 9, 8), "2024-09-08T04:00:00+00:00"),  # 00:00 is skipped: 01:00 -03
        ("America/Havana", date(2024, 11, 3), "2024-11-03T04:00:00+00:00"),  # 00:00 comes twice: the first
        ("Australia/Lord_Howe", date(2024, 4, 7), "2024-04-06T13:00:00+00:00"),
        ("Pacific/Apia", date(2011, 12, 30), "2011-12-30T10:00:00+00:00"),  # a day that never was
    ],
)
def test_days_start_where_the_clock_jumps(zone: str, day: date, starts: str) -> None:
    assert day_start(ZoneInfo(zone), day).isoformat() == starts


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)), st.integers(-400, 400))
def test_months_come_back_to_the_month_they_left(day: date, months: int) -> None:
    moved = add_months(day, months)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == day.day or (moved + timedelta(days=1)).day == 1


@given(st.sampled_from(ZONES), st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_days_follow_one_another_without_a_gap(zone: ZoneInfo, day: date) -> None:
    start, end = day_start(zone, day), day_after(zone, day)
    assert end == day_start(zone, day + timedelta(days=1))
    assert start <= end
    if start < end:
        assert local_day(zone, start) == day == local_day(zone, end - timedelta(microseconds=1))
        assert last_day(zone, end) == day


@given(
    st.sampled_from(sorted(available_timezones())).map(ZoneInfo),
    st.datetimes(timezones=st.just(UTC)),
    st.sampled_from(["per_lot", "inactivity", "calendar"]),
    st.integers(-(10**6), 10**6),
    st.integers(-5, 40),
    st.integers(-(10**7), 10**7),
)
def test_nothing_raises_whatever_it_is_given(
    zone: ZoneInfo, at: datetime, mode: str, months: int, day: int, days: int
) -> None:
    document = program(days, mode=mode, months=months, month=day, day=day)
    assert lot_terms(document, zone, at).expires_at is not None
    released = release_at(document, zone, at)
    assert (released is None) == (days <= 0)
