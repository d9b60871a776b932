"""The program as a document: what a version freezes, what is exported, imported, compared and evaluated."""

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, get_args, get_origin
from unicodedata import category

import msgspec
from django.utils.translation import gettext
from msgspec import Struct
from msgspec.structs import FieldInfo

from lib.money import is_currency
from loyalty.errors import InvalidProgram, Problem

FORMAT = "regulars.program/1"

# The same limits as the columns of the draft.
WHOLE_DIGITS = 8
DECIMAL_PLACES = 4
QUANTUM = Decimal(1).scaleb(-DECIMAL_PLACES)
TEXT_LIMITS = {"key": 40, "name": 80, "points_name": 40}
KEY = re.compile(r"[a-z0-9_-]{1,40}")
MAX_RULES = 50
MAX_EXCLUSIONS = 1000

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


class _Rule(Struct, frozen=True, kw_only=True, tag_field="kind", forbid_unknown_fields=True, omit_defaults=True):
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
    """One VIP tier, reached at `threshold` (inclusive) of the metric. `entry_points` are given when it is reached."""

    key: str
    name: str
    threshold: Decimal
    multiplier: Decimal = Decimal(1)
    entry_points: int = 0
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
    """Bounds of an order's award, and of what orders and activities together give a member (points only)."""

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
    return msgspec.json.encode(document)


def as_dict(document: ProgramDocument) -> dict[str, Any]:
    """The document as plain JSON values, decimals as strings: for a jsonb column or a form."""
    plain: dict[str, Any] = msgspec.to_builtins(document)
    return plain


def decode(data: bytes | str | dict[str, Any]) -> ProgramDocument:
    """Read a document. Raises `InvalidProgram` naming every field whose shape is wrong.

    Values are not judged here, so that a version stored long ago is always readable; `validate` judges them.
    """
    return _read(data, judge=False)


def validate(data: bytes | str | dict[str, Any] | ProgramDocument) -> ProgramDocument:
    """Read a document that is to be saved. Raises `InvalidProgram` with every problem of shape or value."""
    return _read(as_dict(data) if isinstance(data, ProgramDocument) else data, judge=True)


def _read(data: bytes | str | dict[str, Any], judge: bool) -> ProgramDocument:
    raw: object = data
    if isinstance(data, bytes | str):
        try:
            raw = msgspec.json.decode(data)
        except (msgspec.DecodeError, RecursionError, UnicodeError):
            raise InvalidProgram([("document", gettext("is not readable as JSON"))]) from None
    problems = list(_struct_problems(raw, ProgramDocument, "", judge))
    if judge and isinstance(raw, dict):
        problems += _repeated_keys(raw.get("rules"))
    if problems:
        raise InvalidProgram(problems)
    return msgspec.convert(raw, ProgramDocument)


def _struct_problems(raw: object, kind: type[Struct], path: str, judge: bool) -> Iterator[Problem]:
    if not isinstance(raw, dict):
        yield path or "document", gettext("must be an object with named fields")
        return
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    for name in raw.keys() - fields.keys() - {kind.__struct_config__.tag_field}:
        yield _join(path, str(name)[:60]), gettext("unknown field")
    for name, field in fields.items():
        if name in raw:
            yield from _value_problems(raw[name], field, _join(path, name), judge)
        elif field.required:
            yield _join(path, name), gettext("is missing")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _value_problems(raw: object, field: FieldInfo, path: str, judge: bool) -> Iterator[Problem]:
    if field.encode_name == "rules":
        yield from _rule_problems(raw, path, judge)
    elif isinstance(field.type, type) and issubclass(field.type, Struct):
        yield from _struct_problems(raw, field.type, path, judge)
    elif message := _shape_problem(raw, field.type):
        yield path, message
    elif isinstance(raw, list | tuple):
        if judge:
            yield from _list_problems(raw, path)
    elif field.encode_name == "format":
        if raw != FORMAT:
            yield path, gettext("must be %(format)s") % {"format": FORMAT}
    elif judge and (message := _value_problem(raw, field)):
        yield path, message


