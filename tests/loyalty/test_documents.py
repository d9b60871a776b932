"""The default document and others with one kind of rule: what is accepted, and why one is not."""

import json
from decimal import Decimal
from typing import Any

import pytest

from loyalty.documents import Basis, Exclusions, ProgramDocument, as_dict, decode, default_document, encode
from loyalty.errors import InvalidProgram
from loyalty.validation import validate
from loyalty.wording import rule_text
from tests.loyalty.facts import program
from tests.loyalty.program_json import problems, written

RULES = [{**written()["rules"][0], "key": f"rule-{number}"} for number in range(51)]


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
