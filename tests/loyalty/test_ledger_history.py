"""Any history of earning, returning, spending, holding and expiring, against a model of lots."""

from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty import ledger
from loyalty.errors import NotEnoughPoints
from loyalty.proof import verify
from tests.loyalty.ledger_stories import Member, new_member, on
from tests.properties import tries

NEVER = 10**6


@dataclass
class ModelLot:
    source: str
    left: int
    expires: float
    number: int
    expired: int = 0


@dataclass
class ModelSource:
    """One source: what it has `given` (also pending), what it `owes` for good, what is `held` until `release`."""

    release: float
    expires: float
    given: int = 0
    missed: int = 0
    held: int = 0


@dataclass
class Model:
    """A member as SEMANTICS has it, one lot at a time; a deficit is what `owed` says."""

    lots: list[ModelLot] = field(default_factory=list)
    sources: dict[str, ModelSource] = field(default_factory=dict)
    owed: int = 0

    @property
    def figures(self) -> tuple[int, int]:
        return sum(lot.left for lot in self.lots) - self.owed, sum(one.held for one in self.sources.values())

    def credit(self, source: str, points: int, expires: float) -> None:
        filled = min(self.owed, points)
        self.owed -= filled
        if points > filled:
            self.lots.append(ModelLot(source, points - filled, expires, len(self.lots)))

    def take(self, points: int, lots: list[ModelLot]) -> int:
        """What is left to be taken after these lots."""
        for lot in lots:
            used = min(lot.left, points)
            lot.left -= used
            points -= used
        return points

    def in_order(self) -> list[ModelLot]:
        return sorted(self.lots, key=lambda lot: (lot.expires, lot.number))

    def expire(self, day: float) -> None:
        for lot in self.lots:
            if lot.expires <= day:
                lot.expired += lot.left
                lot.left = 0

    def spend(self, points: int, day: float) -> bool:
        kept = [(lot, lot.left, lot.expired) for lot in self.lots]
        self.expire(day)
        if self.figures[0] < points:
            for lot, left, expired in kept:
                lot.left, lot.expired = left, expired
            return False
        self.take(points, self.in_order())
        return True

    def release(self, day: float) -> None:
        due = [
            (one.release, source) for source, one in self.sources.items() if one.held and one.release <= day
        ]
        for _, source in sorted(due):
            one = self.sources[source]
            self.credit(source, one.held, one.expires)
            one.held = 0

    def settle(self, source: str, points: int, day: float, policy: str) -> None:
        one = self.sources[source]
        step = points - (one.given - one.missed)
        if step >= 0:
            repaid = min(one.missed, step)
            one.missed -= repaid
            step -= repaid
            one.given += step
            if one.release > day:
                one.held += step
            elif step:
                self.credit(source, step, one.expires)
            return
        want = -step
        held = min(one.held, want)
        one.held -= held
        own = [lot for lot in self.in_order() if lot.source == source]
        rest = self.take(want - held, own)
        # What has expired of this source and was not let go before.
        gone = max(0, sum(lot.expired for lot in own) - one.missed) if one.expires < NEVER else 0
        let_go = 0 if policy == "unused" else min(gone, rest)
        rest -= let_go
        missed = let_go
        if policy == "unused":
            missed, rest = rest, 0
        rest = self.take(rest, self.in_order())
        if policy == "carry":
            self.owed += rest
        else:
            missed += rest
        one.missed += missed
        one.given -= want - missed


SOURCES = ["order:0", "order:1", "order:2", "tier:gold:1"]
TERMS = st.tuples(st.integers(0, 12), st.one_of(st.none(), st.integers(1, 30)))
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("settle"), st.sampled_from(SOURCES), st.integers(0, 100)),
        st.tuples(st.just("settle"), st.sampled_from(SOURCES), st.integers(0, 100)),
        st.tuples(st.just("spend"), st.just(""), st.integers(1, 120)),
        st.tuples(st.just("release"), st.just(""), st.just(0)),
        st.tuples(st.just("expire"), st.just(""), st.just(0)),
    ),
    max_size=18,
)


def play(member: Member, model: Model, event: tuple[str, str, int], day: float, policy: str) -> None:
    what, source, number = event
    match what:
        case "settle":
            one = model.sources[source]
            terms = {"release": one.release} | ({"expires": one.expires} if one.expires < NEVER else {})
            deficit = "unused" if source.startswith("tier") else policy
            member.earns(number, day, source=source, deficit=deficit, **terms)
            model.settle(source, number, day, deficit)
        case "spend":
            try:
                member.spends(number, day)
                spent = True
            except NotEnoughPoints:
                spent = False
            assert model.spend(number, day) == spent
        case "release":
            for _ in range(2):
                ledger.release_all_due(on(day))
            model.release(day)
        case _:
            for _ in range(2):
                ledger.expire_all_due(on(day))
            model.expire(day)


@settings(
    max_examples=tries(15, 300), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(TERMS, min_size=4, max_size=4),
    EVENTS,
    st.lists(st.integers(0, 4), min_size=18, max_size=18),
    st.sampled_from(["carry", "clamp"]),
)
def test_any_history_ends_as_the_model_says(
    db: None,
    terms: list[tuple[int, int | None]],
    events: list[tuple[str, str, int]],
    steps: list[int],
    policy: str,
) -> None:
    member, model = new_member(), Model()
    for source, (release, months) in zip(SOURCES, terms, strict=True):
        model.sources[source] = ModelSource(release, NEVER if months is None else release + months)
    day = 0.0
    for event, step in zip(events, steps, strict=False):
        day += step
        play(member, model, event, day, policy)
        assert member.figures == model.figures
    assert verify(member.shop.pk) == []


@settings(
    max_examples=tries(6, 125), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.tuples(st.integers(1, 90), st.integers(2, 30)), min_size=1, max_size=4),
    st.lists(st.integers(0, 100), min_size=1, max_size=3),
    st.lists(st.integers(1, 40), max_size=4),
)
def test_jobs_may_run_at_any_instants(
    db: None, sources: list[tuple[int, int]], kept: list[int], instants: list[int]
) -> None:
    """Returns beside expiries: whenever the jobs ran in between, the balance is the same at the end."""
    ends = []
    for runs in ([], sorted(instants), list(range(1, 41, 3))):
        member = new_member()
        days = sorted({1: "earn", **{10 + n: "return" for n in range(len(kept))}} | dict.fromkeys(runs, ""))
        for day in days:
            if day == 1:
                for number, (points, expires) in enumerate(sources):
                    member.earns(points, 1, source=f"order:{number}", expires=1 + expires)
            if 10 <= day < 10 + len(kept):
                points, expires = sources[0]
                part = points * min(kept[: day - 9]) // 100
                member.earns(part, day, source="order:0", expires=1 + expires)
            if day in runs:
                ledger.release_all_due(on(day))
                ledger.expire_all_due(on(day))
        ledger.expire_all_due(on(100))
        ends.append((member.figures, member.award("order:0").target))
        assert verify(member.shop.pk) == []
    assert ends[0] == ends[1] == ends[2]
