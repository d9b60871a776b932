"""Codes on orders: what they cost and give back, in any order of arrival, through signed webhooks."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from rewards.actions import redemptions
from rewards.errors import NotPossible
from rewards.models import CodeUse, Redemption
from tests.bodies import line, shopify_customer, shopify_order, shopify_refund, shopify_refund_line
from tests.orders.post import Inbox
from tests.rewards.stories import CUSTOMER, Story, story

pytestmark = pytest.mark.django_db

State = Redemption.State
LATER, LATEST = "2026-03-05T09:00:00+01:00", "2026-03-06T09:00:00+01:00"
GOODS = [line("10.00", id=1, discount="2.50"), line("10.00", id=2, discount="2.50")]
FREE = [line("5.00", 2, id=1, discount="10.00")]


@pytest.fixture
def fern(db: None) -> Iterator[Story]:
    with story() as told:
        yield told


def order(story: Story, *codes: str, **changes: Any) -> dict[str, Any]:
    """2 × 10.00 with 5.00 off, by the member."""
    return shopify_order(
        lines=changes.pop("lines", GOODS),
        customer=shopify_customer(int(CUSTOMER)),
        domain=story.connection.domain,
        discount_codes=[{"code": code, "amount": "5.00", "type": "fixed_amount"} for code in codes],
        **changes,
    )


def refund(number: int) -> dict[str, Any]:
    """One of the two goods goes back."""
    return shopify_refund(number, lines=[shopify_refund_line(number, "7.50")], paid="7.50")


def state(story: Story, redemption: Redemption) -> tuple[str, int, int]:
    """(state, points taken, balance)."""
    found = story.seen(redemption)
    return found.state, found.posted, story.balance


def test_points_spent_on_a_refunded_order_come_back(fern: Story) -> None:
    inbox, redemption = Inbox(fern.connection), fern.issued()
    balances = [fern.balance]
    for topic, body in [
        ("orders/paid", order(fern, redemption.code.lower())),
        ("refunds/create", refund(1)),
        ("refunds/create", refund(2)),
    ]:
        inbox.apply((topic, body), (topic, body))
        fern.issue()
        balances.append(fern.balance)
    assert balances == [500, 515, 757, 1000]
    assert [points for kind, points in fern.entries() if kind == "return"] == [250, 250]
    assert fern.seen(redemption).state == State.USED
    assert fern.clean()


@pytest.mark.parametrize(
    ("lines", "refunds", "changes", "returned"),
    [
        (GOODS, [], {}, 0),
        (GOODS, [shopify_refund(9, paid="7.50")], {}, 250),
        (GOODS, [shopify_refund(9, lines=[shopify_refund_line(1, "2.50")], paid="2.50")], {}, 83),
        (GOODS, [shopify_refund(9, lines=[shopify_refund_line(7, "7.50")], paid="7.50")], {}, 250),
        (
            [line("5.00", 2, id=1, discount="10.00")],
            [shopify_refund(9, lines=[shopify_refund_line(1, "0.00")])],
            {},
            250,
        ),
        (GOODS, [], {"cancelled_at": LATER}, 500),
        (GOODS, [], {"financial_status": "voided"}, 500),
        (GOODS, [], {"financial_status": "pending"}, 0),
        (GOODS, [], {"financial_status": "refunded"}, 500),
    ],
    ids=[
        "none",
        "amount",
        "part of a line",
        "unknown line",
        "free goods",
        "cancelled",
        "voided",
        "pending",
        "refunded",
    ],
)
def test_what_an_order_gives_back(
    fern: Story, lines: list[Any], refunds: list[Any], changes: dict[str, Any], returned: int
) -> None:
    redemption = fern.issued()
    body = order(fern, redemption.code, lines=lines, refunds=refunds, **changes)
    Inbox(fern.connection).apply(("orders/updated", body))
    with scope(shop=fern.shop):
        use = CodeUse.objects.get(shop=fern.shop, redemption=redemption)
    assert use.returned_points == returned
    fern.issue()
    assert fern.seen(redemption).posted == 500 - returned
    assert fern.clean()


def test_a_shipping_refund_returns_none_and_an_edit_frees_the_code(fern: Story) -> None:
    inbox, redemption = Inbox(fern.connection), fern.issued()
    inbox.apply(("orders/paid", order(fern, "SUMMER", redemption.code)))
    shipping = {"id": 3, "subtotal_amount_set": {"shop_money": {"amount": "4.90", "currency_code": "EUR"}}}
    inbox.apply(("refunds/create", shopify_refund(3, paid="4.90", refund_shipping_lines=[shipping])))
    fern.issue()
    assert state(fern, redemption)[:2] == (State.USED, 500)
    inbox.apply(("orders/updated", order(fern, "SUMMER", updated_at=LATER)))
    fern.issue()
    assert state(fern, redemption)[:2] == (State.ISSUED, 500)
    assert fern.codes() == [redemption.code]
    inbox.apply(("orders/updated", order(fern, redemption.code, updated_at=LATEST)))
    fern.issue()
    assert state(fern, redemption)[:2] == (State.USED, 500)
    assert fern.steps(redemption) == ["reserved", "issued", "used", "unused", "used"]


def test_a_cancelled_order_ends_the_code_before_its_points_come_back(fern: Story) -> None:
    inbox, redemption = Inbox(fern.connection), fern.issued()
    inbox.apply(("orders/paid", order(fern, redemption.code)))
    fern.issue()
    fern.faults.shares = {
        "discountCodeDeactivate": {"500_before": 1},
        "discountCodeDelete": {"500_before": 1},
    }
    inbox.apply(("orders/cancelled", order(fern, redemption.code, cancelled_at=LATER, updated_at=LATER)))
    fern.issue()
    assert state(fern, redemption) == (State.CLOSING, 500, 500)
    fern.faults.shares = {}
    fern.due_now(redemption)
    fern.issue()
    assert state(fern, redemption) == (State.RETURNED, 0, 1000)
    assert fern.codes() == []


def test_an_order_that_comes_before_the_answer_counts(fern: Story) -> None:
    """The store made the code, the answer was lost, and the shopper was quick."""
    fern.faults.shares = {"discountCodeBasicCreate": {"drop": 1}}
    redemption = fern.issued()
    fern.store.mark_used(redemption.code)
    Inbox(fern.connection).apply(("orders/paid", order(fern, redemption.code)))
    assert fern.seen(redemption).state == State.ISSUING
    fern.due_now(redemption)
    fern.issue()
    assert state(fern, redemption) == (State.USED, 500, 515)


def test_a_code_on_two_orders_is_paid_for_once(fern: Story) -> None:
    inbox, redemption = Inbox(fern.connection), fern.issued()
    inbox.apply(("orders/paid", order(fern, redemption.code, id=71)))
    inbox.apply(("orders/paid", order(fern, redemption.code, id=72)))
    inbox.apply(
        ("orders/cancelled", order(fern, redemption.code, id=71, cancelled_at=LATER, updated_at=LATER))
    )
    fern.issue()
    assert state(fern, redemption)[:2] == (State.USED, 500)
    inbox.apply(
        ("orders/cancelled", order(fern, redemption.code, id=72, cancelled_at=LATER, updated_at=LATER))
    )
    fern.issue()
    assert state(fern, redemption) == (State.RETURNED, 0, 1000)


def test_another_shops_code_on_an_order_is_nobodys(fern: Story) -> None:
    redemption = fern.issued()
    with story() as other:
        Inbox(other.connection).apply(("orders/paid", order(other, redemption.code)))
        other.issue()
    assert state(fern, redemption) == (State.ISSUED, 500, 500)
    with scope(shop=fern.shop):
        assert not CodeUse.objects.filter(shop=fern.shop).exists()


def test_orders_without_codes_cost_no_statement(fern: Story) -> None:
    inbox = Inbox(fern.connection)
    with CaptureQueriesContext(connection) as seen:
        inbox.apply(("orders/paid", order(fern)), ("orders/updated", order(fern, updated_at=LATER)))
    assert not [one for one in seen.captured_queries if "rewards_" in one["sql"]]


EVENTS = ("paid", "refund 1", "refund 2", "cancelled", "revoke", "work")
REFUNDS = {"refund 1", "refund 2"}
MISSING: list[set[str]] = [
    set(),
    {"cancelled"},
    {"cancelled", "refund 2"},
    {"revoke"},
    {"cancelled"} | REFUNDS,
]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.permutations(EVENTS).flatmap(
        lambda once: st.lists(st.sampled_from(EVENTS), max_size=3).map(lambda more: [*once, *more])
    ),
    missing=st.sampled_from(MISSING),
)
@example(["revoke", "work", "paid", "work", "refund 1", "refund 2"], {"cancelled"})
@example(["revoke", "work", "paid", "work"], REFUNDS | {"cancelled"})
@example(["cancelled", "work", "revoke", "paid", "refund 1", "refund 2"], set())
def test_whatever_the_order_of_arrival_the_points_end_the_same(
    db: None, events: list[str], missing: set[str]
) -> None:
    happened = [event for event in events if event not in missing]
    with story() as told:
        inbox, redemption = Inbox(told.connection), told.issued()
        cancelled = order(told, redemption.code, cancelled_at=LATEST, updated_at=LATEST)
        bodies = {
            "paid": ("orders/paid", order(told, redemption.code)),
            "refund 1": ("refunds/create", refund(1)),
            "refund 2": ("refunds/create", refund(2)),
            "cancelled": ("orders/cancelled", cancelled),
        }
        for event in happened:
            if event == "work":
                told.issue()
            elif event == "revoke":
                with suppress(NotPossible):
                    redemptions.revoke(redemption, "olivia@corner.example")
            else:
                inbox.apply(bodies[event])
        told.issue()
        refunds = len(REFUNDS.intersection(happened))
        taken, earned = (0, 0) if "cancelled" in happened else (500 - 250 * refunds, (15, 7, 0)[refunds])
        ends = State.RETURNED if "cancelled" in happened else State.USED
        assert state(told, redemption) == (ends, taken, 1000 - taken + earned)
        assert ends == State.USED or told.codes() == []
        assert told.clean()
