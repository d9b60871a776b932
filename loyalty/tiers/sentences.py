"""What is said of tiers, in the active language."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from babel.dates import format_skeleton
from django.utils.translation import gettext, ngettext

from lib.money import minor_units
from loyalty.calendar import last_day, local_day
from loyalty.documents import ProgramDocument
from loyalty.tiers.ladder import Figure, Ladder
from loyalty.wording import money, number, points_text
from loyalty.wording.amounts import calendar_locale


def day_text(day: date, today: date) -> str:
    """The day, with its year where it is another than today's: 31 Dec, 3 Mar 2027."""
    return format_skeleton("MMMd" if day.year == today.year else "yMMMd", day, locale=calendar_locale())


def figure_text(figure: Figure, metric: str, document: ProgramDocument) -> str:
    """A figure of a metric: 38.00 €, 120 points, 3 orders."""
    if metric == "spend":
        return money(Decimal(figure), document.currency)
    if metric == "points":
        return points_text(figure, document.points_name)
    count = int(figure)
    return ngettext("%(count)s order", "%(count)s orders", count) % {"count": number(count)}


def _needed_text(needed: Figure, ladder: Ladder, document: ProgramDocument) -> str:
    """A figure that is still to come: a fraction of a cent is a cent, so that what is said is enough."""
    if ladder.tiers.metric == "spend":
        cent = Decimal(1).scaleb(-minor_units(document.currency))
        needed = Decimal(needed).quantize(cent, ROUND_CEILING)
    return figure_text(needed, ladder.tiers.metric, document)


def keep_text(
    ladder: Ladder, document: ProgramDocument, name: str, needed: Figure, kept_until: datetime, at: datetime
) -> str:
    """What keeps tier `name` beyond the midnight `kept_until`."""
    zone = ladder.zone
    day = day_text(last_day(zone, kept_until), local_day(zone, at))
    words = {"tier": name, "day": day, "amount": _needed_text(needed, ladder, document)}
    if needed <= 0:
        return gettext("Enough is done: %(tier)s goes on after %(day)s.") % words
    if ladder.tiers.metric == "spend":
        return gettext("Spend %(amount)s more by %(day)s to keep %(tier)s.") % words
    if ladder.tiers.metric == "points":
        return gettext("Earn %(amount)s more by %(day)s to keep %(tier)s.") % words
    text = ngettext(
        "Place %(count)s more order by %(day)s to keep %(tier)s.",
        "Place %(count)s more orders by %(day)s to keep %(tier)s.",
        int(needed),
    )
    return text % {**words, "count": number(needed)}


def next_text(ladder: Ladder, document: ProgramDocument, name: str, missing: Figure) -> str:
    """What is missing to tier `name`."""
    words = {"tier": name, "amount": _needed_text(missing, ladder, document)}
    if ladder.tiers.metric == "spend":
        return gettext("Spend %(amount)s more to reach %(tier)s.") % words
    if ladder.tiers.metric == "points":
        return gettext("Earn %(amount)s more to reach %(tier)s.") % words
    text = ngettext(
        "Place %(count)s more order to reach %(tier)s.",
        "Place %(count)s more orders to reach %(tier)s.",
        int(missing),
    )
    return text % {**words, "count": number(missing)}


def window_text(ladder: Ladder, start: datetime | None, at: datetime) -> str:
    """Which time counts."""
    window, months = ladder.tiers.window, ladder.tiers.window_months
    if start is None:
        return gettext("of all time")
    if window == "rolling":
        return ngettext("in the last month", "in the last %(count)s months", months) % {
            "count": number(months)
        }
    if window == "calendar_year":
        return gettext("in this calendar year")
    day = day_text(local_day(ladder.zone, start), local_day(ladder.zone, at))
    return gettext("since %(day)s") % {"day": day}


def why_text(
    reason: str, name: str, details: Mapping[str, Any], document: ProgramDocument, names: Mapping[str, str]
) -> str:
    """Why a member had tier `name`, from the span of their history; `names`: of tiers by key."""
    words = {"tier": name} | {
        field: figure_text(Decimal(details[field]), details["metric"], document)
        for field in ("figure", "threshold")
        if "metric" in details
    }
    if reason == "pinned":
        return gettext("Given by %(actor)s: %(reason)s") % {
            "actor": details.get("actor", ""),
            "reason": details.get("reason", ""),
        }
    if reason == "refund":
        words["undone"] = names.get(details.get("undone", ""), details.get("undone", ""))
    return _why(reason, "figure" in words) % words


def _why(reason: str, counted: bool) -> str:
    if not counted:
        return {
            "joined": gettext("Every member starts here."),
            "pin_ended": gettext("A tier given by hand has ended; this is the one earned."),
        }.get(reason, gettext("A change of the program led here."))
    return {
        "reached": gettext("Reached with %(figure)s; %(threshold)s are needed."),
        "renewed": gettext("Kept with %(figure)s; %(threshold)s were needed."),
        "grace": gettext("The term ended with %(figure)s of %(threshold)s; days of grace followed."),
        "downgraded": gettext("The term ended with %(figure)s of %(threshold)s."),
        "refund": gettext("A refund undid %(undone)s; %(figure)s of %(threshold)s are left."),
    }.get(reason, gettext("A change of the program counted %(figure)s; %(threshold)s are needed."))
