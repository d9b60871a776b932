"""Strict reading of JSON that strangers send: exact numbers, usable ids, text that PostgreSQL can hold.

Every function raises `Unreadable` with a reason that names the field, and nothing else.
"""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

from lib import money
from platforms.base import Unreadable

T = TypeVar("T")
R = TypeVar("R")

TEXT_LIMIT = 255
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
MOST_UNITS = 1_000_000

# In this order, so that an escaped backslash is stepped over and a proper pair is left alone.
_ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)
_PLACE = re.compile(r"^(.*?) - at `\$\.?(.*)`$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(.*)`$")


class RawNumber(str):
    """A JSON number with a point or an exponent, as it was written; never a float."""


def decoder(shape: type[T]) -> msgspec.json.Decoder[T]:
    """A decoder of `shape` whose fields of type Any get numbers exactly: int, or `RawNumber`."""
    return msgspec.json.Decoder(shape, float_hook=RawNumber)


def decode(reader: msgspec.json.Decoder[T], body: bytes) -> T:
    """The body as the decoder's shape. Lone surrogates become U+FFFD."""
    try:
        return reader.decode(body)
    except msgspec.ValidationError as error:
        raise Unreadable(_reason(str(error))) from None
    except RecursionError:
        raise Unreadable("body: nested too deeply") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        repaired = _ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], body)
        if repaired == body:
            raise Unreadable(f"body: not JSON: {error}" if body.strip() else "body: empty") from None
    return decode(reader, repaired)


def _reason(message: str) -> str:
    """msgspec's message as `field: reason`."""
    located = _PLACE.match(message)
    reason, place = located.groups() if located else (message, "")
    missing = _MISSING.match(reason)
    if missing:
        return f"{place}.{missing[1]}: missing".lstrip(".")
    return f"{place or 'body'}: {reason[:1].lower()}{reason[1:].replace('`', '')}"


def each(name: str, items: Iterable[T], read: Callable[[T], R]) -> list[R]:
    """`read` of every item; an error says which item it was."""
    found: list[R] = []
    try:
        for item in items:
            found.append(read(item))
    except Unreadable as error:
        raise Unreadable(f"{name}[{len(found)}].{error}") from None
    return found


def amount(value: object, field: str) -> Decimal:
    """An exact amount of either sign."""
    try:
        return money.amount(value, field)
    except money.BadAmount as error:
        raise Unreadable(str(error)) from None


def positive(value: object, field: str) -> Decimal:
    """An exact amount, zero or more."""
    found = amount(value, field)
    if found < 0:
        raise Unreadable(f"{field}: below zero: {money.shown(value)}")
    return found


def bounded(value: Decimal, field: str) -> Decimal:
    """A computed amount, refused if it has outgrown every order."""
    if value >= money.LIMIT:
        raise Unreadable(f"{field}: too large")
    return value


def currency(value: object, field: str = "currency") -> str:
    """An ISO 4217 code."""
    if not money.is_currency(value):
        raise Unreadable(f"{field}: {money.shown(value)} is not a currency code")
    return str(value)


def identifier(value: object, field: str) -> str:
    """An id as a string, from a string or an integer of any size."""
    if isinstance(value, str):
        fit = 0 < len(value) <= TEXT_LIMIT and value.isprintable() and "\ufffd" not in value
        if fit and not isinstance(value, RawNumber):
            return value
    elif isinstance(value, int) and value is not True and 0 < value < 10**40:
        return str(value)
    raise Unreadable(f"{field}: not an id: {money.shown(value)}")


def optional_identifier(value: object, field: str) -> str:
    """As `identifier`; "" where it is null, "" or 0."""
    return identifier(value, field) if value or value is False else ""


def text(value: str | None, limit: int = TEXT_LIMIT) -> str:
    """Text for people: cut to `limit` characters, without NUL, which PostgreSQL cannot hold."""
    if not value:
        return ""
    if "\0" in value:
        value = value.replace("\0", "")
    return value if len(value) <= limit else value[:limit]


def labels(value: str | None) -> tuple[str, ...]:
    """Tags written as "a, b"."""
    if not value:
        return ()
    return tuple(label for label in (text(part.strip()) for part in value.split(",")) if label)


def quantity(value: object, field: str = "quantity") -> int:
    """A count of units, 0 to a million. A fraction (goods sold by weight) counts its whole units."""
    found = positive(value, field)
    if not 0 <= found <= MOST_UNITS:
        raise Unreadable(f"{field}: not a quantity: {money.shown(value)}")
    return int(found)


def instant(value: object, field: str, *, naive_is_utc: bool = False) -> datetime:
    """An ISO 8601 instant as an aware UTC datetime, between 1970 and 2100."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
            if found.tzinfo is None and naive_is_utc:
                found = found.replace(tzinfo=UTC)
            if found.tzinfo is not None:
                found = found.astimezone(UTC)
                if EARLIEST <= found < LATEST:
                    return found
        except (ValueError, OverflowError):
            pass
    elif value is None:
        raise Unreadable(f"{field}: missing")
    raise Unreadable(f"{field}: not a date and time between 1970 and 2100: {money.shown(value)}")
