"""One row of a points file: whose, how many points, why; or what is wrong with it."""

import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext

from loyalty.sheets.formats import Columns
from loyalty.sheets.reading import Row, Sheet

MOST_POINTS = 1_000_000_000
REASON_LENGTH = 500
KEY_LENGTH = 255
EMAIL_LENGTH = 320
# Before it no shop sold anything on the web.
FIRST_YEAR = 1990

_WHOLE = re.compile(r"[+-]?[0-9]{1,10}")
_NUMBER = re.compile(r"[+-]?[0-9][0-9.,'’\s]*")
_YEAR_FIRST = re.compile(r"[0-9]{4}-([0-9]{2})-([0-9]{2})(?![0-9])")
_MONTH_DAY = re.compile(r"([0-9]{1,2})[/-]([0-9]{1,2})(?:/[0-9]{4})?")


@dataclass(slots=True)
class Wish:
    """What a row asks for. `problem` says why it cannot be done, `note` what of it is left out."""

    line: int
    email: str = ""
    external_id: str = ""
    points: int = 0
    reason: str = ""
    reference: str = ""
    expires_on: date | None = None
    earned_on: date | None = None
    birth_month: int | None = None
    birth_day: int | None = None
    joined_at: datetime | None = None
    problem: str = ""
    note: str = ""


class _Wrong(ValueError):
    """What is wrong with a cell, as a sentence."""


def wishes(sheet: Sheet, columns: Columns, *, balances: bool, reason: str, today: date) -> Iterator[Wish]:
    """Each row of the sheet. `balances`: points are balances, which are not below zero; `reason` where a row has
    none; `today` in the shop's calendar.
    """
    for row in sheet.rows:
        yield _wish(row, len(sheet.names), columns.places, balances, reason, today)


def _wish(row: Row, width: int, places: dict[str, int], balances: bool, reason: str, today: date) -> Wish:
    def cell(meaning: str) -> str:
        place = places.get(meaning)
        return row.cells[place] if place is not None and place < len(row.cells) else ""

    wish = Wish(row.line)
    wish.email, wish.external_id = cell("email").lower()[:EMAIL_LENGTH], cell("external_id")[:KEY_LENGTH]
    problems = []
    if any(row.cells[width:]):
        said = gettext(
            "there are %(cells)d cells, but %(width)d columns; put text with the delimiter in quotes"
        )
        problems.append(said % {"cells": len(row.cells), "width": width})
    problems += _fill(wish, cell, balances, reason, today)
    wish.problem = "; ".join(problems)
    _extras(wish, cell, today)
    return wish


def _fill(wish: Wish, cell: Callable[[str], str], balances: bool, reason: str, today: date) -> list[str]:
    """Set what moves points; returns what is wrong, each with the column's name."""
    problems = []
    try:
        _check_member(cell("email"), cell("external_id"))
    except _Wrong as wrong:
        problems.append(str(wrong))
    try:
        wish.points = _points(cell("points"), balances)
    except _Wrong as wrong:
        problems.append(f"points: {wrong}")
    wish.reason = " ".join(cell("reason").split()) or reason
    if len(wish.reason) > REASON_LENGTH:
        problems.append(gettext("reason: at most %(most)d characters") % {"most": REASON_LENGTH})
        wish.reason = wish.reason[:REASON_LENGTH]
    if not wish.reason:
        problems.append(gettext("reason: say why; the member's history keeps it"))
    wish.reference = cell("reference")
    if len(wish.reference) > KEY_LENGTH or not wish.reference.isprintable():
        problems.append(gettext("reference: at most %(most)d printable characters") % {"most": KEY_LENGTH})
        wish.reference = ""
    try:
        wish.expires_on = _date(cell("expires_on"), "expires_on")
        wish.earned_on = _date(cell("earned_on"), "earned_on")
        _check_dates(wish, today)
    except _Wrong as wrong:
        problems.append(str(wrong))
    return problems


