"""Orders as the loyalty program sees them: facts to evaluate, and where they stand in a member's history."""

from collections.abc import Sequence

from loyalty.earning import COUNTED, OrderFacts, counts
from loyalty.sources import Case, Wanted
from loyalty.versions import Timeline
from orders import store
from orders.counting import PLAIN, Counting, counting_of
from orders.folding import OrderState
from platforms.snapshots import OrderSnapshot, OrderStatus

# Before an order was paid there is nothing to explain, and so no award.
_UNPAID = frozenset({OrderStatus.PENDING, OrderStatus.AUTHORIZED, OrderStatus.FAILED, OrderStatus.VOIDED})


def order_case(
    state: OrderState, snapshot: OrderSnapshot, timeline: Timeline, counting: Counting = PLAIN
) -> Case:
    """What there is to settle of an order. Its `source` names the row, which a new order has not yet."""
    return Case(
        shop_id=state.key[0],
        customer_id=state.customer_id,
        source=source(state),
        place=f"{state.key[1]}/{state.key[2]}",
        at=snapshot.placed_at,
        version=timeline.at(snapshot.placed_at),
        facts=facts(state, snapshot, counting),
        earned_at=snapshot.paid_at or snapshot.placed_at,
        changed_at=state.changed_at(),
        fresh=state.id is None,
        keep=snapshot.status not in _UNPAID,
    )


def source(state: OrderState) -> str:
    """How awards name the order."""
    return f"order:{state.id}"


def held_for(case: Case) -> str:
    """Why the order waits for a decision of the merchant, or "": no rate is guessed for a foreign currency."""
    facts = case.facts
    assert isinstance(facts, OrderFacts)
    foreign = facts.currency != case.version.program.currency
    return "currency" if foreign and facts.status in COUNTED and counts(None, facts) else ""


def facts(state: OrderState, snapshot: OrderSnapshot, counting: Counting) -> OrderFacts:
    """What is known of an order; `counting` is its connection's."""
    return OrderFacts(
        status=snapshot.status,
        currency=snapshot.currency,
        placed_at=snapshot.placed_at,
        paid_at=snapshot.paid_at,
        lines=snapshot.lines,
        shipping_net=snapshot.shipping_net,
        shipping_tax=snapshot.shipping_tax,
        refunds=tuple(state.refunds.values()),
        channel=snapshot.channel,
        customer_tags=state.customer_tags or (),
        has_customer=state.customer_id is not None,
        cancelled=snapshot.cancelled_at is not None,
        deleted=state.deleted,
        test=snapshot.test,
        test_mode=counting.test_mode,
        pointless=counting.pointless(snapshot.placed_at),
    )


def read_cases(wanted: Sequence[Wanted], timelines: dict[int, Timeline]) -> list[Case]:
    """The orders of these ids and of these customers, as cases."""
    states = store.known(wanted)
    counting = counting_of({(state.key[0], state.key[1]) for state in states})
    return [
        order_case(state, state.snapshot, timelines[state.key[0]], counting[state.key[1]])
        for state in states
        if state.snapshot is not None
    ]
