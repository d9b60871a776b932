"""Whether a program makes sense: every value judged, every problem named by its field."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, ngettext
from msgspec import Struct, convert
from msgspec.structs import replace

from loyalty.documents import (
    ACTIVITY_RULES,
    Campaign,
    Caps,
    Conditions,
    Expiry,
    Limit,
    ProgramDocument,
    Rule,
    SocialFollow,
    Tiers,
    as_dict,
    parsed,
)
from loyalty.errors import InvalidProgram, Problem
from loyalty.field_rules import value_problem
from loyalty.moments import local_moment
from loyalty.shape import joined, problems

DAYS_OF_MONTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def validate(data: bytes | str | dict[str, Any] | ProgramDocument) -> ProgramDocument:
    """Read a document that is to be saved. Raises `InvalidProgram` with every problem of shape or value."""
    raw = parsed(as_dict(data) if isinstance(data, ProgramDocument) else data)
    found = problems(raw, ProgramDocument, _Judge())
    found += [
        problem for where in ("rules", "campaigns", "tiers.levels") for problem in _repeated(raw, where)
    ]
    if found:
        raise InvalidProgram(found)
    document = convert(raw, ProgramDocument)
    days = tuple(sorted(document.expiry.warn_days, reverse=True))
    return replace(document, expiry=replace(document.expiry, warn_days=days))


class _Judge:
    """Asks the rules of fields, then those of whole structs."""

    def value(self, field: str, value: Any) -> str | None:
        return value_problem(field, value)

    def struct(self, value: Struct, path: str) -> Iterator[Problem]:
        if isinstance(value, Rule):
            yield from _rule_problems(value, path)
        elif isinstance(value, Conditions):
            yield from _window_problems(value, path)
        elif isinstance(value, Limit):
            if (value.points is None) == (value.times is None):
                yield joined(path, "points"), gettext("give either points or times")
        elif isinstance(value, Campaign):
            if (value.multiplier is None) == (value.points is None):
                yield joined(path, "multiplier"), gettext("give either a multiplier or points")
        elif isinstance(value, Tiers):
            yield from _tier_problems(value, path)
        elif isinstance(value, Expiry):
            yield from _expiry_problems(value, path)
        elif isinstance(value, Caps):
            yield from _cap_problems(value, path)
        elif isinstance(value, ProgramDocument):
            yield from _document_problems(value)


def _repeated(raw: Any, where: str) -> Iterator[Problem]:
    """Keys that an earlier item of the list has already, also where other fields are wrong."""
    for name in where.split("."):
        raw = raw.get(name) if isinstance(raw, dict) else None
    seen: set[str] = set()
    for index, item in enumerate(raw if isinstance(raw, list | tuple) else ()):
        key = item.get("key") if isinstance(item, dict) else None
        if isinstance(key, str) and key in seen:
            yield f"{where}[{index}].key", gettext("“%(key)s” is used already") % {"key": key[:40]}
        elif isinstance(key, str):
            seen.add(key)


def _rule_problems(rule: Rule, path: str) -> Iterator[Problem]:
    yield from _limit_problems(rule.limits, path)
    if isinstance(rule, ACTIVITY_RULES):
        for name in ("channels", "min_basis", "first_order", "products"):
            if getattr(rule.conditions, name) != getattr(Conditions(), name):
                yield f"{path}.conditions.{name}", gettext("is of orders, and this rule is not for orders")


def _limit_problems(limits: tuple[Limit, ...], path: str) -> Iterator[Problem]:
    seen: set[tuple[str, bool]] = set()
    for index, limit in enumerate(limits):
        kind = (limit.period, limit.points is None)
        if kind in seen:
            yield f"{path}.limits[{index}].period", gettext("has such a limit already")
        seen.add(kind)


def _window_problems(conditions: Conditions, path: str) -> Iterator[Problem]:
    starts, ends = window(conditions)
    if starts and ends and ends <= starts:
        yield (
            joined(path, "ends"),
            gettext("must be later than the start, %(start)s") % {"start": conditions.starts},
        )


def window(conditions: Conditions) -> tuple[datetime | None, datetime | None]:
    """Start (inclusive) and end (exclusive) on the shop's clock; None where there is none."""
    starts, ends = conditions.starts, conditions.ends
    return (local_moment(starts) if starts else None, local_moment(ends) if ends else None)


