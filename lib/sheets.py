"""CSV for spreadsheet programs: cells that such a program would take for a formula are made plain text."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain
from typing import Any

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """`text` with an apostrophe before it where a spreadsheet program would read a formula."""
    return f"'{text}" if text.startswith(_STARTS_A_FORMULA) else text


def csv_lines(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """Lines of CSV, each with its line end, the header first; None is an empty cell.

    Texts are made safe; numbers stay as they are. A file of them wants UTF-8.
    """
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    for row in chain([header], rows):
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
