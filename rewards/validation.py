"""Whether a reward makes sense for its shop: every value judged, every problem named by its field."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from django.utils.translation import gettext
from msgspec import Struct
from msgspec.structs import replace

from lib.money import LIMIT, minor_units
from loyalty.errors import Problem
from loyalty.field_rules import MOST_POINTS, key_problem, moment_problem, shown_problem, text_problem
from loyalty.moments import local_moment
from loyalty.shape import Judge, joined, problems
from loyalty.wording import number
from rewards.abilities import unavailable_at
from rewards.errors import InvalidReward
from rewards.terms import Terms

MOST_DAYS = 3660
MOST_ITEMS = 100
PREFIX = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,10}[A-Za-z0-9])?")

_GOODS = frozenset({"product_ids", "variant_ids", "collection_ids"})
_CODE = frozenset({"prefix", "source", "validity_days", "return_unused"})
_CHECKOUT = frozenset({"minimum_spend", "combines"})
_ALWAYS = frozenset(
    {"kind", "price", "tier_prices", "per_member", "starts", "ends", "tiers", "courtesy_days", "instructions"}
)
# What a reward of each kind can have besides; anything else is a slip that would do nothing.
FIELDS: Mapping[str, frozenset[str]] = {
    "fixed": _CODE | _CHECKOUT | _GOODS | {"value"},
    "percentage": _CODE | _CHECKOUT | _GOODS | {"value", "most_discount"},
    "free_shipping": _CODE | _CHECKOUT,
    "free_product": _CODE | _CHECKOUT | {"value", "product_ids", "variant_ids"},
    "gift_card": _CODE | {"value"},
    "store_credit": frozenset({"value"}),
    "variable": _CODE | _CHECKOUT | _GOODS | {"value", "min_points", "max_points", "max_order_percent"},
    "custom": _CODE | {"value"},
}
_WORTH_SOMETHING = ("fixed", "percentage", "gift_card", "store_credit", "variable")


@dataclass(frozen=True, slots=True)
class Ground:
    """What a shop's rewards stand on: its currency and clock, its tiers' keys, its connected stores' platforms."""

    currency: str
    zone: ZoneInfo
    tiers: frozenset[str] = frozenset()
    platforms: frozenset[str] = frozenset()


def valid_terms(
    raw: Terms | dict[str, Any], ground: Ground, at: datetime, before: Terms | None = None
) -> Terms:
    """The terms, fit for this shop; `raw` may be plain JSON values, `before` are those that they replace.

    Raises `InvalidReward` with every problem of shape or value.
    """
    if not isinstance(raw, Terms | dict):
        raise InvalidReward([("terms", gettext("must be an object with named fields"))])
    plain = dict(msgspec.to_builtins(raw))
    prices = plain.pop("tier_prices", {})
    found = [*_price_problems(prices), *problems(plain, Terms, _Judge(ground, at, before, prices))]
    if found:
        raise InvalidReward(found)
    terms = msgspec.convert(plain | {"tier_prices": prices}, Terms)
    return replace(terms, prefix=terms.prefix.upper())


def text_problems(name: object, description: object) -> Iterator[Problem]:
    """What is wrong with how a reward is called and described."""
    if not isinstance(name, str):
        yield "name", gettext("must be text")
    elif problem := shown_problem(name, 120):
        yield "name", problem
    if not isinstance(description, str):
        yield "description", gettext("must be text")
    elif description and (problem := text_problem(description.replace("\n", " "), 500)):
        yield "description", problem


def stock_problems(stock: object, taken: int = 0) -> Iterator[Problem]:
    """What is wrong with a stock of which so many are gone."""
    if stock is None:
        return
    if type(stock) is not int or not 0 <= stock <= MOST_POINTS:
        yield "stock", gettext("must be a whole number from 0 to %(most)d") % {"most": MOST_POINTS}
    elif stock < taken:
        yield "stock", gettext("must not be below %(taken)d, which are gone already") % {"taken": taken}


def _price_problems(prices: object) -> Iterator[Problem]:
    if not isinstance(prices, dict):
        yield "tier_prices", gettext("must be prices by tier")
        return
    for key, price in prices.items():
        if type(price) is not int or not 0 < price <= MOST_POINTS:
            yield f"tier_prices.{str(key)[:40]}", _whole_text(1, MOST_POINTS)


def _whole_text(least: int, most: int) -> str:
    return gettext("must be a whole number from %(least)d to %(most)d") % {"least": least, "most": most}


class _Judge(Judge):
    """Asks the rules of fields, then those of the whole."""

    def __init__(self, ground: Ground, at: datetime, before: Terms | None, prices: object) -> None:
        self.ground = ground
        self.at = at
        self.before = before
        self.prices = prices if isinstance(prices, dict) else {}

    def value(self, field: str, value: Any) -> str | None:
        if isinstance(value, tuple):
            return _list_problem(value)
        if isinstance(value, Decimal):
            return _amount_problem(value, None if field == "value" else self.ground.currency)
        if field in _BOUNDS and isinstance(value, int):
            least, most = _BOUNDS[field]
            return None if least <= value <= most else _whole_text(least, most)
        if field in _TEXTS and isinstance(value, str):
            return _TEXTS[field](value)
        return None

    def struct(self, value: Struct, path: str) -> Iterator[Problem]:
        assert isinstance(value, Terms)
        own = list(_foreign_fields(value))
        own += _value_problems(value, self.ground.currency)
        own += _goods_problems(value)
        own += _slide_problems(value)
        own += _window_problems(value, self.ground.zone, self.at, self.before)
        own += _tier_problems([*value.tiers], self.ground, "tiers")
        own += _tier_problems([str(key) for key in self.prices], self.ground, "tier_prices")
        yield from own
        if not own:
            yield from _store_problems(value, self.ground)


