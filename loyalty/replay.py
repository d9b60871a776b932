"""One member's history replayed in the order of its dates: what each source was worth, and every tier they were in.

Pure. An order's place among the orders, the tier it was placed in and what caps left follow from the dates of the
facts and never from when they arrived, so that late and repeated facts end in the same points.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, get_args

from loyalty.activities import ActivityFacts, evaluate_activity
from loyalty.calendar import release_at
from loyalty.context import Context, Evaluation, Room, Step
from loyalty.documents import ORDER_RULES, FirstOrder, Limit, NthOrder, Period, ProgramDocument
from loyalty.earning import OrderFacts, counts, evaluate
from loyalty.tiers import Journey, Pin, Row
from loyalty.versions import LoadedVersion, Timeline
from platforms.snapshots import ZERO


class Stored(NamedTuple):
    """What is kept of a source: the context it was evaluated in, its dated differences, points before refunds.

    `counted`: it has a place among the orders. `used`: as in `Evaluation`.
    """

    context: Context
    rows: tuple[Row, ...]
    gross: int
    counted: bool
    used: dict[str, list[Any]]


@dataclass(slots=True)
class Source:
    """Something that earns: an order or an activity of `at`, with its facts, or as it was `stored`, or both.

    `place` orders sources of one instant. A source with facts is evaluated.
    """

    source: str
    place: str
    at: datetime
    version: LoadedVersion
    facts: OrderFacts | ActivityFacts | None = None
    stored: Stored | None = None


@dataclass(slots=True)
class Outcome:
    """`evaluations` of the sources that had facts, and what of each to keep (`stored`).

    `unknown`: sources without facts whose context is another by now; replay again with their facts. `waiting_until`:
    when the next fact that is known already takes effect.
    """

    journey: Journey
    evaluations: dict[str, Evaluation] = field(default_factory=dict)
    stored: dict[str, Stored] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    waiting_until: datetime | None = None


def replay(
    timeline: Timeline,
    sources: Sequence[Source],
    joined_at: datetime,
    pins: Sequence[Pin] = (),
    imports: Sequence[Row] = (),
    *,
    until: datetime,
    explain: bool = True,
) -> Outcome:
    """Replay `sources` up to `until`. What is dated later is evaluated with the tier of `until` and not yet counted.

    `imports`: points that came in from elsewhere; tiers look at them where the program says so.
    """
    outcome = Outcome(Journey(timeline, joined_at, pins))
    waiting = [(row.effective_at, row.source, 0, row) for row in imports]
    heapq.heapify(waiting)
    tally = _Tally(limited=any(_needs_of(version).limited for version in timeline.versions))
    for source in sorted(sources, key=lambda source: (source.at, source.place)):
        _count(outcome.journey, waiting, min(source.at, until))
        context = tally.context(source, outcome.journey.tier)
        stored = _evaluated(source, context, outcome, explain)
        tally.add(source, stored)
        for number, row in enumerate(stored.rows):
            heapq.heappush(waiting, (row.effective_at, source.place, number, row))
    _count(outcome.journey, waiting, until)
    outcome.waiting_until = waiting[0][0] if waiting else None
    return outcome


def _count(journey: Journey, waiting: list[tuple[datetime, str, int, Row]], to: datetime) -> None:
    """Let everything that takes effect by `to` do so, in its order."""
    while waiting and waiting[0][0] <= to:
        effective_at, _, _, row = heapq.heappop(waiting)
        journey.advance(effective_at)
        journey.count(row)
    journey.advance(to)


def _evaluated(source: Source, context: Context, outcome: Outcome, explain: bool) -> Stored:
    if source.facts is None:
        assert source.stored is not None
        if source.stored.context != context:
            outcome.unknown.append(source.source)
        return source.stored
    if isinstance(source.facts, OrderFacts):
        evaluation = evaluate(source.version.program, source.facts, context, explain=explain)
    else:
        evaluation = evaluate_activity(source.version.program, source.facts, context, explain=explain)
    outcome.evaluations[source.source] = evaluation
    counted = isinstance(source.facts, OrderFacts) and counts(source.version.program, source.facts)
    stored = Stored(
        context,
        _rows(source, evaluation.steps),
        evaluation.steps[0].points if evaluation.steps else 0,
        counted,
        evaluation.used,
    )
    outcome.stored[source.source] = stored
    return stored


def _rows(source: Source, steps: Sequence[Step]) -> tuple[Row, ...]:
    """The differences that `steps` make.

    An order counts in the window in which it was paid, and points in the one in which they were released: before that
    they are not there yet, and afterwards nobody looks at an older window.
    """
    if not steps:
        return ()
    paid = released = max(steps[0].at, source.at)
    if isinstance(source.facts, OrderFacts):
        on_hold_until = release_at(source.version.document, source.version.zone, steps[0].at)
        released = max(paid, on_hold_until or paid)
    rows: dict[tuple[datetime, datetime], Row] = {}
    orders, spend, points = 0, ZERO, 0
    for step in steps:
        at = max(step.at, paid)
        _add(rows, Row(source.source, paid, at, step.orders - orders, step.spend - spend, 0))
        # What a refund takes while points are on hold never counts.
        _add(rows, Row(source.source, released, max(at, released), 0, ZERO, step.points - points))
        orders, spend, points = step.orders, step.spend, step.points
    first, *others = sorted(rows.values(), key=lambda row: row.effective_at)
    return (first, *(row for row in others if row.orders or row.spend or row.points))


def _add(rows: dict[tuple[datetime, datetime], Row], row: Row) -> None:
    key = row.counted_at, row.effective_at
    if key in rows:
        old = rows[key]
        row = row._replace(
            orders=old.orders + row.orders, spend=old.spend + row.spend, points=old.points + row.points
        )
    rows[key] = row


@dataclass(frozen=True, slots=True)
class _Needs:
    """What of the context a version's program looks at. The rest is left out, so that it makes no difference."""

    ordinal: bool
    tier: bool
    caps: tuple[Limit, ...]
    limits: tuple[tuple[str, tuple[Limit, ...], bool], ...]  # (rule key, limits, whether of orders)

    @property
    def limited(self) -> bool:
        return bool(self.caps or self.limits)

    @classmethod
    def of(cls, document: ProgramDocument) -> "_Needs":
        rules = [rule for rule in document.rules if rule.active]
        conditions = [each.conditions for each in (*rules, *document.campaigns)]
        return cls(
            ordinal=any(isinstance(rule, FirstOrder | NthOrder) for rule in rules)
            or any(condition.first_order for condition in conditions),
            tier=any(level.multiplier != 1 for level in document.tiers.levels)
            or any(condition.tiers for condition in conditions),
            caps=document.caps.limits,
            limits=tuple(
                (rule.key, rule.limits, isinstance(rule, ORDER_RULES)) for rule in rules if rule.limits
            ),
        )


