from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from platforms.base import Ignored, NeedsFetch, Rejected, Unreadable
from platforms.bigcommerce.payloads import parse
from platforms.bigcommerce.webhooks import verify
from platforms.snapshots import CustomerSnapshot, OrderSnapshot, OrderStatus, RefundLine
from tests.fakes.bc_hooks import signed, thin
from tests.fakes.order_bodies import bc_order, bc_product

SECRET = "8f3dclientsecret"
CHANGED = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
encode = msgspec.json.Encoder(decimal_format="number").encode
BODY = thin("abcde", "store/order/updated", {"type": "order", "id": 250})


def read(
    products: list[dict[str, Any]] | None = None,
    coupons: list[dict[str, Any]] | None = None,
    refunds: list[dict[str, Any]] | None = None,
    **changes: Any,
) -> OrderSnapshot:
    document = {
        "order": bc_order(250, CHANGED, **changes),
        "products": [bc_product(16, "100")] if products is None else products,
        "coupons": coupons or [],
        "refunds": refunds or [],
    }
    (order,) = parse("order.fetched", encode(document))
    assert isinstance(order, OrderSnapshot)
    return order


def refund(*items: dict[str, Any], total: str = "50", **changes: Any) -> dict[str, Any]:
    return {"id": 12, "order_id": 250, "total_amount": Decimal(total), "items": list(items)} | changes


def test_a_thin_delivery_is_signed_with_the_client_secrets_own_bytes() -> None:
    headers = signed(BODY, SECRET, "msg_7")
    incoming = verify(headers, BODY, [SECRET])
    assert (incoming.topic, incoming.dedupe_key) == ("store/order/updated", "msg_7")
    assert verify(signed(BODY, "old"), BODY, ["new", "old"])
    for spoilt, body, secrets in (
        (headers, BODY + b" ", [SECRET]),
        (headers, BODY, ["other", ""]),
        ({**headers, "webhook-id": "msg_8"}, BODY, [SECRET]),
        ({**headers, "webhook-signature": "v1"}, BODY, [SECRET]),
        (signed(BODY, SECRET, at=1), BODY, [SECRET]),
    ):
        with pytest.raises(Rejected) as caught:
            verify(spoilt, body, secrets)
        assert caught.value.status == 401


@pytest.mark.parametrize(
    ("scope", "data", "expected"),
    [
        ("store/order/created", {"type": "order", "id": 250}, ("order", "250")),
        ("store/order/statusUpdated", {"type": "order", "id": 250, "status": {}}, ("order", "250")),
        (
            "store/order/refund/created",
            {"type": "order", "id": 250, "refund": {"refund_id": 3}},
            ("order", "250"),
        ),
        ("store/customer/updated", {"type": "customer", "id": 11}, ("customer", "11")),
    ],
)
def test_what_thin_bodies_name_is_to_be_fetched(
    scope: str, data: dict[str, Any], expected: tuple[str, str]
) -> None:
    with pytest.raises(NeedsFetch) as caught:
        parse(scope, thin("abcde", scope, data))
    assert (caught.value.kind, caught.value.external_id, caught.value.facts) == (*expected, [])


def test_other_thin_bodies() -> None:
    for scope in ("store/order/archived", "store/customer/deleted", "store/product/updated", ""):
        with pytest.raises(Ignored, match="Nothing is done with the scope"):
            parse(scope, thin("abcde", scope, {"type": "order", "id": 250}))
    for data, reason in (
        ({"type": "customer", "id": 1}, "data.type"),
        ({"type": "order", "id": -1}, "data.id"),
    ):
        with pytest.raises(Unreadable, match=f"^{reason}"):
            parse("store/order/updated", thin("abcde", "store/order/updated", data))


def test_a_whole_order() -> None:
    order = read(
        products=[
            bc_product(16, "100", discount="35.90"),
            bc_product(17, "20", 2, discounted_total_inc_tax=None),
            bc_product(18, "25", type="giftcertificate", product_id=0),
        ],
        coupons=[{"id": 1, "code": "TEA-7K2M", "amount": 35.9}],
        default_currency_code="EUR",
    )
    assert (order.id, order.number, order.currency, order.channel) == ("250", "250", "EUR", "web")
    assert (order.status, order.updated_at) == (OrderStatus.PAID, CHANGED)
    assert order.placed_at == datetime(2026, 3, 2, 9, tzinfo=UTC)
    assert [(line.net, line.tax, line.quantity) for line in order.lines] == [
        (Decimal("64.1000"), Decimal("3.2050"), 1),
        (Decimal("40.0000"), Decimal("2.0000"), 2),
        (Decimal("25.0000"), Decimal("1.2500"), 1),
    ]
    first, _, gift = order.lines
    assert (first.product_id, first.variant_id, first.vendor, gift.gift_card) == (
        "93",
        "41",
        "Tea House",
        True,
    )
    assert (order.shipping_net, order.total) == (Decimal("10.0000"), Decimal("115.7500"))
    assert order.discount_codes == ("TEA-7K2M",)
    assert order.refunds_complete
    assert order.customer is not None
    assert (order.customer.id, order.customer.email, order.customer.email_verified) == (
        "11",
        "mara@example.com",
        False,
    )
    guest = read(customer_id=0)
    assert (guest.customer, guest.email) == (None, "mara@example.com")


