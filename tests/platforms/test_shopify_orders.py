from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from platforms.base import Ignored, Unreadable
from platforms.shopify.payloads import parse
from platforms.snapshots import CustomerSnapshot, OrderDeleted, OrderSnapshot, OrderStatus
from tests.bodies import (
    encode,
    line,
    money_set,
    shopify_customer,
    shopify_order,
    shopify_refund,
    shopify_refund_line,
)


def read(**changes: Any) -> OrderSnapshot:
    (order,) = parse("orders/paid", encode(shopify_order(**changes)))
    assert isinstance(order, OrderSnapshot)
    return order


def test_a_whole_order() -> None:
    order = read(discount_codes=[{"code": "TEA10", "amount": "5.00", "type": "fixed_amount"}])
    assert order.id == "5820982911946"
    assert (order.number, order.currency, order.channel, order.test) == ("#1042", "EUR", "web", False)
    assert order.status is OrderStatus.PAID
    assert order.placed_at == order.paid_at == datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
    assert order.placed_at.tzinfo is UTC
    assert [item.net for item in order.lines] == [Decimal("49.80"), Decimal("64.00"), Decimal("37.50")]
    assert order.lines[0].sku == "MUG-BLUE-01"
    assert order.lines[0].product_id == "7632910392"
    assert (order.shipping_net, order.total) == (Decimal("4.90"), Decimal("156.20"))
    assert order.discount_codes == ("TEA10",)
    assert order.customer == CustomerSnapshot(
        id="7115310627",
        as_of=order.updated_at,
        email="mara@example.com",
        email_verified=True,
        first_name="Mara",
        last_name="Lindqvist",
        tags=("newsletter", "tea club"),
        joined_at=datetime(2025, 11, 20, 7, tzinfo=UTC),
    )
    assert not order.refunds_complete


def test_discounts_and_taxes_leave_the_net() -> None:
    items = [line("119.00", 2, discount="38.00", tax="31.93")]
    (apart,) = read(lines=items).lines
    assert (apart.net, apart.tax) == (Decimal("200.00"), Decimal("31.93"))
    (inside,) = read(lines=items, taxes_included=True).lines
    assert (inside.net, inside.tax) == (Decimal("168.07"), Decimal("31.93"))


def test_shop_money_is_preferred_to_the_plain_field() -> None:
    order = shopify_order(
        lines=[line("30.00")], total_price="999.00", total_price_set=money_set("20.00", "EUR")
    )
    order["line_items"][0]["price_set"] = {
        "shop_money": {"amount": "20.00", "currency_code": "EUR"},
        "presentment_money": {"amount": "30.00", "currency_code": "USD"},
    }
    (read_back,) = parse("orders/create", encode(order))
    assert isinstance(read_back, OrderSnapshot)
    assert read_back.lines[0].net == read_back.total == Decimal("20.00")
    for item in order["line_items"]:
        del item["price_set"]
    (plain,) = parse("orders/create", encode(order))
    assert isinstance(plain, OrderSnapshot)
    assert plain.lines[0].net == Decimal("30.00")


def test_shipping_after_its_discounts_without_removed_lines() -> None:
    tax = [{"price": "1.90", "price_set": money_set("1.90", "EUR")}]
    reduced = {"price": "11.90", "discount_allocations": [{"amount": "2.00"}], "tax_lines": tax}
    told = {"price": "11.90", "discounted_price": "5.00", "discount_allocations": [{"amount": "6.90"}]}
    removed = {"price": "50.00", "is_removed": True}
    order = read(shipping_lines=[reduced, told, removed])
    assert (order.shipping_net, order.shipping_tax) == (Decimal("14.90"), Decimal("1.90"))
    order = read(shipping_lines=[reduced], taxes_included=True)
    assert (order.shipping_net, order.shipping_tax) == (Decimal("8.00"), Decimal("1.90"))


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ("paid", OrderStatus.PAID),
        ("partially_refunded", OrderStatus.PARTIALLY_REFUNDED),
        ("refunded", OrderStatus.REFUNDED),
        ("pending", OrderStatus.PENDING),
        ("partially_paid", OrderStatus.PENDING),
        ("authorized", OrderStatus.AUTHORIZED),
        ("voided", OrderStatus.VOIDED),
        (None, OrderStatus.PENDING),
    ],
)
def test_statuses(told: str | None, status: OrderStatus) -> None:
    order = read(financial_status=told)
    assert order.status is status
    assert (order.paid_at is not None) == (told in ("paid", "partially_refunded", "refunded"))


