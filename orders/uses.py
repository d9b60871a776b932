"""Which of a batch's orders have to do with codes that members redeemed."""

from collections.abc import Iterable

from orders.cases import facts, source
from orders.counting import PLAIN
from orders.folding import OrderState
from rewards.actions.uses import OrderTold, note_uses


def with_codes(states: Iterable[OrderState]) -> set[int]:
    """Which of these order objects, by `id()`, carry discount codes as they are now."""
    return {id(state) for state in states if state.snapshot is not None and state.snapshot.discount_codes}


def note(states: Iterable[OrderState], had_codes: set[int]) -> None:
    """Tell of the orders, which have rows by now, that carry codes or did before they were folded.

    Without such an order in the batch this costs no statement.
    """
    concerned = with_codes(states) | had_codes
    told = [_told(state) for state in states if id(state) in concerned and state.id is not None]
    if told:
        note_uses(told)


def _told(state: OrderState) -> OrderTold:
    snapshot = state.snapshot
    assert snapshot is not None
    return OrderTold(
        shop_id=state.key[0],
        source=source(state),
        number=snapshot.number,
        at=snapshot.placed_at,
        codes=snapshot.discount_codes,
        facts=facts(state, snapshot, PLAIN),
    )
