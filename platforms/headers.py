"""Reading the headers of a delivery that nobody has vouched for."""

from collections.abc import Mapping

from platforms.base import Rejected

LONGEST = 255


def optional(headers: Mapping[str, str], *names: str) -> str:
    """The first of the named headers that says something fit to be kept, or ""."""
    for name in names:
        value = headers.get(name, "").strip()
        if value and len(value) <= LONGEST and value.isascii() and value.isprintable():
            return value
    return ""


def required(headers: Mapping[str, str], *names: str) -> str:
    """As `optional`; raises `Rejected` 400 where there is none."""
    value = optional(headers, *names)
    if not value:
        raise Rejected(400, f"Header {names[0]} is missing or malformed.")
    return value


def unsigned() -> Rejected:
    """The answer to a missing or wrong signature; it does not tell which."""
    return Rejected(401, "The signature is missing or wrong.")
