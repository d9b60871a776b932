"""What the program means for members, for the pages of the server API: tier, points on hold, points that expire."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from lib.rows import execute
from loyalty.calendar import last_day
from loyalty.models import Account
from storefront_api.tier_names import tier_name


class ProgramFacts(NamedTuple):
    """`tier`: {key, name, kept_until} or None. `pending_until`: when the first points on hold are released.

    `points_expiring`: {on, points}, the next day at whose end points expire, or None.
    """

    tier: dict[str, Any] | None = None
    pending_until: datetime | None = None
    points_expiring: dict[str, Any] | None = None


def program_facts(accounts: Iterable[Account]) -> dict[int, ProgramFacts]:
    """The facts of accounts of one shop by their ids, in a few statements however many they are."""
    accounts = list(accounts)
    if not accounts:
        return {}
    shop_id = accounts[0].shop_id
    zone = ZoneInfo(accounts[0].shop.timezone)
    ids = [account.pk for account in accounts]
    tiers = {row[0]: _tier(shop_id, zone, *row[1:]) for row in execute(_TIERS, shop=shop_id, ids=ids)}
    on_hold = [account.pk for account in accounts if account.pending]
    until = dict(execute(_PENDING, shop=shop_id, ids=on_hold)) if on_hold else {}
    expiring: dict[int, dict[str, Any]] = {
        id_: {"on": day, "points": int(points)}
        for id_, day, points in execute(_EXPIRING, shop=shop_id, ids=ids, zone=zone.key)
    }
    return {id_: ProgramFacts(tiers.get(id_), until.get(id_), expiring.get(id_)) for id_ in ids}


def _tier(
    shop_id: int, zone: ZoneInfo, key: str, kept_until: datetime | None, version_id: int | None
) -> dict[str, Any]:
    kept: date | None = last_day(zone, kept_until) if kept_until else None
    return {"key": key, "name": tier_name(shop_id, version_id, key), "kept_until": kept}


_TIERS = """
    SELECT account_id, tier, kept_until, version_id FROM loyalty_standing
    WHERE shop_id = %(shop)s AND account_id = ANY(%(ids)s) AND tier <> ''
"""
# By way of the accounts' entries: awards have no index by account.
_PENDING = """
    SELECT e.account_id, min(w.release_at) FROM loyalty_entry e
    JOIN loyalty_award w ON w.shop_id = e.shop_id AND w.id = e.award_id AND w.pending > 0
    WHERE e.shop_id = %(shop)s AND e.account_id = ANY(%(ids)s) AND e.pending_delta > 0
    GROUP BY e.account_id
"""
_EXPIRING = """
    SELECT DISTINCT ON (l.account_id) l.account_id, l.day, l.points FROM (
        SELECT account_id, ((expires_at - interval '1 microsecond') AT TIME ZONE %(zone)s)::date AS day,
            sum(remaining) AS points
        FROM loyalty_lot
        WHERE shop_id = %(shop)s AND account_id = ANY(%(ids)s) AND remaining > 0 AND expires_at IS NOT NULL
        GROUP BY account_id, day
    ) l ORDER BY l.account_id, l.day
"""
