"""What is known of an order does not depend on the order in which it was told."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest

from orders.folding import OrderFact, OrderState
from platforms.snapshots import (
    Line,
    OrderDeleted,
    OrderRestored,
    OrderSnapshot,
    OrderStatus,
    RefundEvent,
    RefundSnapshot,
)

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def at(minute: int) -> datetime:
    return NOON + timedelta(minutes=minute)


def order(minute: int, status: OrderStatus = OrderStatus.PAID, **more: object) -> OrderSnapshot:
    lines = (Line("1", Decimal(100)),)
    told: dict[str, object] = {"placed_at": at(0), "updated_at": at(minute), "lines": lines, **more}
    return OrderSnapshot(id="A", currency="EUR", status=status, **told)  # type: ignore[arg-type]


def refund(id: str, minute: int, amount: int = 10) -> RefundSnapshot:
    return RefundSnapshot(id=id, as_of=at(minute), amount=Decimal(amount))


def summary(id: str, minute: int) -> RefundSnapshot:
    return RefundSnapshot(id=id, as_of=at(minute), amount=Decimal(10), summary=True)


def known(facts: tuple[OrderFact, ...]) -> tuple[Any, ...]:
    state = OrderState((1, 1, "A"))
    for fact in facts:
        state.fold(fact)
    return state.snapshot, sorted(state.refunds.items()), state.complete_as_of, state.deleted


STORIES: dict[str, list[OrderFact]] = {
    "pending, paid, cancelled in one second": [
        order(1, OrderStatus.PENDING),
        order(1),
        order(1, OrderStatus.CANCELLED, cancelled_at=at(1)),
    ],
    "a refund alone, inside the order, and read again": [
        order(1),
        RefundEvent("A", refund("r", 2)),
        order(3, refunds=(refund("r", 3, 20),)),
        RefundEvent("A", refund("s", 4)),
    ],
    "complete lists that lose a refund": [
        order(1, refunds_complete=True, refunds=(refund("r", 1),)),
        order(2, refunds_complete=True, refunds=(refund("r", 2), refund("s", 2))),
        order(3, refunds_complete=True, refunds=(refund("s", 3),)),
    ],
    "complete lists of one second": [
        order(1, refunds_complete=True),
        order(1, refunds_complete=True, refunds=(refund("r", 1),)),
        RefundEvent("A", refund("s", 0)),
    ],
    "a refund summed up, in full, and summed up again": [
        order(1, refunds_complete=True, refunds=(summary("r", 1),)),
        order(1, refunds_complete=True, refunds=(refund("r", 1, 7),)),
        order(4, refunds_complete=True, refunds=(summary("r", 4),)),
    ],
    "deleted and restored": [order(1), OrderDeleted("A", at(5)), OrderRestored("A", at(6)), order(6)],
    "deleted, restored and deleted again": [
        order(1),
        OrderDeleted("A", at(5)),
        OrderRestored("A", at(6)),
        OrderDeleted("A", at(7)),
    ],
}


@pytest.mark.parametrize("facts", STORIES.values(), ids=STORIES.keys())
def test_every_order_of_facts_and_their_repetition_say_the_same(facts: list[OrderFact]) -> None:
    expected = known(tuple(facts))
    for shuffled in permutations(facts):
        assert known(shuffled) == expected
        assert known(shuffled + shuffled[:2]) == expected


def test_a_refund_in_full_outlives_later_summaries() -> None:
    ((_, found),) = known(tuple(STORIES["a refund summed up, in full, and summed up again"]))[1]
    assert found == refund("r", 1, 7)


def test_the_last_word_on_a_deletion_counts() -> None:
    assert known((order(9), OrderDeleted("A", at(5))))[3] is True
    assert known((order(1), OrderRestored("A", at(6)), OrderDeleted("A", at(5))))[3] is False


def test_a_newer_complete_list_drops_a_refund_that_is_gone() -> None:
    told = known(
        (order(1, refunds_complete=True, refunds=(refund("r", 1),)), order(2, refunds_complete=True))
    )
    assert told[1] == []