def test_a_cancelled_order() -> None:
    order = read(cancelled_at="2026-03-03T00:00:00Z", financial_status="paid")
    assert order.status is OrderStatus.CANCELLED
    assert order.cancelled_at == datetime(2026, 3, 3, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "channel"),
    [
        ("web", "web"),
        ("pos", "pos"),
        ("shopify_draft_order", "draft"),
        ("755357713", "755357713"),
        (None, "web"),
    ],
)
def test_channels(source: str | None, channel: str) -> None:
    assert read(source_name=source).channel == channel


@pytest.mark.parametrize("customer", [None, {"id": None, "email": "x@example.com"}, {}])
def test_guests_keep_their_email(customer: dict[str, Any] | None) -> None:
    body = shopify_order(email=None, contact_email="guest@example.com")
    body["customer"] = customer
    (order,) = parse("orders/paid", encode(body))
    assert isinstance(order, OrderSnapshot)
    assert order.customer is None
    assert order.email == "guest@example.com"


def test_no_email_at_all() -> None:
    order = read(email=None, contact_email=None, customer=shopify_customer(email=None, verified_email=None))
    assert order.email == ""
    assert order.customer is not None
    assert (order.customer.email, order.customer.email_verified) == ("", False)


@pytest.mark.parametrize("written", [820982911946154508, "820982911946154508", 820982911946154500, 8.2098e17])
def test_ids_are_whole_however_they_are_written(written: object) -> None:
    gid = "gid://shopify/{}/820982911946154508"
    body = shopify_order(admin_graphql_api_id=gid.format("Order"))
    body["id"] = body["customer"]["id"] = body["line_items"][0]["id"] = written
    body["customer"]["admin_graphql_api_id"] = gid.format("Customer")
    body["line_items"][0]["admin_graphql_api_id"] = gid.format("LineItem")
    (order,) = parse("orders/paid", encode(body))
    assert isinstance(order, OrderSnapshot)
    assert order.customer is not None
    assert {order.id, order.customer.id, order.lines[0].id} == {"820982911946154508"}


def test_without_a_gid_the_id_itself_is_taken() -> None:
    for written in (9007199254740993, "9007199254740993"):
        body = shopify_order() | {"id": written, "admin_graphql_api_id": "gid://shopify/DraftOrder/5"}
        (order,) = parse("orders/paid", encode(body))
        assert isinstance(order, OrderSnapshot)
        assert order.id == "9007199254740993"


def test_units_taken_out_by_an_edit_leave_the_line_with_their_discount_and_tax() -> None:
    item = line("50.00", 4, discount="20.00", tax="36.00", current_quantity=1)
    (edited,) = read(lines=[item]).lines
    assert (edited.quantity, edited.net, edited.tax) == (1, Decimal("45.00"), Decimal("9.00"))


def test_units_that_a_refund_explains_stay_in_the_line() -> None:
    refund = shopify_refund(lines=[shopify_refund_line(7, "50.00")], paid="50.00")
    whole = read(lines=[line("50.00", 2, id=7, current_quantity=1)], refunds=[refund])
    assert (whole.lines[0].net, whole.lines[0].quantity) == (Decimal("100.00"), 2)
    both = read(lines=[line("50.00", 3, id=7, current_quantity=1)], refunds=[refund])
    assert (both.lines[0].net, both.lines[0].quantity) == (Decimal("100.00"), 2)


