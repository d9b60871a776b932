"""Bytes of a CSV file to a header and rows, each with the line that it begins on."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext

MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 100_000
MOST_COLUMNS = 200
# Of a file that Python's reader would work on for long, or take much memory for.
MOST_LINES = 1_000_000
LONGEST_LINE = 1_000_000
DELIMITERS = (",", ";", "\t")

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class InvalidSheet(ValueError):
    """A file that cannot be read as a table; `line` is where, counted from 1, or None for the file as a whole."""

    def __init__(self, message: str, line: int | None = None) -> None:
        self.line = line
        place = gettext("Line %(line)d: ") % {"line": line} if line else ""
        super().__init__(place + message)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line it begins on, and its cells, trimmed, as many as the header has or fewer or more."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header of normalised names ("Points balance" is "points_balance") and what was written there, and rows."""

    names: list[str]
    titles: list[str]
    rows: list[Row]


def read(data: bytes) -> Sheet:
    """The table in a file: UTF-8, or UTF-16 with its mark; comma, semicolon or tab, as its header has it.

    Rows without any text are left out. Raises `InvalidSheet`.
    """
    if len(data) > MOST_BYTES:
        limit = MOST_BYTES // 1024 // 1024
        raise InvalidSheet(
            gettext("The file is larger than %(limit)d MB. Split it into several.") % {"limit": limit}
        )
    text = _decoded(data)
    if found := _CONTROL.search(text):
        said = gettext("there is a character that cannot be kept (code %(code)d).") % {"code": ord(found[0])}
        raise InvalidSheet(said, _line_of(text[: found.start()]))
    rows = _rows(text)
    header = next(rows, None)
    if header is None:
        raise InvalidSheet(gettext("The file is empty. Its first line must name the columns."))
    names = [normalised(title) for title in header.cells]
    _check_header(header, names)
    found_rows: list[Row] = []
    for row in rows:
        if len(found_rows) == MOST_ROWS:
            most = gettext("more than %(most)d rows. Split the file into several.") % {"most": MOST_ROWS}
            raise InvalidSheet(most, row.line)
        found_rows.append(row)
    if not found_rows:
        raise InvalidSheet(gettext("The file has a header, but no rows below it."))
    return Sheet(names, header.cells, found_rows)


def normalised(title: str) -> str:
    """A column's name without regard to case, with spaces, hyphens and underscores alike."""
    return re.sub(r"[\s_-]+", "_", title.strip().casefold())


def _decoded(data: bytes) -> str:
    if data.startswith(_EXCEL):
        raise InvalidSheet(
            gettext("This is an Excel workbook. Open it and save it as “CSV UTF-8 (comma delimited)”.")
        )
    encoding, start = next(((name, len(bom)) for bom, name in _BOMS if data.startswith(bom)), ("utf-8", 0))
    try:
        return data[start:].decode(encoding)
    except UnicodeDecodeError as error:
        before = data[start : start + error.start].decode(encoding, errors="ignore")
        said = gettext(
            "this is not UTF-8 text. Save the file anew: in Excel as “CSV UTF-8 (comma delimited)”, in LibreOffice "
            "and Google Sheets with the character set Unicode (UTF-8)."
        )
        raise InvalidSheet(said, _line_of(before)) from None


def _line_of(before: str) -> int:
    return len(_NEWLINE.findall(before)) + 1


def _rows(text: str) -> Iterator[Row]:
    first = _NEWLINE.split(text.lstrip("\r\n"), maxsplit=1)[0]
    reader = csv.reader(_lines(text), delimiter=_delimiter(first), strict=True)
    line = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            said = gettext("a quotation mark is not closed, stands inside a cell, or the cell is too long.")
            raise InvalidSheet(said, line) from None
        if cells is None:
            return
        trimmed = [cell.strip() for cell in cells]
        if any(trimmed):
            yield Row(line, trimmed)
        line = reader.line_num + 1


def _lines(text: str) -> Iterator[str]:
    for number, line in enumerate(io.StringIO(text, newline=""), 1):
        if number > MOST_LINES:
            most = gettext("more than %(most)d lines, empty ones among them.") % {"most": MOST_LINES}
            raise InvalidSheet(most, number)
        if len(line) > LONGEST_LINE:
            most = gettext("more than %(most)d characters in one line.") % {"most": LONGEST_LINE}
            raise InvalidSheet(most, number)
        yield line


def _delimiter(header: str) -> str:
    """The one that parts the header into the most cells; what stands in the rows has no say."""
    header = header[: csv.field_size_limit()]
    return max(DELIMITERS, key=lambda mark: len(next(csv.reader([header], delimiter=mark), [])))


def _check_header(header: Row, names: list[str]) -> None:
    if len(names) > MOST_COLUMNS:
        said = gettext("more than %(most)d columns.") % {"most": MOST_COLUMNS}
        raise InvalidSheet(said, header.line)
    for title, name in zip(header.cells, names, strict=True):
        if name and names.count(name) > 1:
            said = gettext("the column “%(title)s” is there twice.") % {"title": title[:60]}
            raise InvalidSheet(said, header.line)
