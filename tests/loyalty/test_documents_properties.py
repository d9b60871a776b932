"""Whatever stands in a document: it is accepted and survives, or refused by its fields. Nothing else happens."""

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from loyalty.diff import affects, diff
from loyalty.documents import ProgramDocument, decode, default_document, encode
from loyalty.errors import InvalidProgram
from loyalty.programs import compile_program
from loyalty.validation import validate
from loyalty.wording import conditions_text, rule_text
from tests.loyalty.program_json import FULL
from tests.properties import tries

texts = st.sampled_from(
    ["", "0", "-1", "1e-400000", "1e400000", "-1e400000", "1." + "1" * 60, "NaN", "sNaN", "Infinity", "2026-02-29",
     "2026-12-01T25:00", "9999-12-31T23:59", "0001-01-01", "gold", "mon", "per_order", "https://[::", "\x00", "é"]
)  # fmt: skip
plain = st.none() | st.booleans() | st.integers() | st.just(10**40) | st.floats(allow_nan=False) | texts
values = plain | st.lists(plain, max_size=3) | st.dictionaries(st.sampled_from(["kind", "key", "x"]), plain)


def places(node: Any) -> Iterator[tuple[Any, Any]]:
    """(container, key) of every value in a document."""
    for key, item in list(node.items()) if isinstance(node, dict) else enumerate(node):
        yield node, key
        if isinstance(item, dict | list):
            yield from places(item)


def accepted(raw: Any) -> ProgramDocument | None:
    """The program, or None when it was refused, every problem with a field and a sentence."""
    try:
        return validate(raw)
    except InvalidProgram as refused:
        errors = refused.errors
    assert errors
    assert all(field and message for field, message in errors)
    return None


@settings(max_examples=tries(100, 1500), deadline=None)
@given(st.integers(0, 10_000), values)
@example(0, "EUR")
def test_a_value_anywhere_is_taken_or_refused_by_its_field(place: int, value: Any) -> None:
    raw = json.loads(json.dumps(FULL))
    found = list(places(raw))
    container, key = found[place % len(found)]
    container[key] = value
    document = accepted(raw)
    if document is None:
        return
    assert validate(encode(document)) == document == decode(encode(document))
    # What is accepted can be shown, compared and compiled.
    assert all(rule_text(rule, document.currency) for rule in document.rules)
    assert all(
        isinstance(conditions_text(rule.conditions, document.currency), str) for rule in document.rules
    )
    assert diff(document, document) == []
    assert affects(document, document) == set()
    assert diff(default_document("EUR"), document)
    compile_program(document, "Europe/Berlin")
