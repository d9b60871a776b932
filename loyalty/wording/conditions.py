"""When rules and campaigns count, in words."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from babel.dates import format_skeleton, format_time, get_day_names
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from loyalty.documents import Campaign, Conditions
from loyalty.moments import local_moment
from loyalty.wording.amounts import all_of, any_of, calendar_locale, money, number, points_text
from loyalty.wording.rules import products_text

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_EARLIEST = datetime(2, 1, 1)
_TIMES_AS_MUCH = {Decimal(2): _("Double %(name)s"), Decimal(3): _("Triple %(name)s")}


def conditions_text(
    conditions: Conditions,
    currency: str,
    tier_names: Mapping[str, str] | None = None,
    today: date | None = None,
) -> str:
    """When a rule counts: "until 24 Dec, on Saturdays, for Gold members"; "" when always. Products are not told.

    `tier_names` by key. The year is left out where it is that of `today`.
    """
    parts = [_window_text(conditions, today), *_circumstances(conditions, currency, tier_names or {})]
    return ", ".join(part for part in parts if part)


def campaign_text(
    campaign: Campaign,
    now_local: datetime,
    currency: str = "",
    points_name: str = "points",
    tier_names: Mapping[str, str] | None = None,
) -> str:
    """What shoppers read while a campaign runs: its announcement, or such as "Double points until Sunday".

    `now_local`: what the shop's clock shows. Without `currency` a least order is not told.
    """
    if campaign.announcement.strip():
        return campaign.announcement.strip()
    conditions = campaign.conditions
    what = campaign_gift_text(campaign, points_name)
    if products := products_text(conditions.products):
        what = gettext("%(text)s on %(products)s") % {"text": what, "products": products}
    parts = [
        what,
        *_circumstances(conditions, currency, tier_names or {}),
        _until_text(conditions, now_local),
    ]
    return " ".join(part for part in parts if part)


def campaign_gift_text(campaign: Campaign, points_name: str = "points") -> str:
    """What a campaign gives: "Double points", "1.5 × points", "50 points more for each order"."""
    if campaign.points is not None:
        points = points_text(campaign.points, points_name)
        return gettext("%(points)s more for each order") % {"points": points}
    times = campaign.multiplier or Decimal(1)
    if times in _TIMES_AS_MUCH:
        return str(_TIMES_AS_MUCH[times]) % {"name": points_name}
    return gettext("%(count)s × %(name)s") % {"count": number(times), "name": points_name}


def _circumstances(conditions: Conditions, currency: str, tier_names: Mapping[str, str]) -> list[str]:
    """All but the window and the products."""
    texts = [_weekdays_text(conditions.weekdays)]
    if conditions.first_order:
        texts.append(gettext("on the first order"))
    if conditions.min_basis is not None and currency:
        least = money(conditions.min_basis, currency, short=True)
        texts.append(gettext("for orders of %(amount)s or more") % {"amount": least})
    if conditions.channels:
        texts.append(gettext("by %(channels)s") % {"channels": any_of(conditions.channels)})
    if conditions.tiers:
        names = all_of(tier_names.get(key, key) for key in conditions.tiers)
        texts.append(gettext("for %(tiers)s members") % {"tiers": names})
    if conditions.customer_tags:
        texts.append(gettext("for customers tagged %(tags)s") % {"tags": any_of(conditions.customer_tags)})
    return texts


def _weekdays_text(days: tuple[str, ...]) -> str:
    if not days or len(set(days)) == len(WEEKDAYS):
        return ""
    if set(days) == {"mon", "tue", "wed", "thu", "fri"}:
        return gettext("on weekdays")
    if set(days) == {"sat", "sun"}:
        return gettext("at weekends")
    names = {
        "mon": gettext("Mondays"),
        "tue": gettext("Tuesdays"),
        "wed": gettext("Wednesdays"),
        "thu": gettext("Thursdays"),
        "fri": gettext("Fridays"),
        "sat": gettext("Saturdays"),
        "sun": gettext("Sundays"),
    }
    return gettext("on %(days)s") % {"days": all_of(names[day] for day in WEEKDAYS if day in days)}


def _window_text(conditions: Conditions, today: date | None) -> str:
    starts = _moment_text(local_moment(conditions.starts), today) if conditions.starts else ""
    ends = _end_text(local_moment(conditions.ends), today) if conditions.ends else ""
    if starts and ends:
        return gettext("from %(start)s until %(end)s") % {"start": starts, "end": ends}
    if starts:
        return gettext("from %(start)s") % {"start": starts}
    return gettext("until %(end)s") % {"end": ends} if ends else ""


def _until_text(conditions: Conditions, now_local: datetime) -> str:
    """ "until Sunday" in the coming week, "until 24 December" later on, "today" on the last day; "" without an end."""
    if not conditions.ends:
        return ""
    ends = local_moment(conditions.ends)
    last = last_day_of(ends)
    clock = "" if ends.time() == time() else format_time(ends, "short", locale=calendar_locale())
    if last == now_local.date():
        return gettext("today until %(time)s") % {"time": clock} if clock else gettext("today")
    if now_local.date() < last < now_local.date() + timedelta(days=7):
        name = get_day_names("wide", "format", calendar_locale())[last.weekday()]
    else:
        name = _day_text(last, now_local.date(), "MMMM")
    return gettext("until %(end)s") % {"end": f"{name}, {clock}" if clock else name}


def last_day_of(ends: datetime) -> date:
    """The last day of a window that ends at `ends` (exclusive): the day before a midnight."""
    return (max(ends, _EARLIEST) - timedelta(microseconds=1)).date()


def _moment_text(moment: datetime, today: date | None) -> str:
    day = _day_text(moment.date(), today, "MMM")
    return (
        day if moment.time() == time() else f"{day}, {format_time(moment, 'short', locale=calendar_locale())}"
    )


def _end_text(ends: datetime, today: date | None) -> str:
    return _day_text(last_day_of(ends), today, "MMM") if ends.time() == time() else _moment_text(ends, today)


def _day_text(day: date, today: date | None, month: str) -> str:
    year = "" if today and today.year == day.year else "y"
    return format_skeleton(f"{year}{month}d", day, locale=calendar_locale())
