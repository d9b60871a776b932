"""The nightly look at tiers whose term or grace has ended: many members a statement.

Most reviews compare one figure with the thresholds. Those are decided here, with the rules of `loyalty.tiers`; the
others are replayed. Either way comes to the same.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from django.db import transaction

from lib.clock import now
from lib.rows import execute
from loyalty.actions.members import AccountKey, replay_each
from loyalty.calendar import day_start, last_day, local_day
from loyalty.tiers import Ladder, ladder_of
from loyalty.tiers.ladder import NONE, Figure, Verdict, plain
from loyalty.versions import Timeline, timelines

# More members a transaction would hold their locks for longer than two seconds on a busy machine.
BATCH = 2_000
# A replay reads all that a member ever did; more of them would hold their locks too long.
REPLAYED_AT_ONCE = 100

_Position = tuple[datetime, int]  # (review at, standing id)


class _Due(NamedTuple):
    """A standing to be reviewed, and the sums of its window. `waiting`: when the next fact known takes effect."""

    shop_id: int
    id: int
    account_id: int
    tier: str
    in_grace: bool
    review_at: datetime
    review_from: datetime | None
    simple: bool
    version_id: int | None
    spend: Figure
    points: int
    orders: int
    waiting: datetime | None


@dataclass(slots=True)
class _Decided:
    """What is to be written: each way that a review can end once, and for each member which of them it was."""

    numbers: dict[tuple[Any, ...], int] = field(default_factory=dict)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)


def review_due(at: datetime | None = None, limit: int = BATCH) -> int:
    """Review up to `limit` members whose review is due at `at`, in one transaction; returns how many.

    Safe to run twice, at the same time, and late: whoever is being looked at elsewhere is left for the next time.
    """
    return _review(at or now(), limit, None)[0]


def review_all_due(at: datetime | None = None, seconds: float | None = None) -> int:
    """Review in batches until nobody is due, or for so many seconds; returns how many reviews there were."""
    at = at or now()
    ends = None if seconds is None else time.monotonic() + seconds
    reviewed, position = _review(at, BATCH, None)
    while position is not None and (ends is None or time.monotonic() < ends):
        count, position = _review(at, BATCH, position)
        reviewed += count
    return reviewed


@transaction.atomic
def _review(at: datetime, limit: int, after: _Position | None) -> tuple[int, _Position | None]:
    """Review a batch of those after a position; returns how many, and the position to go on from."""
    # Waits for no disk: what a crash takes back is due again, and comes to the same.
    execute("SET LOCAL synchronous_commit = off")
    claimed = execute(_CLAIM if after is None else _CLAIM_AFTER, at=at, limit=limit, after=after)
    if not claimed:
        return 0, None
    # Read after they are locked, so that nothing counted meanwhile is missed.
    due = [
        _Due._make(row) for row in execute(_MEASURE, [{"shop_id": row[0], "id": row[1]} for row in claimed])
    ]
    known = timelines({one.shop_id for one in due})
    simple, others = _sort(due, known)
    _write(_decide(simple, known))
    replayed = replay_each([(one.shop_id, one.account_id) for one in others], at)
    last = max((one.review_at, one.id) for one in (*simple, *others))
    return len(simple) + replayed, last


def _sort(due: Sequence[_Due], known: dict[int, Timeline]) -> tuple[list[_Due], list[_Due]]:
    """Those that a comparison decides, and those to be replayed; cut where the latter are enough."""
    simple: list[_Due] = []
    others: list[_Due] = []
    comparable: dict[tuple[Any, ...], bool] = {}
    for one in due:
        # Members of a shop that are due at one midnight need not ask the calendar each.
        term = (one.shop_id, one.review_at, one.version_id, one.simple)
        if term not in comparable:
            comparable[term] = _is_simple(one, known.get(one.shop_id))
        if comparable[term]:
            simple.append(one)
        else:
            others.append(one)
            if len(others) == REPLAYED_AT_ONCE:
                break
    return simple, others


def _is_simple(one: _Due, timeline: Timeline | None) -> bool:
    if not one.simple or timeline is None:
        return False
    version = timeline.at(one.review_at)
    # A shop that has moved to another time zone since has its midnights elsewhere.
    midnight = day_start(version.zone, local_day(version.zone, one.review_at))
    return version.id == one.version_id and midnight == one.review_at


def _decide(due: Sequence[_Due], known: dict[int, Timeline]) -> _Decided:
    decided = _Decided()
    ladders = {
        (shop_id, review_at): ladder_of(known[shop_id].at(review_at))
        for shop_id, review_at in {(one.shop_id, one.review_at) for one in due}
    }
    joined = _joined(due, ladders)
    for one in due:
        ladder = ladders[one.shop_id, one.review_at]
        rank = ladder.ranks.get(one.tier, NONE)
        figure: Figure = getattr(one, ladder.tiers.metric)
        verdict = ladder.judge(rank, figure, one.in_grace)
        joined_on = joined.get((one.shop_id, one.account_id), one.review_at)
        # The ways that a review can end are few; many members of a batch share each.
        way = (ladder.version_id, one.review_at, one.review_from, one.tier, verdict, joined_on)
        number = decided.numbers.get(way)
        if number is None:
            number = decided.numbers[way] = len(decided.outcomes)
            decided.outcomes.append({"number": number} | _outcome(one, ladder, verdict, joined_on))
        decided.rows.append(
            {
                "shop_id": one.shop_id,
                "id": one.id,
                "account_id": one.account_id,
                "outcome": number,
                "figure": plain(figure),
                "waiting": one.waiting,
            }
        )
    return decided


def _joined(due: Sequence[_Due], ladders: dict[tuple[int, datetime], Ladder]) -> dict[AccountKey, datetime]:
    """When members joined whose window begins on the anniversary of that."""
    rows = [
        {"shop_id": one.shop_id, "account_id": one.account_id}
        for one in due
        if ladders[one.shop_id, one.review_at].tiers.window == "anniversary"
    ]
    return {(row[0], row[1]): row[2] for row in execute(_JOINED, rows)} if rows else {}


def _outcome(one: _Due, ladder: Ladder, verdict: Verdict, joined_at: datetime) -> dict[str, Any]:
    """The standing and the span that come of a verdict."""
    if verdict.reason == "grace":
        kept: datetime | None = ladder.grace_until(one.review_at)
        review_from = one.review_from
    else:
        kept = ladder.kept_until(verdict.rank, last_day(ladder.zone, one.review_at))
        review_from = ladder.review_start(kept, joined_at) if kept else None
    tier = ladder.key(verdict.rank)
    judged = ladder.ranks.get(one.tier, NONE)
    return {
        "tier": tier,
        "name": ladder.name(tier),
        "at": one.review_at,
        "moved": verdict.reason == "downgraded",
        "kept_until": kept,
        "in_grace": verdict.reason == "grace",
        "review_from": review_from,
        "reason": verdict.reason,
        "version_id": ladder.version_id,
        "details": ladder.evidence(judged, 0, one.review_from, one.review_at),
    }


def _write(decided: _Decided) -> None:
    if decided.rows:
        execute(_WRITE, decided.rows, outcomes=msgspec.json.encode(decided.outcomes).decode())


_CLAIM = """
    SELECT s.shop_id, s.id FROM loyalty_standing s WHERE s.review_at <= %(at)s
    ORDER BY s.review_at, s.id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