def clock_problems(document: ProgramDocument, zone: ZoneInfo) -> Iterator[Problem]:
    """Windows that lie within an hour which the clocks of `zone` skip, so that they never come."""
    for where, items in (("rules", document.rules), ("campaigns", document.campaigns)):
        for index, item in enumerate(items):
            starts, ends = window(item.conditions)
            if starts is None or ends is None or ends - starts > timedelta(days=1):
                continue
            if not (_comes(starts, zone) or _comes(ends - timedelta(microseconds=1), zone)):
                message = gettext("the shop's clocks skip all of this time, so it never comes")
                yield f"{where}[{index}].conditions.starts", message


def _comes(moment: datetime, zone: ZoneInfo) -> bool:
    """Whether the clocks of `zone` ever show this."""
    shown = moment.replace(tzinfo=zone).astimezone(UTC).astimezone(zone)
    return shown.replace(tzinfo=None, fold=0) == moment


def _cap_problems(caps: Caps, path: str) -> Iterator[Problem]:
    yield from _limit_problems(caps.limits, path)
    if caps.min_points is not None and caps.max_points is not None and caps.max_points < caps.min_points:
        yield joined(path, "max_points"), gettext("must not be less than min_points")
    for index, limit in enumerate(caps.limits):
        if limit.times is not None:
            yield f"{path}.limits[{index}].times", gettext("only points can be limited for the whole program")


def _expiry_problems(expiry: Expiry, path: str) -> Iterator[Problem]:
    try:
        # In a leap year: 29 February is a day, kept on the 28th in other years.
        date(2024, expiry.month, expiry.day)
    except ValueError:
        yield joined(path, "day"), gettext("is not a day of that month")


def _tier_problems(tiers: Tiers, path: str) -> Iterator[Problem]:
    before: Decimal | None = None
    for index, level in enumerate(tiers.levels):
        where = f"{path}.levels[{index}].threshold"
        if before is not None and level.threshold <= before:
            yield where, gettext("“%(name)s” must need more than the tier before it") % {"name": level.name}
        if tiers.metric != "spend" and level.threshold % 1:
            yield where, gettext("must be a whole number")
        before = level.threshold
    days = _shortest_term_days(tiers)
    if days is not None and tiers.grace_days >= days:
        message = ngettext(
            "must be shorter than the term, which can be %(count)d day",
            "must be shorter than the term, which can be %(count)d days",
            days,
        )
        yield joined(path, "grace_days"), message % {"count": days}


def _shortest_term_days(tiers: Tiers) -> int | None:
    """The fewest days for which a tier is kept; None: for ever."""
    if tiers.term == "forever":
        return None
    if tiers.term == "calendar_year":
        return 365
    years, months = divmod(tiers.term_months, 12)
    rest = [sum((DAYS_OF_MONTHS * 2)[first : first + months]) for first in range(12)]
    return years * 365 + min(rest)


def _document_problems(document: ProgramDocument) -> Iterator[Problem]:
    keys = {level.key for level in document.tiers.levels}
    for where, items in (("rules", document.rules), ("campaigns", document.campaigns)):
        for index, item in enumerate(items):
            for place, key in enumerate(item.conditions.tiers):
                if key not in keys:
                    path = f"{where}[{index}].conditions.tiers[{place}]"
                    yield path, gettext("there is no tier “%(key)s”") % {"key": key[:40]}
    networks: set[str] = set()
    for index, rule in enumerate(document.rules):
        if isinstance(rule, SocialFollow):
            if rule.network in networks:
                yield f"rules[{index}].network", gettext("another rule is for this network already")
            networks.add(rule.network)
    yield from _twin_campaigns(document.campaigns)


def _twin_campaigns(campaigns: tuple[Campaign, ...]) -> Iterator[Problem]:
    """Campaigns may overlap, but the same one twice is a slip: it would count twice."""
    for index, campaign in enumerate(campaigns):
        for other in campaigns[:index]:
            if campaign.active and other.active and _twins(campaign, other):
                message = gettext(
                    "“%(one)s” gives the same as “%(other)s” in a window that overlaps: change the dates, "
                    "or switch one of them off"
                )
                yield (
                    f"campaigns[{index}].conditions.starts",
                    message % {"one": campaign.name, "other": other.name},
                )
                break


def _twins(one: Campaign, other: Campaign) -> bool:
    if (one.multiplier, one.points) != (other.multiplier, other.points):
        return False
    if replace(one.conditions, starts="", ends="") != replace(other.conditions, starts="", ends=""):
        return False
    starts, ends = window(one.conditions)
    other_starts, other_ends = window(other.conditions)
    apart = (ends and other_starts and ends <= other_starts) or (
        other_ends and starts and other_ends <= starts
    )
    return not apart