def test_money_given_back_for_an_edit_counts_once() -> None:
    item = line("50.00", 2, current_quantity=1)
    (refund,) = read(lines=[item], refunds=[shopify_refund(paid="60.00")]).refunds
    assert refund.amount == Decimal("10.00")


def test_five_thousand_lines() -> None:
    order = read(lines=[line("1.10", id=number + 1) for number in range(5000)])
    assert len(order.lines) == 5000
    assert sum(item.net for item in order.lines) == Decimal("5500.00")


def test_long_titles_are_cut_and_nul_is_dropped() -> None:
    (item,) = read(lines=[line(title="a\0b" + "c" * 1000)]).lines
    assert item.title == "ab" + "c" * 253


def test_customers() -> None:
    for topic in ("customers/create", "customers/update"):
        (customer,) = parse(topic, encode(shopify_customer(tags="")))
        assert isinstance(customer, CustomerSnapshot)
        assert (customer.id, customer.email_verified, customer.tags) == ("7115310627", True, ())


def test_a_deleted_order() -> None:
    assert parse("orders/delete", b'{"id": 820982911946154508}') == [OrderDeleted("820982911946154508")]


@pytest.mark.parametrize(
    "topic",
    [
        "orders/edited",
        "customers/delete",
        "customers/merge",
        "discounts/update",
        "x/y",
        "",
    ],
)
def test_other_topics_are_ignored_with_a_reason(topic: str) -> None:
    with pytest.raises(Ignored, match=r"\w+ \w+"):
        parse(topic, b"{}")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"currency": "XXZ"}, "currency: 'XXZ' is not a currency code"),
        ({"currency": None}, "currency: expected str, got null"),
        ({"total_price_set": None, "total_price": "-1.00"}, "total_price: below zero: '-1.00'"),
        ({"updated_at": "yesterday"}, "updated_at: not a date and time between 1970 and 2100: 'yesterday'"),
        ({"created_at": None}, "created_at: missing"),
        (
            {"created_at": "9999-12-31T23:59:59-05:00"},
            "created_at: not a date and time between 1970 and 2100",
        ),
        ({"updated_at": "2026-03-02T10:15:00"}, "updated_at: not a date and time between 1970 and 2100"),
        ({"financial_status": "sold"}, "financial_status: 'sold' is not known"),
        ({"line_items": None}, "line_items: expected array, got null"),
        ({"customer": {"id": [1], "updated_at": "2026-03-02T09:00:00Z"}}, "customer.id: not an id: a list"),
    ],
)
def test_unreadable_orders_name_the_field(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse("orders/paid", encode(shopify_order() | changes))
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"price": "1e400", "price_set": None}, "line_items[1].price: not an amount: '1e400'"),
        ({"price": 1.5e300, "price_set": None}, "line_items[1].price: not an amount: '1.5e+300'"),
        ({"price": None, "price_set": None}, "line_items[1].price: not an amount: null"),
        ({"price": "-1.00", "price_set": None}, "line_items[1].price: below zero: '-1.00'"),
        ({"quantity": -1}, "line_items[1].quantity: below zero: -1"),
        ({"quantity": 10**9}, "line_items[1].quantity: not a quantity: 1000000000"),
        ({"price": "999999999999", "price_set": None, "quantity": 999_999}, "line_items[1].price: too large"),
        ({"id": True, "admin_graphql_api_id": None}, "line_items[1].id: not an id: true"),
        (
            {"discount_allocations": [{"amount": "500.00"}]},
            "line_items[1].discount_allocations: with tax, more than",
        ),
        ({"tax_lines": [{"price": "x"}]}, "line_items[1].tax_lines[0].price: not an amount: 'x'"),
    ],
)
def test_unreadable_lines_name_the_line(changes: dict[str, Any], reason: str) -> None:
    body = shopify_order()
    body["line_items"][1] |= changes
    with pytest.raises(Unreadable) as caught:
        parse("orders/paid", encode(body))
    assert str(caught.value).startswith(reason)
