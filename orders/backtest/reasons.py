"""Why a member gains or loses: the order that changes most, in the words of both programs."""

from collections.abc import Iterator
from typing import Any

import msgspec
from django.utils.translation import gettext

from lib.rows import execute
from loyalty.contributions import contributions
from loyalty.earning import evaluate
from loyalty.explain import explain
from loyalty.wording import number
from orders.backtest import rows
from orders.backtest.members import read, replayed
from orders.backtest.plan import Plan
from orders.backtest.tally import Change

Breakdown = dict[str, Any]

_decode = msgspec.json.Decoder().decode  # jsonb comes as text


def reasons_for(plan: Plan, change: Change) -> Iterator[str]:
    """The rules whose points differ on the order that changes most, and that order explained now and then."""
    live = _live(plan, change)
    trial = _trial(plan, change)
    if trial is None:
        return
    yield from _rules(live or {}, trial)
    (number_,), *_ = execute(_NUMBER, shop=plan.span.shop_id, order=change.order)
    words = {
        "order": number_,
        "now": explain(live, live["target"], points_name=plan.live_document.points_name)
        if live
        else gettext("No points"),
        "draft": explain(trial, trial["target"], points_name=plan.trial.document.points_name),
    }
    yield gettext("Order %(order)s now: %(now)s") % words
    yield gettext("Order %(order)s with the draft: %(draft)s") % words


def _trial(plan: Plan, change: Change) -> Breakdown | None:
    """The breakdown by the program on trial of the order that changes most."""
    if plan.by_member:
        for member in read(plan, change.customer - 1, change.customer):
            outcome = replayed(plan, member, explain=True)
            return outcome.evaluations[f"order:{change.order}"].breakdown
        return None
    row = rows.order(plan.span, change.order)
    return evaluate(plan.trial.program, rows.facts_of(row)).breakdown if row else None


def _live(plan: Plan, change: Change) -> Breakdown | None:
    found = execute(
        _BREAKDOWN, shop=plan.span.shop_id, customer=change.customer, source=f"order:{change.order}"
    )
    return _decode(found[0][0]) if found else None


def _rules(live: Breakdown, trial: Breakdown) -> Iterator[str]:
    """Such as "Points for purchases: 49 → 98 points"."""
    before, after = _by_rule(live), _by_rule(trial)
    for key in {**after, **before}:
        name, old = before.get(key, ("", 0))
        name, new = after.get(key, (name, 0))
        if old != new:
            words = {"rule": name, "old": number(old), "new": number(new)}
            yield gettext("%(rule)s: %(old)s → %(new)s points") % words


def _by_rule(breakdown: Breakdown) -> dict[str, tuple[str, int]]:
    """Name and whole points of each rule and campaign by its key; of one that gave less than a point, 0."""
    return {f"{each.campaign}/{each.key}": (each.name, int(each.points)) for each in contributions(breakdown)}


_NUMBER = """
    SELECT coalesce(nullif(o.number, ''), o.external_id) FROM orders_order o
    WHERE o.shop_id = %(shop)s AND o.id = %(order)s
"""
_BREAKDOWN = """
    SELECT w.breakdown FROM loyalty_award w
    JOIN loyalty_account a ON a.shop_id = w.shop_id AND a.id = w.account_id
    WHERE w.shop_id = %(shop)s AND w.source = %(source)s AND a.customer_id = %(customer)s
"""
