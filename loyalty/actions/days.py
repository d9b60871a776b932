"""Members' birthdays, and the anniversaries of their joining."""

from calendar import isleap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from lib.clock import now
from lib.rows import execute
from loyalty.actions.activities import NewActivity, activity_rules, record_many, rewarded
from loyalty.actions.members import settle_activities
from loyalty.calendar import day_after, day_start, local_day
from loyalty.versions import Timeline, hold, timelines

LATE_DAYS = 6
BATCH = 500


@dataclass(frozen=True, slots=True)
class _Day:
    """A day of the shop's calendar that counts, and when it was."""

    date: date
    starts_at: datetime
    ends_at: datetime


def mark_days(at: datetime | None = None, batch: int = BATCH) -> int:
    """Give every member their birthday's and anniversary's points, up to six days late; returns how many.

    The program in force when the day began decides. `batch` members at most share a transaction. Running it again,
    or twice at once, changes nothing.
    """
    at = at or now()
    known = timelines([row[0] for row in execute(_SHOPS)])
    return sum(
        _mark(shop_id, timeline, kind, at, batch)
        for shop_id, timeline in sorted(known.items())
        for kind in sorted(_SQL.keys() & activity_rules(timeline))
    )


def missed_birthday(zone: ZoneInfo, birthday: str, told_at: datetime) -> date | None:
    """The birthday ("MM-DD") that had passed when it was told, as long as it would still be caught up with."""
    month, day = map(int, birthday.split("-"))
    today = local_day(zone, told_at)
    for late in range(1, LATE_DAYS + 1):
        then = today - timedelta(days=late)
        if (month, day) in _month_days(then):
            return then
    return None


def missed_reference(customer_id: int, day: date) -> str:
    """The reference of the note that a birthday was told after it had passed: it earns nothing any more."""
    return f"missed:{customer_id}:{day.isoformat()}"


def _mark(shop_id: int, timeline: Timeline, kind: str, at: datetime, batch: int) -> int:
    zone = timeline.versions[-1].zone
    days = {day.date: day for day in _days(zone, at) if rewarded(timeline, kind, day.starts_at)}
    rows = [
        {"on": day.date, "starts_at": day.starts_at, "ends_at": day.ends_at, "month": month, "day": number}
        for day in days.values()
        for month, number in _month_days(day.date)
    ]
    marked = after = 0
    while rows:
        with transaction.atomic():
            hold([shop_id])
            found = execute(_SQL[kind], rows, shop=shop_id, after=after, zone=zone.key, limit=batch)
            marked += _keep(shop_id, kind, days, found, at)
        if len(found) < batch:
            break
        after = found[-1][0]
    return marked


def _keep(
    shop_id: int, kind: str, days: dict[date, _Day], found: Sequence[tuple[Any, ...]], at: datetime
) -> int:
    """Record (customer id, date, number) as activities at the start of the day."""
    new = [
        NewActivity(shop_id, customer_id, kind, f"{kind}:{customer_id}:{number}", days[on].starts_at)
        for customer_id, on, number in found
    ]
    keys = record_many(new)
    if keys:
        settle_activities(keys, at)
    return len(keys)


def _days(zone: ZoneInfo, at: datetime) -> list[_Day]:
    """Today and the days before it that are caught up with."""
    today = local_day(zone, at)
    dates = [today - timedelta(days=late) for late in range(LATE_DAYS + 1)]
    return [_Day(day, day_start(zone, day), day_after(zone, day)) for day in dates]


def _month_days(day: date) -> list[tuple[int, int]]:
    """(month, day) of those whose day this is: 29 February is kept on the 28th in years without one."""
    own = (day.month, day.day)
    return [own, (2, 29)] if own == (2, 28) and not isleap(day.year) else [own]


_SHOPS = """
    SELECT DISTINCT shop_id FROM loyalty_programversion
    WHERE jsonb_path_exists(document, '$.rules[*].kind ? (@ == "birthday" || @ == "anniversary")')
"""
_DAYS = """
    json_to_recordset(%(rows)s) AS r("on" date, starts_at timestamptz, ends_at timestamptz, month int, day int)
"""
# Another award of the kind within 300 days would be for the same year of the member's life.
_NOT_YET = """
    NOT EXISTS (
        SELECT FROM loyalty_activity x
        WHERE x.shop_id = a.shop_id AND x.account_id = a.id AND x.kind = '{kind}'
            AND x.occurred_at > r.starts_at - interval '300 days'
    )
"""
_BIRTHDAYS = f"""
    SELECT c.id, r."on", extract(year FROM r."on")::int
    FROM {_DAYS}
    JOIN shops_customer c ON c.shop_id = %(shop)s AND c.birth_month = r.month AND c.birth_day = r.day
    JOIN loyalty_account a ON a.shop_id = c.shop_id AND a.customer_id = c.id
    WHERE c.id > %(after)s AND coalesce(c.joined_at, c.created_at) < r.ends_at
        AND {_NOT_YET.format(kind="birthday")}
        AND NOT EXISTS (
            SELECT FROM loyalty_activity x
            WHERE x.shop_id = c.shop_id AND x.reference = 'missed:' || c.id || ':' || r."on"
        )
    ORDER BY c.id LIMIT %(limit)s
"""
_ANNIVERSARIES = f"""
    SELECT c.id, r."on", (extract(year FROM r."on") - extract(year FROM j.joined))::int
    FROM shops_customer c
    CROSS JOIN LATERAL (SELECT (c.joined_at AT TIME ZONE %(zone)s)::date AS joined) j
    JOIN {_DAYS} ON r.month = extract(month FROM j.joined) AND r.day = extract(day FROM j.joined)
        AND extract(year FROM r."on") > extract(year FROM j.joined)
    JOIN loyalty_account a ON a.shop_id = c.shop_id AND a.customer_id = c.id
    WHERE c.shop_id = %(shop)s AND c.id > %(after)s AND {_NOT_YET.format(kind="anniversary")}
    ORDER BY c.id LIMIT %(limit)s
"""
_SQL = {"birthday": _BIRTHDAYS, "anniversary": _ANNIVERSARIES}
