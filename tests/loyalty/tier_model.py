"""What a member's tier should be, worked out the slow way: day by day, every sum added up anew.

Written apart from `loyalty.tiers` and sharing nothing with it but the structs it is fed with.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from loyalty.documents import ProgramDocument, Tier, Tiers
from loyalty.programs import compile_program
from loyalty.tiers import Pin, Row
from loyalty.versions import LoadedVersion, Timeline

DAY = timedelta(days=1)


def timeline(zone: str, *published: tuple[datetime, Tiers]) -> Timeline:
    """The versions of a shop that has published these tiers at these instants."""
    versions = []
    for number, (at, tiers) in enumerate(published, 1):
        document = ProgramDocument("EUR", (), tiers=tiers)
        versions.append(
            LoadedVersion(number, number, at, document, compile_program(document, zone), ZoneInfo(zone))
        )
    return Timeline(tuple(at for at, _ in published), tuple(versions), True)


def levels(*thresholds: int | str, **more: Any) -> tuple[Tier, ...]:
    """Tiers called t0, t1, … from these thresholds on."""
    return tuple(
        Tier(key=f"t{index}", name=f"Tier {index}", threshold=Decimal(threshold), **more)
        for index, threshold in enumerate(thresholds)
    )


@dataclass(frozen=True)
class State:
    """A tier held: `proof` is (tiers, window start, instant, threshold) of how it was reached, `before` what was."""

    tier: str
    kept: datetime | None
    as_of: datetime
    grace_from: datetime | None = None
    grace: bool = False
    proof: tuple[Tiers, datetime | None, datetime, Decimal] | None = None
    entry: int | None = None
    before: "State | None" = None


@dataclass
class Model:
    """`days`: tier and end of the term at each instant asked for. `entries`: [tier, n, points, undone]."""

    zone: ZoneInfo
    published: Sequence[tuple[datetime, Tiers]]
    joined: datetime
    pins: Sequence[Pin] = ()
    rows: list[Row] = field(default_factory=list)
    entries: list[list[Any]] = field(default_factory=list)
    state: State | None = None

    def run(self, rows: Sequence[Row], until: datetime) -> list[tuple[datetime, str, datetime | None]]:
        """Live through everything up to `until`; what was shown at the end of each instant at which something was."""
        events = {self.joined, until, *(at for at, _ in self.published), *self._midnights(until)}
        events |= (
            {row.effective_at for row in rows}
            | {pin.since for pin in self.pins}
            | {pin.until for pin in self.pins}
        )
        shown = []
        waiting = list(rows)
        for now in sorted(at for at in events if self.joined <= at <= until):
            if now == self.joined:
                self.state = self._bottom(now)
            elif any(at == now for at, _ in self.published):
                self.state = self._published(self.state, now)
                self._lift(now, own=False)
            self.state = self._reviewed(self.state, now)
            while waiting and waiting[0].effective_at <= now:
                self._happens(waiting.pop(0), now)
            shown.append((now, *self.shown(now)))
        return shown

    def shown(self, now: datetime) -> tuple[str, datetime | None]:
        pin = self._pin(now)
        if pin:
            return pin.tier, pin.until
        return (self.state.tier, self.state.kept) if self.state else ("", None)

    def _midnights(self, until: datetime) -> list[datetime]:
        day = self.joined.astimezone(self.zone).date()
        found = []
        while (at := self._midnight(day)) <= until:
            found.append(at)
            day += DAY
        return found

    def _midnight(self, day: date) -> datetime:
        return datetime(day.year, day.month, day.day, tzinfo=self.zone).astimezone(UTC)

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def tiers(self, now: datetime) -> Tiers:
        in_force = [tiers for at, tiers in self.published if at <= now]
        return in_force[-1] if in_force else self.published[0][1]

    def _pin(self, now: datetime) -> Pin | None:
        keys = {level.key for level in self.tiers(now).levels}
        running = [pin for pin in self.pins if pin.since <= now < pin.until]
        running.sort(key=lambda pin: pin.since)
        return running[-1] if running and running[-1].tier in keys else None

    def _sum(self, tiers: Tiers, start: datetime | None, end: datetime, with_end: bool) -> Decimal:
        total = Decimal(0)
        for row in self.rows:
            if start is not None and row.counted_at < start:
                continue
            if row.counted_at > end or (row.counted_at == end and not with_end):
                continue
            if row.source.startswith("import:") and not tiers.count_imports:
                continue
            total += Decimal(getattr(row, tiers.metric))
        return total

    def _earned(self, tiers: Tiers, amount: Decimal) -> Tier | None:
        good = [level for level in tiers.levels if level.threshold <= amount or level.threshold == 0]
        return good[-1] if good else None

    def _level(self, tiers: Tiers, key: str) -> int:
        return [level.key for level in tiers.levels].index(key) if key else -1

    def _bottom(self, now: datetime) -> State | None:
        tiers = self.tiers(now)
        if not tiers.levels:
            return None
        first = tiers.levels[0]
        return State(first.key if first.threshold == 0 else "", None, now)

    def _end(self, tiers: Tiers, key: str, day: date) -> datetime | None:
        """The midnight after the last day of a term that starts on `day`."""
        if not key or tiers.term == "forever":
            return None
        if tiers.levels[0].key == key and tiers.levels[0].threshold == 0:
            return None
        if tiers.term == "calendar_year":
            return self._midnight(date(day.year + 2, 1, 1))
        return self._midnight(months_on(day, tiers.term_months) + DAY)

    def _window(self, tiers: Tiers, day: date) -> datetime | None:
        if tiers.window == "lifetime":
            return None
        if tiers.window == "rolling":
            return self._midnight(months_on(day, -tiers.window_months))
        if tiers.window == "calendar_year":
            return self._midnight(date(day.year, 1, 1))
        start = day
        joined = self._day(self.joined)
        while not self._remembers(start, joined):
            start -= DAY
        return self._midnight(start)

    def _remembers(self, day: date, joined: date) -> bool:
        if (joined.month, joined.day) == (2, 29) and (day + DAY).month == 3 and day.month == 2:
            return True
        return (day.month, day.day) == (joined.month, joined.day)

    def _published(self, state: State | None, now: datetime) -> State | None:
        """What a publish makes of a state, before it lifts anybody."""
        tiers = self.tiers(now)
        if not tiers.levels:
            return None
        if state is None or (state.tier and state.tier not in [level.key for level in tiers.levels]):
            return self._bottom(now)
        kept = state.kept or self._end(tiers, state.tier, self._day(now))
        return replace(state, kept=kept)

    def _lift(self, now: datetime, *, own: bool, undone: Sequence[State] = ()) -> None:
        tiers = self.tiers(now)
        if self.state is None:
            return
        start = self._window(tiers, self._day(now))
        earned = self._earned(tiers, self._sum(tiers, start, now, True))
        if earned is None or self._level(tiers, earned.key) <= self._level(tiers, self.state.tier):
            return
        entry = self._entry(earned, now, undone) if own else None
        self.state = State(
            tier=earned.key,
            kept=self._end(tiers, earned.key, self._day(now)),
            as_of=now,
            proof=(tiers, start, now, earned.threshold),
            entry=entry,
            # A publish comes before the reviews of its instant, a row after them.
            before=replace(self.state, as_of=now if own else now - timedelta(microseconds=1)),
        )

    def _entry(self, level: Tier, now: datetime, undone: Sequence[State]) -> int:
        for state in undone:
            if state.entry is not None and self.entries[state.entry][0] == level.key:
                self.entries[state.entry][3] = False
                return state.entry
        times = 1 + sum(entry[0] == level.key for entry in self.entries)
        points = 0 if self._pin(now) else level.entry_points
        self.entries.append([level.key, times, points, False])
        return len(self.entries) - 1

    def _reviewed(self, state: State | None, now: datetime) -> State | None:
        """The state after a review that is due at `now`, if one is."""
        if state is None or state.kept != now:
            return state
        tiers = self.tiers(now)
        yesterday = self._day(now) - DAY
        start = state.grace_from
        if not state.grace:
            start = self._window(tiers, self._day(now) if tiers.window == "rolling" else yesterday)
        known = self.rows
        self.rows = [row for row in known if row.effective_at < now]
        amount = self._sum(tiers, start, now, False)
        self.rows = known
        place = self._level(tiers, state.tier)
        key = state.tier
        if tiers.term != "forever" and place >= 0 and amount < tiers.levels[place].threshold:
            if tiers.grace_days and not state.grace:
                until = self._midnight(yesterday + DAY * (tiers.grace_days + 1))
                return replace(state, kept=until, grace=True, grace_from=start)
            level = self._earned(tiers, amount)
            if tiers.downgrade == "one_step":
                level = tiers.levels[place - 1] if place else None
            key = level.key if level else ""
        return State(key, self._end(tiers, key, yesterday), now)

    def _now_of(self, before: State | None, now: datetime) -> State | None:
        """What became of a state that was left: live its own days again, publishes and reviews, nothing else."""
        state = before
        instants = {at for at, _ in self.published if before and before.as_of < at <= now}
        if before:
            instants |= {at for at in self._midnights(now) if before.as_of < at <= now}
        for at in sorted(instants):
            assert state is not None
            if any(published == at for published, _ in self.published):
                known = [level.key for level in self.tiers(at).levels]
                if not known:
                    return None
                if state.tier and state.tier not in known:
                    return self._now_of(state.before, now)
                state = self._published(state, at)
            state = self._reviewed(state, at)
        return replace(state, as_of=now) if state else None

    def _happens(self, row: Row, now: datetime) -> None:
        self.rows.append(row)
        if self.state is None:
            return
        chain = [self.state]
        while chain[-1].before is not None and (below := self._now_of(chain[-1].before, now)):
            chain.append(below)
        kept = [state for state in chain if not self._is_lost(state, row)]
        lost = [state for state in chain if self._is_lost(state, row)]
        for state in lost:
            if state.entry is not None:
                self.entries[state.entry][3] = True
        if lost:
            self.state = None
            for state in reversed(kept):
                self.state = replace(state, before=replace(self.state, as_of=now) if self.state else None)
            if chain[0] in lost and self.state is None:
                self.state = self._bottom(now)
        self._lift(now, own=True, undone=lost if chain[0] in lost else ())

    def _is_lost(self, state: State, row: Row) -> bool:
        if state.proof is None:
            return False
        tiers, start, at, threshold = state.proof
        if (
            getattr(row, tiers.metric) >= 0
            or row.counted_at > at
            or (start is not None and row.counted_at < start)
        ):
            return False
        return self._sum(tiers, start, at, True) < threshold


def months_on(day: date, months: int) -> date:
    """The same day some months on, or the last one of that month."""
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month in (0, 13):
            year, month = (year - 1, 12) if month == 0 else (year + 1, 1)
    number = day.day
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1
