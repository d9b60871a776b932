"""The ledger as a double-entry journal in money, by month on the shop's clock; a closed month cannot change.

An entry belongs to the month in which its cause happened, unless that month was closed before the entry was written:
then to the first month that was open. Every entry becomes lines whose debits and credits are equal, at what a point
cost the shop when the month ended. When that value changes, a revaluation of what members hold opens the month.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from lib.clock import now
from lib.money import minor_units
from lib.rows import execute
from lib.sheets import csv_lines
from loyalty.calendar import add_months, day_start, local_day
from loyalty.errors import JournalChanged
from loyalty.liability import point_value
from shops.models import Shop

COLUMNS = ("date", "reference", "account", "debit", "credit", "currency", "points", "note")
LIABILITY, ON_HOLD, EXPENSE = "points liability", "points on hold", "points expense"
_OTHER_SIDE = {
    "redeem": "points redeemed",
    "return": "points redeemed",
    "expire": "breakage income",
    "adjust": "points adjustments",
    "transfer": "points transfers",
    "import": "opening points",
}
_LATER = datetime.max.replace(tzinfo=ZoneInfo("UTC"))

Row = tuple[date, str, str, Decimal | None, Decimal | None, str, int | None, str]


@dataclass(frozen=True, slots=True)
class Period:
    """A month of a shop's journal. `closed_at` is when it was closed, `opened_at` when the month before was."""

    shop: Shop
    month: date
    zone: ZoneInfo
    zone_before: ZoneInfo
    currency: str
    point_value: Decimal
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    digest: bytes | None = None

    @property
    def starts(self) -> datetime:
        """Where the month before ended, if it was closed on another clock."""
        return day_start(self.zone_before, self.month)

    @property
    def ends(self) -> datetime:
        return day_start(self.zone, add_months(self.month, 1))

    def parameters(self) -> dict[str, Any]:
        return {
            "shop": self.shop.pk,
            "starts": self.starts,
            "ends": self.ends,
            "opened": self.opened_at or _LATER,
            "closed": self.closed_at or _LATER,
        }


@dataclass(slots=True)
class Totals:
    """Sums of a month: how many entries; credits less debits of each account, in points and in money."""

    entries: int
    points: Counter[str]
    value: dict[str, Decimal]
    digest: bytes


def period(shop: Shop, month: date) -> Period:
    """The month that `month` lies in: as it was closed, or open, at the point's value of its end (or of now)."""
    month = month.replace(day=1)
    closes = {row[0]: row for row in execute(_CLOSES, shop=shop.pk, months=[month, add_months(month, -1)])}
    before = closes.get(add_months(month, -1))
    opened_at = before[1] if before else None
    here = ZoneInfo(shop.timezone)
    if month in closes:
        _, closed_at, zone, currency, value, digest = closes[month]
        here = ZoneInfo(zone)
    else:
        closed_at = digest = None
        currency, value = point_value(shop, min(day_start(here, add_months(month, 1)), now()))
    zone_before = ZoneInfo(before[2]) if before else here
    return Period(
        shop, month, here, zone_before, currency, value, opened_at, closed_at, digest and bytes(digest)
    )


def export(shop: Shop, month: date) -> Iterator[str]:
    """Lines of CSV of a month. Raises `JournalChanged` before the first when a closed month is not what it was."""
    one = period(shop, month)
    if one.digest is not None and totals(one).digest != one.digest:
        raise JournalChanged(f"The journal of {one.month:%Y-%m} is not what it was when it was closed.")
    return _lines(one)


def totals(one: Period) -> Totals:
    """Sums and digest of a month, read once from end to end."""
    found = Totals(0, Counter(), {}, b"")
    digest = sha256()
    for line in csv_lines(COLUMNS, _shown(_counted(_rows(one), found))):
        digest.update(line.encode())
    found.entries = int(execute(_COUNT, **one.parameters())[0][0])
    found.digest = digest.digest()
    return found


def _counted(rows: Iterator[Row], found: Totals) -> Iterator[Row]:
    for row in rows:
        _, _, account, debit, credit, _, points, _ = row
        found.value[account] = found.value.get(account, Decimal(0)) + (credit or 0) - (debit or 0)
        found.points[account] += points or 0
        yield row


