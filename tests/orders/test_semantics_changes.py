"""The rules of refunds, cancellations, edits, deficits and guests, end to end."""

from typing import Any

import pytest
from django_scopes import scope

from loyalty.actions.points import adjust
from loyalty.proof import verify
from tests.bodies import shopify_customer, woo_order
from tests.orders.stores import Store
from tests.orders.stories import (
    ORDER,
    PAID,
    REFUND,
    UPDATED,
    Open,
    again,
    change,
    goods,
    order,
    refund,
    taken,
    when,
)

pytestmark = pytest.mark.django_db


# 3. Refunds, cancellations, edits


def test_refunds_by_line(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(goods("100.00"))), (REFUND, refund(1, taken("75.00"))))
    assert store.moves() == [25]
    split = opened()
    split.apply((PAID, order(goods("100.00"))))
    split.apply((REFUND, refund(1, taken("75.00"))))
    assert split.moves() == [100, -75]


def test_a_full_refund_takes_all(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(goods("49.95"))))
    store.apply((REFUND, refund(1, taken("49.95"), paid="49.95")))
    assert store.entries() == [("earn", 49), ("reverse", -49)]
    store.apply((UPDATED, order(goods("49.95"), financial_status="refunded", updated_at=when(3))))
    assert store.moves() == [49, -49]


def test_the_line_given_back_has_its_share_of_the_coupon(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(goods("50.00", discount="7.14"), goods("20.00", 2, discount="2.86"))))
    store.apply((REFUND, refund(1, taken("17.14", 2))))
    assert store.moves() == [60, -18]


def test_refunds_add_up(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(goods("40.00"), goods("60.00", 2), goods("20.00", 3))))
    store.apply((REFUND, refund(1, taken("60.00", 2))))
    store.apply((REFUND, refund(2, taken("20.00", 3))))
    assert store.moves() == [120, -60, -20]


def test_a_refund_without_lines_lowers_all_lines(opened: Open) -> None:
    store = opened(per="10")
    store.apply((PAID, order(goods("21.90"))))
    store.apply((REFUND, refund(1, paid="5.00")))
    store.apply((REFUND, refund(2, paid="5.00")))
    assert store.moves() == [2, -1]


def test_two_refunds_of_a_fifth(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(goods("60.00"), goods("40.00", 2))))
    store.apply((REFUND, refund(1, paid="20.00")))
    store.apply((REFUND, refund(2, paid="20.00")))
    assert store.moves() == [100, -20, -20]


def test_a_shipping_refund_touches_shipping_only(opened: Open) -> None:
    shipping: dict[str, Any] = {"shipping_lines": [{"price": "6.00"}]}
    back: dict[str, Any] = {
        "refund_shipping_lines": [{"subtotal_amount_set": {"shop_money": {"amount": "6.00"}}}]
    }
    store = opened()
    store.apply((PAID, order(goods("80.00"), **shipping)))
    store.apply((REFUND, refund(1, paid="6.00", **back)))
    assert store.moves() == [80]
    counting = opened(include_shipping=True)
    counting.apply((PAID, order(goods("80.00"), **shipping)))
    counting.apply((REFUND, refund(1, paid="6.00", **back)))
    assert counting.moves() == [86, -6]


def test_a_refund_told_twice_counts_once(opened: Open) -> None:
    store = opened()
    told = refund(1, taken("20.00"), paid="20.00")
    partly: dict[str, Any] = {
        "financial_status": "partially_refunded",
        "refunds": [told],
        "updated_at": when(3),
    }
    store.apply((PAID, order(goods("80.00"))))
    store.apply((REFUND, told))
    store.apply((UPDATED, order(goods("80.00"), **partly)), (REFUND, told))
    assert store.moves() == [80, -20]


def test_a_refund_before_its_order(opened: Open) -> None:
    store = opened()
    store.apply((REFUND, refund(1, taken("20.00"))), (REFUND, refund(2, taken("10.00"))))
    assert (store.moves(), store.awards()) == ([], [])
    store.apply((PAID, order(goods("80.00"))))
    assert store.moves() == [50]


def test_a_refund_whose_payment_failed_takes_nothing(opened: Open) -> None:
    store = opened()
    failed = refund(1, paid="20.00")
    failed["transactions"][0]["status"] = "failure"
    store.apply((PAID, order(goods("80.00"))), (REFUND, failed))
    assert store.moves() == [80]


def test_cancelled_deleted_and_unknown(opened: Open) -> None:
    store = opened()
    cancelled = order(goods("80.00"), cancelled_at=when(2), updated_at=when(2))
    store.apply((PAID, order(goods("80.00"))))
    store.apply(("orders/cancelled", cancelled))
    store.apply(
        ("orders/cancelled", cancelled), ("orders/delete", {"id": ORDER}), ("orders/delete", {"id": 1})
    )
    assert store.moves() == [80, -80]


def test_a_deleted_order_takes_its_points_along(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(goods("80.00"))))
    store.apply(("orders/delete", {"id": ORDER}))
    assert store.moves() == [80, -80]


def test_an_edit_lowers_and_raises(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(goods("40.00", quantity=2))))
    fewer = order(goods("40.00", quantity=2, current_quantity=1), updated_at=when(2))
    store.apply(("orders/edited", {"order_edit": {"id": 1}}), (UPDATED, fewer))
    more = order(goods("40.00", quantity=2, current_quantity=1), goods("30.00", 2), updated_at=when(3))
    store.apply((UPDATED, more))
    assert store.entries() == [("earn", 80), ("reverse", -40), ("earn", 30)]


