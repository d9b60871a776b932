"""Files of points as they come: what is read of them, and what is refused with its line."""

from datetime import date

import pytest

from loyalty.sheets.formats import columns_of
from loyalty.sheets.reading import MOST_ROWS, InvalidSheet, read
from loyalty.sheets.rows import Wish, wishes

TODAY = date(2026, 3, 1)
PLAIN = "email,points,reason\nmia@corner.example,50,Gift\n"


def parsed(
    text: str | bytes, *, format: str = "regulars", balances: bool = False, reason: str = "Because"
) -> list[Wish]:
    sheet = read(text.encode() if isinstance(text, str) else text)
    return list(wishes(sheet, columns_of(sheet, format), balances=balances, reason=reason, today=TODAY))


def one(cells: str, header: str = "email,points,reason,expires_on,earned_on,reference", **how: bool) -> Wish:
    (wish,) = parsed(f"{header}\n{cells}\n", **how)  # type: ignore[arg-type]
    return wish


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        b"\n" + PLAIN.encode() + b"\n,,\n  ,\n",
        PLAIN.rstrip("\n").encode(),
        b'"E-Mail" , Points,REASON\nMia@Corner.example, 50 ,  Gift \n'.replace(b'"E-Mail"', b"Email"),
    ],
    ids=[
        "utf-8",
        "bom",
        "utf-16",
        "utf-16-be",
        "crlf",
        "cr",
        "semicolon",
        "tab",
        "blank lines",
        "no end",
        "case",
    ],
)
def test_every_usual_make_of_file_is_read(data: bytes) -> None:
    (wish,) = parsed(data)
    assert (wish.email, wish.points, wish.reason, wish.problem) == ("mia@corner.example", 50, "Gift", "")


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"", None, "empty"),
        (b"\xef\xbb\xbf\r\n", None, "empty"),
        (b"email,points\n", None, "no rows"),
        ("email,points\nm@x.example,1\nzo\u00eb@x.example,2\n".encode("cp1252"), 3, "CSV UTF-8"),
        (b"email,points\r\na@x.example,1\r\n\xff\r\n", 3, "not UTF-8"),
        (b"email,points\n\xc3", 2, "not UTF-8"),
        (PLAIN.encode("utf-16-le"), 1, "code 0"),
        (PLAIN.encode("utf-16") + b"\x00", 3, "not UTF-8"),
        (b"email,points\na@x.example,1\nb\0@x.example,2\n", 3, "code 0"),
        (b"email,points\na@x.example,1\x1b\n", 2, "code 27"),
        (b'email,points\n"a@x.example,1\nb@x.example,2\n', 2, "quotation mark"),
        (b'email,points\na@x.example,1\n"b"@x.example,2\n', 3, "quotation mark"),
        (b"email,points\n" + b"x" * 200_000 + b",1\n", 2, "too long"),
        (b"email,points,Points\na@x.example,1,2\n", 1, "twice"),
        (b"PK\x03\x04 and so on", None, "Excel workbook"),
        (b"name,points\nMia,1\n", 1, "email / external_id is missing"),
        (b"email\na@x.example\n", 1, "points is missing"),
        (b"a@x.example,50\nb@x.example,60\n", 1, "is missing"),
        (b"email,points\n" + b"a@x.example,1\n" * (MOST_ROWS + 1), MOST_ROWS + 2, "more than 100000 rows"),
        (b"email,points\n" + b" " * (20 * 1024 * 1024), None, "20 MB"),
        (b"x," * 100_000 + b"email,points\na@x.example,1\n", 1, "more than 200 columns"),
        (b"x" * 900_000 + b",email,points\na@x.example,1\n", 1, "too long"),
        (b"email,points\na@x.example,1\n" + b"x," * 600_000, 3, "more than 1000000 characters"),
        (b"email,points\n" + b"\n" * 1_000_000 + b"a@x.example,1\n", 1_000_001, "1000000 lines"),
        (b"email,points\ra@x.example,1\r\x00", 3, "code 0"),
        ("email,points\n".encode("utf-32"), 1, "code 0"),
    ],
    ids=range(26),
)
def test_a_file_that_is_no_table_is_refused_with_its_line(data: bytes, line: int | None, said: str) -> None:
    with pytest.raises(InvalidSheet) as refused:
        parsed(data)
    assert refused.value.line == line
    assert said in str(refused.value)
    assert str(refused.value).startswith(f"Line {line}: ") == (line is not None)


def test_lines_are_those_of_the_file_also_after_cells_of_several_lines() -> None:
    text = 'email,points,reason\n"a@x.example",1,"two\nlines"\n\nb@x.example,x,why\n'
    first, second = parsed(text)
    assert (first.line, first.reason) == (2, "two lines")
    assert second.line == 5
    assert "points" in second.problem


def test_the_delimiter_is_the_headers_alone() -> None:
    first, second = parsed("email;points;reason\na@x.example;1;a,b,c,d,e\nb@x.example;2;x\n")
    assert first.reason == "a,b,c,d,e"
    assert second.points == 2


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ('"1,234"', "write 1234, without separators"),
        ("1.234", "whole number"),
        ("1'234", "whole number"),
        ('"1 234"', "whole number"),
        ("12.5", "whole number"),
        ("1e3", "not a number"),
        ("=1+1", "not a number"),
        ("٣", "not a number"),
        ("ten", "not a number"),
        ("NaN", "not a number"),
        ("", "how many"),
        ("0", "how many to add"),
        ("1000000001", "at most 1,000,000,000"),
        ("-99999999999", "number"),
    ],
)
def test_points_are_exact_or_refused(points: str, said: str) -> None:
    wish = one(f"mia@corner.example,{points},Gift")
    assert wish.problem.startswith("points: ")
    assert said in wish.problem
    assert wish.points == 0


