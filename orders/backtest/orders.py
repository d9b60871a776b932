"""Trying a program whose orders are worth the same whatever else their member did: one by one, as they are read."""

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

from loyalty.earning import evaluate
from orders.backtest.plan import Plan
from orders.backtest.rows import OrderRow, facts_of
from orders.backtest.tally import Change, Tally


def count_orders(plan: Plan, rows: Iterable[OrderRow], tally: Tally) -> int:
    """Add orders, which come by customer, to `tally`; returns how many."""
    program, zone, first_day = plan.trial.program, plan.zone, plan.first_day.toordinal()
    before = tally.orders
    for customer_id, theirs in groupby(rows, key=attrgetter("customer_id")):
        change = Change(customer_id)
        for row in theirs:
            evaluation = evaluate(program, facts_of(row), explain=False)
            if reason := left_out(evaluation.breakdown):
                tally.leave_out(reason)
            if evaluation.target or row.now:
                day = row.placed_at.astimezone(zone).toordinal() - first_day
                tally.add_order(day, row.now, evaluation.target)
            change.add(row.id, row.now, evaluation.target)
        tally.add_member(change)
    return tally.orders - before


def left_out(breakdown: dict[str, object]) -> str:
    """The machine reason for which an order does not count; "" for one that does."""
    return str(breakdown.get("held") or breakdown.get("skipped") or "")
