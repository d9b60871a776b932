"""Closing the months of a shop's journal, one after the other."""

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.clock import now
from lib.rows import execute
from loyalty.calendar import add_months, local_day
from loyalty.errors import InvalidPeriod
from loyalty.journal import period, totals
from loyalty.models import PeriodClose
from shops.models import Shop


def close_month(shop: Shop, month: date, actor: str, at: datetime | None = None) -> PeriodClose:
    """Close a month that is over at `at` (now); `actor` names the person. One that is closed stays as it is.

    Raises `InvalidPeriod` when the month is not over yet, or an earlier one is still open.
    """
    month = month.replace(day=1)
    with scope(shop=shop):
        if there := PeriodClose.objects.filter(shop=shop, month=month).first():
            return there
    _check(shop, month, at or now())
    with transaction.atomic(), scope(shop=shop):
        execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('loyalty.close_month', %(shop)s))", shop=shop.pk
        )
        if there := PeriodClose.objects.filter(shop=shop, month=month).first():
            return there
        one = period(shop, month)
        closed_at = _cut()
        one = replace(one, closed_at=closed_at)
        sums = totals(one)
        closed: PeriodClose = PeriodClose.objects.create(
            shop=shop,
            month=month,
            closed_at=closed_at,
            closed_by=actor,
            timezone=one.zone.key,
            currency=one.currency,
            point_value=one.point_value,
            entries=sums.entries,
            points=dict(sums.points),
            value={account: f"{amount:f}" for account, amount in sums.value.items()},
            digest=sums.digest,
        )
        return closed


def _check(shop: Shop, month: date, at: datetime) -> None:
    if month >= local_day(ZoneInfo(shop.timezone), at).replace(day=1):
        raise InvalidPeriod(gettext("%(month)s is not over yet.") % {"month": f"{month:%Y-%m}"})
    first = first_open_month(shop)
    if first is not None and month > first:
        message = gettext("Close %(first)s first: the months are closed one after the other.")
        raise InvalidPeriod(message % {"first": f"{first:%Y-%m}"})
    if first is None or month < first:
        raise InvalidPeriod(gettext("There is nothing to close in %(month)s.") % {"month": f"{month:%Y-%m}"})


def first_open_month(shop: Shop) -> date | None:
    """The month after the last one that was closed, or that of the shop's first entry; None while there is none."""
    with scope(shop=shop):
        last = PeriodClose.objects.filter(shop=shop).order_by("month").last()
    if last is not None:
        return add_months(last.month, 1)
    oldest = execute(_OLDEST, shop=shop.pk)[0][0]
    return local_day(ZoneInfo(shop.timezone), oldest).replace(day=1) if oldest else None


def _cut() -> datetime:
    """An instant before which every entry is written: whoever was writing then has ended.

    Entries are stamped when their statement starts, so the instant lies a little before the wait.
    """
    cut: datetime = execute("SELECT clock_timestamp() - interval '1 second'")[0][0]
    execute("SET LOCAL lock_timeout = '10s'")
    # Rolled back at once: to have had the lock is enough, and nobody waits for the rest.
    before = transaction.savepoint()
    execute("LOCK TABLE loyalty_entry IN SHARE MODE")
    transaction.savepoint_rollback(before)
    return cut.astimezone(UTC)


_OLDEST = "SELECT min(e.occurred_at) FROM loyalty_entry e WHERE e.shop_id = %(shop)s"
