"""`GET /storefront/v1/me/program` and `/me/tiers`: what the program holds for the shopper, and how they got there."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from lib.clock import now
from lib.rows import execute
from loyalty.calendar import last_day, local_day
from loyalty.models import Account, TierSpan
from loyalty.tier_queries import Outlook, outlook, tier_history
from loyalty.tiers import ladder_of
from loyalty.tiers.ladder import plain
from loyalty.tiers.sentences import figure_text, why_text
from loyalty.versions import LoadedVersion, Timeline, timelines
from loyalty.warnings import coming_expiries
from storefront_api.storefront.offers import GUEST, benefits, campaigns_for, threshold_text
from storefront_api.storefront.road import identified, reply, road
from storefront_api.storefront.shoppers import account_of, known
from storefront_api.storefront.ways import punch_cards, ways_of

MOST_TOLD = 60


@road
def my_program(request: HttpRequest) -> HttpResponse:
    """`{tier, earn, punch_cards, campaigns, pending, expiries, expiry_slides}`.

    `tier`: as `_tier` tells, null without tiers or for a customer who is not known yet. `pending`: `{points, on}`,
    usable from that day. `expiries`: `{points, on}`, the last day on which they can be spent, the next first;
    `expiry_slides`: earning or spending puts it off.
    """
    shopper = identified(request)
    at = now()
    version = timelines([shopper.connection.shop_id])[shopper.connection.shop_id].at(at)
    account = account_of(shopper)
    member = known(account) if account else None
    content = {
        "tier": _tier(account, version, at) if account else None,
        "earn": ways_of(version, at, member),
        "punch_cards": punch_cards(version, at, member),
        "campaigns": campaigns_for(version, at, member.viewer if member else GUEST),
        "pending": _pending(account, version) if account else [],
        "expiries": _expiries(account) if account else [],
        "expiry_slides": version.document.expiry.mode == "inactivity",
    }
    return reply(request, content, shopper.shop.origins, "private, no-cache", "Origin, Authorization")


@road
def my_tiers(request: HttpRequest) -> HttpResponse:
    """`{tiers: [{key, name, since, until, kept_until, why}]}`, the newest first; `until` is null for today's.

    `key` is "" for a time without a tier. `since` and `until` are instants, `kept_until` the last day of the term.
    """
    shopper = identified(request)
    account = account_of(shopper)
    told = _history(account, timelines([account.shop_id])[account.shop_id]) if account else []
    return reply(request, {"tiers": told}, shopper.shop.origins, "private, no-cache", "Origin, Authorization")


def _tier(account: Account, version: LoadedVersion, at: datetime) -> dict[str, Any] | None:
    """Where they stand and what comes next, in words; `progress`: per cent of the way from zero to the next tier."""
    stands = outlook(account, at)
    if stands is None:
        return None
    ladder, document = ladder_of(version), version.document
    level = ladder.levels[ladder.ranks[stands.tier]] if stands.tier in ladder.ranks else None
    following = stands.next_threshold
    return {
        "key": stands.tier,
        "name": stands.name,
        "metric": stands.metric,
        "figure": plain(stands.figure),
        "figure_text": figure_text(stands.figure, stands.metric, document),
        "window": stands.window_text,
        "kept_until": stands.kept_until,
        "keep_text": stands.keep_text,
        "keep_needed": None if stands.keep_needed is None else plain(stands.keep_needed),
        "next_name": stands.next_name,
        "next_threshold_text": threshold_text(Decimal(following), ladder, document) if following else "",
        "next_text": stands.next_text,
        "missing": None if stands.missing is None else plain(stands.missing),
        "progress": _progress(stands),
        "multiplier": plain(stands.multiplier),
        "benefits": benefits(level, document) if level else [],
    }


def _progress(stands: Outlook) -> int:
    """Whole per cent, never 100 before the next tier is there."""
    if not stands.next_threshold:
        return 100
    return max(0, min(99, int(100 * stands.figure / stands.next_threshold)))


def _pending(account: Account, version: LoadedVersion) -> list[dict[str, Any]]:
    if not account.pending:
        return []
    rows = execute(_PENDING, shop=account.shop_id, account=account.pk)
    by_day: dict[Any, int] = {}
    for release_at, points in rows:
        day = local_day(version.zone, release_at) if release_at else None
        by_day[day] = by_day.get(day, 0) + int(points)
    return [{"points": points, "on": day} for day, points in by_day.items()][:MOST_TOLD]


def _expiries(account: Account) -> list[dict[str, Any]]:
    return [{"points": points, "on": day} for day, points in coming_expiries(account)[:MOST_TOLD]]


def _history(account: Account, timeline: Timeline) -> list[dict[str, Any]]:
    names = {
        level.key: level.name for version in timeline.versions for level in version.document.tiers.levels
    }
    zone = timeline.versions[-1].zone
    return [
        {
            "key": span.tier,
            "name": span.name,
            "since": span.since,
            "until": span.until,
            "kept_until": last_day(zone, span.kept_until) if span.kept_until else None,
            "why": _why(span, timeline, names),
        }
        for span in reversed(tier_history(account))
    ]


def _why(span: TierSpan, timeline: Timeline, names: dict[str, str]) -> str:
    """Who gave a tier by hand, and why, is between the shop and its staff."""
    if span.reason == "pinned":
        return gettext("Given by the shop.")
    return why_text(span.reason, span.name, span.details, timeline.at(span.since).document, names)


# By way of the account's entries: awards have no index by account.
_PENDING = """
    SELECT w.release_at, w.pending FROM loyalty_award w
    WHERE w.shop_id = %(shop)s AND w.pending > 0 AND w.id IN (
        SELECT e.award_id FROM loyalty_entry e
        WHERE e.shop_id = %(shop)s AND e.account_id = %(account)s AND e.pending_delta > 0
    ) ORDER BY w.release_at
"""