def test_points_may_be_negative_in_an_adjustment_and_zero_in_a_balance() -> None:
    assert one("mia@corner.example,-5,Gift").points == -5
    assert one("mia@corner.example,+5,Gift").points == 5
    assert one("mia@corner.example,0,Gift", balances=True).problem == ""
    assert "below zero" in one("mia@corner.example,-5,Gift", balances=True).problem


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (",5,Gift", "nobody is named"),
        ("mia,5,Gift", "email: “mia” is no e-mail address"),
        ("a@b@c.example,5,Gift", "no e-mail address"),
        ("mia@corner.example,5,Thanks, Mia", "is not a date"),
        ("mia@corner.example,5,a,2026-12-31,2026-01-01,r,extra", "7 cells, but 6 columns"),
        ("mia@corner.example,5," + "x" * 501, "reason: at most 500"),
        ("mia@corner.example,5,Gift,31.12.2026", "expires_on: “31.12.2026” is not a date"),
        ("mia@corner.example,5,Gift,2026-02-30", "expires_on: “2026-02-30” is not a date"),
        ("mia@corner.example,5,Gift,2026-02-28", "expires_on: the day has passed"),
        ("mia@corner.example,5,Gift,9999-12-31", "within 100 years"),
        ("mia@corner.example,-5,Gift,2026-12-31", "only for points that are added"),
        ("mia@corner.example,5,Gift,,2026-03-02", "earned_on: the day is still to come"),
        ("mia@corner.example,5,Gift,,0001-01-01", "earned_on: the day is before 1990"),
        ("mia@corner.example,5,Gift,,," + "r" * 256, "reference: at most 255"),
    ],
)
def test_a_mistake_in_a_row_names_its_column(cells: str, said: str) -> None:
    assert said in one(cells).problem


def test_every_mistake_of_a_row_is_named_at_once() -> None:
    problem = one("mia,x,Gift,never").problem
    assert all(column in problem for column in ("email:", "points:", "expires_on:"))


def test_formulas_are_kept_as_text() -> None:
    assert one("mia@corner.example,5,=HYPERLINK(1)").reason == "=HYPERLINK(1)"


def test_a_row_without_a_reason_takes_that_of_the_file() -> None:
    assert one("mia@corner.example,5,").reason == "Because"
    (wish,) = parsed("email,points\na@x.example,5\n", reason="")
    assert "reason: say why" in wish.problem


SMILE = (
    "First Name,Last Name,Email,Points Balance,Date of Birth,VIP Tier,Referral URL,State,Created At\n"
    "Mia,Meier,Mia@Corner.example,120,1004-05-27,Gold,http://refs.example/1,member,2024-04-04T15:10:42.030Z\n"
)
LION = (
    "merchant_id,email,points_approved,points_pending,birthday,tier,enrolled_at\n"
    "cust-mia,mia@corner.example,120,30,1990-05-27,Gold,2024-04-04 15:10:42 UTC\n"
)
YOTPO = (
    "Email,First Name,Last Name,Points Balance,Points Spent,Birthday (MM/DD),Referral Link,Shoe size\n"
    "mia@corner.example,Mia,Meier,120,40,05/27,http://refs.example/1,38\n"
)


@pytest.mark.parametrize(("format", "text"), [("smile", SMILE), ("loyaltylion", LION), ("yotpo", YOTPO)])
def test_the_files_of_other_apps_are_understood(format: str, text: str) -> None:
    (wish,) = parsed(text, format=format, balances=True)
    assert (wish.email, wish.points, wish.birth_month, wish.birth_day) == ("mia@corner.example", 120, 5, 27)
    assert (wish.problem, wish.note) == ("", "")
    if format != "yotpo":
        assert wish.joined_at is not None
        assert wish.joined_at.isoformat().startswith("2024-04-04T15:10:42")


def test_columns_that_are_not_used_are_reported() -> None:
    said = "\n".join(columns_of(read(YOTPO.encode()), "yotpo").notices)
    assert "Shoe size: not known" in said
    assert "Referral Link: not used" in said
    said = "\n".join(columns_of(read(SMILE.encode()), "smile").notices)
    assert "VIP Tier: not used; tiers follow" in said


@pytest.mark.parametrize(
    ("birthday", "found"),
    [
        ("1990-02-29", (2, 29)),
        ("12/25", (12, 25)),
        ("12/25/1990", (12, 25)),
        ("1990-12-25 00:00:00 UTC", (12, 25)),
        ("25/12", None),
        ("13/45", None),
        ("1990-12-255", None),
        ("soon", None),
    ],
)
def test_a_birthday_that_is_not_understood_is_noted_and_keeps_no_points_back(
    birthday: str, found: tuple[int, int] | None
) -> None:
    (wish,) = parsed(f"email,points,birthday\na@x.example,5,{birthday}\n", format="smile", balances=True)
    assert wish.problem == ""
    assert (wish.birth_month, wish.birth_day) == (found or (None, None))
    assert bool(wish.note) == (found is None)
