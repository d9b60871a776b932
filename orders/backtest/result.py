"""From what was counted to the answer that a merchant reads."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from lib.money import minor_units
from lib.rows import execute
from loyalty.diff import diff
from loyalty.documents import ProgramDocument, Tiers
from orders.backtest.figures import Cost, Liability, MemberChange, Points, Result, Stretch, TierMove, stored
from orders.backtest.plan import Plan
from orders.backtest.reasons import reasons_for
from orders.backtest.tally import Change, Tally
from orders.models import Backtest

# Up to so many days the series has a value for each day, then one for each week, then for each month.
DAILY_DAYS, WEEKLY_DAYS = 31, 186
SHARE = Decimal("0.0001")


def result_of(run: Backtest, plan: Plan, tally: Tally) -> object:
    """The answer as plain JSON values; a few statements, and the orders that changed most once more."""
    live, draft = plan.live_document, plan.trial.document
    points = Points(tally.now, tally.draft, tally.draft - tally.now)
    return stored(
        Result(
            version=plan.live.versions[-1].number,
            digest=run.digest,
            days=run.days,
            starts_at=run.starts_at,
            ends_at=run.ends_at,
            data=run.data,
            changes=tuple(diff(live, draft)),
            points_name=draft.points_name,
            orders=tally.orders,
            members=tally.members,
            gaining=tally.gaining,
            losing=tally.losing,
            left_out=dict(sorted(tally.left_out.items())),
            points=points,
            cost=_cost(live, draft, points),
            liability=_liability(plan, points),
            tiers=tuple(_tiers(plan, tally)),
            winners=_members(plan, tally.winners),
            losers=_members(plan, tally.losers),
            series=tuple(_series(plan, tally)),
        )
    )


def value_of(document: ProgramDocument) -> Decimal:
    """What one point costs the shop: one minor unit of its currency unless the program says otherwise."""
    if document.point_value is not None:
        return document.point_value
    return Decimal(1).scaleb(-minor_units(document.currency))


def _cost(live: ProgramDocument, draft: ProgramDocument, points: Points) -> Cost:
    value_now, value_draft = value_of(live), value_of(draft)
    now, then = points.now * value_now, points.draft * value_draft
    return Cost(draft.currency, value_now, value_draft, now, then, then - now)


def _liability(plan: Plan, points: Points) -> Liability:
    ((outstanding, earned, spent),) = execute(_OUTSTANDING, shop=plan.span.shop_id)
    now = outstanding * value_of(plan.live_document)
    draft = (outstanding + points.difference) * value_of(plan.trial.document)
    share = min(Decimal(1), (spent / earned).quantize(SHARE)) if earned > 0 and spent > 0 else None
    difference = draft - now
    return Liability(
        points=int(outstanding),
        now=now,
        draft=draft,
        difference=difference,
        spent_share=share,
        expected=None if share is None else difference * share,
    )


def _tiers(plan: Plan, tally: Tally) -> Iterator[TierMove]:
    """Moves by name, up first, the highest tier first."""
    live, draft = plan.live_document.tiers, plan.trial.document.tiers
    if live.levels and not draft.levels:
        for tier, members in execute(_BY_TIER, shop=plan.span.shop_id):
            tally.add_moves(tier, "", at_once=True, members=members)
    moves = [
        TierMove(
            _name(live, old),
            _name(draft, new),
            _rank(draft, new) > _rank(_of(draft, live, old), old),
            once,
            count,
        )
        for old, new, once, count in tally.moves
    ]
    yield from sorted(moves, key=lambda move: (not move.up, -move.members, move.old, move.new))


def _of(draft: Tiers, live: Tiers, key: str) -> Tiers:
    """The ladder that a member's tier of today stands on: the draft's, where it has that tier still."""
    return draft if any(level.key == key for level in draft.levels) else live


def _rank(tiers: Tiers, key: str) -> int:
    """-1 for no tier."""
    ladder = sorted(tiers.levels, key=lambda level: level.threshold)
    return next((rank for rank, level in enumerate(ladder) if level.key == key), -1)


def _name(tiers: Tiers, key: str) -> str:
    return next((level.name for level in tiers.levels if level.key == key), key)


def _members(plan: Plan, changes: list[Change]) -> tuple[MemberChange, ...]:
    accounts = dict(execute(_ACCOUNTS, shop=plan.span.shop_id, customers=[each.customer for each in changes]))
    return tuple(
        MemberChange(
            member=accounts.get(change.customer, 0),
            now=change.now,
            draft=change.draft,
            difference=change.difference,
            orders=change.orders,
            reasons=tuple(reasons_for(plan, change)),
        )
        for change in changes
    )


def _series(plan: Plan, tally: Tally) -> Iterator[Stretch]:
    last = plan.span.ends_at.astimezone(plan.zone).date()
    first = plan.first_day
    while first <= last:
        until = min(_stretch_end(first, (last - plan.first_day).days), last)
        days = range((first - plan.first_day).days, (until - plan.first_day).days + 1)
        both = [tally.days[day] for day in days if day in tally.days]
        yield Stretch(first, until, sum(now for now, _ in both), sum(draft for _, draft in both))
        first = until + timedelta(days=1)


def _stretch_end(first: date, days: int) -> date:
    if days <= DAILY_DAYS:
        return first
    if days <= WEEKLY_DAYS:
        return first + timedelta(days=6)
    return (first.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


_OUTSTANDING = """
    SELECT coalesce(sum(greatest(a.balance, 0) + a.pending), 0), coalesce(sum(a.lifetime_earned), 0),
        coalesce(sum(a.lifetime_spent), 0)
    FROM loyalty_account a WHERE a.shop_id = %(shop)s
"""
_BY_TIER = """
    SELECT s.tier, count(*) FROM loyalty_standing s WHERE s.shop_id = %(shop)s AND s.tier <> '' GROUP BY s.tier
"""
_ACCOUNTS = """
    SELECT a.customer_id, a.id FROM loyalty_account a
    WHERE a.shop_id = %(shop)s AND a.customer_id = ANY(%(customers)s)
"""
