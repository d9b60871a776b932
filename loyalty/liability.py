"""What a shop owes its members in points, and how many of them are never used."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from lib.clock import now
from lib.money import minor_units
from lib.rows import execute
from loyalty.versions import timelines
from shops.models import Shop

_RATE_PLACES = Decimal("0.0001")


@dataclass(frozen=True, slots=True)
class Liability:
    """Points that members have at `at`, and their value in `currency` at what a point costs the shop.

    `available` and `pending` are owed, `deficits` are what members below zero owe back; `value` is of
    `available + pending`. `issued` (earned, granted and imported, less what returns took back) and `expired` are of the
    12 months before `at`.

    `breakage_rate`: of the points in lots opened 12 months or longer before `at`, the part that expired; a number from
    0 to 1 with four places, None while there are no such lots.
    """

    at: datetime
    currency: str
    point_value: Decimal
    available: int
    pending: int
    deficits: int
    issued: int
    expired: int
    breakage_rate: Decimal | None

    @property
    def value(self) -> Decimal:
        return (self.available + self.pending) * self.point_value


def liability(shop: Shop, at: datetime | None = None) -> Liability:
    """The shop's liability at an instant, by what had happened until then; now without one."""
    at = at or now()
    currency, value = point_value(shop, at)
    available, pending, deficits, issued, expired = execute(_FIGURES, shop=shop.pk, at=at)[0]
    opened, gone = execute(_BREAKAGE, shop=shop.pk, at=at)[0]
    return Liability(
        at=at,
        currency=currency,
        point_value=value,
        available=int(available),
        pending=int(pending),
        deficits=int(deficits),
        issued=int(issued),
        expired=int(expired),
        breakage_rate=(Decimal(int(gone)) / Decimal(int(opened))).quantize(_RATE_PLACES) if opened else None,
    )


def point_value(shop: Shop, at: datetime) -> tuple[str, Decimal]:
    """(currency, what a point costs the shop) by the program in force at `at`; without a word, one minor unit."""
    timeline = timelines([shop.pk]).get(shop.pk)
    if timeline is None:
        return shop.currency, Decimal(1).scaleb(-minor_units(shop.currency))
    document = timeline.at(at).document
    return document.currency, document.point_value or Decimal(1).scaleb(-minor_units(document.currency))


_FIGURES = """
    WITH held AS (
        SELECT e.account_id, sum(e.available_delta) AS balance, sum(e.pending_delta) AS pending,
            sum(e.available_delta + e.pending_delta) FILTER (
                WHERE e.kind IN ('earn', 'reverse', 'import', 'adjust')
                AND e.occurred_at > %(at)s - interval '12 months') AS issued,
            -sum(e.available_delta) FILTER (
                WHERE e.kind = 'expire' AND e.occurred_at > %(at)s - interval '12 months') AS expired
        FROM loyalty_entry e WHERE e.shop_id = %(shop)s AND e.occurred_at <= %(at)s GROUP BY e.account_id
    )
    SELECT coalesce(sum(greatest(balance, 0)), 0), coalesce(sum(pending), 0), coalesce(sum(greatest(-balance, 0)), 0),
        coalesce(sum(issued), 0), coalesce(sum(expired), 0)
    FROM held
"""
# A lot that a return opened holds points which were counted when they were first issued.
_BREAKAGE = """
    WITH opened AS (
        SELECT l.shop_id, l.id, l.points FROM loyalty_lot l
        WHERE l.shop_id = %(shop)s AND l.available_at <= %(at)s - interval '12 months'
    )
    SELECT coalesce((SELECT sum(points) FROM opened), 0) - coalesce((
        SELECT sum(l.points) FROM loyalty_entry e
        JOIN loyalty_lot l ON l.shop_id = e.shop_id AND l.entry_id = e.id
            AND l.available_at <= %(at)s - interval '12 months'
        WHERE e.shop_id = %(shop)s AND e.kind = 'return'
    ), 0), coalesce((
        SELECT sum(u.points) FROM opened o
        JOIN loyalty_lotuse u ON u.shop_id = o.shop_id AND u.lot_id = o.id
        JOIN loyalty_entry e ON e.shop_id = u.shop_id AND e.id = u.entry_id AND e.kind = 'expire'
            AND e.occurred_at <= %(at)s
    ), 0)
"""
