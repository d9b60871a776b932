"""Birthdays as people and stores write them."""

import re
from datetime import date

_DAY = re.compile(r"(?:([0-9]{4})-)?([0-9]{2})-([0-9]{2})", re.ASCII)
FIRST_YEAR = 1900
LEAP_YEAR = 2000


def birthday(text: str) -> str | None:
    """ "MM-DD" of "MM-DD" or "YYYY-MM-DD"; None where that is no day of the calendar."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    year, month, day = found.groups()
    if year is not None and int(year) < FIRST_YEAR:
        return None
    try:
        date(int(year or LEAP_YEAR), int(month), int(day))
    except ValueError:
        return None
    return f"{month}-{day}"
