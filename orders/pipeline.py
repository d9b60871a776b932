"""From facts to points, in one transaction: remember customers, fold orders, evaluate, settle.

Rows are locked in one sequence by everybody: e-mails, customers, orders, awards, accounts, each kind by id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from loyalty.actions.awards import AwardTarget, open_accounts, settle
from loyalty.earning import OrderFacts, evaluate
from loyalty.versions import LoadedVersion, Timeline, timelines
from orders import store
from orders.customers import EmailKey, registered, remember
from orders.folding import OrderFact, OrderKey, OrderState
from orders.reading import Facts
from platforms.snapshots import OrderSnapshot, OrderStatus

# Before an order was paid there is nothing to explain, and so no award.
_UNPAID = frozenset({OrderStatus.PENDING, OrderStatus.AUTHORIZED, OrderStatus.FAILED, OrderStatus.VOIDED})


@dataclass(slots=True)
class _Batch:
    facts: Facts
    customer_ids: dict[tuple[int, int, str], int]
    timelines: dict[int, Timeline]


def apply(facts: Facts) -> None:
    """Apply the facts of a batch; runs inside the caller's transaction.

    Applying facts again, or in another order, ends in the same orders and the same points.
    """
    guests = {
        (shop_id, connection_id, email)
        for (shop_id, connection_id, _), told in facts.orders.items()
        for email in _guest_emails(told)
    }
    remembered = remember(facts.customers, guests)
    open_accounts((shop_id, id_) for (shop_id, _, _), id_ in remembered.ids.items())
    shops = {shop_id for shop_id, _, _ in [*facts.orders, *remembered.verified]}
    batch = _Batch(facts, remembered.ids, timelines(shops) if shops else {})
    _apply_orders(batch, {*facts.orders, *store.guest_orders(remembered.verified)})


def reapply(keys: Sequence[OrderKey], *, test_mode: bool) -> None:
    """Evaluate orders of one connection again, because what decides about them has changed."""
    facts = Facts(test_connections={connection_id for _, connection_id, _ in keys} if test_mode else set())
    _apply_orders(_Batch(facts, {}, timelines({shop_id for shop_id, _, _ in keys})), set(keys))


def _apply_orders(batch: _Batch, keys: set[OrderKey]) -> None:
    """Lock the orders, fold their facts, evaluate and write them; settle their awards at the end.

    An order that another transaction has inserted meanwhile is locked and folded in the next round.
    """
    evaluated: list[tuple[OrderState, AwardTarget | None]] = []
    while keys:
        states = store.lock_known(keys)
        new = [OrderState(key) for key in sorted(keys - states.keys())]
        known = list(states.values())
        states |= {state.key: state for state in new}
        for key, state in states.items():
            for fact in batch.facts.orders.get(key, ()):
                state.fold(fact)
        _name_customers(batch, states.values())
        evaluated += [(state, _target(batch, state)) for state in states.values()]
        store.insert(new)
        store.update([state for state in known if state.changed])
        keys = {state.key for state in new if state.id is None}
    targets = []
    for state, target in evaluated:
        if target is not None and state.id is not None:
            target.source = f"order:{state.id}"
            targets.append(target)
    settle(targets)


def _guest_emails(told: Iterable[OrderFact]) -> Iterable[str]:
    """The lower-cased e-mails of orders that name no customer."""
    for fact in told:
        if isinstance(fact, OrderSnapshot) and fact.customer is None and fact.email:
            yield fact.email.lower()


def _name_customers(batch: _Batch, states: Iterable[OrderState]) -> None:
    """Give each order its customer: the one it names, or for a guest the one who verified the same e-mail."""
    guests: list[tuple[OrderState, EmailKey]] = []
    for state in states:
        snapshot = state.snapshot
        if snapshot is None:
            continue
        shop_id, connection_id, _ = state.key
        if snapshot.customer is not None:
            state.customer_id = batch.customer_ids[shop_id, connection_id, snapshot.customer.id]
        elif state.customer_id is None and snapshot.email and _awards_guests(batch, state, snapshot):
            guests.append((state, (shop_id, connection_id, snapshot.email.lower())))
    owners = registered(email for _, email in guests)
    for state, email in guests:
        if email in owners:
            state.customer_id, state.changed = owners[email], True


def _version(batch: _Batch, state: OrderState, snapshot: OrderSnapshot) -> LoadedVersion:
    return batch.timelines[state.key[0]].at(snapshot.placed_at)


def _awards_guests(batch: _Batch, state: OrderState, snapshot: OrderSnapshot) -> bool:
    return _version(batch, state, snapshot).document.award_guests_later


def _target(batch: _Batch, state: OrderState) -> AwardTarget | None:
    """What the order should have earned; None while there is nothing to award or explain."""
    snapshot = state.snapshot
    if snapshot is None:
        return None
    version = _version(batch, state, snapshot)
    evaluation = evaluate(version.program, _facts(batch, state, snapshot))
    held = evaluation.breakdown.get("held", "")
    if held != state.held:
        state.held, state.changed = held, True
    if state.id is None and state.customer_id is None:
        return None
    return AwardTarget(
        shop_id=state.key[0],
        customer_id=state.customer_id,
        source="",
        version_id=version.id,
        target=evaluation.target,
        breakdown=evaluation.breakdown,
        earned_at=snapshot.paid_at or snapshot.placed_at,
        changed_at=state.changed_at(),
        deficit=version.document.deficit,
        fresh=state.id is None,
        keep=snapshot.status not in _UNPAID,
    )


def _facts(batch: _Batch, state: OrderState, snapshot: OrderSnapshot) -> OrderFacts:
    return OrderFacts(
        status=snapshot.status,
        currency=snapshot.currency,
        placed_at=snapshot.placed_at,
        lines=snapshot.lines,
        shipping_net=snapshot.shipping_net,
        shipping_tax=snapshot.shipping_tax,
        refunds=tuple(state.refunds.values()),
        has_customer=state.customer_id is not None,
        cancelled=snapshot.cancelled_at is not None,
        deleted=state.deleted,
        test=snapshot.test,
        test_mode=state.key[1] in batch.facts.test_connections,
    )