"""
_CLAIM_AFTER = """
    SELECT s.shop_id, s.id FROM loyalty_standing s WHERE s.review_at <= %(at)s AND (s.review_at, s.id) > %(after)s
    ORDER BY s.review_at, s.id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
"""
_MEASURE = """
    SELECT s.shop_id, s.id, s.account_id, s.tier, s.in_grace, s.review_at, s.review_from, s.simple, s.version_id,
        coalesce(p.spend, 0), coalesce(p.points, 0)::bigint, coalesce(p.orders, 0), p.waiting
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    JOIN loyalty_standing s ON s.shop_id = r.shop_id AND s.id = r.id
    LEFT JOIN LATERAL (
        SELECT sum(p.spend) FILTER (WHERE w.counts) AS spend, sum(p.points) FILTER (WHERE w.counts) AS points,
            sum(p.orders) FILTER (WHERE w.counts) AS orders,
            min(p.effective_at) FILTER (WHERE p.effective_at >= s.review_at) AS waiting
        FROM loyalty_progress p
        CROSS JOIN LATERAL (
            SELECT p.counted_at >= coalesce(s.review_from, '-infinity') AND p.counted_at < s.review_at
                AND p.effective_at < s.review_at AS counts
        ) w
        WHERE s.simple AND p.shop_id = s.shop_id AND p.account_id = s.account_id
    ) p ON true
    ORDER BY s.review_at, s.id
"""
_JOINED = """
    SELECT a.shop_id, a.id, coalesce(c.joined_at, c.as_of)
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, account_id bigint)
    JOIN loyalty_account a ON a.shop_id = r.shop_id AND a.id = r.account_id
    JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id
"""
# A member with a tier has one span that is open; the new one follows it.
_WRITE = """
    WITH o AS MATERIALIZED (
        SELECT * FROM json_to_recordset(%(outcomes)s) AS o(number int, tier text, name text, at timestamptz,
            moved boolean, kept_until timestamptz, in_grace boolean, review_from timestamptz, reason text,
            version_id bigint, details jsonb)
    ), r AS MATERIALIZED (
        SELECT r.*, o.* FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, account_id bigint,
            outcome int, figure text, waiting timestamptz)
        JOIN o ON o.number = r.outcome
    ), moved AS (
        UPDATE loyalty_standing s SET tier = r.tier, since = CASE WHEN r.moved THEN r.at ELSE s.since END,
            kept_until = r.kept_until, in_grace = r.in_grace, review_at = least(r.kept_until, r.waiting),
            review_from = r.review_from, simple = coalesce(r.kept_until < coalesce(r.waiting, 'infinity'), false),
            updated_at = now()
        FROM r WHERE s.shop_id = r.shop_id AND s.id = r.id
    ), closed AS (
        UPDATE loyalty_tierspan t SET until = r.at FROM r
        WHERE t.shop_id = r.shop_id AND t.account_id = r.account_id AND t.until IS NULL
        RETURNING t.shop_id, t.account_id, t.number, r.outcome, r.figure
    )
    INSERT INTO loyalty_tierspan (shop_id, account_id, number, tier, name, since, kept_until, reason, details,
        version_id)
    SELECT c.shop_id, c.account_id, c.number + 1, o.tier, o.name, o.at, o.kept_until, o.reason,
        o.details || jsonb_build_object('figure', c.figure), o.version_id
    FROM closed c JOIN o ON o.number = c.outcome
"""
