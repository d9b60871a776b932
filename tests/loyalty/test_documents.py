"""Program documents: what is accepted, and every reason for which one is not."""

import json
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalty.documents import (
    Basis,
    Exclusions,
    ProgramDocument,
    as_dict,
    decode,
    default_document,
    encode,
)
from loyalty.errors import InvalidProgram
from loyalty.validation import clock_problems, validate
from loyalty.wording import rule_text
from tests.loyalty.facts import program


def written(**changes: Any) -> dict[str, Any]:
    """The default document as JSON values, with `changes`; those of its rule are named rule_…"""
    document = as_dict(default_document("EUR"))
    for name, value in changes.items():
        if name.startswith("rule_"):
            document["rules"][0][name.removeprefix("rule_")] = value
        else:
            document[name] = value
    return document


RULES = [{**written()["rules"][0], "key": f"rule-{number}"} for number in range(51)]


def problems(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidProgram) as caught:
        validate(data)
    return caught.value.errors


def test_a_new_shop_earns_one_point_per_unit_on_goods_alone() -> None:
    document = default_document("JPY")
    assert [rule_text(rule, "JPY") for rule in document.rules] == ["1 point per ¥1"]
    assert (document.currency, document.rounding, document.deficit) == ("JPY", "floor", "carry")
    assert document.basis == Basis(include_tax=False, include_shipping=False, include_gift_cards=False)
    assert validate(document) == document


@pytest.mark.parametrize(
    "document",
    [
        default_document("KWD"),
        program(("0.5", "1.25"), ("3", "10"), exclusions=Exclusions(tags=("sale", "Äpfel"))),
        program(rounding="half_up", deficit="clamp", include_tax=True, points_name="Beans"),
    ],
)
def test_documents_survive_their_journey(document: ProgramDocument) -> None:
    assert decode(encode(document)) == document == decode(as_dict(document))
    assert validate(encode(document)) == document


def test_decimals_are_written_as_text() -> None:
    rule = json.loads(encode(program(("0.10", "1"))))["rules"][0]
    assert (rule["points"], rule["per"]) == ("0.10", "1")


def test_whole_numbers_may_be_written_plainly() -> None:
    assert decode(written(rule_points=3)).rules[0].points == Decimal(3)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"rule_per": "0"}, "rules[0].per", "must be more than 0"),
        ({"rule_points": "-1"}, "rules[0].points", "must be more than 0"),
        ({"rule_points": "0.00001"}, "rules[0].points", "at most 8 digits"),
        ({"rule_per": "123456789"}, "rules[0].per", "at most 8 digits"),
        ({"rule_per": "1e400000"}, "rules[0].per", "at most 8 digits"),
        ({"rule_per": 0.1}, "rules[0].per", "number written as text"),
        ({"rule_per": "NaN"}, "rules[0].per", "number written as text"),
        ({"rule_per": True}, "rules[0].per", "number written as text"),
        ({"rule_per": "ten"}, "rules[0].per", "number written as text"),
        ({"rule_key": "Big Key"}, "rules[0].key", "a-z, 0-9"),
        ({"rule_name": " "}, "rules[0].name", "must not be empty"),
        ({"rule_name": "n" * 81}, "rules[0].name", "at most 80"),
        ({"rule_name": "a\0b"}, "rules[0].name", "control characters"),
        ({"rule_name": "a\ud800b"}, "rules[0].name", "control characters"),
        ({"rule_active": "yes"}, "rules[0].active", "true or false"),
        ({"rule_kind": "magic"}, "rules[0].kind", "must be one of per_currency"),
        ({"rule_colour": "red"}, "rules[0].colour", "unknown field"),
        ({"rules": None}, "rules", "must be a list"),
        ({"rules": [7]}, "rules[0]", "must be an object"),
        ({"rules": RULES}, "rules", "at most 50 entries"),
        ({"currency": "EURO"}, "currency", "ISO 4217"),
        ({"currency": "eur"}, "currency", "ISO 4217"),
        ({"currency": 5}, "currency", "must be text"),
        ({"format": "regulars.program/9"}, "format", "must be regulars.program/1"),
        ({"rounding": "sideways"}, "rounding", "one of floor, half_up, ceil"),
        ({"rounding": []}, "rounding", "one of floor, half_up, ceil"),
        ({"deficit": "forgive"}, "deficit", "one of carry, clamp"),
        ({"points_name": ""}, "points_name", "must not be empty"),
        ({"basis": {"include_tips": True}}, "basis.include_tips", "unknown field"),
        ({"basis": []}, "basis", "must be an object"),
        ({"exclusions": {"tags": "sale"}}, "exclusions.tags", "must be a list"),
        ({"exclusions": {"tags": ["ok", ""]}}, "exclusions.tags[1]", "must not be empty"),
        ({"exclusions": {"tags": ["x"] * 1001}}, "exclusions.tags", "at most 1000"),
        ({"surprise": 1}, "surprise", "unknown field"),
        ({"a\nb\x1b": 1}, "a�b�", "unknown field"),
        ({"rule_per": "1_000"}, "rules[0].per", "number written as text"),
        ({"rule_per": "１"}, "rules[0].per", "number written as text"),
        ({"rule_per": " 1"}, "rules[0].per", "number written as text"),
        ({"rule_name": "Tea\u202eeeffoC"}, "rules[0].name", "turn the direction of text"),
        ({"rule_name": "Tea\u2028Coffee"}, "rules[0].name", "break lines"),
        ({"points_name": "\u200b\u2060"}, "points_name", "must not be empty"),
    ],
)
def test_each_mistake_names_its_field(changes: dict[str, Any], field: str, message: str) -> None:
    [(found, text)] = problems(written(**changes))
    assert found == field
    assert message in text


