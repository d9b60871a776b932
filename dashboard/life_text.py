"""Hold and expiry in plain sentences."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.utils.dates import MONTHS
from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext
from msgspec import structs

from loyalty.calendar import last_day, local_day, lot_terms, release_at
from loyalty.documents import Expiry, ExpiryMode, ProgramDocument


def hold_text(document: ProgramDocument) -> str:
    """When points can be used after an order is paid."""
    days = document.hold_days
    if not days:
        return gettext("Points can be used as soon as an order is paid.")
    text = ngettext(
        "Points can be used %(count)d day after an order is paid.",
        "Points can be used %(count)d days after an order is paid.",
        days,
    )
    return text % {"count": days}


def expiry_text(expiry: Expiry) -> str:
    """When points expire."""
    if expiry.mode == "none":
        return gettext("Points never expire.")
    if expiry.mode == "calendar":
        when = {"day": expiry.day, "month": MONTHS[expiry.month]}
        return gettext("All points expire each year at the end of %(day)d %(month)s.") % when
    if expiry.mode == "inactivity":
        text = ngettext(
            "All points of a member expire after %(count)d month without earning or spending.",
            "All points of a member expire after %(count)d months without earning or spending.",
            expiry.months,
        )
    elif expiry.to_month_end:
        text = ngettext(
            "Points expire at the end of the month, %(count)d month after they can be used.",
            "Points expire at the end of the month, %(count)d months after they can be used.",
            expiry.months,
        )
    else:
        text = ngettext(
            "Points expire %(count)d month after they can be used.",
            "Points expire %(count)d months after they can be used.",
            expiry.months,
        )
    return text % {"count": expiry.months}


def life_example(document: ProgramDocument, zone: ZoneInfo, at: datetime) -> str:
    """What becomes of points of an order paid at `at`: "Points earned today could be used until 30 Nov 2027."."""
    released = release_at(document, zone, at)
    expires_at = lot_terms(document, zone, released or at).expires_at
    first = _day(local_day(zone, released)) if released else ""
    last = _day(last_day(zone, expires_at)) if expires_at else ""
    if first and last:
        said = gettext("Points earned today could be used from %(first)s until %(last)s.")
    elif first:
        said = gettext("Points earned today could be used from %(first)s on and never expire.")
    elif last:
        said = gettext("Points earned today could be used until %(last)s.")
    else:
        said = gettext("Points earned today could be used at once and never expire.")
    return said % {"first": first, "last": last}


def mode_example(document: ProgramDocument, mode: ExpiryMode, zone: ZoneInfo, at: datetime) -> str:
    """`life_example` for another mode."""
    expiry = structs.replace(document.expiry, mode=mode)
    text = life_example(structs.replace(document, expiry=expiry), zone, at)
    if mode == "inactivity":
        return f"{text} {gettext('Every order and every reward starts the time anew.')}"
    return text


def _day(day: date) -> str:
    return date_format(day, "j M Y")