@pytest.mark.parametrize("rules", ["doubled", "gone"])
def test_a_refund_uses_the_rules_of_the_day_of_purchase(opened: Open, rules: str) -> None:
    store = opened(rounding="ceil")
    store.apply((PAID, order(goods("50.00"), days=0)))
    terms: dict[str, Any] = {"points": "2"} if rules == "doubled" else {"rules": []}
    change(store.connection.shop, **terms)
    store.apply((REFUND, refund(1, taken("20.00"))), (REFUND, refund(2, taken("30.00"))))
    store.apply((UPDATED, order(goods("50.00"), days=0, updated_at=when(1))))
    assert store.moves() == [50, -50]
    again(store, 2, "50.00")
    assert store.accounts()[0].balance == (100 if rules == "doubled" else 0)


# Deficits


def spend(store: Store, points: int) -> None:
    (account,) = store.accounts()
    with scope(shop=store.connection.shop):
        adjust(account, -points, "spent", "test")


def test_a_deficit_is_carried_and_filled_first(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(goods("100.00"))))
    spend(store, 80)
    store.apply((REFUND, refund(1, taken("100.00"))))
    assert store.accounts()[0].balance == -80
    again(store, 2, "50.00")
    assert store.accounts()[0].balance == -30
    again(store, 3, "50.00")
    assert store.accounts()[0].balance == 20
    assert [award.shortfall for award in store.awards()] == [0, 0, 0]
    assert verify(store.connection.shop_id) == []


def test_a_clamped_clawback_stops_at_zero_and_tells_what_was_missing(opened: Open) -> None:
    store = opened(deficit="clamp")
    store.apply((PAID, order(goods("100.00"))))
    spend(store, 80)
    store.apply((REFUND, refund(1, taken("60.00"))))
    (award,) = store.awards()
    assert (store.accounts()[0].balance, award.target, award.posted, award.shortfall) == (0, 40, 80, 40)
    again(store, 2, "50.00")
    assert store.accounts()[0].balance == 50
    store.apply((UPDATED, order(goods("100.00"), refunds=[refund(1, taken("60.00"))], updated_at=when(3))))
    assert store.accounts()[0].balance == 50
    store.apply((REFUND, refund(2, taken("40.00"))))
    assert store.accounts()[0].balance == 10
    assert verify(store.connection.shop_id) == []


# Guests


def guest(**changes: Any) -> dict[str, Any]:
    return order(goods("30.00"), guest=True, **changes)


def registration(days: float = 2, **changes: Any) -> tuple[str, dict[str, Any]]:
    return "customers/create", shopify_customer(updated_at=when(days), **changes)


def test_a_guest_who_registers_later_gets_the_points_once(opened: Open) -> None:
    store = opened()
    store.apply((PAID, guest()))
    assert (store.accounts(), store.awards()) == ([], [])
    store.apply(registration(), registration(3))
    assert store.moves() == [30]
    store.apply((UPDATED, guest(updated_at=when(4))), (REFUND, refund(1, taken("10.00"))))
    assert store.moves() == [30, -10]


def test_a_guest_who_has_registered_already_is_known(opened: Open) -> None:
    store = opened()
    store.apply(registration())
    store.apply((PAID, guest()))
    assert store.moves() == [30]


def test_a_registration_and_the_guests_order_in_one_batch(opened: Open) -> None:
    store = opened()
    store.apply(registration(), (PAID, guest()), (REFUND, refund(1, taken("10.00"))))
    assert sum(store.moves()) == 20


def test_an_unverified_or_another_email_gets_nothing(opened: Open) -> None:
    store = opened()
    store.apply((PAID, guest()), registration(verified_email=False))
    store.apply(registration(3, email="someone@example.com"))
    assert store.moves() == []


def test_a_shop_may_leave_guests_without_points(opened: Open) -> None:
    store = opened(award_guests_later=False)
    store.apply((PAID, guest()))
    store.apply(registration())
    store.apply((UPDATED, guest(updated_at=when(4))))
    assert store.moves() == []


def test_a_guest_order_that_was_refunded_before_the_registration(opened: Open) -> None:
    store = opened()
    store.apply((PAID, guest()), (REFUND, refund(1, taken("30.00"))))
    store.apply(registration())
    assert store.moves() == []


def test_an_order_that_changes_hands_takes_its_points_along(opened: Open) -> None:
    store = opened()
    store.apply((PAID, order(goods("30.00"))))
    second = shopify_customer(8, email="other@example.com")
    store.apply((UPDATED, order(goods("30.00"), customer=second, updated_at=when(2))))
    assert [account.balance for account in store.accounts()] == [0, 30]
    assert verify(store.connection.shop_id) == []


# WooCommerce's refunds


def test_a_woocommerce_refund_that_is_removed_gives_the_points_back(opened: Open) -> None:
    store = opened("woocommerce")

    def told(minute: int, *refunds: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        changed = f"2026-03-02T10:{minute:02}:00"
        return "order.updated", woo_order(
            lines=[goods("100.00")], shipping="0.00", refunds=refunds, date_modified_gmt=changed
        )

    store.apply(told(0))
    store.apply(told(1, {"id": 1, "reason": "", "total": "-25.00"}))
    store.apply(told(2, {"id": 1, "total": "-25.00"}, {"id": 2, "total": "-25.00"}))
    store.apply(told(3, {"id": 2, "total": "-25.00"}))
    store.apply(told(1, {"id": 1, "total": "-25.00"}))
    store.apply(told(4))
    assert store.moves() == [100, -25, -25, 25, 25]
    assert verify(store.connection.shop_id) == []
