"""A member's tiers as the merchant sees them: now, so far, and on a day of their choice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext

from lib.clock import now
from loyalty.calendar import last_day, local_day
from loyalty.documents import Tier
from loyalty.models import Account, Standing, TierPin, TierSpan
from loyalty.tier_queries import Outlook, TierDay, outlook, tier_history, tier_on
from loyalty.tiers import ladder_of
from loyalty.tiers.sentences import figure_text, why_text
from loyalty.versions import Timeline, timelines
from loyalty.wording import number


@dataclass(frozen=True)
class Stretch:
    """A stretch of the history. `until` is empty for the one that lasts, `kept_until` is a last day."""

    name: str
    since: datetime
    until: datetime | None
    kept_until: date | None
    why: str


@dataclass(frozen=True)
class TierCard:
    """The tier of now and what comes next. `percent` of the way to the next tier; `history` has the newest first."""

    now: Outlook | None
    since: datetime | None
    figure: str
    threshold: str
    percent: int
    multiplier: str
    pin: TierPin | None
    pinned_through: date | None
    history: Sequence[Stretch]
    levels: Sequence[Tier]


@dataclass(frozen=True)
class Journey:
    """An answer of the time machine, or what is wrong with the question."""

    asked: str
    day: date | None = None
    found: TierDay | None = None
    error: str = ""


def tier_card(account: Account) -> TierCard | None:
    """The member's tiers; None where the program has none and the member never had one."""
    timeline = timelines([account.shop_id])[account.shop_id]
    if not any(version.document.tiers.levels for version in timeline.versions):
        return None
    here = outlook(account)
    spans = tier_history(account)
    if here is None and not any(span.tier for span in spans):
        return None
    version = timeline.at(now())
    figure = threshold = multiplier = ""
    percent = 0
    if here:
        figure = figure_text(here.figure, here.metric, version.document)
        multiplier = number(Decimal(here.multiplier)) if here.multiplier != 1 else ""
    if here and here.next_threshold:
        threshold = figure_text(here.next_threshold, here.metric, version.document)
        percent = max(0, min(100, int(100 * here.figure / here.next_threshold)))
    standing = Standing.objects.filter(shop=account.shop, account=account).first()
    pin = _running_pin(account)
    return TierCard(
        now=here,
        since=standing.since if standing else None,
        figure=figure,
        threshold=threshold,
        percent=percent,
        multiplier=multiplier,
        pin=pin,
        pinned_through=last_day(version.zone, pin.until) if pin else None,
        history=[_stretch(span, timeline) for span in reversed(spans)],
        levels=ladder_of(version).levels,
    )


def journey(account: Account, asked: str) -> Journey:
    """The tier of the day `asked` (YYYY-MM-DD), why, and what would have kept it."""
    zone = timelines([account.shop_id])[account.shop_id].versions[-1].zone
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        return Journey(asked[:40], error=gettext("Choose a day, such as 2026-03-31."))
    if day > local_day(zone, now()):
        return Journey(asked, error=gettext("This day is yet to come."))
    return Journey(asked, day, tier_on(account, day))


def levels_of(shop_id: int) -> tuple[Tier, ...]:
    """The tiers of the live program, the lowest first."""
    return ladder_of(timelines([shop_id])[shop_id].at(now())).levels


def tier_names(shop_id: int) -> dict[str, str]:
    """Names of tiers by key, of earlier versions too; a key that is used again has its newest name."""
    versions = timelines([shop_id])[shop_id].versions
    return {level.key: level.name for version in versions for level in version.document.tiers.levels}


def _running_pin(account: Account) -> TierPin | None:
    at = now()
    pins = TierPin.objects.filter(shop=account.shop, account=account, since__lte=at, until__gt=at)
    newest: TierPin | None = pins.order_by("-since", "-id").first()
    return newest


def _stretch(span: TierSpan, timeline: Timeline) -> Stretch:
    version = timeline.at(span.since)
    names = {level.key: level.name for one in timeline.versions for level in one.document.tiers.levels}
    return Stretch(
        name=span.name,
        since=span.since,
        until=span.until,
        kept_until=last_day(version.zone, span.kept_until) if span.kept_until else None,
        why=why_text(span.reason, span.name, span.details, version.document, names),
    )
