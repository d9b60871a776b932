"""Trying a program with tiers, caps or counts of orders: every member's whole history is replayed.

What they did before the period counts as it did then, under the versions of its time.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from lib.rows import execute
from loyalty import sources
from loyalty.replay import Outcome, Source, replay
from loyalty.sources import Case
from loyalty.tiers import Pin
from orders.backtest.orders import left_out
from orders.backtest.plan import Plan
from orders.backtest.standing import move
from orders.backtest.tally import Change, Tally

# Members in one chunk, where those without orders in the period are looked at too.
MEMBERS = 500
PREFIX = "order:"


class Member(NamedTuple):
    """A member as they are now: `tier` is a key, "" for none. `told`: all they ever did, `now`: what it is worth."""

    customer_id: int
    joined_at: datetime
    tier: str
    pins: list[Pin]
    told: list[Case]
    now: dict[str, int]


def members_end(plan: Plan, after: int) -> int | None:
    """The last customer of the next chunk of members, with or without orders; None when nobody is left."""
    ((through,),) = execute(_MEMBERS_END, shop=plan.span.shop_id, after=after, chunk=MEMBERS)
    return int(through) if through is not None else None


def count_members(plan: Plan, after: int, through: int, tally: Tally) -> int:
    """Add the orders and the moves of the members in (`after`, `through`] to `tally`; returns how many orders."""
    before = tally.orders
    for member in read(plan, after, through):
        outcome = replayed(plan, member, explain=False)
        _count_orders(plan, member, outcome, tally)
        moved = move(plan, member.tier, member.joined_at, member.pins, outcome)
        if moved is not None:
            tally.add_moves(*moved)
    return tally.orders - before


def replayed(plan: Plan, member: Member, *, explain: bool) -> Outcome:
    """The member's history up to the end of the period, with the program on trial in force from its start."""
    span = plan.span
    told = [
        Source(
            case.source,
            case.place,
            case.at,
            plan.trial if case.at >= span.starts_at else plan.live.at(case.at),
            facts=case.facts,
        )
        for case in member.told
        if case.at < span.ends_at and _order_id(case) <= span.last_order
    ]
    return replay(plan.trials, told, member.joined_at, member.pins, until=span.ends_at, explain=explain)


def read(plan: Plan, after: int, through: int) -> Iterator[Member]:
    """The members in (`after`, `through`] with all they ever did; without `everybody` those with orders alone."""
    span = plan.span
    rows = execute(_MEMBERS, **span._asdict(), after=after, through=through, everybody=plan.everybody)
    told: dict[int, list[Case]] = defaultdict(list)
    customers = [(span.shop_id, customer_id) for customer_id, *_ in rows]
    for case in sources.read((), customers, {span.shop_id: plan.live}):
        if case.customer_id is not None:
            told[case.customer_id].append(case)
    accounts = {customer_id: account_id for customer_id, account_id, *_ in rows}
    pins = _pins(span.shop_id, list(accounts.values()))
    now = _targets(span.shop_id, accounts, told)
    for customer_id, account_id, joined_at, tier in rows:
        yield Member(customer_id, joined_at, tier, pins[account_id], told[customer_id], now[account_id])


def _count_orders(plan: Plan, member: Member, outcome: Outcome, tally: Tally) -> None:
    first_day, starts_at = plan.first_day.toordinal(), plan.span.starts_at
    change = Change(member.customer_id)
    for case in member.told:
        evaluation = outcome.evaluations.get(case.source)
        if evaluation is None or case.at < starts_at or not case.source.startswith(PREFIX):
            continue
        if reason := left_out(evaluation.breakdown):
            tally.leave_out(reason)
        now = member.now.get(case.source, 0)
        if now or evaluation.target:
            tally.add_order(case.at.astimezone(plan.zone).toordinal() - first_day, now, evaluation.target)
        change.add(_order_id(case), now, evaluation.target)
    if change.orders:
        tally.add_member(change)


def _order_id(case: Case) -> int:
    """0 for what is no order."""
    return int(case.source.removeprefix(PREFIX)) if case.source.startswith(PREFIX) else 0


def _pins(shop_id: int, account_ids: Sequence[int]) -> dict[int, list[Pin]]:
    pins: dict[int, list[Pin]] = defaultdict(list)
    for account_id, *pin in execute(_PINS, shop=shop_id, accounts=list(account_ids)):
        pins[account_id].append(Pin(*pin))
    return pins


def _targets(
    shop_id: int, accounts: dict[int, int], told: dict[int, list[Case]]
) -> dict[int, dict[str, int]]:
    rows = [
        {"account_id": accounts[customer_id], "source": case.source}
        for customer_id, cases in told.items()
        for case in cases
    ]
    now: dict[int, dict[str, int]] = defaultdict(dict)
    for account_id, source, target in execute(_TARGETS, rows, shop=shop_id):
        now[account_id][source] = target
    return now


_MEMBERS_END = """
    SELECT max(a.customer_id) FROM (
        SELECT a.customer_id FROM loyalty_account a
        WHERE a.shop_id = %(shop)s AND a.customer_id > %(after)s ORDER BY a.customer_id LIMIT %(chunk)s
    ) a
"""
_MEMBERS = """
    SELECT a.customer_id, a.id, coalesce(c.joined_at, c.as_of), coalesce(s.tier, '')
    FROM loyalty_account a
    JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id
    LEFT JOIN loyalty_standing s ON s.shop_id = a.shop_id AND s.account_id = a.id
    WHERE a.shop_id = %(shop_id)s AND a.customer_id > %(after)s AND a.customer_id <= %(through)s
        AND (%(everybody)s OR EXISTS (
            SELECT FROM orders_order o
            WHERE o.shop_id = a.shop_id AND o.customer_id = a.customer_id AND o.placed_at >= %(starts_at)s
                AND o.placed_at < %(ends_at)s AND o.id <= %(last_order)s
        ))
    ORDER BY a.customer_id
"""
_PINS = """
    SELECT p.account_id, p.tier, p.since, p.until, p.reason, p.actor FROM loyalty_tierpin p
    WHERE p.shop_id = %(shop)s AND p.account_id = ANY(%(accounts)s) ORDER BY p.since, p.id
"""
_TARGETS = """
    SELECT w.account_id, w.source, w.target
    FROM json_to_recordset(%(rows)s) AS r(account_id bigint, source text)
    JOIN loyalty_award w ON w.shop_id = %(shop)s AND w.source = r.source AND w.account_id = r.account_id
"""
