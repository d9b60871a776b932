"""Points that will expire: the schedule of a member, and the warnings that fall due."""

import time
from datetime import date, datetime
from random import shuffle
from zoneinfo import ZoneInfo

from django.db import transaction

from lib.clock import now
from lib.rows import execute
from loyalty.models import Account


def coming_expiries(account: Account) -> list[tuple[date, int]]:
    """(the last day on which points can be spent, how many) of all the member's lots that expire, the next first.

    Points that expire by inactivity are on the day they end if nothing is earned or spent until then.
    """
    zone = ZoneInfo(account.shop.timezone)
    rows = execute(_SCHEDULE, shop=account.shop_id, account=account.pk, zone=zone.key)
    return [(day, int(points)) for day, points in rows]


def write_due(at: datetime | None = None, seconds: float | None = None) -> int:
    """Write the warnings that are due at `at` (now), by each shop's live program; returns how many are new or differ.

    A member gets one for each day and number of days ahead; of several that are due at once, only the nearest.
    Each shop is a transaction of its own; after so many seconds the rest of them wait for the next run, which begins
    with another shop.
    """
    at, started, written = at or now(), time.monotonic(), 0
    shops = [shop_id for (shop_id,) in execute(_SHOPS, at=at)]
    shuffle(shops)
    for shop_id in shops:
        if seconds is not None and time.monotonic() - started > seconds:
            break
        with transaction.atomic():
            written += int(execute(_WRITE, shop=shop_id, at=at)[0][0])
    return written


# A lot that ends at a midnight can be spent through the day before.
_LAST_DAY = "((l.expires_at - interval '1 microsecond') AT TIME ZONE {zone})::date"
_SCHEDULE = f"""
    SELECT {_LAST_DAY.format(zone="%(zone)s")} AS day, sum(l.remaining)
    FROM loyalty_lot l
    WHERE l.shop_id = %(shop)s AND l.account_id = %(account)s AND l.remaining > 0 AND l.expires_at IS NOT NULL
    GROUP BY day ORDER BY day
"""
_LIVE = """
    SELECT DISTINCT ON (v.shop_id) v.shop_id, v.document -> 'expiry' -> 'warn_days' AS warn_days
    FROM loyalty_programversion v ORDER BY v.shop_id, v.number DESC
"""
_SHOPS = f"""
    SELECT live.shop_id FROM ({_LIVE}) live
    WHERE jsonb_array_length(coalesce(live.warn_days, '[30, 7]')) > 0
        AND EXISTS (SELECT FROM loyalty_lot l WHERE l.shop_id = live.shop_id AND l.remaining > 0
            AND l.expires_at > %(at)s)
    ORDER BY live.shop_id
"""
_WRITE = f"""
    WITH asked AS MATERIALIZED (
        SELECT s.timezone AS zone, d.days::int AS days
        FROM shops_shop s
        CROSS JOIN LATERAL jsonb_array_elements_text(coalesce((
            SELECT v.document -> 'expiry' -> 'warn_days' FROM loyalty_programversion v
            WHERE v.shop_id = s.id ORDER BY v.number DESC LIMIT 1
        ), '[30, 7]')) AS d(days)
        WHERE s.id = %(shop)s
    ), coming AS (
        SELECT l.account_id, {_LAST_DAY.format(zone="z.zone")} AS expires_on, sum(l.remaining) AS points
        FROM (SELECT zone, max(days) AS days FROM asked GROUP BY zone) z
        JOIN loyalty_lot l ON l.shop_id = %(shop)s AND l.remaining > 0 AND l.expires_at > %(at)s
            AND l.expires_at <= %(at)s + make_interval(days => z.days + 2)
        GROUP BY l.account_id, expires_on
    ), due AS (
        SELECT DISTINCT ON (c.account_id, c.expires_on) c.account_id, c.expires_on, c.points, a.days,
            ((c.expires_on - a.days)::timestamp AT TIME ZONE a.zone) AS due_at
        FROM coming c JOIN asked a ON (c.expires_on - a.days)::timestamp AT TIME ZONE a.zone <= %(at)s
        ORDER BY c.account_id, c.expires_on, a.days
    ), written AS (
        INSERT INTO loyalty_expirywarning AS w (shop_id, account_id, expires_on, days, points, due_at, created_at)
        SELECT %(shop)s, d.account_id, d.expires_on, d.days, d.points, d.due_at, now() FROM due d
        ON CONFLICT (shop_id, account_id, expires_on, days) DO UPDATE SET points = excluded.points
            WHERE w.sent_at IS NULL AND w.points <> excluded.points
        RETURNING 1
    )
    SELECT count(*) FROM written
"""
