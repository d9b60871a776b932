"""Whatever comes, `parse` gives facts, or says in plain words why not."""

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import json as exact_json

from lib.money import LIMIT
from platforms.base import Ignored, NeedsFetch, Unreadable
from platforms.registry import PLATFORMS
from platforms.snapshots import Fact, OrderSnapshot
from tests.bodies import (
    encode,
    line,
    shopify_customer,
    shopify_order,
    shopify_refund,
    shopify_refund_line,
    standard_event,
    standard_order,
    woo_order,
)
from tests.fakes.order_bodies import bc_order, bc_product
from tests.properties import tries

_REFUND = shopify_refund(lines=[shopify_refund_line(11071823181, "24.90")], paid="24.90")
_GENERIC_REFUND = {
    "id": "r",
    "lines": [{"line_id": "1", "net": "1"}],
    "order_id": "A",
    "updated_at": "2026-03-05T08:00:00Z",
}
_WOO_REFUND = {
    "id": 1,
    "total": "-5",
    "line_items": [{"total": "-5", "quantity": -1, "meta_data": [{"key": "x"}]}],
}
_BC_ORDER = {
    "order": bc_order(1, datetime(2026, 3, 2, 9, 15, tzinfo=UTC)),
    "products": [bc_product(16, "60", 2, discount="20")],
    "coupons": [{"code": "TEA"}],
    "refunds": [
        {"id": 3, "total_amount": "5", "items": [{"item_type": "PRODUCT", "item_id": 16, "quantity": 1}]}
    ],
}

VALID: dict[tuple[str, str], Any] = {
    ("shopify", "orders/paid"): shopify_order(
        lines=[line("119.00", 2, discount="1.00", tax="3.00", current_quantity=1)],
        refunds=[_REFUND],
        taxes_included=True,
    ),
    ("shopify", "orders/delete"): {"id": 1},
    ("shopify", "refunds/create"): _REFUND,
    ("shopify", "customers/update"): shopify_customer(),
    ("woocommerce", "order.updated"): woo_order(refunds=[_WOO_REFUND], fee_lines=[{"total": "-3.00"}]),
    ("woocommerce", "order.deleted"): {"id": 1},
    ("woocommerce", "customer.updated"): {"id": 1, "date_created_gmt": "2026-03-02T09:15:00"},
    ("bigcommerce", "order.fetched"): _BC_ORDER,
    ("bigcommerce", "customer.fetched"): {"id": 1, "date_modified": "2026-03-02T09:15:00Z"},
    ("standard", "order.updated"): standard_event("order.updated", standard_order(refunds=[_GENERIC_REFUND])),
    ("standard", "refund.created"): standard_event("refund.created", _GENERIC_REFUND),
    ("standard", "customer.updated"): standard_event(
        "customer.updated", {"id": 1, "updated_at": "2026-03-05T08:00:00Z"}
    ),
    ("standard", "order.deleted"): standard_event("order.deleted", {"id": 1}),
}
CASES = sorted(VALID)


def outcome(platform: str, topic: str, body: bytes) -> list[Fact] | str:
    """The facts, or the reason; every other exception fails the test. Facts must fit into PostgreSQL."""
    try:
        facts = PLATFORMS[platform].parse(topic, body)
    except NeedsFetch as need:
        facts = need.facts
    except (Unreadable, Ignored) as refused:
        reason = str(refused)
        assert reason
        assert len(reason) < 400
        assert "\0" not in reason
        return reason
    written = exact_json.encode(facts)
    assert b"\\u0000" not in written
    for fact in facts:
        if isinstance(fact, OrderSnapshot):
            assert all(0 <= item.net < LIMIT and 0 <= item.tax < LIMIT for item in fact.lines)
            assert all(refund.amount >= 0 for refund in fact.refunds)
    return facts


@pytest.mark.parametrize(("platform", "topic"), CASES)
def test_the_unspoilt_bodies_are_read(platform: str, topic: str) -> None:
    facts = outcome(platform, topic, encode(VALID[platform, topic]))
    assert not isinstance(facts, str)
    assert len(facts) == 1


BROKEN = {
    "empty": b"",
    "blank": b" \n",
    "no json": b"webhook_id=1",
    "truncated": b'{"id": 1, "line_items": [{"id"',
    "list": b"[]",
    "null": b"null",
    "string": b'"x"',
    "number": b"1e400",
    "nan": b'{"id": NaN}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "utf-16": '{"id": 1}'.encode("utf-16"),
    "raw nul": b'{"id": "a\0b"}',
    "trailing": b'{"id": 1} x',
    "deep lists": b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"x":' * 100_000,
    "deep id": b'{"id":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "not utf-8": b'{"id": "\xff\xfe"}',
    "long number": b'{"id": ' + b"9" * 5_000 + b"}",
    "longest number": b'{"id": ' + b"9" * 4_299 + b"}",
}


