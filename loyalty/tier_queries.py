"""A member's tier on any day, why it was that, what keeps it, and what is missing to the next."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db.models import Sum
from django.utils.translation import gettext
from django_scopes import scope

from lib.clock import now
from loyalty.calendar import day_after, last_day, local_day
from loyalty.models import Account, Progress, Standing, TierSpan
from loyalty.tiers import Ladder, ladder_of
from loyalty.tiers.ladder import NONE, Figure
from loyalty.tiers.sentences import day_text, keep_text, next_text, why_text, window_text
from loyalty.versions import LoadedVersion, timelines


class TierDay(NamedTuple):
    """A tier at the end of a day. `kept_until`: the last day of its term. `why` and `keeps` are sentences."""

    tier: str
    name: str
    why: str
    kept_until: date | None
    keeps: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """Where a member stands and what comes next, for the shopper.

    `figure`: of the metric, in the window of now. `keep_needed`: what of it is still needed by `kept_until` (the last
    day) to keep the tier, None where nothing has to be done. `missing`: what is needed to reach `next_name`.
    """

    tier: str
    name: str
    kept_until: date | None
    metric: str
    figure: Figure
    window_text: str
    keep_needed: Figure | None
    keep_text: str
    next_name: str
    next_threshold: Figure | None
    missing: Figure | None
    next_text: str
    multiplier: Figure
    perks: tuple[str, ...]


def tier_history(account: Account) -> list[TierSpan]:
    """Every stretch of the member's tiers, the oldest first."""
    with scope(shop=account.shop):
        return list(TierSpan.objects.filter(shop=account.shop, account=account).order_by("number"))


def tier_on(account: Account, day: date) -> TierDay:
    """The member's tier at the end of `day` in the shop, or now if that is yet to come."""
    timeline = timelines([account.shop_id])[account.shop_id]
    zone = timeline.versions[-1].zone
    at = min(day_after(zone, day) - timedelta(microseconds=1), now())
    version = timeline.at(at)
    ladder = ladder_of(version)
    spans = [
        span for span in tier_history(account) if span.since <= at and (span.until is None or at < span.until)
    ]
    if not spans:
        return TierDay("", "", gettext("The member had no tier on this day."), None, "")
    span = spans[-1]
    names = {
        level.key: level.name for version in timeline.versions for level in version.document.tiers.levels
    }
    why = why_text(span.reason, span.name, span.details, timeline.at(span.since).document, names)
    kept = last_day(zone, span.kept_until) if span.kept_until else None
    return TierDay(span.tier, span.name, why, kept, _keeps(account, version, ladder, span, at))


def _keeps(account: Account, version: LoadedVersion, ladder: Ladder, span: TierSpan, at: datetime) -> str:
    if span.kept_until is None or not span.tier:
        return _for_good(ladder, span.tier, span.name)
    today = local_day(ladder.zone, at)
    if span.reason == "pinned":
        day = day_text(last_day(ladder.zone, span.kept_until), today)
        return gettext("%(tier)s was given through %(day)s.") % {"tier": span.name, "day": day}
    judged = span.since if span.reason == "grace" else span.kept_until
    start = ladder.review_start(judged, _joined_at(account))
    needed = _needed(ladder, span.tier, _figure(account, ladder, start, at))
    return keep_text(ladder, version.document, span.name, needed, span.kept_until, at)


def outlook(account: Account, at: datetime | None = None) -> Outlook | None:
    """Where the member stands at `at` (now) by what is known by then; None where the program has no tiers."""
    at = at or now()
    version = timelines([account.shop_id])[account.shop_id].at(at)
    ladder = ladder_of(version)
    if not ladder.levels:
        return None
    standing = _standing(account)
    key = standing.tier if standing else ladder.key(ladder.floor)
    rank = ladder.ranks.get(key, NONE)
    start = ladder.window_start(at, _joined_at(account))
    figure = _figure(account, ladder, start, at)
    needed, keep = _to_keep(account, version, standing, at)
    level = ladder.levels[rank] if rank >= 0 else None
    above = ladder.levels[rank + 1] if rank + 1 < len(ladder.levels) else None
    missing = _short_of(above.threshold, figure) if above else None
    kept = standing.kept_until if standing else None
    return Outlook(
        tier=key,
        name=ladder.name(key),
        kept_until=last_day(ladder.zone, kept) if kept else None,
        metric=ladder.tiers.metric,
        figure=figure,
        window_text=window_text(ladder, start, at),
        keep_needed=needed,
        keep_text=keep,
        next_name=above.name if above else "",
        next_threshold=above.threshold if above else None,
        missing=missing,
        next_text=next_text(ladder, version.document, above.name, missing) if above and missing else "",
        multiplier=level.multiplier if level else 1,
        perks=level.perks if level else (),
    )


def _to_keep(
    account: Account, version: LoadedVersion, standing: Standing | None, at: datetime
) -> tuple[Figure | None, str]:
    """What is needed to keep the tier, and the sentence about it."""
    ladder = ladder_of(version)
    if standing is None or standing.kept_until is None:
        key = standing.tier if standing else ""
        return None, _for_good(ladder, key, ladder.name(key))
    name = ladder.name(standing.tier)
    if _pinned(account):
        day = day_text(last_day(ladder.zone, standing.kept_until), local_day(ladder.zone, at))
        return None, gettext("%(tier)s was given through %(day)s.") % {"tier": name, "day": day}
    needed = _needed(ladder, standing.tier, _figure(account, ladder, standing.review_from, at))
    sentence = keep_text(ladder, version.document, name, needed, standing.kept_until, at)
    return needed, sentence


def _needed(ladder: Ladder, tier: str, figure: Figure) -> Figure:
    if ladder.tiers.term == "forever":
        return 0
    return _short_of(ladder.threshold(ladder.ranks.get(tier, NONE)), figure)


def _short_of(threshold: Figure, figure: Figure) -> Figure:
    return threshold - figure if threshold > figure else 0


def _for_good(ladder: Ladder, tier: str, name: str) -> str:
    if not tier:
        return ""
    if ladder.ranks.get(tier, NONE) <= ladder.floor:
        return gettext("Everybody has %(tier)s at least.") % {"tier": name}
    return gettext("%(tier)s has no end.") % {"tier": name}


def _standing(account: Account) -> Standing | None:
    with scope(shop=account.shop):
        standing: Standing | None = Standing.objects.filter(shop=account.shop, account=account).first()
        return standing


def _pinned(account: Account) -> bool:
    with scope(shop=account.shop):
        spans = TierSpan.objects.filter(shop=account.shop, account=account, until=None)
        return bool(spans.filter(reason="pinned").exists())


def _joined_at(account: Account) -> datetime:
    return account.customer.joined_at or account.customer.as_of


def _figure(account: Account, ladder: Ladder, start: datetime | None, at: datetime) -> Figure:
    """The metric of [start, at], by what was known at `at`."""
    with scope(shop=account.shop):
        rows = Progress.objects.filter(
            shop=account.shop, account=account, counted_at__lte=at, effective_at__lte=at
        )
        if start is not None:
            rows = rows.filter(counted_at__gte=start)
        found: Figure | None = rows.aggregate(sum=Sum(ladder.tiers.metric))["sum"]
    return found or 0
