"""The figures of the overview, each from one set-wise query."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate

from lib.clock import now
from loyalty.models import Account, Entry
from orders.models import Delivery, Order
from shops.models import Shop

DAYS = 30
MOVED = F("pending_delta") + F("available_delta")


@dataclass(frozen=True)
class Totals:
    """What all members hold together; `outstanding` counts no deficits."""

    members: int
    outstanding: int
    pending: int
    issued: int
    spent: int


@dataclass(frozen=True)
class Day:
    """One day in the shop's calendar: points that came in and went out, and orders that earned."""

    day: date
    points_in: int
    points_out: int
    orders: int


@dataclass(frozen=True)
class Month:
    """The last days, the oldest first, none left out."""

    days: tuple[Day, ...]

    @cached_property
    def points_in(self) -> int:
        return sum(day.points_in for day in self.days)

    @cached_property
    def points_out(self) -> int:
        return sum(day.points_out for day in self.days)

    @cached_property
    def orders(self) -> int:
        return sum(day.orders for day in self.days)


@dataclass(frozen=True)
class Work:
    """What the inbox and the orders hold."""

    orders: int
    held: int
    waiting: int
    dead: int


def totals(shop: Shop) -> Totals:
    """One pass over the shop's accounts."""
    found = Account.objects.filter(shop=shop).aggregate(
        members=Count("id"),
        outstanding=Sum("balance", filter=Q(balance__gt=0), default=0),
        pending=Sum("pending", default=0),
        issued=Sum("lifetime_earned", default=0),
        spent=Sum("lifetime_spent", default=0),
    )
    return Totals(**{name: int(value) for name, value in found.items()})


def last_days(shop: Shop, zone: ZoneInfo, count: int = DAYS) -> Month:
    """The entries of the last `count` days of the shop's calendar, today included."""
    today = now().astimezone(zone).date()
    first = today - timedelta(days=count - 1)
    start = datetime.combine(first, time(), zone)
    # An entry is not written before it occurs, so the index on created_at (a BRIN) leaves the older ones out;
    # the day of grace is for clocks that differ.
    recent = Entry.objects.filter(
        shop=shop, created_at__gte=start - timedelta(days=1), occurred_at__gte=start
    )
    rows = (
        recent.annotate(day=TruncDate("occurred_at", tzinfo=zone))
        .values("day")
        .annotate(
            points_in=Sum(MOVED, filter=Q(pending_delta__gt=-F("available_delta")), default=0),
            points_out=-Sum(MOVED, filter=Q(pending_delta__lt=-F("available_delta")), default=0),
            orders=Count("id", filter=Q(kind=Entry.Kind.EARN)),
        )
        .order_by("day")
    )
    return Month(tuple(_filled(first, today, rows)))


def work(shop: Shop) -> Work:
    """Orders known, held and waiting; the last three from partial indexes."""
    orders = Order.objects.filter(shop=shop)
    deliveries = Delivery.objects.filter(shop=shop)
    return Work(
        orders=orders.count(),
        held=orders.exclude(held="").count(),
        waiting=deliveries.filter(state=Delivery.State.NEW).count(),
        dead=deliveries.filter(state=Delivery.State.DEAD).count(),
    )


def _filled(first: date, last: date, rows: Iterable[Mapping[str, Any]]) -> Iterable[Day]:
    known = {row["day"]: Day(**row) for row in rows}
    for offset in range((last - first).days + 1):
        day = first + timedelta(days=offset)
        yield known.get(day) or Day(day, 0, 0, 0)
