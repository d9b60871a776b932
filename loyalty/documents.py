"""The program as a document: what a version freezes, what is exported, imported, compared and evaluated."""

import json
from decimal import Decimal
from typing import Any, Literal, get_args

import msgspec
from django.utils.translation import gettext
from msgspec import Struct

from loyalty.errors import InvalidProgram
from loyalty.shape import problems, shown_name

FORMAT = "regulars.program/1"
MOST_DIGITS = 40

Rounding = Literal["floor", "half_up", "ceil"]
DeficitPolicy = Literal["carry", "clamp"]
Multipliers = Literal["best", "multiply"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Period = Literal["day", "week", "month", "year", "ever"]
Network = Literal[
    "facebook", "instagram", "kakaotalk", "line", "linkedin", "pinterest", "tiktok", "x", "youtube"
]
Metric = Literal["spend", "points", "orders"]
Window = Literal["lifetime", "rolling", "calendar_year", "anniversary"]
Term = Literal["forever", "months", "calendar_year"]
Downgrade = Literal["to_standing", "one_step"]
ExpiryMode = Literal["none", "per_lot", "inactivity", "calendar"]


class ProductSet(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Lines of an order, by any of these. Compared without regard to letter case; empty means every line."""

    product_ids: tuple[str, ...] = ()
    variant_ids: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    product_types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class Conditions(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """When a rule or a campaign counts; whatever is left empty always holds.

    `starts` (inclusive) and `ends` (exclusive) are dates or date-times on the shop's own clock, such as "2026-12-01" or
    "2026-12-01T18:00". `min_basis` is of the whole order's basis, inclusive. `customer_tags` and `tiers` (keys): any
    of them.
    """

    starts: str = ""
    ends: str = ""
    weekdays: tuple[Weekday, ...] = ()
    channels: tuple[str, ...] = ()
    min_basis: Decimal | None = None
    first_order: bool = False
    tiers: tuple[str, ...] = ()
    customer_tags: tuple[str, ...] = ()
    products: ProductSet = msgspec.field(default_factory=ProductSet)


class Limit(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """At most so many `points`, or so many `times`, a member and `period` of the shop's calendar; one of the two."""

    period: Period
    points: int | None = None
    times: int | None = None


class _Rule(
    Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True
):
    """What every rule has. `max_points` cuts what one award gets from it, `limits` what a member gets from it.

    `exclusive` on an order rule: where such rules match, the one of the highest `priority` is the only one.
    """

    key: str
    name: str
    points: Decimal
    active: bool = True
    conditions: Conditions = msgspec.field(default_factory=Conditions)
    max_points: int | None = None
    limits: tuple[Limit, ...] = ()


class _OrderRule(_Rule, frozen=True, kw_only=True):
    exclusive: bool = False
    priority: int = 0


class PerCurrency(_OrderRule, frozen=True, kw_only=True, tag="per_currency"):
    """`points` for every `per` units of the program's currency on the lines that match."""

    per: Decimal


class PerOrder(_OrderRule, frozen=True, kw_only=True, tag="per_order"):
    """`points` for each order."""


class PerUnit(_OrderRule, frozen=True, kw_only=True, tag="per_unit"):
    """`points` for each unit (kept after refunds) of the lines that match."""


class FirstOrder(_OrderRule, frozen=True, kw_only=True, tag="first_order"):
    """`points` for a member's first order that counts."""


class NthOrder(_OrderRule, frozen=True, kw_only=True, tag="nth_order"):
    """`points` for every `every`th order of a member: a punch card."""

    every: int


class SignUp(_Rule, frozen=True, kw_only=True, tag="signup"):
    """`points` for joining, once."""


class Birthday(_Rule, frozen=True, kw_only=True, tag="birthday"):
    """`points` on each birthday; 29 February is kept on the 28th in other years."""


class Anniversary(_Rule, frozen=True, kw_only=True, tag="anniversary"):
    """`points` on each anniversary of joining."""


class Newsletter(_Rule, frozen=True, kw_only=True, tag="newsletter"):
    """`points` for agreeing to marketing, once."""


class Review(_Rule, frozen=True, kw_only=True, tag="review"):
    """`points` for each product review."""


class SocialFollow(_Rule, frozen=True, kw_only=True, tag="social_follow"):
    """`points` for following the shop on `network`, once; `url` is where to."""

    network: Network
    url: str


class Visit(_Rule, frozen=True, kw_only=True, tag="visit"):
    """`points` for a visit of the shop, once a day."""


class Custom(_Rule, frozen=True, kw_only=True, tag="custom"):
    """`points` for each event called `event` that the shop's server tells of."""

    event: str


OrderRule = PerCurrency | PerOrder | PerUnit | FirstOrder | NthOrder
ActivityRule = SignUp | Birthday | Anniversary | Newsletter | Review | SocialFollow | Visit | Custom
Rule = OrderRule | ActivityRule
ORDER_RULES: tuple[type[OrderRule], ...] = get_args(OrderRule)
ACTIVITY_RULES: tuple[type[ActivityRule], ...] = get_args(ActivityRule)
RULE_KINDS: dict[str, type[Rule]] = {
    str(kind.__struct_config__.tag): kind for kind in (*ORDER_RULES, *ACTIVITY_RULES)
}


class Campaign(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """For a while more points: `multiplier` of the per-currency points, or fixed `points` more; one of the two.

    `announcement` is shown in the widget while it runs; without one a sentence is made.
    """

    key: str
    name: str
    active: bool = True
    multiplier: Decimal | None = None
    points: Decimal | None = None
    conditions: Conditions = msgspec.field(default_factory=Conditions)
    announcement: str = ""


class Tier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One VIP tier, reached at `threshold` (inclusive) of the metric.

    `entry_points` and `entry_reward` (a reward of the catalogue by its public id, "" for none) are given when it is
    reached.
    """

    key: str
    name: str
    threshold: Decimal
    multiplier: Decimal = Decimal(1)
    entry_points: int = 0
    entry_reward: str = ""
    perks: tuple[str, ...] = ()


class Tiers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """VIP tiers, the lowest first; none by default.

    `window`: what of the metric counts; `window_months` for a rolling one. `term`: how long a tier is kept once
    reached: so many `term_months` from the day it was reached, or to the end of the next calendar year.
    """

    metric: Metric = "spend"
    window: Window = "rolling"
    window_months: int = 12
    term: Term = "months"
    term_months: int = 12
    grace_days: int = 0
    downgrade: Downgrade = "to_standing"
    count_imports: bool = False
    levels: tuple[Tier, ...] = ()


class Expiry(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When points expire: never, `months` after each lot became available, `months` after the member's last
    earning or spending, or each year on `day` of `month`. `warn_days` before it members are warned.
    """

    mode: ExpiryMode = "none"
    months: int = 12
    to_month_end: bool = False
    month: int = 12
    day: int = 31
    warn_days: tuple[int, ...] = (30, 7)


class Caps(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`min_points`, `max_points`: bounds of what an order earns by its amount; fixed points come on top. `limits`: of
    all that orders and activities together give a member (points only).
    """

    min_points: int | None = None
    max_points: int | None = None
    limits: tuple[Limit, ...] = ()


class Basis(Struct, frozen=True, forbid_unknown_fields=True):
    """What of an order counts."""

    include_tax: bool = False
    include_shipping: bool = False
    include_gift_cards: bool = False


Exclusions = ProductSet


class ProgramDocument(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole program. `point_value` is what a point costs the shop, in its currency; None: one minor unit."""

    currency: str
    rules: tuple[Rule, ...]
    format: str = FORMAT
    points_name: str = "points"
    point_value: Decimal | None = None
    rounding: Rounding = "floor"
    deficit: DeficitPolicy = "carry"
    award_guests_later: bool = True
    hold_days: int = 0
    basis: Basis = msgspec.field(default_factory=Basis)
    exclusions: Exclusions = msgspec.field(default_factory=Exclusions)
    caps: Caps = msgspec.field(default_factory=Caps)
    multipliers: Multipliers = "best"
    campaigns: tuple[Campaign, ...] = ()
    tiers: Tiers = msgspec.field(default_factory=Tiers)
    expiry: Expiry = msgspec.field(default_factory=Expiry)


def default_document(currency: str) -> ProgramDocument:
    """A new shop's program: 1 point per 1 unit of `currency` on goods after discounts, rounded down."""
    purchases = PerCurrency(
        key="purchases", name=gettext("Points for purchases"), points=Decimal(1), per=Decimal(1)
    )
    return ProgramDocument(currency=currency, rules=(purchases,))


def encode(document: ProgramDocument) -> bytes:
    """The document as JSON, decimals as strings. The same document always gives the same bytes."""
    return msgspec.json.encode(as_dict(document))


def as_dict(document: ProgramDocument) -> dict[str, Any]:
    """The document as plain JSON values, decimals as strings: for a jsonb column or a form."""
    plain: dict[str, Any] = _without_empty(msgspec.to_builtins(document))
    return plain


def _without_empty(value: Any) -> Any:
    """Conditions and product sets that say nothing are left out."""
    if isinstance(value, dict):
        kept = {name: _without_empty(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item != {}}
    if isinstance(value, list | tuple):
        return [_without_empty(item) for item in value]
    return value


def decode(data: bytes | str | dict[str, Any]) -> ProgramDocument:
    """Read a document. Raises `InvalidProgram` naming every field whose shape is wrong.

    Values are not judged here, so that a version stored long ago is always readable; `loyalty.validation` judges them.
    """
    raw = parsed(data)
    try:
        return msgspec.convert(raw, ProgramDocument)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidProgram(problems(raw, ProgramDocument) or [("document", str(error))]) from None


def parsed(data: bytes | str | dict[str, Any]) -> Any:
    """The JSON values of a document. Raises `InvalidProgram` for what is not JSON or of another format."""
    raw: Any = data
    if isinstance(data, bytes | str):
        raw = _read(data)
    # What the fields of another format mean is not known, so nothing else of it is judged.
    if isinstance(raw, dict) and raw.get("format", FORMAT) != FORMAT:
        raise InvalidProgram([("format", gettext("must be %(format)s") % {"format": FORMAT})])
    return raw


def _read(data: bytes | str) -> Any:
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
        return json.loads(text, object_pairs_hook=_distinct, parse_int=_whole)
    except json.JSONDecodeError as error:
        message = gettext("is not readable as JSON (line %(line)d)") % {"line": error.lineno}
    except UnicodeDecodeError:
        message = gettext("is not readable as JSON: it must be UTF-8 text")
    except RecursionError:
        message = gettext("is not readable as JSON: it is nested too deeply")
    raise InvalidProgram([("document", message)])


def _distinct(fields: list[tuple[str, object]]) -> dict[str, object]:
    """JSON readers differ in which of two fields of one name they take, so none is taken."""
    found: dict[str, object] = {}
    for name, value in fields:
        if name in found:
            raise InvalidProgram([(shown_name(name), gettext("is there twice in one object"))])
        found[name] = value
    return found


def _whole(digits: str) -> int | str:
    """A whole number; one that no field can hold is left as text, which its field refuses."""
    return int(digits) if len(digits) <= MOST_DIGITS else digits