def _rule_problems(raw: object, path: str, judge: bool) -> Iterator[Problem]:
    if not isinstance(raw, list | tuple):
        yield path, gettext("must be a list")
        return
    if judge and len(raw) > MAX_RULES:
        yield path, gettext("must be at most %(count)d rules") % {"count": MAX_RULES}
        return
    for index, rule in enumerate(raw):
        where = f"{path}[{index}]"
        kind = rule.get("kind") if isinstance(rule, dict) else "per_currency"
        if isinstance(kind, str) and kind in RULE_KINDS:
            yield from _struct_problems(rule, RULE_KINDS[kind], where, judge)
        else:
            yield f"{where}.kind", _one_of(RULE_KINDS)


def _repeated_keys(rules: object) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, rule in enumerate(rules if isinstance(rules, list | tuple) else ()):
        key = rule.get("key") if isinstance(rule, dict) else None
        if isinstance(key, str) and key in seen:
            yield f"rules[{index}].key", gettext("is used by another rule already")
        elif isinstance(key, str):
            seen.add(key)


def _shape_problem(raw: object, kind: Any) -> str | None:
    """What is wrong with the type of a plain value, or None."""
    if kind is Decimal:
        fits, message = _decimal(raw) is not None, gettext('must be a number written as text, such as "1.5"')
    elif kind is bool:
        fits, message = isinstance(raw, bool), gettext("must be true or false")
    elif kind is str:
        fits, message = isinstance(raw, str), gettext("must be text")
    elif get_origin(kind) is Literal:
        fits, message = raw in get_args(kind), _one_of(get_args(kind))
    else:
        fits = isinstance(raw, list | tuple) and all(isinstance(item, str) for item in raw)
        message = gettext("must be a list of texts")
    return None if fits else message


def _one_of(choices: Iterable[str]) -> str:
    return gettext("must be one of %(choices)s") % {"choices": ", ".join(choices)}


def _decimal(raw: object) -> Decimal | None:
    """The exact number meant, or None. A float is refused: it may already have lost what was written."""
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        return None
    try:
        number = Decimal(raw)
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _value_problem(raw: object, field: FieldInfo) -> str | None:
    """What is wrong with a plain value of the right type, or None."""
    if field.type is Decimal:
        return _amount_problem(Decimal(raw))  # type: ignore[arg-type]
    if field.type is not str:
        return None
    text = str(raw)
    if field.encode_name == "currency":
        return None if is_currency(text) else gettext("is not an ISO 4217 currency code such as EUR")
    if field.encode_name == "key" and not KEY.fullmatch(text):
        return gettext("must be 1 to 40 of the characters a-z, 0-9, - and _")
    return _text_problem(text, TEXT_LIMITS[field.encode_name])


def _amount_problem(number: Decimal) -> str | None:
    if number <= 0:
        return gettext("must be more than 0")
    if number.adjusted() >= WHOLE_DIGITS or number % QUANTUM:
        limits = {"whole": WHOLE_DIGITS, "places": DECIMAL_PLACES}
        return gettext("must have at most %(whole)d digits before the point and %(places)d after it") % limits
    return None


def _text_problem(text: str, limit: int) -> str | None:
    if not text.strip():
        return gettext("must not be empty")
    if len(text) > limit:
        return gettext("must be at most %(limit)d characters") % {"limit": limit}
    if any(category(character) in {"Cc", "Cs"} for character in text):
        return gettext("must not contain control characters")
    return None


def _list_problems(raw: Sequence[str], path: str) -> Iterator[Problem]:
    if len(raw) > MAX_EXCLUSIONS:
        yield path, gettext("must be at most %(count)d entries") % {"count": MAX_EXCLUSIONS}
        return
    for index, text in enumerate(raw):
        if message := _text_problem(text, 255):
            yield f"{path}[{index}]", message
