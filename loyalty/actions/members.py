"""Settle what members earn where it depends on what else they did: tiers, counts of orders, caps.

Every member concerned is replayed as a whole under the lock of their standing, so two workers never see half of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction

from lib.clock import now
from lib.rows import passing
from loyalty import sources
from loyalty.actions import member_rows
from loyalty.actions.awards import AwardTarget, open_accounts, settle
from loyalty.actions.member_rows import AccountKey, Kept, Known, Writes
from loyalty.activities import evaluate_activity
from loyalty.calendar import lot_terms, release_at
from loyalty.context import Evaluation
from loyalty.earning import OrderFacts, evaluate
from loyalty.replay import Outcome, Source, replay
from loyalty.sources import Case
from loyalty.versions import LoadedVersion, Timeline, timelines

log = structlog.get_logger("regulars.tiers")


def settle_cases(
    cases: Sequence[Case],
    known: dict[int, Timeline],
    at: datetime | None = None,
    newcomers: Iterable[AccountKey] = (),
    joined: Iterable[AccountKey] = (),
) -> None:
    """Bring awards, tiers and standings to what these sources make of them; inside the caller's transaction.

    The caller holds a lock on every source. `known`: the timelines of the shops. `newcomers`: members who may have no
    standing yet, (shop id, account id), and get one where the program has tiers; `joined`: those who joined at another
    time than was thought.
    """
    at = at or now()
    again = {key for key in joined if known[key[0]].needs_context}
    alone = [case for case in cases if not known[case.shop_id].needs_context]
    together = [case for case in cases if known[case.shop_id].needs_context]
    again.update(member_rows.without_standing(key for key in newcomers if known[key[0]].needs_context))
    if together or again:
        # All at once, because standings are locked in one sequence.
        _settle_members({*_concerned(together), *again}, together, known, at)
    settle([_target(case, _evaluate_alone(case)) for case in alone], at=at)


def settle_activities(keys: Sequence[AccountKey], at: datetime | None = None) -> None:
    """Award activities that were recorded just now, (shop id, activity id), in the same transaction."""
    known = timelines({shop_id for shop_id, _ in keys})
    wanted = [(shop_id, f"activity:{id_}") for shop_id, id_ in keys]
    settle_cases(sources.read(wanted, (), known), known, at)


def replay_accounts(keys: Sequence[AccountKey], at: datetime | None = None) -> None:
    """Look at these members, (shop id, account id), again: time has passed, a version or a pin has come.

    Members of programs that need no context have no standing, and are left alone.
    """
    known = timelines({shop_id for shop_id, _ in keys})
    together = [key for key in keys if known[key[0]].needs_context]
    if together:
        _settle_members(together, (), known, at or now())


def replay_each(keys: Sequence[AccountKey], at: datetime | None = None) -> int:
    """`replay_accounts` in the caller's transaction, but one that cannot be replayed is told of and left, so that it
    does not stop the others; returns how many were. Raises what passes by itself, such as a deadlock.
    """
    if not keys:
        return 0
    try:
        with transaction.atomic():
            replay_accounts(keys, at)
    except Exception as error:
        if passing(error):
            raise
        if len(keys) > 1:
            return sum(replay_each([key], at) for key in keys)
        log.exception("member_not_replayed", shop_id=keys[0][0], account_id=keys[0][1])
        return 0
    return len(keys)


def _evaluate_alone(case: Case) -> Evaluation:
    if isinstance(case.facts, OrderFacts):
        return evaluate(case.version.program, case.facts)
    return evaluate_activity(case.version.program, case.facts)


def _target(case: Case, evaluation: Evaluation) -> AwardTarget:
    hold = isinstance(case.facts, OrderFacts)
    released = release_at(case.version.document, case.version.zone, case.earned_at) if hold else None
    return AwardTarget(
        shop_id=case.shop_id,
        customer_id=case.customer_id,
        source=case.source,
        version_id=case.version.id,
        target=evaluation.target,
        breakdown=evaluation.breakdown,
        earned_at=case.earned_at,
        changed_at=case.changed_at,
        deficit=case.deficit,
        fresh=case.fresh,
        keep=case.keep,
        release_at=released,
        **_terms(case.version, released or case.earned_at),
    )


def _terms(version: LoadedVersion, available_at: datetime) -> dict[str, Any]:
    """When points that become available then expire."""
    if version.document.expiry.mode == "none":
        return {}
    terms = lot_terms(version.document, version.zone, available_at)
    return {"expires_at": terms.expires_at, "idle_months": terms.idle_months}


def _concerned(cases: Sequence[Case]) -> set[AccountKey]:
    """The accounts of the cases, and those that were awarded for these sources before."""
    owned = {(case.shop_id, case.customer_id) for case in cases if case.customer_id is not None}
    opened = open_accounts(owned)
    former = member_rows.owners([(case.shop_id, case.source) for case in cases if not case.fresh])
    return {*former, *((shop_id, opened[shop_id, customer]) for shop_id, customer in owned)}


@dataclass(slots=True)
class _Member:
    """A member being replayed: `cases` by source, and what is `kept` of their other sources."""

    known: Known
    timeline: Timeline
    kept: dict[str, Kept]
    cases: dict[str, Case] = field(default_factory=dict)
    outcome: Outcome | None = None

    def replay(self, at: datetime) -> Outcome:
        told = [
            Source(case.source, case.place, case.at, case.version, facts=case.facts)
            for case in self.cases.values()
        ]
        others = [
            Source(source, kept.place, kept.at, self.timeline.at(kept.at), stored=kept.stored)
            for source, kept in self.kept.items()
            if source not in self.cases
        ]
        self.outcome = replay(
            self.timeline, told + others, self.known.joined_at, self.known.pins, self.known.imports, until=at
        )
        return self.outcome

    def version(self, version_id: int) -> LoadedVersion:
        return next(version for version in self.timeline.versions if version.id == version_id)


Members = dict[tuple[int, int], _Member]  # by (shop id, customer id)


def _settle_members(
    keys: Iterable[AccountKey], cases: Sequence[Case], known: dict[int, Timeline], at: datetime
) -> None:
    locked = member_rows.lock(keys)
    member_rows.read_imports(
        locked, {shop_id for shop_id, timeline in known.items() if _counts_imports(timeline)}
    )
    members: Members = {
        (rows.key[0], rows.customer_id): _Member(rows, known[rows.key[0]], dict(rows.kept))
        for rows in locked.values()
    }
    # Whoever is replayed for the first time brings all they ever did.
    unseeded = [key for key, member in members.items() if not member.known.seeded]
    told = (
        {(case.shop_id, case.source): case for case in sources.read((), unseeded, known)} if unseeded else {}
    )
    told |= {(case.shop_id, case.source): case for case in cases}
    _assign(told.values(), members)
    for (shop_id, _), member in members.items():
        for source in [source for source in member.kept if (shop_id, source) in told]:
            if source not in member.cases:
                del member.kept[source]  # it belongs to somebody else by now
    _replay(members, known, at)
    _store(members, cases, at)


def _counts_imports(timeline: Timeline) -> bool:
    return any(version.document.tiers.count_imports for version in timeline.versions)


def _assign(cases: Iterable[Case], members: Members) -> None:
    for case in cases:
        if case.customer_id is not None and (case.shop_id, case.customer_id) in members:
            members[case.shop_id, case.customer_id].cases[case.source] = case


def _replay(members: Members, known: dict[int, Timeline], at: datetime) -> None:
    """Replay everybody, and those again whose other sources have another context by now, with their facts."""
    todo = list(members.items())
    while todo:
        todo = [(key, member) for key, member in todo if member.replay(at).unknown]
        missing = [(key[0], source) for key, member in todo for source in _unknown(member)]
        _assign(sources.read(missing, (), known) if missing else (), members)
        for _, member in todo:
            for source in _unknown(member):
                # Its facts are gone, or somebody else's by now: it cannot be evaluated again.
                if source not in member.cases:
                    del member.kept[source]


def _unknown(member: _Member) -> list[str]:
    return member.outcome.unknown if member.outcome else []


def _store(members: Members, cases: Sequence[Case], at: datetime) -> None:
    targets: dict[tuple[int, str], AwardTarget] = {}
    for (shop_id, _), member in members.items():
        assert member.outcome is not None
        for source, evaluation in member.outcome.evaluations.items():
            targets[shop_id, source] = _target(member.cases[source], evaluation)
    for case in cases:
        # One that nobody owns takes back what it gave before.
        if (case.shop_id, case.source) not in targets:
            targets[case.shop_id, case.source] = _target(case, _evaluate_alone(case))
    rewards = [reward for member in members.values() for reward in _entry_rewards(member, at)]
    awards = settle([*targets.values(), *rewards], at=at)
    writes = Writes()
    for member in members.values():
        assert member.outcome is not None
        member_rows.collect(writes, member.known, _final(member, member.outcome, awards), member.outcome)
    member_rows.write(writes)


def _final(member: _Member, outcome: Outcome, awards: dict[tuple[int, str, int], int]) -> dict[str, Kept]:
    """What is to be kept of each source of the member."""
    shop_id, account_id = member.known.key
    final = {source: kept for source, kept in member.kept.items() if source not in member.cases}
    for source, stored in outcome.stored.items():
        case = member.cases[source]
        if stored.rows:
            final[source] = Kept(awards[shop_id, source, account_id], case.place, case.at, stored)
    return final


def _entry_rewards(member: _Member, at: datetime) -> Iterator[AwardTarget]:
    """What tiers gave when they were reached; nothing where that was undone, or is not so any more."""
    assert member.outcome is not None
    given = member.known.entry_rewards
    account_id = member.known.key[1]
    entries = {
        member_rows.reward_source(account_id, entry.tier, entry.n): entry
        for entry in member.outcome.journey.entries
    }
    for source, entry in entries.items():
        points = 0 if entry.undone else entry.points
        if points or source in given:
            yield _reward(member, source, points, member.version(entry.version_id), entry.at, at)
    for source in sorted(given - entries.keys()):
        yield _reward(member, source, 0, member.timeline.at(at), at, at)


def _reward(
    member: _Member, source: str, points: int, version: LoadedVersion, reached_at: datetime, at: datetime
) -> AwardTarget:
    _, _, key, _ = source.split(":")
    names = {level.key: level.name for level in version.document.tiers.levels}
    return AwardTarget(
        shop_id=member.known.key[0],
        customer_id=member.known.customer_id,
        source=source,
        version_id=version.id,
        target=points,
        breakdown={"v": 1, "target": points, "tier": {"key": key, "name": names.get(key, key)}},
        earned_at=reached_at,
        changed_at=at,
        deficit="unused",
        keep=False,
        **_terms(version, reached_at),
    )
