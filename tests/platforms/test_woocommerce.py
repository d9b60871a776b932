from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from platforms.base import Ignored, NeedsFetch, Rejected, Unreadable
from platforms.snapshots import (
    CustomerSnapshot,
    OrderDeleted,
    OrderRestored,
    OrderSnapshot,
    OrderStatus,
    RefundLine,
)
from platforms.woocommerce.payloads import parse
from platforms.woocommerce.webhooks import key_of, verify
from tests.bodies import encode, line, sign_woo, woo_order

BODY = encode(woo_order())
PING = {
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    "user-agent": "WooCommerce/9.1.0 Hookshot",
}


def status(headers: dict[str, str], body: bytes = BODY, secrets: tuple[str, ...] = ("hush",)) -> int:
    with pytest.raises(Rejected) as caught:
        verify(headers, body, secrets)
    return caught.value.status


def read(topic: str = "order.updated", **changes: Any) -> OrderSnapshot:
    (order,) = parse(topic, encode(woo_order(**changes)))
    assert isinstance(order, OrderSnapshot)
    return order


def test_a_signed_delivery() -> None:
    incoming = verify(sign_woo("hush", BODY), BODY, ["hush"])
    assert incoming is not None
    assert incoming.topic == "order.updated"
    assert incoming.notes["webhook_id"] == "142"
    assert incoming.notes["source"] == "https://teahouse.example/"


def test_the_delivery_id_does_not_tell_duplicates_but_topic_and_body_do() -> None:
    def key(body: bytes, topic: str = "order.updated", delivery: str = "1") -> str:
        incoming = verify(
            {**sign_woo("hush", body, topic), "x-wc-webhook-delivery-id": delivery}, body, ["hush"]
        )
        assert incoming is not None
        return incoming.dedupe_key

    assert key(BODY) == key(BODY, delivery="2")
    assert key(BODY) != key(BODY + b" ")
    assert key(BODY) != key(BODY, topic="order.created")


def test_secrets_are_decoded_as_wordpress_does() -> None:
    assert key_of("a&amp;b&#039;c&#39;&quot;&lt;&gt;&#x27;") == b"a&b'c'\"<>'"
    assert key_of("&eacute;&amp;amp;&copy") == b"&eacute;&amp;&copy"
    assert verify(sign_woo("tea & sugar", BODY), BODY, ["tea &amp; sugar"])
    assert verify(sign_woo("old", BODY), BODY, ["new", "old"])


def test_wrong_signatures_and_missing_topics() -> None:
    headers = sign_woo("hush", BODY)
    assert status({**headers, "x-wc-webhook-signature": headers["x-wc-webhook-signature"] + "\n"}) == 401
    assert status({**headers, "x-wc-webhook-signature": "é"}) == 401
    assert status({name: value for name, value in headers.items() if "signature" not in name}) == 401
    assert status(headers, secrets=("other",)) == 401
    assert status(headers, secrets=()) == 401
    assert status({name: value for name, value in headers.items() if "topic" not in name}) == 400


def test_the_activation_ping_is_let_pass_and_nothing_else_is() -> None:
    assert verify(PING, b"webhook_id=142", ["hush"]) is None
    assert status(PING, b"webhook_id=142&x=1") == 401
    assert status(PING, b"webhook_id=") == 401
    assert status(PING, BODY) == 401
    assert status({**PING, "content-type": "application/json"}, b"webhook_id=142") == 401
    assert status({**PING, "x-wc-webhook-topic": "order.updated"}, b"webhook_id=142") == 401


def test_a_whole_order() -> None:
    order = read(coupon_lines=[{"id": 1, "code": "tea10", "discount": "5.00"}], currency="KWD")
    assert (order.id, order.number, order.currency, order.channel) == ("727", "727", "KWD", "web")
    assert order.status is OrderStatus.PAID
    assert order.placed_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert order.updated_at == order.paid_at == datetime(2026, 3, 2, 9, 15, 5, tzinfo=UTC)
    assert [item.net for item in order.lines] == [Decimal("49.80"), Decimal("64.00"), Decimal("37.50")]
    assert (order.lines[0].product_id, order.lines[0].variant_id) == ("93", "")
    assert (order.shipping_net, order.total) == (Decimal("4.90"), Decimal("156.20"))
    assert order.discount_codes == ("tea10",)
    assert order.refunds_complete
    assert order.customer is not None
    assert (order.customer.id, order.customer.email, order.customer.email_verified) == (
        "26",
        "mara@example.com",
        False,
    )


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("processing", OrderStatus.PAID),
        ("completed", OrderStatus.PAID),
        ("refunded", OrderStatus.REFUNDED),
        ("on-hold", OrderStatus.PENDING),
        ("pending", OrderStatus.PENDING),
        ("checkout-draft", OrderStatus.PENDING),
        ("cancelled", OrderStatus.CANCELLED),
        ("failed", OrderStatus.FAILED),
        ("trash", OrderStatus.CANCELLED),
        ("wc-shipped", OrderStatus.PAID),
    ],
)
def test_statuses(told: str, expected: OrderStatus) -> None:
    assert read(status=told).status is expected


def test_a_plugins_status_without_a_payment_is_pending() -> None:
    order = read(status="backordered", date_paid_gmt=None)
    assert (order.status, order.paid_at) == (OrderStatus.PENDING, None)


