"""A member's way through the tiers, one fact after the other in the order of time."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from loyalty.calendar import last_day, local_day
from loyalty.tiers.ladder import NONE, Figure, Ladder, ladder_of
from loyalty.tiers.records import Entry, Pin, Row, Span, State
from loyalty.tiers.sums import Sums
from loyalty.versions import Timeline

IMPORTED = "import:"
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Reached:
    """The window by which a tier was reached: both ends count. A refund in it may undo that."""

    ladder: Ladder
    rank: int
    start: datetime | None
    at: datetime
    entry: Entry | None


@dataclass(slots=True, eq=False)
class _Place:
    """A tier held; `kept` ends its term or its grace (`grace`: it is that; the window judged is from `grace_from`)."""

    tier: str
    since: datetime
    kept: datetime | None
    reached: _Reached | None = None
    grace: bool = False
    grace_from: datetime | None = None


class Journey:
    """The tiers of one member. Call `advance` and `count` with instants that never go back.

    `_places` holds the tier in force last, and below it the states that were left by reaching a higher tier. Those go
    on with reviews of their own, so that a refund that undoes what the higher one was reached by can bring them back.
    """

    def __init__(self, timeline: Timeline, joined_at: datetime, pins: Sequence[Pin] = ()) -> None:
        self.spans: list[Span] = []
        self.entries: list[Entry] = []
        self._timeline = timeline
        self._joined_at = joined_at
        self._pins = sorted((pin for pin in pins if pin.since < pin.until), key=lambda pin: pin.since)
        self._turns = sorted({turn for pin in self._pins for turn in (pin.since, pin.until)})
        self._clock = joined_at
        self._sums = Sums()
        self._imports = Sums()
        self._counts: dict[str, int] = {}
        self._places: list[_Place] = []
        self._version = max(0, bisect_right(timeline.since, joined_at) - 1)
        self._ladder = ladder_of(timeline.versions[self._version])
        self._turn = bisect_right(self._turns, joined_at)
        self._pin = self._pin_in_force()
        if self._ladder.levels:
            self._start_over()
        self._show("pinned" if self._pin_shown else "joined", self._pin_details if self._pin_shown else {})
        self._next = self._next_event()

    @property
    def tier(self) -> str:
        """The key of the tier in force, "" for none."""
        if self._pin_shown and self._pin:
            return self._pin.tier
        return self._places[-1].tier if self._places else ""

    def advance(self, to: datetime) -> None:
        """Let time pass: publishes, ends of terms and of grace, pins, up to and including `to`."""
        while self._next <= to:
            self._clock = self._next
            self._happen()
            self._next = self._next_event()
        self._clock = max(self._clock, to)

    def count(self, row: Row) -> None:
        """Take in what takes effect now; it may lift the member, or undo what lifted them."""
        (self._imports if row.source.startswith(IMPORTED) else self._sums).add(row)
        if not self._places:
            return
        top = self._places[-1]
        undone = self._undo(row)
        if undone and (not self._places or self._places[-1] is not top):
            self._fall_back(undone)
        else:
            self._climb()
        self._next = self._next_event()

    def standing(self) -> State:
        """Where the member stands now."""
        ladder, pin = self._ladder, self._pin
        top = self._places[-1] if self._places else None
        turn = self._turns[self._turn] if self._turn < len(self._turns) else None
        if self._pin_shown and pin:
            ends = [at for at in (top and top.kept, turn) if at]
            return State(
                pin.tier, pin.since, pin.until, False, min(ends, default=None), None, False, ladder.version_id
            )
        if top is None:
            return State("", None, None, False, turn, None, False, ladder.version_id)
        review_at = min((at for at in (top.kept, turn) if at), default=None)
        review_from = self._review_start(top) if top.kept else None
        simple = review_at is not None and turn is None
        return State(
            top.tier, top.since, top.kept, top.grace, review_at, review_from, simple, ladder.version_id
        )

    # What time brings

    def _next_event(self) -> datetime:
        at = _NEVER
        if self._version + 1 < len(self._timeline.since):
            at = self._timeline.since[self._version + 1]
        if self._turn < len(self._turns):
            at = min(at, self._turns[self._turn])
        for place in self._places:
            if place.kept is not None and place.kept < at:
                at = place.kept
        return at

    def _happen(self) -> None:
        """The first thing that is due: a publish, then the end of a term, then a pin."""
        now, since = self._clock, self._timeline.since
        if self._version + 1 < len(since) and since[self._version + 1] <= now:
            self._version = bisect_right(since, now) - 1
            self._publish(ladder_of(self._timeline.versions[self._version]))
        elif any(place.kept is not None and place.kept <= now for place in self._places):
            self._review()
        else:
            self._turn += 1
            self._pin = self._pin_in_force()
            shown = self._pin_shown
            self._show("pinned" if shown else "pin_ended", self._pin_details if shown else {})

    def _publish(self, ladder: Ladder) -> None:
        """Another version: terms that run go on; what it lifts is lifted at once."""
        self._ladder = ladder
        if not ladder.levels:
            self._places = []
            self._show("program")
            return
        if not self._places or self._places[-1].tier not in self._known:
            self._places = []
            self._start_over()
        else:
            self._places = [place for place in self._places if place.tier in self._known]
            for place in self._places:
                if place.kept is None:
                    place.kept = self._term(ladder.ranks.get(place.tier, NONE))
        self._climb("program")
        self._show("program")

    def _review(self) -> None:
        """The end of a term, or of several at the same midnight: the tier in force first, then what lies below."""
        now = self._clock
        for index in range(len(self._places) - 1, -1, -1):
            if self._places[index].kept == now and self._judge(index):
                del self._places[:index]
                return

    def _judge(self, index: int) -> bool:
        """Judge one place; whether that settled it, so that no refund of earlier orders touches it any more."""
        place, ladder, now = self._places[index], self._ladder, self._clock
        start = self._review_start(place)
        figure = self._figure(ladder, start, now, inclusive=False)
        rank = ladder.ranks.get(place.tier, NONE)
        verdict = ladder.judge(rank, figure, place.grace)
        if verdict.reason == "grace":
            place.grace, place.grace_from, place.kept = True, start, ladder.grace_until(now)
        else:
            since = place.since if verdict.rank == rank else now
            kept = ladder.kept_until(verdict.rank, last_day(ladder.zone, now))
            self._places[index] = _Place(ladder.key(verdict.rank), since, kept)
        if index == len(self._places) - 1:
            self._show(verdict.reason, ladder.evidence(rank, figure, start, now))
        return verdict.reason != "grace"

    def _review_start(self, place: _Place) -> datetime | None:
        if place.grace:
            return place.grace_from
        assert place.kept is not None
        return self._ladder.review_start(place.kept, self._joined_at)

    # What a member does

    def _climb(
        self, reason: str = "reached", undone: Sequence[_Reached] = (), more: dict[str, str] | None = None
    ) -> bool:
        """Lift the member to where the window of this instant puts them, if that is higher; whether it did."""
        ladder, now = self._ladder, self._clock
        rank = ladder.ranks.get(self._places[-1].tier, NONE)
        if rank + 1 == len(ladder.levels):
            return False
        start = ladder.window_start(now, self._joined_at)
        figure = self._figure(ladder, start, now)
        higher = ladder.standing(figure)
        if higher <= rank:
            return False
        entry = None if reason == "program" else self._enter(higher, undone)
        reached = _Reached(ladder, higher, start, now, entry)
        self._places.append(_Place(ladder.key(higher), now, self._term(higher), reached))
        details = (more or {}) | ladder.evidence(higher, figure, start, now)
        self._show(reason, details, entry.n if entry else 0)
        return True

    def _enter(self, rank: int, undone: Sequence[_Reached]) -> Entry:
        """The entry of a tier reached. One that a refund undid this instant stays where other orders support it."""
        level = self._ladder.levels[rank]
        for reached in undone:
            if reached.entry and reached.entry.tier == level.key:
                reached.entry.undone = False
                return reached.entry
        self._counts[level.key] = n = self._counts.get(level.key, 0) + 1
        points, reward = (0, "") if self._pin_shown else (level.entry_points, level.entry_reward)
        entry = Entry(level.key, n, self._clock, points, self._ladder.version_id, reward=reward)
        self.entries.append(entry)
        return entry

    def _undo(self, row: Row) -> list[_Reached]:
        """Take away the places whose window `row` brought below what they were reached by; the highest first."""
        undone = [
            place for place in reversed(self._places) if place.reached and self._lost(place.reached, row)
        ]
        if not undone:
            return []
        self._places = [place for place in self._places if place not in undone]
        found = [place.reached for place in undone if place.reached]
        for reached in found:
            if reached.entry:
                reached.entry.undone = True
        return found

    def _lost(self, reached: _Reached, row: Row) -> bool:
        metric = reached.ladder.tiers.metric
        if row.of(metric) >= 0 or row.counted_at > reached.at:
            return False
        if reached.start is not None and row.counted_at < reached.start:
            return False
        figure = self._figure(reached.ladder, reached.start, reached.at)
        return figure < reached.ladder.threshold(reached.rank)

    def _fall_back(self, undone: Sequence[_Reached]) -> None:
        """Back to where the member would be without the tier, and up from there as far as the window goes."""
        lost = undone[0]
        if self._places:
            self._places[-1] = replace(self._places[-1], since=self._clock)
        else:
            self._start_over()
        details = {"undone": lost.ladder.key(lost.rank)}
        if not self._climb("refund", undone, details):
            figure = self._figure(lost.ladder, lost.start, lost.at)
            self._show("refund", details | lost.ladder.evidence(lost.rank, figure, lost.start, lost.at))

    # Figures and what is shown

    @property
    def _known(self) -> set[str]:
        return {"", *self._ladder.ranks}

    def _start_over(self) -> None:
        """Where everybody starts: on the floor."""
        self._places = [_Place(self._ladder.key(self._ladder.floor), self._clock, None)]

    def _term(self, rank: int) -> datetime | None:
        return self._ladder.kept_until(rank, local_day(self._ladder.zone, self._clock))

    def _figure(
        self, ladder: Ladder, start: datetime | None, end: datetime, *, inclusive: bool = True
    ) -> Figure:
        metric = ladder.tiers.metric
        figure = self._sums.total(metric, start, end, inclusive=inclusive)
        if ladder.tiers.count_imports:
            figure += self._imports.total(metric, start, end, inclusive=inclusive)
        return figure

    def _pin_in_force(self) -> Pin | None:
        """The newest pin of this instant."""
        return next((pin for pin in reversed(self._pins) if pin.since <= self._clock < pin.until), None)

    @property
    def _pin_shown(self) -> bool:
        return self._pin is not None and self._pin.tier in self._ladder.ranks

    @property
    def _pin_details(self) -> dict[str, Any]:
        return {"reason": self._pin.reason, "actor": self._pin.actor} if self._pin else {}

    def _show(self, reason: str, details: dict[str, Any] | None = None, entered: int = 0) -> None:
        """Write the history on, if what is in force is another than what it says."""
        pinned = self._pin_shown and self._pin is not None
        top = self._places[-1] if self._places else None
        kept = self._pin.until if pinned and self._pin else top.kept if top else None
        now = self._clock
        last = self.spans[-1] if self.spans and self.spans[-1].until is None else None
        if last is None and not self.tier:
            return
        shown = (self.tier, kept, pinned)
        if last is not None:
            if shown == (last.tier, last.kept_until, last.reason == "pinned"):
                return
            last.until = now
        if top is not None:
            name = self._ladder.name(self.tier)
            version = self._ladder.version_id
            self.spans.append(Span(self.tier, name, now, None, kept, reason, version, details or {}, entered))