def test_every_mistake_is_told_at_once() -> None:
    rules = [*written()["rules"], {"kind": "per_currency", "key": "purchases", "points": "0", "per": "1"}]
    found = problems(written(rules=rules, currency="XYZ", rounding="up", extra=1))
    assert {field for field, _ in found} == {
        "extra", "currency", "rounding", "rules[1].name", "rules[1].points", "rules[1].key",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", " (line 1)"),
        (b'{\n"rules": [\n', " (line 3)"),
        (b"{}{}", " (line 1)"),
        (b"email,points\n", " (line 1)"),
        (b"{}\0", " (line 1)"),
        (b"\xff", ": it must be UTF-8 text"),
        ("{}".encode("utf-16"), ": it must be UTF-8 text"),
        (b"[" * 100_000, ": it is nested too deeply"),
    ],
)
def test_what_is_not_json_is_refused(data: bytes, why: str) -> None:
    assert problems(data) == [("document", f"is not readable as JSON{why}")]


@pytest.mark.parametrize("data", [b"null", b"[]", b"7", b"NaN", b'"\\ud800"'])
def test_what_is_not_an_object_is_refused(data: bytes) -> None:
    assert problems(data) == [("document", "must be an object with named fields")]


def test_reading_does_not_judge_values_but_knows_the_format() -> None:
    assert as_dict(decode(written(rule_per="0", currency="DEM")))["rules"][0]["per"] == "0"
    with pytest.raises(InvalidProgram):
        decode(written(format="regulars.program/2"))


# A program with a bit of everything, as JSON values.
FULL: dict[str, Any] = {
    "currency": "EUR",
    "point_value": "0.01",
    "hold_days": 14,
    "multipliers": "multiply",
    "rules": [
        {
            "kind": "per_currency", "key": "purchases", "name": "Purchases", "points": "1", "per": "1",
            "conditions": {"starts": "2026-01-01", "ends": "2027-01-01", "weekdays": ["sat", "sun"]},
        },
        {"kind": "nth_order", "key": "card", "name": "Punch card", "points": "50", "every": 5, "exclusive": True},
        {
            "kind": "per_unit", "key": "tea", "name": "Tea", "points": "10", "max_points": 100,
            "conditions": {"products": {"tags": ["tea"]}, "min_basis": "0", "tiers": ["gold"]},
        },
        {"kind": "signup", "key": "join", "name": "Join", "points": "100"},
        {
            "kind": "review", "key": "review", "name": "Review", "points": "20",
            "limits": [{"period": "day", "times": 1}, {"period": "day", "points": 20}],
        },
        {
            "kind": "social_follow", "key": "x", "name": "Follow", "points": "5", "network": "x",
            "url": "https://x.example/tea",
        },
        {"kind": "custom", "key": "quiz", "name": "Quiz", "points": "5", "event": "quiz.done"},
    ],
    "campaigns": [
        {
            "key": "advent", "name": "Advent", "multiplier": "2",
            "conditions": {"starts": "2026-12-01", "ends": "2026-12-25"},
        },
        {"key": "gift", "name": "Gift", "points": "25", "conditions": {"tiers": ["gold"]}},
    ],
    "tiers": {
        "grace_days": 30,
        "levels": [
            {"key": "silver", "name": "Silver", "threshold": "100"},
            {
                "key": "gold", "name": "Gold", "threshold": "500", "multiplier": "1.5", "entry_points": 100,
                "perks": ["Free gift wrap"],
            },
        ],
    },
    "expiry": {"mode": "calendar", "month": 2, "day": 29, "warn_days": [7, 30]},
    "caps": {"min_points": 1, "max_points": 500, "limits": [{"period": "month", "points": 2000}]},
}  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    """`FULL` with the value at `path`; a step beyond the end of a list appends."""
    document: dict[str, Any] = json.loads(json.dumps(FULL))
    *way, last = [
        int(step) if step.isdigit() else step for step in path.replace("[", ".").replace("]", "").split(".")
    ]
    place: Any = document
    for step in way:
        place = place[step] if isinstance(step, int) else place.setdefault(step, {})
    if isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return document


