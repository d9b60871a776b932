"""Files of codes: lines of CSV or plain lines, to codes with the line that each stands on."""

import codecs
import csv
import re
from collections.abc import Iterator

from django.utils.translation import gettext

from loyalty.sheets.reading import DELIMITERS, normalised
from rewards.errors import InvalidPool

MOST_BYTES = 10 * 1024 * 1024
MOST_CODES = 100_000
_EXCEL = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_NEWLINE = re.compile(r"\r\n|\r|\n")
_TITLES = {
    "code",
    "codes",
    "coupon",
    "coupon_code",
    "discount_code",
    "gift_card",
    "gift_card_code",
    "voucher",
}


def read_codes(data: bytes | str) -> list[tuple[int, str]]:
    """(line from 1, code) of every line that has one: in the column "code", without such a title in the first column.

    Text, or bytes in UTF-8, or UTF-16 with its mark. Codes are trimmed and not judged. Raises `InvalidPool`.
    """
    lines = _NEWLINE.split(_text(data))
    first = next((line for line in lines if line.strip()), "")[: csv.field_size_limit()]
    mark = max(DELIMITERS, key=first.count)
    found = list(_cells(lines, mark))
    titles = [normalised(cell) for cell in found[0][1]] if found else []
    column = next((index for index, title in enumerate(titles) if title in _TITLES), None)
    rows = found if column is None else found[1:]
    codes = [(line, cells[column or 0]) for line, cells in rows if len(cells) > (column or 0)]
    codes = [(line, code) for line, code in codes if code]
    if not codes:
        raise InvalidPool([(0, gettext("There are no codes in it."))])
    if len(codes) > MOST_CODES:
        most = gettext("There are more than %(most)d codes. Split the file.") % {"most": MOST_CODES}
        raise InvalidPool([(0, most)])
    return codes


def _text(data: bytes | str) -> str:
    if len(data) > MOST_BYTES:
        limit = {"limit": MOST_BYTES // 1024 // 1024}
        raise InvalidPool([(0, gettext("The file is larger than %(limit)d MB. Split it.") % limit)])
    if isinstance(data, str):
        return data.removeprefix("\ufeff")
    if data.startswith(_EXCEL):
        said = gettext("This is an Excel workbook. Open it and save it as “CSV UTF-8 (comma delimited)”.")
        raise InvalidPool([(0, said)])
    encoding, start = next(((name, len(bom)) for bom, name in _BOMS if data.startswith(bom)), ("utf-8", 0))
    try:
        return data[start:].decode(encoding)
    except UnicodeDecodeError as error:
        before = data[start : start + error.start].decode(encoding, errors="ignore")
        line = len(_NEWLINE.findall(before)) + 1
        said = gettext("This is not UTF-8 text. Save the file anew as “CSV UTF-8”.")
        raise InvalidPool([(line, said)]) from None


def _cells(lines: list[str], mark: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of every line that has any text. Raises `InvalidPool` with every line that is no CSV."""
    errors: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield (
                number,
                [cell.strip(" \t") for cell in next(csv.reader([line], delimiter=mark, strict=True))],
            )
        except csv.Error:
            said = gettext("a quotation mark is not closed, stands inside a cell, or the cell is too long")
            errors.append((number, said))
    if errors:
        raise InvalidPool(errors[:100])
