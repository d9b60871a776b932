"""The rules of basis and award, end to end: signed webhooks in, ledger out."""

from typing import Any

import pytest
from django_scopes import scope

from shops.models import Connection
from tests.bodies import shopify_order, standard_event, standard_order, woo_order
from tests.orders.stories import PAID, UPDATED, Open, goods, order, when

pytestmark = pytest.mark.django_db


# 1. The basis


@pytest.mark.parametrize(
    ("status", "points"),
    [
        ("paid", 80), ("partially_refunded", 80), ("pending", 0), ("authorized", 0), ("partially_paid", 0),
        ("voided", 0), ("refunded", 0), ("unpaid", 0), ("expired", 0), (None, 0),
    ],
)  # fmt: skip
def test_shopifys_statuses(opened: Open, status: str | None, points: int) -> None:
    store = opened()
    store.apply((UPDATED, order(goods("80.00"), financial_status=status)))
    assert store.moves() == ([points] if points else [])


@pytest.mark.parametrize(
    ("status", "points"),
    [
        ("processing", 80), ("completed", 80), ("pending", 0), ("on-hold", 0), ("cancelled", 0), ("failed", 0),
        ("refunded", 0), ("checkout-draft", 0), ("trash", 0), ("wc-completed", 80),
    ],
)  # fmt: skip
def test_woocommerces_statuses(opened: Open, status: str, points: int) -> None:
    store = opened("woocommerce")
    store.apply(("order.updated", woo_order(lines=[goods("80.00")], status=status)))
    assert store.moves() == ([points] if points else [])


@pytest.mark.parametrize(
    ("status", "points"),
    [
        ("paid", 80), ("partially_refunded", 80), ("pending", 0), ("authorized", 0), ("refunded", 0),
        ("voided", 0), ("cancelled", 0), ("failed", 0),
    ],
)  # fmt: skip
def test_standard_statuses(opened: Open, status: str, points: int) -> None:
    store = opened("standard")
    body = standard_event("order.updated", standard_order(lines=[goods("80.00")], status=status))
    store.apply(("", body))
    assert store.moves() == ([points] if points else [])


def test_a_payment_that_comes_later_and_fails_again(opened: Open) -> None:
    store = opened()
    store.apply(("orders/create", order(goods("80.00"), financial_status="pending")))
    assert store.awards() == []
    store.apply((PAID, order(goods("80.00"), updated_at=when(2))))
    store.apply((UPDATED, order(goods("80.00"), updated_at=when(3), financial_status="voided")))
    assert store.entries() == [("earn", 80), ("reverse", -80)]


@pytest.mark.parametrize(
    ("currency", "price", "per", "points"),
    [
        ("JPY", "5900", "100", 59), ("JPY", "99", "100", 0), ("KRW", "59000", "1000", 59),
        ("KWD", "5.999", "1", 5), ("KWD", "5.999", "0.001", 5999), ("EUR", "5900", "100", 59),
    ],
)  # fmt: skip
def test_currencies_with_other_minor_units(
    opened: Open, currency: str, price: str, per: str, points: int
) -> None:
    store = opened(currency=currency, **({"per": per} if per != "1" else {}))
    store.apply((PAID, shopify_order(lines=[goods(price)], currency=currency, created_at=when())))
    assert store.moves() == ([points] if points else [])
    assert len(store.awards()) == 1


def test_the_shoppers_currency_does_not_count(opened: Open) -> None:
    store = opened()
    body = order(goods("49.95"), presentment_currency="JPY")
    price = body["line_items"][0]["price_set"]
    price["presentment_money"] = {"amount": "8100", "currency_code": "JPY"}
    store.apply((PAID, body))
    assert store.moves() == [49]


def test_another_currency_is_held_until_it_is_the_shops(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(goods("80.00"), currency="USD")))
    assert [(kept.held, kept.currency) for kept in store.orders()] == [("currency", "USD")]
    assert store.moves() == []
    assert store.awards()[0].breakdown["held"] == "currency"
    store.apply((UPDATED, order(goods("80.00"), updated_at=when(2))))
    assert [kept.held for kept in store.orders()] == [""]
    assert store.moves() == [80]


def test_test_orders_count_in_test_mode_only(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(goods("80.00"), test=True)))
    assert (store.moves(), store.awards()[0].breakdown["skipped"]) == ([], "test")
    with scope(shop=store.connection.shop):
        Connection.objects.filter(pk=store.connection.pk).update(test_mode=True)
    store.apply((UPDATED, order(goods("80.00"), test=True, updated_at=when(2))))
    assert store.moves() == [80]