def test_a_program_with_everything_is_accepted_and_read_back() -> None:
    document = validate(FULL)
    assert document.expiry.warn_days == (30, 7)
    assert validate(document) == document == decode(encode(document)) == decode(as_dict(document))


ADVENT = FULL["campaigns"][0]
SILVER_AGAIN = {"key": "silver", "name": "Silver", "threshold": "900"}
FIVE = {"kind": "per_order", "key": "five", "name": "Five", "points": "5"}


@pytest.mark.parametrize(
    ("at", "value", "field", "message"),
    [
        ("rules[1].every", 1, "rules[1].every", "from 2 to"),
        ("rules[1].every", "5", "rules[1].every", "must be a whole number"),
        ("rules[1].every", 2.5, "rules[1].every", "must be a whole number"),
        ("rules[1].every", True, "rules[1].every", "must be a whole number"),
        ("rules[1].points", "-5", "rules[1].points", "must be more than 0"),
        ("rules[1].per", "1", "rules[1].per", "unknown field"),
        ("rules[3].points", "0", "rules[3].points", "must be more than 0"),
        ("rules[3].exclusive", True, "rules[3].exclusive", "unknown field"),
        ("rules[3].priority", 1, "rules[3].priority", "unknown field"),
        ("rules[3].conditions.channels", ["web"], "rules[3].conditions.channels", "not for orders"),
        ("rules[3].conditions.min_basis", "0", "rules[3].conditions.min_basis", "not for orders"),
        ("rules[3].conditions.first_order", True, "rules[3].conditions.first_order", "not for orders"),
        ("rules[3].conditions.products", {"skus": ["A"]}, "rules[3].conditions.products", "not for orders"),
        ("rules[2].max_points", 0, "rules[2].max_points", "from 1 to"),
        ("rules[2].limits", [{"period": "day"}], "rules[2].limits[0].points", "either points or times"),
        (
            "rules[2].limits", [{"period": "day", "points": 1, "times": 1}],
            "rules[2].limits[0].points", "either points or times",
        ),
        ("rules[2].limits", [{"period": "day", "points": 0}], "rules[2].limits[0].points", "more than 0"),
        ("rules[2].limits", [{"period": "day", "times": -1}], "rules[2].limits[0].times", "from 1 to"),
        ("rules[2].limits", [{"period": "hour", "times": 1}], "rules[2].limits[0].period", "one of day, week"),
        ("rules[4].limits[2]", {"period": "day", "times": 3}, "rules[4].limits[2].period", "already"),
        ("rules[4].limits", {}, "rules[4].limits", "must be a list"),
        ("rules[5].url", "http://x.example", "rules[5].url", "https://"),
        ("rules[5].url", "javascript:alert(1)", "rules[5].url", "https://"),
        ("rules[5].url", "https://", "rules[5].url", "https://"),
        ("rules[5].url", "https://x.example:99999/", "rules[5].url", "https://"),
        ("rules[5].url", "https://x.example/\u202e", "rules[5].url", "turn the direction"),
        ("rules[5].url", "https://[", "rules[5].url", "https://"),
        ("rules[5].url", "https://x.example/a b", "rules[5].url", "https://"),
        ("rules[5].network", "myspace", "rules[5].network", "one of facebook"),
        ("rules[7]", {**FULL["rules"][5], "key": "x2"}, "rules[7].network", "already"),
        ("rules[6].event", "", "rules[6].event", "A-Z"),
        ("rules[6].event", "a b", "rules[6].event", "A-Z"),
        ("rules[7]", {**FIVE, "key": "join"}, "rules[7].key", "“join” is used already"),
        ("rules[7]", {**FIVE, "kind": ["per_order"]}, "rules[7].kind", "must be one of per_currency"),
        ("rules[0].conditions.starts", "01.12.2026", "rules[0].conditions.starts", "2026-12-01T18:00"),
        ("rules[0].conditions.starts", "2026-13-01", "rules[0].conditions.starts", "2026-12-01T18:00"),
        ("rules[0].conditions.ends", "2027-01-01T00:00Z", "rules[0].conditions.ends", "2026-12-01T18:00"),
        ("rules[0].conditions.ends", "2027-01-01T00:00+01:00", "rules[0].conditions.ends", "2026-12-01T18:00"),
        ("rules[0].conditions.starts", "0001-01-01", "rules[0].conditions.starts", "from 2000 to 2999"),
        ("rules[0].conditions.ends", "9999-12-31T23:59", "rules[0].conditions.ends", "from 2000 to 2999"),
        ("rules[0].conditions.ends", "2026-W05", "rules[0].conditions.ends", "2026-12-01T18:00"),
        ("rules[0].conditions.ends", "2026-01-01", "rules[0].conditions.ends", "later than the start"),
        ("rules[0].conditions.ends", "2025-06-01T12:00", "rules[0].conditions.ends", "later than the start"),
        ("rules[0].conditions.weekdays", ["sat", "sat"], "rules[0].conditions.weekdays", "twice"),
        ("rules[0].conditions.weekdays", ["Saturday"], "rules[0].conditions.weekdays[0]", "one of mon"),
        ("rules[0].conditions.min_basis", "-0.01", "rules[0].conditions.min_basis", "not be less than 0"),
        ("rules[0].conditions.min_basis", "-0", "rules[0].conditions.min_basis", "not be less than 0"),
        ("rules[0].conditions.min_basis", 0.5, "rules[0].conditions.min_basis", "number written as text"),
        ("rules[0].conditions.tiers", ["gold", "iron"], "rules[0].conditions.tiers[1]", "no tier “iron”"),
        ("rules[2].conditions.tiers[1]", "a\ud800b", "rules[2].conditions.tiers[1]", "characters a-z"),
        ("rules[0].conditions.channels", [""], "rules[0].conditions.channels[0]", "must not be empty"),
        ("rules[0].conditions.colour", "red", "rules[0].conditions.colour", "unknown field"),
        ("rules[0].conditions", None, "rules[0].conditions", "must be an object"),
        ("campaigns[0].multiplier", None, "campaigns[0].multiplier", "either a multiplier or points"),
        ("campaigns[0].points", "5", "campaigns[0].multiplier", "either a multiplier or points"),
        ("campaigns[0].multiplier", "0", "campaigns[0].multiplier", "must be more than 0"),
        ("campaigns[0].multiplier", "100.5", "campaigns[0].multiplier", "at most 100"),
        ("campaigns[0].multiplier", "1.00001", "campaigns[0].multiplier", "4 after"),
        ("campaigns[1].points", "-1", "campaigns[1].points", "must be more than 0"),
        ("campaigns[1].conditions.tiers", ["iron"], "campaigns[1].conditions.tiers[0]", "no tier “iron”"),
        ("campaigns[0].conditions.ends", "2026-12-01", "campaigns[0].conditions.ends", "later than the start"),
        ("campaigns[2]", {**ADVENT, "active": False}, "campaigns[2].key", "“advent” is used already"),
        (
            "campaigns[2]", {**ADVENT, "key": "again", "name": "Again"},
            "campaigns[2].conditions.starts", "“Again” gives the same as “Advent”",
        ),
        (
            "campaigns[2]",
            {**ADVENT, "key": "again", "name": "Again", "conditions": {"starts": "2026-12-24T23:59"}},
            "campaigns[2].conditions.starts", "“Again” gives the same as “Advent”",
        ),
        ("campaigns[0].announcement", "x" * 201, "campaigns[0].announcement", "at most 200"),
        ("tiers.levels[1].threshold", "100", "tiers.levels[1].threshold", "“Gold” must need more"),
        ("tiers.levels[1].threshold", "50", "tiers.levels[1].threshold", "“Gold” must need more"),
        ("tiers.levels[0].threshold", "-1", "tiers.levels[0].threshold", "not be less than 0"),
        ("tiers.levels[0].threshold", "1e12", "tiers.levels[0].threshold", "at most 12 digits"),
        ("tiers.levels[2]", SILVER_AGAIN, "tiers.levels[2].key", "“silver” is used already"),
        ("tiers.levels[1].multiplier", "0", "tiers.levels[1].multiplier", "must be more than 0"),
        ("tiers.levels[1].multiplier", "101", "tiers.levels[1].multiplier", "at most 100"),
        ("tiers.levels[1].entry_points", -1, "tiers.levels[1].entry_points", "from 0 to"),
        ("tiers.levels[1].perks", [" "], "tiers.levels[1].perks[0]", "must not be empty"),
        ("tiers.levels[1].perks", ["x" * 121], "tiers.levels[1].perks[0]", "at most 120"),
        (
            "tiers.levels",
            [{"key": key, "name": key, "threshold": n} for n, key in enumerate(["silver", "gold", *"abcdefghi"])],
            "tiers.levels", "at most 10",
        ),
        ("tiers.window_months", 0, "tiers.window_months", "from 1 to 120"),
        ("tiers.window_months", 121, "tiers.window_months", "from 1 to 120"),
        ("tiers.term_months", 0, "tiers.term_months", "from 1 to 120"),
        ("tiers.grace_days", -1, "tiers.grace_days", "from 0 to 366"),
        ("tiers.grace_days", 365, "tiers.grace_days", "shorter than the term, which can be 365 days"),
        ("tiers.grace_days", 367, "tiers.grace_days", "from 0 to 366"),
        ("tiers.term_months", 1, "tiers.grace_days", "shorter than the term, which can be 28 days"),
        ("tiers.metric", "visits", "tiers.metric", "one of spend, points, orders"),
        ("tiers.term", "ever", "tiers.term", "one of forever, months"),
        ("expiry.months", 0, "expiry.months", "from 1 to 120"),
        ("expiry.month", 13, "expiry.month", "from 1 to 12"),
        ("expiry.day", 30, "expiry.day", "not a day of that month"),
        ("expiry.day", 0, "expiry.day", "from 1 to 31"),
        ("expiry.warn_days", [0], "expiry.warn_days[0]", "from 1 to 365"),
        ("expiry.warn_days", [7, 7], "expiry.warn_days", "twice"),
        ("expiry.warn_days", [1, 2, 3, 4, 5, 6], "expiry.warn_days", "at most 5"),
        ("expiry.mode", "never", "expiry.mode", "one of none, per_lot"),
        ("hold_days", -1, "hold_days", "from 0 to 365"),
        ("hold_days", 366, "hold_days", "from 0 to 365"),
        ("hold_days", "14", "hold_days", "must be a whole number"),
        ("point_value", "0", "point_value", "must be more than 0"),
        ("point_value", 0.01, "point_value", "number written as text"),
        ("multipliers", "add", "multipliers", "one of best, multiply"),
        ("caps.min_points", 501, "caps.max_points", "not be less than min_points"),
        ("caps.min_points", 0, "caps.min_points", "from 1 to"),
        ("caps.max_points", -5, "caps.max_points", "from 1 to"),
        ("caps.limits", [{"period": "day", "times": 2}], "caps.limits[0].times", "only points"),
        ("caps.limits[1]", {"period": "month", "points": 5}, "caps.limits[1].period", "already"),
        ("exclusions.tiers", [], "exclusions.tiers", "unknown field"),
    ],
)  # fmt: skip
def test_each_mistake_anywhere_names_its_field(at: str, value: Any, field: str, message: str) -> None:
    [(found, text)] = problems(changed(at, value))
    assert found == field
    assert message in text