_needs: dict[int, tuple[LoadedVersion, _Needs]] = {}
MOST_KEPT = 1_000


def _needs_of(version: LoadedVersion) -> _Needs:
    """Kept by identity: the version is kept with it, so that no other one can take its place."""
    if (known := _needs.get(id(version))) is not None:
        return known[1]
    if len(_needs) >= MOST_KEPT:
        _needs.clear()
    needs = _Needs.of(version.document)
    _needs[id(version)] = version, needs
    return needs


@dataclass(slots=True)
class _Tally:
    """What the sources so far have used of every cap and limit, by period; nothing unless some version is `limited`."""

    limited: bool
    orders: int = 0
    points: dict[tuple[str, date | None], int] = field(default_factory=dict)
    rules: dict[tuple[str, str, date | None], tuple[Fraction, int]] = field(default_factory=dict)

    def context(self, source: Source, tier: str) -> Context:
        needs = _needs_of(source.version)
        is_order = source.source.startswith("order:")
        day = source.at.astimezone(source.version.zone).date() if needs.caps or needs.limits else None
        return Context(
            ordinal=self.orders + 1 if needs.ordinal and is_order else 1,
            tier=tier if needs.tier else "",
            room=self._room(needs.caps, day) if day else Room(),
            rooms={
                key: self._rule_room(key, limits, day)
                for key, limits, of_orders in needs.limits
                if of_orders == is_order and day
            },
        )

    def add(self, source: Source, stored: Stored) -> None:
        self.orders += stored.counted
        if not self.limited or not (stored.gross or stored.used):
            return
        day = source.at.astimezone(source.version.zone).date()
        for period in get_args(Period):
            start = _start(period, day)
            self.points[period, start] = self.points.get((period, start), 0) + stored.gross
            for key, (points, times) in stored.used.items():
                had_points, had_times = self.rules.get((key, period, start), (Fraction(0), 0))
                self.rules[key, period, start] = had_points + Fraction(points), had_times + times

    def _room(self, caps: Sequence[Limit], day: date) -> Room:
        """The tightest of the program's caps."""
        rooms = [
            (max(0, cap.points - self.points.get((cap.period, _start(cap.period, day)), 0)), cap.period)
            for cap in caps
            if cap.points is not None
        ]
        if not rooms:
            return Room()
        left, period = min(rooms)
        return Room(points=Decimal(left), period=period)

    def _rule_room(self, key: str, limits: Sequence[Limit], day: date) -> Room:
        points: Fraction | None = None
        times: int | None = None
        period = ""
        for limit in limits:
            used = self.rules.get((key, limit.period, _start(limit.period, day)), (Fraction(0), 0))
            if limit.points is not None and (points is None or limit.points - used[0] < points):
                points, period = max(Fraction(0), limit.points - used[0]), limit.period
            if limit.times is not None and (times is None or limit.times - used[1] < times):
                times, period = max(0, limit.times - used[1]), limit.period
        # Cut to places that a decimal has, whatever fractions were used.
        left = None if points is None else Decimal(int(points * 10_000)) / 10_000
        return Room(points=left, times=times, period=period)


def _start(period: str, day: date) -> date | None:
    """The first day of the period that `day` lies in; weeks begin on Monday."""
    if period == "day":
        return day
    if period == "week":
        return day - timedelta(days=day.weekday())
    if period == "month":
        return day.replace(day=1)
    return day.replace(month=1, day=1) if period == "year" else None
