"""The ways to earn as they stand for one shopper: done, open, or open again on a day."""

from datetime import date, datetime, timedelta
from typing import Any

from loyalty.calendar import add_days, add_months, anniversary, local_day
from loyalty.documents import (
    Anniversary,
    Birthday,
    FirstOrder,
    Limit,
    Newsletter,
    NthOrder,
    Rule,
    SignUp,
    SocialFollow,
    Visit,
)
from loyalty.versions import LoadedVersion
from loyalty.wording import rule_text
from shops.models import Customer
from storefront_api.storefront.offers import GUEST, rules_for, way
from storefront_api.storefront.shoppers import Known

State = tuple[str, date | None]

AVAILABLE: State = ("available", None)
DONE: State = ("done", None)
# They joined before it was rewarded, so there is nothing to tell.
GONE: State = ("gone", None)
UNKNOWN: State = ("unknown", None)


def ways_of(version: LoadedVersion, at: datetime, member: Known | None) -> list[dict[str, Any]]:
    """Each way to earn with its `state`, and `on`, the day of `later` and `scheduled`.

    `available`; `done`, once and for all; `later`: again from that day; `scheduled`: it comes by itself on that day;
    `unknown`: it needs a birthday that the shop has not been told.
    """
    told = []
    for rule in rules_for(version, at, member.viewer if member else GUEST):
        state, on = state_of(rule, version, at, member) if member else AVAILABLE
        if state != "gone":
            told.append({**way(rule, version, at), "state": state, "on": on})
    return told


def state_of(rule: Rule, version: LoadedVersion, at: datetime, member: Known) -> State:
    """How things stand with a rule, as the state and its day."""
    today = local_day(version.zone, at)
    own = _by_kind(rule, version, today, member)
    if own != AVAILABLE or not rule.limits:
        return own
    return _by_limits(rule, today, member)


def _by_kind(rule: Rule, version: LoadedVersion, today: date, member: Known) -> State:
    customer = member.account.customer
    done = member.last_done.get((_kind(rule), rule.network if isinstance(rule, SocialFollow) else ""))
    if isinstance(rule, SignUp):
        return DONE if done else GONE
    if isinstance(rule, Newsletter):
        return DONE if done or customer.subscribed else AVAILABLE
    if isinstance(rule, SocialFollow):
        return DONE if done else AVAILABLE
    if isinstance(rule, FirstOrder):
        return DONE if member.orders else AVAILABLE
    if isinstance(rule, Visit):
        visited = done is not None and local_day(version.zone, done) == today
        return ("later", add_days(today, 1)) if visited else AVAILABLE
    if isinstance(rule, Birthday):
        return _birthday(customer, today, local_day(version.zone, done) if done else None)
    if isinstance(rule, Anniversary):
        joined = local_day(version.zone, customer.joined_at or customer.as_of)
        return "scheduled", _next(joined, today, local_day(version.zone, done) if done else None)
    return AVAILABLE


def _kind(rule: Rule) -> str:
    return str(rule.__struct_config__.tag)


def _birthday(customer: Customer, today: date, last: date | None) -> State:
    if customer.birth_month is None or customer.birth_day is None:
        return UNKNOWN
    # Any leap year: the 29th of February is a birthday too.
    return "scheduled", _next(date(2000, customer.birth_month, customer.birth_day), today, last)


def _next(day: date, today: date, last: date | None) -> date:
    """The next time that `day` is remembered; today's own counts until it was given."""
    coming = anniversary(day, today.year)
    if coming < today or coming in (day, last):
        coming = anniversary(day, today.year + 1)
    return coming


def _by_limits(rule: Rule, today: date, member: Known) -> State:
    """The tightest: a limit that is reached for ever, else the one that holds longest."""
    days = []
    for limit in rule.limits:
        start, end = _period(limit, today)
        uses = [use for use in member.uses.get(rule.key, []) if start is None or start <= use.day]
        reached = (limit.times is not None and sum(use.times for use in uses) >= limit.times) or (
            limit.points is not None and sum(use.points for use in uses) >= limit.points
        )
        if reached and end is None:
            return DONE
        if reached and end is not None:
            days.append(end)
    return ("later", max(days)) if days else AVAILABLE


def _period(limit: Limit, today: date) -> tuple[date | None, date | None]:
    """The first day of the limit's period, and the first after it; none of a limit for ever."""
    if limit.period == "day":
        return today, add_days(today, 1)
    if limit.period == "week":
        monday = today - timedelta(days=today.weekday())
        return monday, add_days(monday, 7)
    if limit.period == "month":
        first = today.replace(day=1)
        return first, add_months(first, 1)
    if limit.period == "year":
        first = today.replace(month=1, day=1)
        return first, add_months(first, 12)
    return None, None


def punch_cards(version: LoadedVersion, at: datetime, member: Known | None) -> list[dict[str, Any]]:
    """`{key, name, stamps, of, sentence}` of each rule for every nth order: `stamps` of `of` are there."""
    orders = member.orders if member else 0
    return [
        {
            "key": rule.key,
            "name": rule.name,
            "stamps": orders % rule.every,
            "of": rule.every,
            "sentence": rule_text(rule, version.document.currency, version.document.points_name),
        }
        for rule in rules_for(version, at, member.viewer if member else GUEST)
        if isinstance(rule, NthOrder)
    ]