@pytest.mark.parametrize(
    ("at", "value"),
    [
        ("tiers.levels[0].threshold", "0"),
        ("tiers.levels[0].multiplier", "0.5"),
        ("tiers.grace_days", 364),
        ("tiers.term", "forever"),
        ("tiers.levels[1].threshold", "999999999999.9999"),
        ("rules[2].conditions.products", {}),
        ("rules[0].conditions.starts", "2026-12-31T23:59"),
        ("rules[7]", {**FULL["rules"][3], "key": "join2"}),
        ("campaigns[2]", {**ADVENT, "key": "other", "multiplier": "3"}),
        ("campaigns[2]", {**ADVENT, "key": "other", "active": False}),
        ("campaigns[2]", {**ADVENT, "key": "other", "conditions": {"starts": "2026-12-25"}}),
        (
            "campaigns[2]",
            {**ADVENT, "key": "other", "conditions": {**ADVENT["conditions"], "weekdays": ["sat"]}},
        ),
        ("expiry.warn_days", []),
        ("caps.min_points", 500),
        ("caps.min_points", None),
        ("hold_days", 0),
    ],
)
def test_what_is_fine_is_accepted(at: str, value: Any) -> None:
    document = validate(changed(at, value))
    assert validate(encode(document)) == document


@pytest.mark.parametrize(
    ("was", "by", "field"),
    [
        ('"per": "1"', '"per": 1e400', "rules[0].per"),
        ('"per": "1"', '"per": NaN', "rules[0].per"),
        ('"per": "1"', '"per": -Infinity', "rules[0].per"),
        ('"per": "1"', f'"per": {"9" * 5000}', "rules[0].per"),
        ('"per": "1"', f'"per": "{"9" * 100_000}"', "rules[0].per"),
        ('"per": "1"', f'"per": "1e{"9" * 30}"', "rules[0].per"),
        ('"hold_days": 14', f'"hold_days": {"9" * 5000}', "hold_days"),
        ('"hold_days": 14', '"hold_days": 18446744073709551616', "hold_days"),
        ('"hold_days": 14', '"hold_days": 14, "hold_days": 15', "hold_days"),
        ('"Tea"', '"\\ud800"', "rules[2].name"),
        ('"Tea"', '"a\\u0000b"', "rules[2].name"),
    ],
)
def test_what_only_a_file_can_say_names_its_field(was: str, by: str, field: str) -> None:
    text = json.dumps(FULL)
    assert was in text
    assert [found for found, _ in problems(text.replace(was, by, 1).encode())] == [field]