def _check_member(email: str, external_id: str) -> None:
    if not email and not external_id:
        raise _Wrong(gettext("nobody is named: fill in an e-mail address or a customer id"))
    if len(external_id) > KEY_LENGTH or not external_id.isprintable():
        raise _Wrong(gettext("external_id: at most %(most)d printable characters") % {"most": KEY_LENGTH})
    if not email:
        return
    try:
        validate_email(email)
    except ValidationError:
        raise _Wrong(gettext("email: “%(email)s” is no e-mail address") % {"email": email[:80]}) from None
    if len(email) > EMAIL_LENGTH:
        raise _Wrong(gettext("email: at most %(most)d characters") % {"most": EMAIL_LENGTH})


def _points(text: str, balances: bool) -> int:
    if not text:
        raise _Wrong(gettext("how many is not said"))
    if not _WHOLE.fullmatch(text):
        if _NUMBER.fullmatch(text):
            said = gettext("“%(text)s” is not a whole number; write 1234, without separators or decimals")
        else:
            said = gettext("“%(text)s” is not a number")
        raise _Wrong(said % {"text": text[:40]})
    points = int(text)
    if abs(points) > MOST_POINTS:
        raise _Wrong(gettext("at most %(most)s at once") % {"most": f"{MOST_POINTS:,}"})
    if balances and points < 0:
        raise _Wrong(gettext("a balance cannot be below zero"))
    if not balances and not points:
        raise _Wrong(gettext("say how many to add, or with a minus how many to take"))
    return points


def _date(text: str, column: str) -> date | None:
    if not text:
        return None
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass  # such as 2026-02-30
    said = gettext("%(column)s: “%(text)s” is not a date like 2026-12-31")
    raise _Wrong(said % {"column": column, "text": text[:40]})


def _check_dates(wish: Wish, today: date) -> None:
    if wish.earned_on and wish.earned_on > today:
        raise _Wrong(gettext("earned_on: the day is still to come"))
    if wish.earned_on and wish.earned_on.year < FIRST_YEAR:
        raise _Wrong(gettext("earned_on: the day is before %(year)d") % {"year": FIRST_YEAR})
    if wish.expires_on and wish.expires_on < today:
        raise _Wrong(gettext("expires_on: the day has passed"))
    if wish.expires_on and (wish.points <= 0 or wish.expires_on.year > today.year + 100):
        raise _Wrong(gettext("expires_on: only for points that are added, and within 100 years"))


def _extras(wish: Wish, cell: Callable[[str], str], today: date) -> None:
    """What is good to have; a mistake in it is noted, and keeps no points back."""
    notes = []
    if text := cell("birthday"):
        found = _birthday(text)
        if found:
            wish.birth_month, wish.birth_day = found
        else:
            notes.append(gettext("birthday “%(text)s” was not understood") % {"text": text[:40]})
    if text := cell("joined"):
        wish.joined_at = _instant(text)
        if wish.joined_at is None or wish.joined_at.date() > today:
            wish.joined_at = None
            notes.append(gettext("the date of joining “%(text)s” was not understood") % {"text": text[:40]})
    wish.note = "; ".join(notes)


def _birthday(text: str) -> tuple[int, int] | None:
    """Month and day of 1990-12-25 (also with a time), 12/25 or 12/25/1990; None where it is no day."""
    found = _YEAR_FIRST.match(text) or _MONTH_DAY.fullmatch(text)
    if found is None:
        return None
    month, day = int(found[1]), int(found[2])
    # 2024 has a 29 February.
    return (month, day) if 1 <= month <= 12 and 1 <= day <= monthrange(2024, month)[1] else None


def _instant(text: str) -> datetime | None:
    """An ISO date or instant, such as 2024-04-04T15:10:42.030Z; without an offset it is taken for UTC."""
    try:
        found = datetime.fromisoformat(text.replace(" UTC", "+00:00"))
    except ValueError:
        return None
    if not FIRST_YEAR <= found.year <= 9000:
        return None
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
