"""Which tier a member would have at the end of the period by the program on trial, against today's tier."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from loyalty.replay import Outcome
from loyalty.tiers import Pin, ladder_of
from orders.backtest.plan import Plan


class Move(NamedTuple):
    """From one tier to another ("" is none): `at_once` when the program is published, else at the next review."""

    old: str
    new: str
    at_once: bool


def move(plan: Plan, tier: str, joined_at: datetime, pins: Iterable[Pin], outcome: Outcome) -> Move | None:
    """Where a member goes who is in `tier` today; None for one who stays, or whom a pin keeps."""
    ends_at = plan.span.ends_at
    if any(pin.since <= ends_at < pin.until for pin in pins):
        return None
    ladder = ladder_of(plan.trial)
    start = ladder.window_start(ends_at, joined_at)
    metric = ladder.tiers.metric
    figure = sum(
        row.of(metric)
        for stored in outcome.stored.values()
        for row in stored.rows
        if (start is None or row.counted_at >= start)
        and row.counted_at < ends_at
        and row.effective_at <= ends_at
    )
    stands = ladder.standing(figure)
    if tier and tier not in ladder.ranks:
        return Move(tier, ladder.key(stands), at_once=True)
    rank = ladder.ranks[tier] if tier else ladder.floor
    if stands >= rank:
        key = ladder.key(stands)
        return Move(tier, key, at_once=True) if key != tier else None
    lower = ladder.judge(rank, figure, in_grace=True).rank
    return Move(tier, ladder.key(lower), at_once=False) if lower != rank else None