def test_a_file_with_a_byte_order_mark_is_read() -> None:
    assert validate(b"\xef\xbb\xbf" + json.dumps(FULL).encode()) == validate(FULL)


def test_of_very_many_mistakes_the_first_are_told() -> None:
    found = problems(FULL | {f"x{number}": 1 for number in range(10_000)})
    assert len(found) == 101
    assert found[0] == ("x0", "unknown field")
    assert found[-1] == ("document", "there are more mistakes; these are the first")


@pytest.mark.parametrize(
    ("starts", "ends", "comes"),
    [
        ("2026-03-29T02:00", "2026-03-29T03:00", False),
        ("2026-03-29T02:30", "2026-03-29T02:31", False),
        ("2026-03-29T02:30", "2026-03-29T03:01", True),
        ("2026-03-29T01:59", "2026-03-29T02:30", True),
        ("2026-10-25T02:00", "2026-10-25T02:01", True),
        ("2026-03-29", "2026-03-30", True),
    ],
)
def test_a_time_that_the_clocks_skip_never_comes(starts: str, ends: str, comes: bool) -> None:
    document = validate(changed("campaigns[0].conditions", {"starts": starts, "ends": ends}))
    found = [field for field, _ in clock_problems(document, ZoneInfo("Europe/Berlin"))]
    assert found == ([] if comes else ["campaigns[0].conditions.starts"])
    assert not list(clock_problems(document, ZoneInfo("Asia/Tokyo")))