def _lines(one: Period) -> Iterator[str]:
    yield from csv_lines(COLUMNS, _shown(_rows(one)))


def _shown(rows: Iterator[Row]) -> Iterator[tuple[Any, ...]]:
    for day, reference, account, debit, credit, currency, points, note in rows:
        amounts = [_amount(amount, currency) for amount in (debit, credit)]
        yield day, reference, account, *amounts, currency, points, note


def _amount(amount: Decimal | None, currency: str) -> str | None:
    """With the places of the currency, or as many as the exact amount has."""
    if amount is None:
        return None
    rounded = amount.quantize(Decimal(1).scaleb(-minor_units(currency)))
    return f"{rounded if rounded == amount else amount.normalize():f}"


def _rows(one: Period) -> Iterator[Row]:
    """The lines of a month in the order of their dates, in one snapshot and in bounded memory."""
    with transaction.atomic():
        yield from _revaluation(one)
        with connection.chunked_cursor() as cursor:
            cursor.execute(_ENTRIES, one.parameters())
            for entry in cursor:
                yield from _postings(one, *entry)


def _postings(
    one: Period, occurred_at: datetime, created_at: datetime, reference: str, kind: str, *rest: Any
) -> Iterator[Row]:
    pending, available, reason = rest
    day = local_day(one.zone, occurred_at)
    note = ": ".join(text for text in (kind, reason) if text)
    if day < one.month:
        note = f"{note} (of {day.isoformat()})"
        last = local_day(one.zone, one.ends).toordinal() - 1
        day = min(max(local_day(one.zone, created_at), one.month), date.fromordinal(last))
    changes = {LIABILITY: available, ON_HOLD: pending}
    changes[_OTHER_SIDE.get(kind, EXPENSE)] = -(available + pending)
    for account, points in changes.items():
        if points:
            yield _line(one, day, reference, account, points * one.point_value, points, note)


def _revaluation(one: Period) -> Iterator[Row]:
    """What points held at the start of the month are worth more, or less, than at the end of the month before."""
    before = period(one.shop, add_months(one.month, -1))
    step = one.point_value - before.point_value
    if not step or before.currency != one.currency:
        return
    available, pending = execute(_OPENING, **one.parameters())[0]
    values = [f"{value.normalize():f}" for value in (before.point_value, one.point_value)]
    note, reference = " → ".join(values), f"revaluation:{one.month:%Y-%m}"
    changes = {LIABILITY: int(available), ON_HOLD: int(pending), EXPENSE: -int(available + pending)}
    for account, points in changes.items():
        if points:
            yield _line(one, one.month, reference, account, points * step, None, note)


def _line(
    one: Period, day: date, reference: str, account: str, credit: Decimal, points: int | None, note: str
) -> Row:
    """A credit, or where it is negative a debit."""
    if credit < 0:
        return day, reference, account, -credit, None, one.currency, points, note
    return day, reference, account, None, credit, one.currency, points, note


_CLOSES = """
    SELECT c.month, c.closed_at, c.timezone, c.currency, c.point_value, c.digest FROM loyalty_periodclose c
    WHERE c.shop_id = %(shop)s AND c.month = ANY(%(months)s)
"""
_OF_MONTH = """
    FROM loyalty_entry e
    WHERE e.shop_id = %(shop)s AND e.occurred_at < %(ends)s AND e.created_at <= %(closed)s
        AND (e.occurred_at >= %(starts)s OR e.created_at > %(opened)s)
"""
_COUNT = f"SELECT count(*) {_OF_MONTH}"
_ENTRIES = f"""
    SELECT e.occurred_at, e.created_at, e.reference, e.kind, e.pending_delta, e.available_delta, e.reason
    {_OF_MONTH} ORDER BY greatest(e.occurred_at, %(starts)s), e.id
"""
_OPENING = """
    SELECT coalesce(sum(e.available_delta), 0), coalesce(sum(e.pending_delta), 0) FROM loyalty_entry e
    WHERE e.shop_id = %(shop)s AND e.occurred_at < %(starts)s AND e.created_at <= %(opened)s
"""
