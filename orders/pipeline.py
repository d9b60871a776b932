"""From facts to points, in one transaction: remember customers, fold orders, evaluate, settle.

Rows are locked in one sequence by everybody: e-mails, customers, orders, redemptions, standings, awards, accounts,
rewards, each kind by id.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from loyalty import sources
from loyalty.actions.awards import open_accounts
from loyalty.actions.members import settle_cases
from loyalty.sources import Case
from loyalty.versions import LoadedVersion, Timeline, timelines
from orders import store, uses
from orders.cases import held_for, order_case, source
from orders.counting import PLAIN, counting_of
from orders.customer_facts import customer_activities
from orders.customers import EmailKey, registered, remember
from orders.folding import OrderFact, OrderKey, OrderState
from orders.reading import Facts
from orders.tags import tags_of
from platforms.snapshots import OrderSnapshot


@dataclass(slots=True)
class _Batch:
    facts: Facts
    customer_ids: dict[tuple[int, int, str], int]
    timelines: dict[int, Timeline]


def apply(facts: Facts, at: datetime | None = None) -> None:
    """Apply the facts of a batch as of `at` (now); runs inside the caller's transaction.

    Applying facts again, or in another order, ends in the same orders and the same points.
    """
    guests = {
        (shop_id, connection_id, email)
        for (shop_id, connection_id, _), told in facts.orders.items()
        for email in _guest_emails(told)
    }
    remembered = remember(facts.customers, guests)
    accounts = open_accounts((shop_id, id_) for (shop_id, _, _), id_ in remembered.ids.items())
    shops = {shop_id for shop_id, _, _ in [*facts.orders, *remembered.ids, *remembered.verified]}
    batch = _Batch(facts, remembered.ids, timelines(shops) if shops else {})
    done = customer_activities(remembered, batch.timelines)
    cases = _apply_orders(batch, {*facts.orders, *store.guest_orders(remembered.verified)})
    if done:
        cases += sources.read([(shop_id, f"activity:{id_}") for shop_id, id_ in done], (), batch.timelines)
    newcomers = {(shop_id, account_id) for (shop_id, _), account_id in accounts.items()}
    joined = [
        (news.shop_id, accounts[news.shop_id, news.customer_id]) for news in remembered.news if news.joined_at
    ]
    settle_cases(cases, batch.timelines, at, newcomers, joined)


def reapply(keys: Sequence[OrderKey]) -> None:
    """Evaluate orders again, because what decides about them has changed."""
    facts = Facts(counting=counting_of({(shop_id, id_) for shop_id, id_, _ in keys}))
    batch = _Batch(facts, {}, timelines({shop_id for shop_id, _, _ in keys}))
    settle_cases(_apply_orders(batch, set(keys)), batch.timelines)


def _apply_orders(batch: _Batch, keys: set[OrderKey]) -> list[Case]:
    """Lock the orders, fold their facts and write them; returns what there is to settle.

    An order that another transaction has inserted meanwhile is locked and folded in the next round.
    """
    looked_at: list[tuple[OrderState, Case | None]] = []
    while keys:
        states = store.lock_known(keys)
        new = [OrderState(key) for key in sorted(keys - states.keys())]
        known = list(states.values())
        states |= {state.key: state for state in new}
        had_codes = uses.with_codes(known)
        for key, state in states.items():
            for fact in batch.facts.orders.get(key, ()):
                state.fold(fact)
        _name_customers(batch, states.values())
        _keep_tags(batch, states.values())
        looked_at += [(state, _case(batch, state)) for state in states.values()]
        store.insert(new)
        store.update([state for state in known if state.changed])
        uses.note(states.values(), had_codes)
        keys = {state.key for state in new if state.id is None}
    cases = []
    for state, case in looked_at:
        if case is not None and state.id is not None:
            case.source = source(state)
            cases.append(case)
    return cases


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


def _keep_tags(batch: _Batch, states: Iterable[OrderState]) -> None:
    """Where an order says nothing of its customer's tags, those known as it gets its customer stay with it."""
    silent = [state for state in states if state.customer_id is not None and state.customer_tags is None]
    wanted = [
        (state.key[0], state.customer_id)
        for state in silent
        if state.customer_id is not None and _asks_for_tags(batch, state)
    ]
    known = tags_of(wanted)
    for state in silent:
        state.customer_tags = known.get((state.key[0], state.customer_id or 0), ())


def _asks_for_tags(batch: _Batch, state: OrderState) -> bool:
    """Whether the version that counts for the order, or the newest, looks at customers' tags."""
    assert state.snapshot is not None
    timeline = batch.timelines[state.key[0]]
    return any(
        each.conditions.customer_tags
        for version in (timeline.at(state.snapshot.placed_at), timeline.versions[-1])
        for each in (*version.document.rules, *version.document.campaigns)
    )


def _version(batch: _Batch, state: OrderState, snapshot: OrderSnapshot) -> LoadedVersion:
    return batch.timelines[state.key[0]].at(snapshot.placed_at)


def _awards_guests(batch: _Batch, state: OrderState, snapshot: OrderSnapshot) -> bool:
    return _version(batch, state, snapshot).document.award_guests_later


def _case(batch: _Batch, state: OrderState) -> Case | None:
    """What is to be settled; None while there is nothing to award or explain. Marks what waits for a decision."""
    snapshot = state.snapshot
    if snapshot is None:
        return None
    counting = batch.facts.counting.get(state.key[1], PLAIN)
    case = order_case(state, snapshot, batch.timelines[state.key[0]], counting)
    held = held_for(case)
    if held != state.held:
        state.held, state.changed = held, True
    return None if case.fresh and case.customer_id is None else case
