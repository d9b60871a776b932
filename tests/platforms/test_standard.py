from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from platforms.base import Ignored, Rejected, Unreadable
from platforms.snapshots import CustomerSnapshot, OrderDeleted, OrderSnapshot, OrderStatus, RefundEvent
from platforms.standard import PLATFORM
from platforms.standard.payloads import parse
from platforms.standard.webhooks import verify
from tests.bodies import encode, sign_standard, standard_event, standard_order

SECRET = PLATFORM.secret()
BODY = encode(standard_event("order.updated", standard_order()))
NOW = 1772442906


def headers(**changes: str) -> dict[str, str]:
    signed = sign_standard(SECRET, BODY, message_id="msg_1", timestamp=NOW)
    return signed | {f"webhook-{name}": value for name, value in changes.items()}


def status(given: dict[str, str], body: bytes = BODY, secret: str = SECRET, now: float = NOW) -> int:
    with pytest.raises(Rejected) as caught:
        verify(given, body, [secret], clock=lambda: now)
    return caught.value.status


def read(**changes: Any) -> OrderSnapshot:
    (order,) = parse("order.updated", encode(standard_event("order.updated", standard_order(**changes))))
    assert isinstance(order, OrderSnapshot)
    return order


def test_a_signed_delivery() -> None:
    incoming = verify(headers(), BODY, [SECRET], clock=lambda: NOW)
    assert (incoming.topic, incoming.dedupe_key, incoming.notes["sent_at"]) == (
        "order.updated",
        "msg_1",
        str(NOW),
    )


def test_the_system_clock_is_the_default() -> None:
    assert verify(sign_standard(SECRET, BODY), BODY, [SECRET])
    with pytest.raises(Rejected):
        verify(headers(), BODY, [SECRET])


def test_the_published_vector() -> None:
    given = {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }
    secrets = ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"]
    incoming = verify(given, b'{"test": 2432232314}', secrets, clock=lambda: 1614265330)
    assert (incoming.topic, incoming.dedupe_key) == ("", given["webhook-id"])


@pytest.mark.parametrize("signatures", ["v1,AAAA {}", "v2,AAAA {}", "v1a,x nonsense {} v1,", "{} {}"])
def test_one_right_signature_among_several(signatures: str) -> None:
    given = headers(signature=signatures.replace("{}", headers()["webhook-signature"]))
    assert verify(given, BODY, [PLATFORM.secret(), SECRET], clock=lambda: NOW)


@pytest.mark.parametrize(
    "signature", ["", "AAAA", "v1", "v1,", "v2,{}", "{}\n", "é", "v1,é", "\udcff", ",", " "]
)
def test_wrong_signatures_are_401(signature: str) -> None:
    assert status(headers(signature=signature.replace("{}", headers()["webhook-signature"][3:]))) == 401


def test_secrets() -> None:
    assert verify(headers(), BODY, [SECRET.rstrip("=")], clock=lambda: NOW)
    assert verify(headers(), BODY, [SECRET.removeprefix("whsec_")], clock=lambda: NOW)
    for unfit in ("", "whsec_", "whsec_c2hvcnQ=", "not base64"):
        assert status(headers(), secret=unfit) == 401


@pytest.mark.parametrize(("drift", "let_in"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_the_tolerance(drift: int, let_in: bool) -> None:
    if let_in:
        assert verify(headers(), BODY, [SECRET], clock=lambda: NOW + drift)
    else:
        assert status(headers(), now=NOW + drift) == 401


def test_the_id_and_the_time_are_signed() -> None:
    assert status(headers(id="msg_2")) == 401
    for timestamp in (str(NOW + 1), "soon", "1e9", "-1", "9" * 200):
        assert status(headers(timestamp=timestamp)) == 401


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp"])
def test_missing_headers_are_400(name: str) -> None:
    given = headers()
    del given[name]
    assert status(given) == 400


def test_a_body_that_is_not_utf8_is_400() -> None:
    body = b'{"type": "\xff"}'
    assert status(sign_standard(SECRET, body, timestamp=NOW), body) == 400
    assert status(headers(), body) == 400


def test_a_whole_order() -> None:
    order = read(refunds=[{"id": "r1", "amount": "5.00"}], refunds_complete=True, test=True, channel="pos")
    assert (order.id, order.currency, order.status, order.test, order.channel) == (
        "A-1042", "EUR", OrderStatus.PAID, True, "pos",
    )  # fmt: skip
    assert order.placed_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert [item.net for item in order.lines] == [Decimal("49.80"), Decimal("64.00"), Decimal("37.50")]
    assert order.customer == CustomerSnapshot(
        id="c-26", as_of=order.updated_at, email="mara@example.com", email_verified=True, tags=("tea club",),
        joined_at=order.placed_at,
    )  # fmt: skip
    assert (order.refunds[0].amount, order.refunds[0].as_of) == (Decimal("5.00"), order.updated_at)
    assert order.refunds_complete


def test_the_other_events() -> None:
    refund = {
        "id": 9, "order_id": 1042, "updated_at": "2026-03-05T08:00:00Z", "shipping_net": 4.9,
        "lines": [{"line_id": "1", "net": "24.90", "quantity": 1}],
    }  # fmt: skip
    (event,) = parse("refund.created", encode(standard_event("refund.created", refund)))
    assert isinstance(event, RefundEvent)
    assert (event.order_id, event.refund.id, event.refund.shipping_net) == ("1042", "9", Decimal("4.9"))
    customer = {"id": "c-26", "updated_at": "2026-03-05T08:00:00Z"}
    (told,) = parse("customer.updated", encode(standard_event("customer.updated", customer)))
    assert told == CustomerSnapshot(id="c-26", as_of=datetime(2026, 3, 5, 8, tzinfo=UTC))
    assert parse("order.deleted", b'{"type": "order.deleted", "data": {"id": "A-1"}}') == [
        OrderDeleted("A-1")
    ]


def test_the_type_is_read_from_the_body_where_no_topic_is_known() -> None:
    assert parse("", BODY) == parse("order.updated", BODY)
    with pytest.raises(Unreadable, match=r"^type: missing$"):
        parse("", b"{}")
    with pytest.raises(Ignored, match=r"cart\.updated.*known are order\.updated"):
        parse("cart.updated", b'{"type": "cart.updated"}')


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": "done"}, "data.status: 'done' is not one of pending, "),
        ({"currency": "XXZ"}, "data.currency: 'XXZ' is not a currency code"),
        ({"lines": [{"id": 1}]}, "data.lines[0].net: missing"),
        ({"lines": [{"id": 1, "net": "1e400"}]}, "data.lines[0].net: not an amount: '1e400'"),
        ({"lines": [{"id": 1, "net": -1}]}, "data.lines[0].net: below zero: -1"),
        ({"lines": [{"id": "a\0b", "net": 1}]}, "data.lines[0].id: not an id: 'a\\x00b'"),
        ({"placed_at": "2026-03-02T10:15:00"}, "data.placed_at: not a date and time"),
        ({"test": "yes"}, "data.test: expected bool, got str"),
        ({"customer": {"id": False}}, "data.customer.id: not an id: false"),
        ({"total": True}, "data.total: not an amount: true"),
    ],
)
def test_unreadable_orders_name_the_field(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse("order.updated", encode(standard_event("order.updated", standard_order() | changes)))
    assert str(caught.value).startswith(reason)
