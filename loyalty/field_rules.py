"""Which values the fields of a program may have, by the name of the field."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from unicodedata import category
from urllib.parse import urlsplit

from django.utils.translation import gettext, ngettext

from lib.money import LIMIT, is_currency
from loyalty.moments import local_moment

Rule = Callable[[Any], str | None]

WHOLE_DIGITS = 8
DECIMAL_PLACES = 4
QUANTUM = Decimal(1).scaleb(-DECIMAL_PLACES)
MOST_POINTS = 10**WHOLE_DIGITS - 1
MOST_MULTIPLIER = 100
KEY = re.compile(r"[a-z0-9_-]{1,40}")
REWARD = re.compile(r"rwd_[a-z0-9]{1,36}")
EVENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,79}", re.ASCII)
# Beyond them somebody has slipped on a key.
YEARS = range(2000, 3000)
# They turn the direction of the text behind them, beyond the name that they stand in.
TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp", "Zs"})


def value_problem(field: str, value: Any) -> str | None:
    """What is wrong with a value of a field, or with one item of its list, or with the list (a tuple)."""
    if value is None or isinstance(value, bool):
        return None
    rules = LISTS if isinstance(value, tuple) else ITEMS
    rule = rules.get(field)
    return rule(value) if rule else None


def amount_problem(number: Decimal | int) -> str | None:
    exact = Decimal(number)
    if exact <= 0:
        return gettext("must be more than 0")
    if exact.adjusted() >= WHOLE_DIGITS or exact % QUANTUM:
        limits = {"whole": WHOLE_DIGITS, "places": DECIMAL_PLACES}
        return gettext("must have at most %(whole)d digits before the point and %(places)d after it") % limits
    return None


def money_problem(amount: Decimal) -> str | None:
    """Of a sum of money or of points that something is measured by: 0 and large sums are fine."""
    # Also -0, which would be shown as such.
    if amount.is_signed():
        return gettext("must not be less than 0")
    if amount >= LIMIT or amount % QUANTUM:
        limits = {"whole": 12, "places": DECIMAL_PLACES}
        return gettext("must have at most %(whole)d digits before the point and %(places)d after it") % limits
    return None


def multiplier_problem(number: Decimal) -> str | None:
    if number > MOST_MULTIPLIER:
        return gettext("must be at most %(most)d") % {"most": MOST_MULTIPLIER}
    return amount_problem(number)


def text_problem(text: str, limit: int) -> str | None:
    if not text.strip():
        return gettext("must not be empty")
    if len(text) > limit:
        return gettext("must be at most %(limit)d characters") % {"limit": limit}
    if any(category(character) in {"Cc", "Cs"} for character in text):
        return gettext("must not contain control characters")
    return None


def shown_problem(text: str, limit: int) -> str | None:
    """Of a text that people read among others: in one line, to be seen, and leaving the others as they are."""
    if problem := text_problem(text, limit):
        return problem
    if all(category(character) in INVISIBLE for character in text):
        return gettext("must not be empty")
    if any(character in TURNS or category(character) in {"Zl", "Zp"} for character in text):
        return gettext("must not contain characters that break lines or turn the direction of text")
    return None


def key_problem(text: str) -> str | None:
    return None if KEY.fullmatch(text) else gettext("must be 1 to 40 of the characters a-z, 0-9, - and _")


def reward_problem(text: str) -> str | None:
    """Of a reward's public id; whether there is such a reward is not known here."""
    if not text or REWARD.fullmatch(text):
        return None
    return gettext("must be the id of a reward, which starts with rwd_")


def event_problem(text: str) -> str | None:
    if EVENT.fullmatch(text):
        return None
    return gettext(
        "must be 1 to 80 of the characters A-Z, a-z, 0-9, dot, colon, - and _, such as blog.comment"
    )


def currency_problem(text: str) -> str | None:
    return None if is_currency(text) else gettext("is not an ISO 4217 currency code such as EUR")


def moment_problem(text: str) -> str | None:
    if not text:
        return None
    try:
        moment = local_moment(text)
    except ValueError:
        return gettext("must be a date or a time on the shop's clock, such as 2026-12-01 or 2026-12-01T18:00")
    if moment.year not in YEARS:
        return gettext("must be in a year from %(first)d to %(last)d") % {
            "first": YEARS[0],
            "last": YEARS[-1],
        }
    return None


def address_problem(text: str) -> str | None:
    if problem := shown_problem(text, 500):
        return problem
    try:
        parts = urlsplit(text)
        fine = parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.port != 0
    except ValueError:
        fine = False
    if not fine or any(character.isspace() for character in text):
        return gettext("must be an address that starts with https://")
    return None


def _texts(limit: int) -> Rule:
    return lambda text: text_problem(text, limit)


def _shown(limit: int, *, optional: bool = False) -> Rule:
    return lambda text: None if optional and not text else shown_problem(text, limit)


def _between(least: int, most: int) -> Rule:
    def judge(number: int) -> str | None:
        if least <= number <= most:
            return None
        return gettext("must be a whole number from %(least)d to %(most)d") % {"least": least, "most": most}

    return judge


def _at_most(count: int) -> Rule:
    def judge(items: tuple[Any, ...]) -> str | None:
        if len(items) <= count:
            return None
        text = ngettext("must be at most %(count)d entry", "must be at most %(count)d entries", count)
        return text % {"count": count}

    return judge


def _distinct(count: int) -> Rule:
    def judge(items: tuple[Any, ...]) -> str | None:
        if len(set(items)) < len(items):
            return gettext("must not name anything twice")
        return _at_most(count)(items)

    return judge


_MONTHS = _between(1, 120)

ITEMS: dict[str, Rule] = {
    "announcement": _shown(200, optional=True),
    "channels": _texts(64),
    "currency": currency_problem,
    "customer_tags": _texts(255),
    "day": _between(1, 31),
    "ends": moment_problem,
    "entry_points": _between(0, MOST_POINTS),
    "entry_reward": reward_problem,
    "event": event_problem,
    "every": _between(2, 1000),
    "grace_days": _between(0, 366),
    "hold_days": _between(0, 365),
    "key": key_problem,
    "max_points": _between(1, MOST_POINTS),
    "min_basis": money_problem,
    "min_points": _between(1, MOST_POINTS),
    "month": _between(1, 12),
    "months": _MONTHS,
    "multiplier": multiplier_problem,
    "name": _shown(80),
    "per": amount_problem,
    "perks": _shown(120),
    "point_value": amount_problem,
    "points": amount_problem,
    "points_name": _shown(40),
    "priority": _between(-1000, 1000),
    "product_ids": _texts(255),
    "product_types": _texts(255),
    "skus": _texts(255),
    "starts": moment_problem,
    "tags": _texts(255),
    "term_months": _MONTHS,
    "threshold": money_problem,
    "tiers": key_problem,
    "times": _between(1, MOST_POINTS),
    "url": address_problem,
    "variant_ids": _texts(255),
    "vendors": _texts(255),
    "warn_days": _between(1, 365),
    "window_months": _MONTHS,
}

LISTS: dict[str, Rule] = {
    "campaigns": _at_most(50),
    "channels": _distinct(50),
    "customer_tags": _distinct(200),
    "levels": _at_most(10),
    "limits": _at_most(10),
    "perks": _distinct(20),
    "rules": _at_most(50),
    "tiers": _distinct(10),
    "warn_days": _distinct(5),
    "weekdays": _distinct(7),
}
