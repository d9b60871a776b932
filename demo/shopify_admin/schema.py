"""The schema of Shopify's Admin API: the whole one where its file is at hand, otherwise the part written down here."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from graphql import GraphQLScalarType, GraphQLSchema, build_schema

API_VERSION = "2026-04"
REDUCED = Path(__file__).with_name("reduced.graphql")
DECIMAL = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?", re.ASCII)


@cache
def schema(path: Path = REDUCED) -> GraphQLSchema:
    """The schema of a file in the schema language; built once (the whole one takes some seconds)."""
    built = build_schema(path.read_text(), assume_valid=True, no_location=True)
    for name, parse in SCALARS.items():
        scalar = built.type_map.get(name)
        if isinstance(scalar, GraphQLScalarType):
            vars(scalar).update(parse_value=parse, coerce_input_value=parse)
    return built


def iso(instant: datetime) -> str:
    """An instant as Shopify writes it: whole seconds, `Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _decimal(value: Any) -> Decimal:
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float | str)
        or not DECIMAL.fullmatch(str(value))
    ):
        raise ValueError(f"invalid decimal '{value}'")
    return Decimal(str(value))


def instant(value: Any) -> datetime:
    """An ISO 8601 instant with its offset. Raises ValueError."""
    try:
        read = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"invalid DateTime '{value}'") from error
    if read.tzinfo is None:
        raise ValueError(f"invalid DateTime '{value}'")
    return read.astimezone(UTC)


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"invalid Date '{value}'") from error


def _unsigned(value: Any) -> int:
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,19}", str(value), re.ASCII):
        raise ValueError(f"invalid UnsignedInt64 '{value}'")
    return int(value)


def _url(value: Any) -> str:
    if not isinstance(value, str) or not re.match(r"https?://[^/\s]", value):
        raise ValueError(f"invalid URL '{value}'")
    return value


SCALARS: dict[str, Callable[[Any], Any]] = {
    "Date": _date,
    "DateTime": instant,
    "Decimal": _decimal,
    "Money": _decimal,
    "UnsignedInt64": _unsigned,
    "URL": _url,
}
