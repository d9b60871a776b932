"""Orders as the loyalty program sees them: facts to evaluate, and where they stand in a member's history."""

from collections.abc import Collection, Sequence

from lib.rows import execute
from loyalty.earning import COUNTED, OrderFacts, counts
from loyalty.sources import Case, Wanted
from loyalty.versions import Timeline
from orders import store
from orders.folding import OrderState
from platforms.snapshots import OrderSnapshot, OrderStatus

# Before an order was paid there is nothing to explain, and so no award.
_UNPAID = frozenset({OrderStatus.PENDING, OrderStatus.AUTHORIZED, OrderStatus.FAILED, OrderStatus.VOIDED})


def order_case(state: OrderState, snapshot: OrderSnapshot, timeline: Timeline, test_mode: bool) -> Case:
    """What there is to settle of an order. Its `source` names the row, which a new order has not yet."""
    return Case(
        shop_id=state.key[0],
        customer_id=state.customer_id,
        source=source(state),
        place=f"{state.key[1]}/{state.key[2]}",
        at=snapshot.placed_at,
        version=timeline.at(snapshot.placed_at),
        facts=facts(state, snapshot, test_mode),
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


def facts(state: OrderState, snapshot: OrderSnapshot, test_mode: bool) -> OrderFacts:
    """What is known of an order; `test_mode`: its connection counts test orders."""
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
        test_mode=test_mode,
    )


def read_cases(wanted: Sequence[Wanted], timelines: dict[int, Timeline]) -> list[Case]:
    """The orders of these ids and of these customers, as cases."""
    states = store.known(wanted)
    counting = connections_in_test_mode({(state.key[0], state.key[1]) for state in states})
    return [
        order_case(state, state.snapshot, timelines[state.key[0]], state.key[1] in counting)
        for state in states
        if state.snapshot is not None
    ]


def connections_in_test_mode(keys: Collection[tuple[int, int]]) -> set[int]:
    """Which of the connections, (shop id, id), count test orders."""
    rows = [{"shop_id": shop_id, "id": id_} for shop_id, id_ in keys]
    return {row[0] for row in execute(_IN_TEST_MODE, rows)} if rows else set()


_IN_TEST_MODE = """
    SELECT c.id FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    JOIN shops_connection c ON c.shop_id = r.shop_id AND c.id = r.id WHERE c.test_mode
"""
