"""What changed between two programs, as a merchant reads it."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from loyalty.diff import diff
from loyalty.documents import Basis, Exclusions, PerCurrency, ProgramDocument
from tests.loyalty.facts import program

OLD = program(("1", "1"))
RULE = OLD.rules[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, []),
        ({"rules": (replace(RULE, points=Decimal(2)),)}, ["Points per 1 €: 1 → 2"]),
        ({"rules": (replace(RULE, per=Decimal(10)),)}, ["Earning: 1 point per 1 € → 1 point per 10 €"]),
        ({"rules": (replace(RULE, points=Decimal("1.00")),)}, []),
        ({"rules": (replace(RULE, active=False),)}, ["Switched: on → off"]),
        ({"rules": (replace(RULE, name="Buying"),)}, ["Name of the rule: Rule 0 → Buying"]),
        ({"rules": ()}, ["Rule removed: Rule 0, 1 point per 1 €"]),
        (
            {"rules": (RULE, PerCurrency("more", "More", Decimal("0.5"), Decimal(20)))},
            ["Rule added: More, 0.5 points per 20 €"],
        ),
        ({"basis": Basis(include_tax=True)}, ["Include tax: no → yes"]),
        ({"rounding": "ceil", "currency": "USD"}, ["Currency: EUR → USD", "Rounding: down → up"]),
        ({"exclusions": Exclusions(vendors=("Acme",))}, ["Excluded vendors: added Acme"]),
    ],
)
def test_changes_in_words(changes: dict[str, Any], words: list[str]) -> None:
    assert diff(OLD, replace(OLD, **changes)) == words


def test_lists_tell_what_came_and_what_went() -> None:
    old = replace(OLD, exclusions=Exclusions(tags=("sale", "old")))
    new = replace(OLD, exclusions=Exclusions(tags=("new", "sale")))
    assert diff(old, new) == ["Excluded tags: added new; removed old"]


def test_with_several_rules_each_change_names_its_rule() -> None:
    old = program(("1", "1"), ("1", "10"))
    new = replace(old, rules=(old.rules[1], replace(old.rules[0], points=Decimal(3))))
    assert diff(old, new) == [
        "Rule 0: Points per 1 €: 1 → 3",
        "Order of the rules: Rule 0, Rule 1 → Rule 1, Rule 0",
    ]


amounts = st.decimals("0.0001", "99999999", places=4)
names = st.sampled_from(["Acme", "Bolt", "Crane"])
rules = st.builds(PerCurrency, st.sampled_from("abc"), names, amounts, amounts, st.booleans())
documents = st.builds(
    ProgramDocument,
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    rules=st.lists(rules, max_size=3, unique_by=lambda rule: rule.key).map(tuple),
    points_name=names,
    rounding=st.sampled_from(["floor", "half_up", "ceil"]),
    deficit=st.sampled_from(["carry", "clamp"]),
    award_guests_later=st.booleans(),
    basis=st.builds(Basis, st.booleans(), st.booleans(), st.booleans()),
    exclusions=st.builds(Exclusions, *[st.lists(names, unique=True, max_size=2).map(sorted).map(tuple)] * 6),
)


@settings(max_examples=150, deadline=None)
@given(documents, documents)
def test_no_difference_goes_untold(old: ProgramDocument, new: ProgramDocument) -> None:
    assert diff(old, old) == []
    assert bool(diff(old, new)) == (old != new)
