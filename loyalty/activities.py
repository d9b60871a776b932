"""The points of an activity that is no order: a pure function of the activity and of the program in force."""

from datetime import datetime
from fractions import Fraction
from typing import Any

from msgspec import Struct

from loyalty.context import ALONE, Context, Evaluation, Room, Step
from loyalty.documents import Custom, SocialFollow
from loyalty.exact import ratio_text, rounded
from loyalty.programs import CompiledActivity, CompiledProgram, limit_of
from loyalty.worth import MAX_POINTS
from platforms.snapshots import ZERO

FORMAT = 1


class ActivityFacts(Struct, frozen=True):
    """What a member did. `kind`: that of the rules for it, such as "signup"; `name` of a custom event; `network`
    followed; `tags` of the member at that time.
    """

    kind: str
    occurred_at: datetime
    name: str = ""
    network: str = ""
    tags: tuple[str, ...] = ()


def evaluate_activity(
    program: CompiledProgram, facts: ActivityFacts, context: Context = ALONE, *, explain: bool = True
) -> Evaluation:
    """The points that the activity is worth under `program`: those of every rule for it that applies, rounded once.

    Multipliers and campaigns are for orders. Where no rule applies the breakdown says `skipped`.
    """
    gates = program.activity_gates
    opened = gates.all if gates.free else gates.open(facts.occurred_at, context, facts.tags)
    rules = [
        rule for rule in program.activities.get(facts.kind, ()) if rule.bit & opened and _is_for(rule, facts)
    ]
    if not rules:
        steps = (Step(facts.occurred_at, 0, ZERO, 0),)
        return Evaluation(0, {"v": FORMAT, "target": 0, "skipped": "no_rules"}, steps)
    entries: list[dict[str, Any]] = []
    used: dict[str, list[Any]] = {}
    raw = Fraction(0)
    for rule in rules:
        points, cut = _points(rule, context.rooms.get(rule.rule.key))
        raw += points
        if rule.rule.limits and points:
            used[rule.rule.key] = [ratio_text(points, 1), 1]
        entries.append(rule.shown | cut | {"raw": ratio_text(points, 1)})
    target = min(rounded(raw, 1, program.rounding), MAX_POINTS)
    room: dict[str, Any] = {}
    if context.room.points is not None and target > context.room.points:
        limit = limit_of(program.caps.limits, context.room.period, False)
        room = {"room": {"from": target, "limit": limit}}
        target = max(0, int(context.room.points))
    breakdown: dict[str, Any] = {}
    if explain:
        breakdown = {
            "v": FORMAT,
            "activity": _named(facts),
            "rules": entries,
            "rounding": program.rounding,
            "raw": ratio_text(raw, 1),
            "target": target,
            **room,
        }
    return Evaluation(target, breakdown, (Step(facts.occurred_at, target, ZERO, 0),), used)


def _is_for(compiled: CompiledActivity, facts: ActivityFacts) -> bool:
    match compiled.rule:
        case Custom(event=event):
            return event == facts.name
        case SocialFollow(network=network):
            return network == facts.network
    return True


def _points(compiled: CompiledActivity, room: Room | None) -> tuple[Fraction, dict[str, Any]]:
    """What the rule gives, and what cut it."""
    rule, points = compiled.rule, compiled.points
    cut: dict[str, Any] = {}
    if rule.max_points is not None and points > rule.max_points:
        points, cut = Fraction(rule.max_points), {"cut": {"max": rule.max_points}}
    if room is not None and room.times is not None and room.times <= 0:
        return Fraction(0), {"cut": {"limit": limit_of(rule.limits, room.period, True)}}
    if room is not None and room.points is not None and points > room.points:
        points = Fraction(max(ZERO, room.points))
        cut = {"cut": {"limit": limit_of(rule.limits, room.period, False)}}
    return points, cut


def _named(facts: ActivityFacts) -> dict[str, str]:
    told = {"kind": facts.kind, "name": facts.name, "network": facts.network}
    return {name: value for name, value in told.items() if value}