def test_orders_and_points_are_counted_whole() -> None:
    tiers = FULL["tiers"] | {"metric": "orders"}
    tiers["levels"] = [{"key": "silver", "name": "Silver", "threshold": "2.5"}, *tiers["levels"][1:]]
    assert problems(FULL | {"tiers": tiers}) == [("tiers.levels[0].threshold", "must be a whole number")]


def test_a_file_of_another_version_is_refused_for_that_alone() -> None:
    later = FULL | {"format": "regulars.program/2", "rules": "by moonlight", "moon": "full"}
    assert problems(later) == [("format", "must be regulars.program/1")]


def test_a_list_without_end_is_not_read() -> None:
    levels = [{"key": f"t{number}", "name": "T", "threshold": number} for number in range(1001)]
    [(field, _)] = problems(FULL | {"rules": [], "campaigns": [], "tiers": {"levels": levels}})
    assert field == "tiers.levels"


def test_a_stored_version_is_read_whatever_is_asked_of_drafts_by_now() -> None:
    stored = changed("tiers.levels[1].threshold", "1")
    stored["hold_days"] = 9999
    assert decode(stored).hold_days == 9999
    with pytest.raises(InvalidProgram) as refused:
        decode(changed("tiers.levels[1].threshold", "many"))
    assert refused.value.errors == [
        ("tiers.levels[1].threshold", 'must be a number written as text, such as "1.5"')
    ]