def _foreign_fields(terms: Terms) -> Iterator[Problem]:
    """Fields that a reward of this kind does not have."""
    for field in msgspec.structs.fields(Terms):
        if field.required or field.encode_name in _ALWAYS | FIELDS[terms.kind]:
            continue
        if getattr(terms, field.name) != field.default:
            yield field.encode_name, gettext("does not belong to a reward of this kind")
    if terms.source == "pool" and terms.kind == "variable":
        yield "source", gettext("cannot be uploaded codes, because each member chooses another amount")
    if terms.source == "pool" and terms.prefix:
        yield "prefix", gettext("does not belong to uploaded codes, which are given out as they are")


def _value_problems(terms: Terms, currency: str) -> Iterator[Problem]:
    if terms.kind in _WORTH_SOMETHING and terms.value <= 0:
        yield "value", gettext("must be more than 0")
    elif terms.kind == "percentage":
        if terms.value > 100:
            yield "value", gettext("must be at most 100 per cent")
        elif terms.value % Decimal("0.01"):
            yield "value", gettext("must have at most 2 digits after the point")
    elif problem := _amount_problem(terms.value, currency):
        yield "value", problem
    for field in ("minimum_spend", "most_discount"):
        if (amount := getattr(terms, field)) is not None and amount <= 0:
            yield field, gettext("must be more than 0")


def _amount_problem(amount: Decimal, currency: str | None) -> str | None:
    if amount.is_signed():
        return gettext("must be more than 0")
    if amount >= LIMIT:
        return gettext("is too large")
    places = minor_units(currency) if currency else 8
    if amount % Decimal(1).scaleb(-places):
        return gettext("must have at most %(places)d digits after the point") % {"places": places}
    return None


def _goods_problems(terms: Terms) -> Iterator[Problem]:
    if terms.kind == "free_product" and not (terms.product_ids or terms.variant_ids):
        yield "product_ids", gettext("must name the product that is free")


def _slide_problems(terms: Terms) -> Iterator[Problem]:
    if terms.kind != "variable":
        return
    for field in ("min_points", "max_points"):
        points = getattr(terms, field)
        if points is not None and points % terms.price:
            yield field, _step_text(points, terms.price)
    if terms.min_points is not None and terms.max_points is not None and terms.max_points < terms.min_points:
        yield "max_points", gettext("must not be less than the least")


def _step_text(points: int, step: int) -> str:
    below = points // step * step
    near = [below, below + step] if below else [step]
    shown = {"step": number(step), "near": gettext(" or ").join(number(one) for one in near)}
    return gettext("must be whole steps of %(step)s points, such as %(near)s") % shown


def _window_problems(terms: Terms, zone: ZoneInfo, at: datetime, before: Terms | None) -> Iterator[Problem]:
    starts = local_moment(terms.starts) if terms.starts else None
    ends = local_moment(terms.ends) if terms.ends else None
    if starts and ends and ends <= starts:
        yield "ends", gettext("must be later than the start, %(start)s") % {"start": terms.starts}
    elif ends and ends.replace(tzinfo=zone) <= at and not (before and before.ends == terms.ends):
        yield "ends", gettext("is in the past")


def _tier_problems(keys: list[str], ground: Ground, field: str) -> Iterator[Problem]:
    for index, key in enumerate(keys):
        if key not in ground.tiers:
            path = f"{field}[{index}]" if field == "tiers" else joined(field, key[:40])
            yield path, gettext("there is no tier “%(key)s”") % {"key": key[:40]}


def _store_problems(terms: Terms, ground: Ground) -> Iterator[Problem]:
    """A reward that none of the connected stores can give."""
    reasons = {platform: unavailable_at(terms, platform) for platform in sorted(ground.platforms)}
    if not reasons or not all(reasons.values()):
        return
    uncapped = replace(terms, most_discount=None)
    capped = all(not unavailable_at(uncapped, platform) for platform in reasons)
    yield "most_discount" if capped else "kind", " ".join(dict.fromkeys(reasons.values()))


def _list_problem(items: tuple[Any, ...]) -> str | None:
    if len(set(items)) < len(items):
        return gettext("must not name anything twice")
    if len(items) > MOST_ITEMS:
        return gettext("must be at most %(count)d entries") % {"count": MOST_ITEMS}
    return None


def _prefix_problem(text: str) -> str | None:
    if not text or PREFIX.fullmatch(text):
        return None
    return gettext("must be 1 to 12 letters or digits, with hyphens between them")


def _id_problem(text: str) -> str | None:
    return shown_problem(text, 255)


_BOUNDS = {
    "price": (1, MOST_POINTS),
    "min_points": (1, MOST_POINTS),
    "max_points": (1, MOST_POINTS),
    "max_order_percent": (1, 100),
    "validity_days": (1, MOST_DAYS),
    "per_member": (1, MOST_POINTS),
    "courtesy_days": (0, MOST_DAYS),
}
_TEXTS = {
    "starts": moment_problem,
    "ends": moment_problem,
    "tiers": key_problem,
    "prefix": _prefix_problem,
    "product_ids": _id_problem,
    "variant_ids": _id_problem,
    "collection_ids": _id_problem,
    "instructions": lambda text: text_problem(text.replace("\n", " "), 500) if text else None,
}