@pytest.mark.parametrize(
    ("status_id", "expected"),
    [
        *((id, OrderStatus.PENDING) for id in (0, 1, 7, 12, 13)),
        *((id, OrderStatus.PAID) for id in (2, 3, 8, 9, 10, 11)),
        (4, OrderStatus.REFUNDED),
        (5, OrderStatus.CANCELLED),
        (6, OrderStatus.FAILED),
        (14, OrderStatus.PARTIALLY_REFUNDED),
    ],
)
def test_statuses(status_id: int, expected: OrderStatus) -> None:
    assert read(status_id=status_id).status is expected


PRODUCT = {"item_type": "PRODUCT", "item_id": 16, "quantity": 1, "requested_amount": None}


@pytest.mark.parametrize(
    ("items", "total", "line", "amount", "shipping"),
    [
        ([PRODUCT], "105", (Decimal(50), Decimal("2.5"), 1), 0, 0),
        ([PRODUCT | {"quantity": 2}], "210", (Decimal(100), Decimal(5), 2), 0, 0),
        # Less was given back than the goods are worth: they went back all the same.
        ([PRODUCT], "40", (Decimal(50), Decimal("2.5"), 1), 0, 0),
        ([PRODUCT | {"requested_amount": Decimal("21")}], "21", (Decimal(20), Decimal(1), 1), 0, 0),
        ([PRODUCT | {"item_id": 99}], "10", (0, 0, 0), 0, 0),
        (
            [{"item_type": "ORDER", "item_id": 250, "requested_amount": Decimal("7.5")}],
            "7.5",
            None,
            Decimal("7.5"),
            0,
        ),
        ([{"item_type": "SHIPPING", "item_id": 1, "requested_amount": None}], "10.75", None, 0, Decimal(10)),
        (
            [{"item_type": "SHIPPING", "item_id": 1, "requested_amount": Decimal("4.3")}],
            "4.3",
            None,
            0,
            Decimal(4),
        ),
        ([{"item_type": "HANDLING", "item_id": 1, "requested_amount": None}], "3", None, 0, 0),
        ([], "12", None, 12, 0),
    ],
)
def test_refunds(
    items: list[dict[str, Any]],
    total: str,
    line: tuple[Decimal, Decimal, int] | None,
    amount: Decimal,
    shipping: Decimal,
) -> None:
    order = read([bc_product(16, "50", 2)], refunds=[refund(*items, total=total)])
    (read_back,) = order.refunds
    lines = (RefundLine(str(items[0]["item_id"]), *line),) if line else ()
    assert read_back.lines == lines
    assert (read_back.amount, read_back.shipping_net) == (amount, shipping)
    assert (read_back.as_of, read_back.void) == (CHANGED, False)


def test_a_refund_whose_payments_were_all_declined_is_void() -> None:
    payments = [{"id": 1, "is_declined": True}]
    order = read(refunds=[refund(PRODUCT, payments=payments), refund(PRODUCT, id=13, payments=[])])
    assert [refund.void for refund in order.refunds] == [True, False]


def test_customers_and_what_cannot_be_read() -> None:
    customer = {
        "id": 11,
        "email": " Mara@example.com",
        "first_name": "Mara",
        "last_name": "Lindqvist",
        "date_created": "2026-01-05T10:00:00Z",
        "date_modified": "2026-03-02T09:15:00Z",
    }
    assert parse("customer.fetched", encode(customer)) == [
        CustomerSnapshot(
            id="11",
            as_of=CHANGED,
            email="Mara@example.com",
            first_name="Mara",
            last_name="Lindqvist",
            joined_at=datetime(2026, 1, 5, 10, tzinfo=UTC),
        )
    ]
    for changes, reason in (
        ({"status_id": 77}, "order.status_id: not a status of an order"),
        ({"date_modified": "yesterday"}, "order.date_modified: not a date and time between 1970 and 2100"),
        ({"default_currency_code": "XXZ"}, "order.default_currency_code: 'XXZ' is not a currency code"),
        ({"products": [bc_product(1, "5", quantity="x")]}, "products[0].quantity: not an amount"),
    ):
        with pytest.raises(Unreadable) as caught:
            read(**changes)
        assert str(caught.value).startswith(reason)
