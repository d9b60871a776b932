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


class PerCurrency(Struct, frozen=True, tag="per_currency", tag_field="kind", forbid_unknown_fields=True):
    """`points` for every `per` units of the program's currency."""

    key: str
    name: str
    points: Decimal
    per: Decimal
    active: bool = True


Rule = PerCurrency
RULE_KINDS: dict[str, type[Rule]] = {"per_currency": PerCurrency}


class Basis(Struct, frozen=True, forbid_unknown_fields=True):
    """What of an order counts."""

    include_tax: bool = False
    include_shipping: bool = False
    include_gift_cards: bool = False


class Exclusions(Struct, frozen=True, forbid_unknown_fields=True):
    """Lines that never count, by any of these. Compared without regard to letter case."""

    product_ids: tuple[str, ...] = ()
    variant_ids: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    vendors: tuple[str, ...] = ()
    product_types: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


class ProgramDocument(Struct, frozen=True, forbid_unknown_fields=True):
    """A whole program."""

    currency: str
    rules: tuple[Rule, ...]
    format: str = FORMAT
    points_name: str = "points"
    rounding: Rounding = "floor"
    deficit: DeficitPolicy = "carry"
    award_guests_later: bool = True
    basis: Basis = msgspec.field(default_factory=Basis)
    exclusions: Exclusions = msgspec.field(default_factory=Exclusions)


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
