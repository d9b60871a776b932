"""Days, months and years on a shop's own clock: when points are released, when they expire, when windows start.

Instants go in aware and come out in UTC. A midnight that the clock skips is the first instant after the gap; one that
comes twice is the first of the two. Dates beyond the calendar are clamped to it, so nothing here raises.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from loyalty.documents import Expiry, ProgramDocument

# A year is left at either end, so that a zone's offset never leaves the calendar.
FIRST_DAY = date(2, 1, 1)
LAST_DAY = date(9998, 12, 31)
_ONE_DAY = timedelta(days=1)
NOTICE_DAYS = 30


class LotTerms(NamedTuple):
    """When a lot expires (None: never), and by how many idle months if activity puts that off."""

    expires_at: datetime | None
    idle_months: int | None


NEVER = LotTerms(None, None)


def local_day(zone: ZoneInfo, at: datetime) -> date:
    """The date that the shop's clock shows at `at`."""
    return _local(zone, at).date()


@lru_cache(maxsize=10_000)
def day_start(zone: ZoneInfo, day: date) -> datetime:
    """The instant at which `day` begins in the shop."""
    return datetime.combine(_within(day), time(), zone).astimezone(UTC)


def day_after(zone: ZoneInfo, day: date) -> datetime:
    """The instant at which `day` is over in the shop: what lasts through a day ends then."""
    return day_start(zone, _within(day) + _ONE_DAY)


def last_day(zone: ZoneInfo, ended_at: datetime) -> date:
    """The day that was over at `ended_at`, a midnight of `day_after`."""
    return local_day(zone, ended_at) - _ONE_DAY


def add_days(day: date, days: int) -> date:
    """`day` moved by `days`, kept within the calendar."""
    return date.fromordinal(min(max(day.toordinal() + days, FIRST_DAY.toordinal()), LAST_DAY.toordinal()))


def add_months(day: date, months: int) -> date:
    """The same day of the month so many months later (or earlier), the last day where there is no such day."""
    count = day.year * 12 + day.month - 1 + months
    year, month = divmod(min(max(count, FIRST_DAY.year * 12), LAST_DAY.year * 12 + 11), 12)
    return day_of(year, month + 1, day.day)


def day_of(year: int, month: int, day: int) -> date:
    """That day, or the nearest the month has: 29 February is the 28th in most years."""
    month = min(max(month, 1), 12)
    return date(year, month, min(max(day, 1), monthrange(year, month)[1]))


def anniversary(day: date, year: int) -> date:
    """The day in `year` on which `day` is remembered."""
    return day_of(year, day.month, day.day)


def release_at(document: ProgramDocument, zone: ZoneInfo, paid_at: datetime) -> datetime | None:
    """When points of something paid at `paid_at` come off hold: at the same time of day; None without a hold."""
    if document.hold_days <= 0:
        return None
    local = _local(zone, paid_at)
    day = add_days(local.date(), document.hold_days)
    return datetime.combine(day, local.time(), zone).astimezone(UTC)


def idle_until(zone: ZoneInfo, active_at: datetime, months: int) -> datetime:
    """The end of the day `months` after the day of `active_at`."""
    return day_after(zone, add_months(local_day(zone, active_at), months))


def lot_terms(document: ProgramDocument, zone: ZoneInfo, available_at: datetime) -> LotTerms:
    """When points that became available at `available_at` expire."""
    expiry = document.expiry
    if expiry.mode == "none":
        return NEVER
    if expiry.mode == "inactivity":
        return LotTerms(idle_until(zone, available_at, expiry.months), expiry.months)
    day = local_day(zone, available_at)
    last = _fixed_day(expiry, day) if expiry.mode == "calendar" else _months_on(expiry, day)
    return LotTerms(day_after(zone, last), None)


def _months_on(expiry: Expiry, day: date) -> date:
    last = add_months(day, expiry.months)
    return day_of(last.year, last.month, 31) if expiry.to_month_end else last


def _fixed_day(expiry: Expiry, day: date) -> date:
    """The next time that the program's day of the year comes, `day` itself included."""
    this_year = day_of(day.year, expiry.month, expiry.day)
    return this_year if this_year >= day else day_of(day.year + 1, expiry.month, expiry.day)


def _local(zone: ZoneInfo, at: datetime) -> datetime:
    return min(max(at, _EARLIEST), _LATEST).astimezone(zone)


def _within(day: date) -> date:
    return min(max(day, FIRST_DAY), LAST_DAY)


_EARLIEST = datetime.combine(FIRST_DAY, time(), UTC)
_LATEST = datetime.combine(LAST_DAY, time(), UTC)


def notice_ends(zone: ZoneInfo, published_at: datetime) -> datetime:
    """Until when a new policy lets no points expire that members had before it: `NOTICE_DAYS` from its publishing."""
    return day_after(zone, add_days(local_day(zone, published_at), NOTICE_DAYS))
