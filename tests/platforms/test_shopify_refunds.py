from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from platforms.base import Unreadable
from platforms.shopify.payloads import parse
from platforms.snapshots import ZERO, OrderSnapshot, RefundEvent, RefundLine, RefundSnapshot
from tests.bodies import encode, line, money_set, shopify_order, shopify_refund, shopify_refund_line


def lone(**changes: Any) -> RefundSnapshot:
    (event,) = parse("refunds/create", encode(shopify_refund(**changes)))
    assert isinstance(event, RefundEvent)
    assert event.order_id == "5820982911946"
    return event.refund


def embedded(order: dict[str, Any], **changes: Any) -> RefundSnapshot:
    (whole,) = parse("orders/updated", encode(shopify_order(refunds=[shopify_refund(**changes)], **order)))
    assert isinstance(whole, OrderSnapshot)
    (refund,) = whole.refunds
    return refund


def test_lines_alone() -> None:
    refund = lone(lines=[shopify_refund_line(7, "24.90", tax="4.73")], paid="29.63")
    assert refund.id == "6509562969"
    assert refund.as_of == datetime(2026, 3, 5, 8, tzinfo=UTC)
    assert refund.lines == (RefundLine("7", Decimal("24.90"), Decimal("4.73"), 1),)
    assert (refund.amount, refund.void) == (ZERO, False)


def test_an_embedded_refund_is_as_of_its_order_and_so_wins_over_the_lone_one() -> None:
    refund = embedded({"updated_at": "2026-03-05T09:00:01+01:00"}, lines=[shopify_refund_line(7, "24.90")])
    assert refund.as_of == datetime(2026, 3, 5, 8, 0, 1, tzinfo=UTC)
    assert refund.as_of > lone().as_of


def test_subtotals_of_prices_that_hold_tax() -> None:
    lines = [shopify_refund_line(7, "119.00", tax="19.00")]
    inside = (RefundLine("7", Decimal("100.00"), Decimal("19.00"), 1),)
    assert embedded({"taxes_included": True}, lines=lines).lines == inside
    assert embedded({"taxes_included": False}, lines=lines).lines[0].net == Decimal("119.00")
    assert lone(lines=lines, paid="119.00").lines == inside, "the money that moved shows it"
    assert lone(lines=lines, paid="138.00").lines[0].net == Decimal("119.00")


@pytest.mark.parametrize("kind", ["lone", "embedded"])
def test_a_refund_without_lines_is_the_money_that_moved(kind: str) -> None:
    transactions = [
        {"kind": "refund", "status": "success", "amount": "10.00", "currency": "EUR"},
        {"kind": "refund", "status": "pending", "amount": "2.50", "currency": "EUR"},
        {"kind": "refund", "status": "failure", "amount": "99.00", "currency": "EUR"},
        {"kind": "capture", "status": "success", "amount": "77.00", "currency": "EUR"},
    ]
    refund = lone(transactions=transactions) if kind == "lone" else embedded({}, transactions=transactions)
    assert refund.amount == Decimal("12.50")
    assert not refund.void


def test_a_refund_whose_every_payment_failed_is_void() -> None:
    failed = [{"kind": "refund", "status": "failure", "amount": "24.90"}]
    refund = lone(lines=[shopify_refund_line(7, "24.90")], transactions=failed)
    assert refund.void
    assert not lone(lines=[shopify_refund_line(7, "24.90")]).void, "store credit moves no money here"


def test_shipping_and_discrepancies() -> None:
    adjustments = [
        {"kind": "shipping_refund", "amount": "-4.90", "tax_amount": "-0.93"},
        {"kind": "refund_discrepancy", "amount": "-3.00", "tax_amount": "0.00"},
    ]
    refund = lone(order_adjustments=adjustments, paid="8.83")
    assert (refund.shipping_net, refund.shipping_tax) == (Decimal("4.90"), Decimal("0.93"))
    assert refund.amount == Decimal("3.00")


def test_a_shipping_refund_is_nothing_but_shipping() -> None:
    only = lone(
        order_adjustments=[{"kind": "shipping_refund", "amount": "-4.90", "tax_amount": "0.00"}], paid="4.90"
    )
    assert (only.lines, only.amount, only.shipping_net) == ((), ZERO, Decimal("4.90"))


def test_a_fee_kept_back_does_not_count() -> None:
    kept = [{"kind": "refund_discrepancy", "amount": "5.00", "tax_amount": "0.00"}]
    refund = lone(lines=[shopify_refund_line(7, "24.90")], order_adjustments=kept, paid="19.90")
    assert (refund.amount, refund.lines[0].net) == (ZERO, Decimal("24.90"))


def test_the_newer_shipping_lines_replace_the_adjustment() -> None:
    parts = {"subtotal_amount_set": money_set("5.83", "EUR"), "tax_amount_set": money_set("0.93", "EUR")}
    old = [{"kind": "shipping_refund", "amount": "-4.90", "tax_amount": "-0.93"}]
    refund = embedded({"taxes_included": True}, refund_shipping_lines=[parts], order_adjustments=old)
    assert (refund.shipping_net, refund.shipping_tax) == (Decimal("4.90"), Decimal("0.93"))


def test_line_ids_are_whole_however_the_refund_writes_them() -> None:
    item = line(
        "50.00", id=487817672276298560, admin_graphql_api_id="gid://shopify/LineItem/487817672276298554"
    )
    refunded = shopify_refund_line(487817672276298560, "50.00")
    assert embedded({"lines": [item]}, lines=[refunded]).lines[0].line_id == "487817672276298554"
    told = refunded | {"line_item": {"admin_graphql_api_id": "gid://shopify/LineItem/487817672276298554"}}
    assert lone(lines=[told]).lines[0].line_id == "487817672276298554"


def test_money_in_another_currency_is_not_guessed() -> None:
    dollars = [{"kind": "refund", "status": "success", "amount": "10.00", "currency": "USD"}]
    with pytest.raises(
        Unreadable, match=r"^refunds\[0\]\.transactions\[0\]\.currency: 'USD', but the order is in EUR$"
    ):
        embedded({}, transactions=dollars)
    with pytest.raises(Unreadable, match="but the order is in EUR"):
        lone(transactions=dollars, total_duties_set=money_set("0.00", "EUR"))
    converted = [dollars[0] | {"amount_set": money_set("9.20", "EUR")}]
    assert embedded({}, transactions=converted).amount == Decimal("9.20")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"order_id": None}, "order_id: not an id: null"),
        ({"processed_at": None, "created_at": None}, "processed_at: missing"),
        (
            {"refund_line_items": [{"line_item_id": 1, "subtotal": "x"}]},
            "refund_line_items[0].subtotal: not an amount",
        ),
        ({"refund_line_items": [{}]}, "refund_line_items[0].line_item_id: missing"),
        ({"order_adjustments": [{"amount": []}]}, "order_adjustments[0].amount: not an amount: a list"),
    ],
)
def test_unreadable_refunds_name_the_field(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse("refunds/create", encode(shopify_refund() | changes))
    assert str(caught.value).startswith(reason)