INCLUDED = [
    ({}, 80),  # 100.00 with 20.00 tax inside; shipping 6.00 with 1.00 tax inside
    ({"include_tax": True}, 100),
    ({"include_shipping": True}, 85),
    ({"include_tax": True, "include_shipping": True}, 106),
]


@pytest.mark.parametrize(("switches", "points"), INCLUDED)
def test_tax_and_shipping_where_prices_hold_tax(opened: Open, switches: dict[str, bool], points: int) -> None:
    store = opened(**switches)
    shipping = [{"price": "6.00", "tax_lines": [{"price": "1.00"}]}]
    store.apply((PAID, order(goods("100.00", tax="20.00"), taxes_included=True, shipping_lines=shipping)))
    assert store.moves() == [points]


@pytest.mark.parametrize(("switches", "points"), INCLUDED)
def test_tax_and_shipping_where_tax_is_added(opened: Open, switches: dict[str, bool], points: int) -> None:
    store = opened(**switches)
    shipping = [{"price": "5.00", "tax_lines": [{"price": "1.00"}]}]
    store.apply((PAID, order(goods("80.00", tax="20.00"), shipping_lines=shipping)))
    assert store.moves() == [points]


def test_tips_and_duties_never_count(opened: Open) -> None:
    store = opened(include_tax=True, include_shipping=True)
    extras: dict[str, Any] = {
        "total_tip_received": "10.00",
        "current_total_duties_set": None,
        "shipping_lines": [],
    }
    store.apply((PAID, order(goods("80.00"), **extras)))
    assert store.moves() == [80]


def test_gift_cards_earn_when_they_are_spent(opened: Open) -> None:
    store = opened()
    gateways: dict[str, Any] = {"payment_gateway_names": ["gift_card"], "total_outstanding": "0.00"}
    store.apply((PAID, order(goods("50.00", gift_card=True), goods("30.00", 2), **gateways)))
    assert store.moves() == [30]
    both = opened(include_gift_cards=True)
    both.apply((PAID, order(goods("50.00", gift_card=True), goods("30.00", 2))))
    assert both.moves() == [80]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("product_ids", "7632910392"), ("variant_ids", "43729076"), ("skus", "mug-blue-01"),
        ("vendors", "TEAHOUSE"),
    ],
)  # fmt: skip
def test_excluded_lines(opened: Open, field: str, value: str) -> None:
    store = opened(exclusions={field: [value]})
    other = {"product_id": 2, "variant_id": 3, "vendor": "Elsewhere"}
    store.apply((PAID, order(goods("50.00"), goods("30.00", 2, sku="POT", **other))))
    assert store.moves() == [30]


@pytest.mark.parametrize(("field", "value"), [("product_types", "gift"), ("tags", "Sale")])
def test_lines_excluded_by_what_only_the_generic_schema_tells(opened: Open, field: str, value: str) -> None:
    store = opened("standard", exclusions={field: [value]})
    dates = {"placed_at": when(), "updated_at": when()}
    body = standard_order(lines=[goods("50.00"), goods("30.00", 2)], **dates)
    body["lines"][0] |= {"product_type": "Gift", "tags": ["sale"]}
    store.apply(("", standard_event("order.updated", body)))
    assert store.moves() == [30]


# 2. The award


@pytest.mark.parametrize(
    ("price", "terms", "points"),
    [
        ("21.90", {"per": "10"}, 2), ("105.00", {"per": "10"}, 10),
        ("49.95", {}, 49), ("49.95", {"rounding": "half_up"}, 50), ("49.95", {"rounding": "ceil"}, 50),
        ("2.50", {}, 2), ("2.50", {"rounding": "half_up"}, 3), ("2.50", {"rounding": "ceil"}, 3),
        ("40.00", {"points": "3"}, 120), ("0.00", {}, 0), ("0.99", {}, 0),
    ],
)  # fmt: skip
def test_awards(opened: Open, price: str, terms: dict[str, str], points: int) -> None:
    store = opened(**terms)
    store.apply((PAID, order(goods(price))))
    assert store.moves() == ([points] if points else [])
    assert store.awards()[0].breakdown["target"] == points


def test_the_award_is_rounded_once_and_shared_out(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(*(goods("10.99", number) for number in (1, 2, 3)))))
    assert store.moves() == [32]
    assert [points for _, _, points in store.awards()[0].breakdown["lines"]] == [11, 11, 10]


def test_a_discount_code_lowers_the_basis(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(goods("100.00", discount="10.00"), discount_codes=[{"code": "TEN"}])))
    assert store.moves() == [90]
