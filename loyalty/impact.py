"""Whom publishing a program touches: counts over the shop's members, nothing of it stored."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from lib.clock import now
from lib.rows import read
from loyalty.calendar import add_months, day_of, day_start, local_day
from loyalty.diff import Policy, affects
from loyalty.documents import ProgramDocument, Tiers
from shops.models import Shop


@dataclass(frozen=True)
class Touched:
    """`policies`: what changes beyond coming orders. `members` hold `points` that can be used, and `pending` ones.

    Counted only where tiers change: `placed`, all members, where nobody has a standing yet; else `up`, who would
    reach a higher tier at once, and `lost`, whose tier is no longer there. Imported points are left out.
    """

    policies: frozenset[Policy]
    members: int = 0
    points: int = 0
    pending: int = 0
    placed: int = 0
    up: int = 0
    lost: int = 0


def touched(shop: Shop, old: ProgramDocument, new: ProgramDocument, at: datetime | None = None) -> Touched:
    """Whom publishing `new` in place of `old` at `at` would touch."""
    policies = frozenset(affects(old, new))
    if not policies:
        return Touched(policies)
    [(accounts, members, points, pending, standings)] = read(_HOLDERS, shop=shop.pk)
    if "tiers" not in policies:
        return Touched(policies, members, points, pending)
    if not standings:
        return Touched(policies, members, points, pending, placed=accounts if new.tiers.levels else 0)
    up, lost = _moves(shop, new.tiers, at or now())
    return Touched(policies, members, points, pending, up=up, lost=lost)


def _moves(shop: Shop, tiers: Tiers, at: datetime) -> tuple[int, int]:
    """How many members would reach a higher tier, and how many have one that is not there."""
    zone = ZoneInfo(shop.timezone)
    today = local_day(zone, at)
    start = None
    if tiers.window == "rolling":
        start = day_start(zone, add_months(today, -tiers.window_months))
    elif tiers.window == "calendar_year":
        start = day_start(zone, day_of(today.year, 1, 1))
    # Rank 0 is to have no tier, unless the lowest asks for nothing.
    levels = [
        {"rank": rank, "key": level.key, "threshold": str(level.threshold)}
        for rank, level in enumerate(tiers.levels, 1)
    ]
    [(up, lost)] = read(
        _MOVES,
        shop=shop.pk,
        at=at,
        start=start,
        today=today,
        zone=shop.timezone,
        anniversary=tiers.window == "anniversary",
        metric=tiers.metric,
        levels=msgspec.json.encode(levels).decode(),
    )
    return up, lost


_HOLDERS = """
    SELECT count(*),
           count(*) FILTER (WHERE balance > 0 OR pending > 0),
           COALESCE(sum(balance) FILTER (WHERE balance > 0), 0)::bigint,
           COALESCE(sum(pending), 0)::bigint,
           (SELECT count(*) FROM loyalty_standing WHERE shop_id = %(shop)s)
    FROM loyalty_account
    WHERE shop_id = %(shop)s
"""

_MOVES = """
    WITH level AS (
        SELECT rank, key, threshold
        FROM json_to_recordset(%(levels)s) AS r(rank int, key text, threshold numeric)
    ), member AS (
        SELECT s.account_id, s.tier, CASE WHEN %(anniversary)s THEN (
                   SELECT max(day) FROM (
                       SELECT (joined.day + make_interval(years => extract(year FROM %(today)s::date)::int
                           - extract(year FROM joined.day)::int - back))::date AS day
                       FROM (VALUES (0), (1)) AS year(back)
                   ) AS anniversary
                   WHERE day <= %(today)s::date
               )::timestamp AT TIME ZONE %(zone)s ELSE %(start)s END AS start
        FROM loyalty_standing s
        JOIN loyalty_account a ON (a.shop_id, a.id) = (s.shop_id, s.account_id)
        JOIN shops_customer c ON (c.shop_id, c.id) = (a.shop_id, a.customer_id)
        CROSS JOIN LATERAL (
            SELECT (COALESCE(c.joined_at, c.as_of) AT TIME ZONE %(zone)s)::date AS day
        ) AS joined
        WHERE s.shop_id = %(shop)s
    ), figure AS (
        SELECT m.account_id, m.tier, COALESCE(sum(
                   CASE %(metric)s WHEN 'spend' THEN p.spend WHEN 'points' THEN p.points ELSE p.orders END
               ), 0) AS amount
        FROM member m
        LEFT JOIN loyalty_progress p
            ON p.shop_id = %(shop)s AND p.account_id = m.account_id
           AND p.effective_at <= %(at)s AND p.counted_at <= %(at)s
           AND (m.start IS NULL OR p.counted_at >= m.start)
        GROUP BY m.account_id, m.tier
    )
    SELECT count(*) FILTER (WHERE (tier = '' OR held.rank IS NOT NULL) AND reached.rank > COALESCE(held.rank, 0)),
           count(*) FILTER (WHERE tier <> '' AND held.rank IS NULL)
    FROM figure
    LEFT JOIN level held ON held.key = figure.tier
    CROSS JOIN LATERAL (
        SELECT COALESCE(max(rank), 0) AS rank FROM level WHERE threshold <= figure.amount
    ) AS reached
"""
