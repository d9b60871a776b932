"""docs/order.schema.json and the example of docs/webhooks.md say what `parse` does."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from platforms.base import Ignored, Unreadable
from platforms.snapshots import Line, OrderSnapshot, OrderStatus, RefundSnapshot
from platforms.standard import shapes
from platforms.standard.payloads import parse
from tests.bodies import encode, standard_event, standard_order
from tests.material import ROOT

SCHEMA = json.loads((ROOT / "docs" / "order.schema.json").read_text())
VALIDATOR = Draft202012Validator(SCHEMA)
GUIDE = (ROOT / "docs" / "webhooks.md").read_text()
REFUND = {"id": 9, "order_id": "A", "updated_at": "2026-03-05T08:00:00Z", "amount": 5}


def understood(event: Any) -> bool:
    try:
        return bool(parse("", encode(event)))
    except (Unreadable, Ignored):
        return False


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


def test_the_example_of_the_guide_is_valid_and_understood() -> None:
    (example,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    VALIDATOR.validate(json.loads(example))
    (order,) = parse("", example.encode())
    assert isinstance(order, OrderSnapshot)
    assert order.status is OrderStatus.PARTIALLY_REFUNDED
    assert (
        order.total
        == sum(line.net + line.tax for line in order.lines) + order.shipping_net + order.shipping_tax
    )
    assert order.refunds[0].lines[0].line_id == order.lines[0].id


@pytest.mark.parametrize(
    "event",
    [
        standard_event("order.updated", standard_order()),
        standard_event("order.updated", standard_order(id=7, customer=None, lines=[], refunds=None)),
        standard_event("order.deleted", {"id": "A"}),
        standard_event("refund.created", REFUND),
        standard_event("customer.updated", {"id": 1, "updated_at": "2026-03-05T08:00:00Z", "email": None}),
    ],
)
def test_valid_events_are_understood(event: Any) -> None:
    VALIDATOR.validate(event)
    assert understood(event)


@pytest.mark.parametrize(
    "event",
    [
        {"type": "order.updated"},
        standard_event("cart.updated", {"id": 1}),
        standard_event("order.updated", standard_order(status="done")),
        standard_event("order.updated", standard_order(total="-1")),
        standard_event("order.updated", standard_order(total="1e3")),
        standard_event("order.updated", standard_order(currency="euro")),
        standard_event("order.updated", standard_order(placed_at="2026-03-02T10:15:00")),
        standard_event("order.updated", standard_order(test="yes")),
        standard_event("order.updated", standard_order(id=True)),
        standard_event("order.updated", standard_order() | {"lines": [{"id": 1}]}),
        standard_event("order.updated", {"id": 1}),
        standard_event("refund.created", {"id": 9, "amount": 5}),
        standard_event("customer.updated", {"id": 1}),
        standard_event("order.deleted", {}),
    ],
)
def test_invalid_events_are_refused_by_both(event: Any) -> None:
    assert not VALIDATOR.is_valid(event)
    assert not understood(event)


@pytest.mark.parametrize(
    ("name", "shape", "snapshot"),
    [
        ("order", shapes.Order, OrderSnapshot),
        ("line", shapes.Line, Line),
        ("refund", shapes.Refund, RefundSnapshot),
    ],
)
def test_the_schema_has_every_field(name: str, shape: Any, snapshot: Any) -> None:
    described = set(SCHEMA["$defs"][name]["properties"])
    assert described == set(shape.__struct_fields__) - {"order_id"}
    # Who tells of a refund here tells all of it.
    fields = set(snapshot.__struct_fields__) - {"summary"}
    assert described == {"updated_at" if field == "as_of" else field for field in fields}


def test_the_schema_has_every_field_of_a_customer() -> None:
    described = set(SCHEMA["$defs"]["customer"]["properties"])
    assert described == set(shapes.Customer.__struct_fields__)


@pytest.mark.parametrize(
    ("customer", "valid"),
    [
        ({"birthday": "03-21"}, True),
        (
            {"birthday": "1990-03-21", "accepts_marketing": False, "created_at": "2024-11-03T18:20:00+01:00"},
            True,
        ),
        ({"birthday": None, "accepts_marketing": None, "created_at": None}, True),
        ({"birthday": "21.03."}, False),
        ({"birthday": "13-01"}, False),
        ({"accepts_marketing": 1}, False),
        ({"created_at": "2024-11-03"}, False),
    ],
)
def test_both_agree_on_what_is_known_of_a_customer(customer: dict[str, Any], valid: bool) -> None:
    event = standard_event("customer.updated", {"id": 1, "updated_at": "2026-03-05T08:00:00Z", **customer})
    assert VALIDATOR.is_valid(event) == understood(event) == valid


def test_the_schema_has_every_status() -> None:
    assert SCHEMA["$defs"]["order"]["properties"]["status"]["enum"] == [
        status.value for status in OrderStatus
    ]