def test_guests_have_customer_zero() -> None:
    for zero in (0, "0", None):
        order = read(customer_id=zero)
        assert (order.customer, order.email) == (None, "mara@example.com")


def test_fees_below_zero_are_a_discount_over_the_lines() -> None:
    items = [line("50.00", id=1, tax="9.50"), line("20.00", id=2, tax="3.80")]
    fees = [{"total": "-10.00", "total_tax": "-1.90"}, {"total": "3.00", "total_tax": "0.57"}]
    first, second = read(lines=items, fee_lines=fees).lines
    assert (first.net, second.net) == (Decimal("42.86"), Decimal("17.14"))
    assert first.tax + second.tax == Decimal("11.40")
    assert all(item.net == 0 for item in read(lines=items, fee_lines=[{"total": "-500"}]).lines)


def test_amounts_and_quantities_as_strings_and_numbers() -> None:
    body = woo_order(lines=[line()], total=29.8)
    body["line_items"][0] |= {"total": 24.9, "total_tax": 0, "quantity": "2", "id": "7"}
    (order,) = parse("order.created", encode(body))
    assert isinstance(order, OrderSnapshot)
    assert (order.lines[0].net, order.lines[0].quantity, order.total) == (Decimal("24.9"), 2, Decimal("29.8"))
    body["line_items"][0]["quantity"] = 1.5
    (order,) = parse("order.created", encode(body))
    assert isinstance(order, OrderSnapshot)
    assert order.lines[0].quantity == 1


def test_refunds_without_and_with_lines() -> None:
    item = {
        "id": 314,
        "quantity": -1,
        "total": "-9.00",
        "total_tax": "-1.71",
        "meta_data": [{"id": 1, "key": "_refunded_item_id", "value": "311"}],
    }
    nameless = {"id": 315, "quantity": -1, "total": "-2.00", "total_tax": "0.00"}
    order = read(
        "order.fetched",
        refunds=[
            {"id": 549, "reason": "Sold out", "total": "-16.20"},
            {
                "id": 550,
                "amount": "20.61",
                "line_items": [item, nameless],
                "shipping_lines": [{"total": "-4.90"}],
            },
        ],
    )
    short, full = order.refunds
    assert (short.id, short.amount, short.lines, short.as_of) == (
        "549",
        Decimal("16.20"),
        (),
        order.updated_at,
    )
    assert full.lines == (RefundLine("311", Decimal("9.00"), Decimal("1.71"), 1),)
    assert (full.shipping_net, full.amount) == (Decimal("4.90"), Decimal("5.00"))
    assert (short.summary, full.summary) == (True, False)


def test_refunds_that_are_only_summed_up_are_to_be_fetched() -> None:
    for topic, facts in (("order.updated", 1), ("order.restored", 2)):
        with pytest.raises(NeedsFetch) as caught:
            read(topic, refunds=[{"id": 549, "reason": "", "total": "-16.20"}])
        assert (caught.value.kind, caught.value.external_id, len(caught.value.facts)) == (
            "order",
            "727",
            facts,
        )
        order = caught.value.facts[0]
        assert isinstance(order, OrderSnapshot)
        assert [(refund.id, refund.amount) for refund in order.refunds] == [("549", Decimal("16.20"))]


def test_an_order_without_a_list_of_refunds_does_not_claim_to_have_none() -> None:
    assert not read(refunds=None).refunds_complete


def test_other_topics() -> None:
    assert parse("order.deleted", b'{"id": 727}') == [OrderDeleted("727")]
    body = {
        "id": 25,
        "email": "Mara@example.com ",
        "date_created_gmt": "2026-03-02T09:15:00",
        "first_name": "Mara",
    }
    (customer,) = parse("customer.updated", encode(body))
    assert customer == CustomerSnapshot(
        id="25",
        as_of=datetime(2026, 3, 2, 9, 15, tzinfo=UTC),
        email="Mara@example.com",
        first_name="Mara",
        joined_at=datetime(2026, 3, 2, 9, 15, tzinfo=UTC),
    )
    restored = parse("order.restored", BODY)
    assert restored[:1] == parse("order.created", BODY)
    assert isinstance(restored[1], OrderRestored)
    for topic in ("product.updated", "customer.deleted", "action.woocommerce_add_to_cart", ""):
        with pytest.raises(Ignored, match="Nothing is done with the topic"):
            parse(topic, b"{}")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"currency": "XXZ"}, "currency: 'XXZ' is not a currency code"),
        ({"total": "-1"}, "total: below zero: '-1'"),
        ({"total": "1,50"}, "total: not an amount: '1,50'"),
        (
            {"date_created_gmt": "0000-00-00T00:00:00"},
            "date_created_gmt: not a date and time between 1970 and 2100",
        ),
        (
            {"line_items": [{"id": 1, "quantity": 1, "total": "-5.00"}]},
            "line_items[0].total: below zero: '-5.00'",
        ),
        ({"line_items": [{"id": 1, "quantity": 1}]}, "line_items[0].total: missing"),
        ({"refunds": [{"id": 1}]}, "refunds[0].amount: not an amount: null"),
        ({"customer_id": [1]}, "customer_id: not an id: a list"),
    ],
)
def test_unreadable_orders_name_the_field(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse("order.updated", encode(woo_order() | changes))
    assert str(caught.value).startswith(reason)
