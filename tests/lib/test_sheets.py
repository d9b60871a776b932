"""CSV that no spreadsheet program takes for formulas."""

import csv
from decimal import Decimal

import pytest

from lib.sheets import csv_lines, safe_cell


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_would_be_a_formula_becomes_text(start: str) -> None:
    assert safe_cell(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("text", ["", "a=b", "Ada", " =1", "'=1", "1-1"])
def test_other_texts_stay(text: str) -> None:
    assert safe_cell(text) == text


def test_lines_are_read_back_as_they_were_meant() -> None:
    rows = [["a,b", 'say "hi"', -5, Decimal("-1.50"), None], ["=x", "line\nbreak", 0, 1, "é"]]
    lines = list(csv_lines(["-name", "b", "c", "d", "e"], rows))
    assert len(lines) == 3
    assert list(csv.reader("".join(lines).splitlines(keepends=True))) == [
        ["'-name", "b", "c", "d", "e"],
        ["a,b", 'say "hi"', "-5", "-1.50", ""],
        ["'=x", "line\nbreak", "0", "1", "é"],
    ]
