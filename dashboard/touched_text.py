"""Whom publishing a program touches, in words."""

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext, ngettext

from lib.clock import now
from loyalty.calendar import last_day, notice_ends
from loyalty.documents import ProgramDocument
from loyalty.impact import Touched
from loyalty.wording import number, points_text


def touched_lines(found: Touched, new: ProgramDocument) -> list[str]:
    """A sentence for each kind of member that a change of tiers, expiry or hold concerns; empty without one."""
    lines: list[str] = []
    if "tiers" in found.policies:
        lines += _tiers(found, new)
    if "expiry" in found.policies:
        lines.append(_expiry(found, new))
    if "hold" in found.policies:
        lines.append(_hold(found, new))
    return lines


def _tiers(found: Touched, new: ProgramDocument) -> Iterator[str]:
    if not new.tiers.levels:
        text = ngettext(
            "%(count)s member loses their tier: there are none any more.",
            "%(count)s members lose their tiers: there are none any more.",
            found.lost,
        )
        yield text % {"count": number(found.lost)}
        return
    if found.placed:
        text = ngettext(
            "%(count)s member is placed in a tier at once, by what they did so far.",
            "All %(count)s members are placed in the tiers at once, by what they did so far.",
            found.placed,
        )
        yield text % {"count": number(found.placed)}
    if found.up:
        text = ngettext(
            "%(count)s member reaches a higher tier at once.",
            "%(count)s members reach a higher tier at once.",
            found.up,
        )
        yield text % {"count": number(found.up)}
    if found.lost:
        text = ngettext(
            "%(count)s member is in a tier that is no longer there, and moves to the one that fits.",
            "%(count)s members are in a tier that is no longer there, and move to the ones that fit.",
            found.lost,
        )
        yield text % {"count": number(found.lost)}
    if not (found.placed or found.up or found.lost):
        yield gettext("Nobody changes tiers at once.")
    yield gettext("Nobody gets points for a tier that they are placed in by publishing.")


def _expiry(found: Touched, new: ProgramDocument) -> str:
    text = ngettext(
        "%(count)s member has %(points)s. Those keep the day on which they expire, unless you say otherwise below; "
        "the new rule counts for points of orders placed from now on.",
        "%(count)s members have %(points)s. Those keep the day on which they expire, unless you say otherwise below; "
        "the new rule counts for points of orders placed from now on.",
        found.members,
    )
    points = points_text(found.points + found.pending, new.points_name)
    return text % {"count": number(found.members), "points": points}


def redating_text(found: Touched, new: ProgramDocument, zone: ZoneInfo) -> str:
    """What giving the new expiry to points that members have already would do; "" where it would do nothing."""
    if "expiry" not in found.policies or not found.points:
        return ""
    if new.expiry.mode == "none":
        text = gettext("Let the %(points)s that members can use now no longer expire, too.")
        return text % {"points": points_text(found.points, new.points_name)}
    text = gettext(
        "Also give the new expiry to the %(points)s that members can use now. None of them expires before %(day)s."
    )
    day = last_day(zone, notice_ends(zone, now()))
    return text % {"points": points_text(found.points, new.points_name), "day": date_format(day, "j M Y")}


def _hold(found: Touched, new: ProgramDocument) -> str:
    if not found.pending:
        return gettext("No points are on hold now; the new hold counts for orders placed from now on.")
    text = gettext(
        "%(points)s are on hold now and are released as they would have been; the new hold counts for orders "
        "placed from now on."
    )
    return text % {"points": points_text(found.pending, new.points_name)}
