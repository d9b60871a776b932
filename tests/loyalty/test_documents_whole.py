"""Documents with a bit of everything: what is accepted, and every reason for which one is not."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from loyalty.documents import as_dict, decode, encode
from loyalty.errors import InvalidProgram
from loyalty.validation import clock_problems, validate
from tests.loyalty.program_json import FULL, changed, problems


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
        ("tiers.levels[1].entry_reward", "5 € off", "tiers.levels[1].entry_reward", "starts with rwd_"),
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