@pytest.mark.parametrize(("platform", "topic"), CASES)
@pytest.mark.parametrize("name", sorted(BROKEN))
def test_broken_bodies_have_a_reason(platform: str, topic: str, name: str) -> None:
    assert isinstance(outcome(platform, topic, BROKEN[name]), str)


def test_reasons_are_plain() -> None:
    assert outcome("shopify", "orders/paid", b"") == "body: empty"
    assert outcome("shopify", "orders/paid", b"[]") == "body: expected object, got array"
    assert outcome("shopify", "orders/paid", BROKEN["deep lists"]) == "body: nested too deeply"
    assert str(outcome("shopify", "orders/paid", b"nope")).startswith("body: not JSON: ")


@pytest.mark.parametrize("spoilt", [r"\ud800", r"\udc00", r"x\ud83d", r"\ude00\ud83d", r"\\\ud800"])
def test_lone_surrogates_in_text_become_the_replacement_sign(spoilt: str) -> None:
    body = encode(shopify_order(lines=[line(title="TITLE")], note="TITLE")).replace(b"TITLE", spoilt.encode())
    facts = outcome("shopify", "orders/paid", body)
    assert not isinstance(facts, str)
    assert isinstance(facts[0], OrderSnapshot)
    assert "\ufffd" in facts[0].lines[0].title


def test_only_lone_surrogates_are_replaced() -> None:
    text = json.dumps(shopify_order(lines=[line(title=r"\ud800 is text, 😀 is not")], note="\ud800"))
    facts = outcome("shopify", "orders/paid", text.encode())
    assert not isinstance(facts, str)
    assert isinstance(facts[0], OrderSnapshot)
    assert facts[0].lines[0].title == r"\ud800 is text, 😀 is not"


@pytest.mark.parametrize("spoilt", [rb"\ud800", rb"a\u0000b"])
def test_ids_are_not_repaired(spoilt: bytes) -> None:
    body = encode(standard_event("order.updated", standard_order(id="SPOILT", number=None))).replace(
        b"SPOILT", spoilt
    )
    assert str(outcome("standard", "order.updated", body)).startswith("data.id: not an id: ")


NASTY: tuple[object, ...] = (
    None, True, False, 0, -1, 1.5, 10**12, 2**63, 10**30, 1e308, -0.0, 1_000_000, [], {}, [{}], [None],
    "", "0", "-1", "1e400", "NaN", "Infinity", "1_000", "\u0661", "\0", "\ud800", "x" * 300, "EUR", "JPY",
    "999999999999.99999999", "0.00000001", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "2026-03-02",
    "gid://shopify/Order/",
)  # fmt: skip
NESTED: st.SearchStrategy[object] = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2),
    max_leaves=4,
)
VALUES = st.one_of(st.sampled_from(NASTY), st.integers(-(10**40), 10**40), st.text(max_size=8), NESTED)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (container, key) inside a JSON value."""
    keys: Any = (
        value.keys() if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    )
    for key in keys:
        yield value, key
        yield from places(value[key])


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, str, bytes]:
    platform, topic = draw(st.sampled_from(CASES))
    body = copy.deepcopy(VALID[platform, topic])
    for _ in range(draw(st.integers(1, 4))):
        found = list(places(body))
        if not found:
            break
        container, key = draw(st.sampled_from(found))
        if draw(st.booleans()) or isinstance(container, list):
            # A copy: the next round may change the value from inside.
            container[key] = copy.deepcopy(draw(VALUES))
        else:
            del container[key]
    return platform, topic, json.dumps(body).encode()


@settings(
    max_examples=tries(150, 2000),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example],
)
@given(mutated())
def test_mutated_bodies(case: tuple[str, str, bytes]) -> None:
    outcome(*case)


@settings(max_examples=tries(80, 1000), deadline=None)
@given(st.sampled_from(CASES), st.binary(max_size=40), st.integers(0, 2000), st.integers(0, 20))
def test_bodies_damaged_on_the_way(case: tuple[str, str], junk: bytes, at: int, cut: int) -> None:
    body = encode(VALID[case])
    outcome(*case, body[:at] + junk + body[at + cut :])
