"""Points that will expire, for the whole shop."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet, Sum, Value
from django.db.models.functions import TruncMonth

from loyalty.calendar import add_months, local_day
from loyalty.models import Lot
from loyalty.versions import timelines
from shops.models import Shop

MONTHS = 12
_LAST_MOMENT = ExpressionWrapper(
    F("expires_at") - Value(timedelta(microseconds=1)), output_field=DateTimeField()
)


@dataclass(frozen=True)
class Soon:
    """Points that expire in the next days."""

    in_30_days: int
    in_90_days: int


@dataclass(frozen=True)
class ExpiringMonth:
    """Points that expire in a month of the shop's calendar, given by its first day; None: all later ones."""

    month: date | None
    points: int


def expiring_soon(shop: Shop, at: datetime) -> Soon:
    """What expires in the 30 and in the 90 days from `at`."""
    found = _open_lots(shop, at, at + timedelta(days=90)).aggregate(
        in_30_days=Sum("remaining", filter=Q(expires_at__lte=at + timedelta(days=30)), default=0),
        in_90_days=Sum("remaining", default=0),
    )
    return Soon(**{name: int(points) for name, points in found.items()})


def expiring_months(shop: Shop, zone: ZoneInfo, at: datetime) -> Sequence[ExpiringMonth]:
    """What expires in this month and in the next eleven, and after them; empty where nothing expires."""
    rows = (
        _open_lots(shop, at)
        .annotate(month=TruncMonth(_LAST_MOMENT, tzinfo=zone))
        .values_list("month")
        .annotate(points=Sum("remaining"))
    )
    found = {month.date(): int(points) for month, points in rows}
    if not found:
        return ()
    first = local_day(zone, at).replace(day=1)
    months = [add_months(first, ahead) for ahead in range(MONTHS)]
    shown = [ExpiringMonth(month, found.get(month, 0)) for month in months]
    later = sum(points for month, points in found.items() if month > months[-1])
    return [*shown, ExpiringMonth(None, later)] if later else shown


def lets_expire(shop: Shop) -> bool:
    """Whether a program of the shop, now or earlier, lets points expire."""
    versions = timelines([shop.pk])[shop.pk].versions
    return any(version.document.expiry.mode != "none" for version in versions)


def _open_lots(shop: Shop, at: datetime, until: datetime | None = None) -> "QuerySet[Lot]":
    lots = Lot.objects.filter(shop=shop, remaining__gt=0, expires_at__gt=at)
    return lots if until is None else lots.filter(expires_at__lte=until)
