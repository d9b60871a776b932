"""The tiers of one program version as a ladder: who stands where, for how long, and what a review decides."""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from loyalty.calendar import (
    add_days,
    add_months,
    anniversary,
    day_after,
    day_of,
    day_start,
    last_day,
    local_day,
)
from loyalty.documents import Tier, Tiers
from loyalty.versions import LoadedVersion

NONE = -1  # the rank of having no tier
MOST_KEPT = 1_000

Figure = Decimal | int


class Verdict(NamedTuple):
    """What a review decides, and the rank that comes of it."""

    reason: Literal["renewed", "grace", "downgraded"]
    rank: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """`levels` from the lowest up; a tier's rank is its place among them."""

    version_id: int
    zone: ZoneInfo
    tiers: Tiers
    levels: tuple[Tier, ...]
    thresholds: tuple[Decimal, ...]
    ranks: dict[str, int]

    @property
    def floor(self) -> int:
        """The rank that everybody has: the lowest tier where its threshold is 0."""
        return 0 if self.thresholds and self.thresholds[0] <= 0 else NONE

    def standing(self, figure: Figure) -> int:
        """The rank that `figure` of the metric is enough for; thresholds are inclusive."""
        return max(bisect_right(self.thresholds, figure) - 1, self.floor)

    def key(self, rank: int) -> str:
        return self.levels[rank].key if rank >= 0 else ""

    def name(self, key: str) -> str:
        rank = self.ranks.get(key, NONE)
        return self.levels[rank].name if rank >= 0 else ""

    def threshold(self, rank: int) -> Decimal:
        return self.thresholds[rank] if rank >= 0 else Decimal(0)

    def window_start(self, at: datetime, joined_at: datetime) -> datetime | None:
        """Where the window starts that counts at `at`; None: with the first order."""
        return self._start(local_day(self.zone, at), joined_at)

    def review_start(self, review_at: datetime, joined_at: datetime) -> datetime | None:
        """Where the window starts that is judged at the midnight `review_at`: a year that has just ended counts."""
        if self.tiers.window == "rolling":
            return self._start(local_day(self.zone, review_at), joined_at)
        return self._start(last_day(self.zone, review_at), joined_at)

    def _start(self, day: date, joined_at: datetime) -> datetime | None:
        window = self.tiers.window
        if window == "lifetime":
            return None
        if window == "rolling":
            return day_start(self.zone, add_months(day, -max(1, self.tiers.window_months)))
        if window == "calendar_year":
            return day_start(self.zone, day_of(day.year, 1, 1))
        joined = local_day(self.zone, joined_at)
        this_year = anniversary(joined, day.year)
        return day_start(self.zone, this_year if this_year <= day else anniversary(joined, day.year - 1))

    def kept_until(self, rank: int, day: date) -> datetime | None:
        """The midnight that ends the term of a tier held from `day` on; None where there is nothing to lose."""
        if rank <= self.floor or self.tiers.term == "forever":
            return None
        if self.tiers.term == "calendar_year":
            return day_after(self.zone, day_of(day.year + 1, 12, 31))
        return day_after(self.zone, add_months(day, max(1, self.tiers.term_months)))

    def grace_until(self, review_at: datetime) -> datetime:
        """The midnight that ends the grace after a term that ended at `review_at`."""
        return day_after(self.zone, add_days(last_day(self.zone, review_at), self.tiers.grace_days))

    def judge(self, rank: int, figure: Figure, in_grace: bool) -> Verdict:
        """What comes of the term of `rank` ending with `figure` in its window."""
        if self.tiers.term == "forever" or rank <= self.floor or figure >= self.threshold(rank):
            return Verdict("renewed", rank)
        if self.tiers.grace_days > 0 and not in_grace:
            return Verdict("grace", rank)
        lower = rank - 1 if self.tiers.downgrade == "one_step" else self.standing(figure)
        return Verdict("downgraded", lower)

    def evidence(self, rank: int, figure: Figure, start: datetime | None, end: datetime) -> dict[str, str]:
        """The figures behind a decision on `rank`, as plain JSON values."""
        found = {
            "metric": self.tiers.metric,
            "figure": plain(figure),
            "threshold": plain(self.threshold(rank)),
            "to": end.isoformat(),
        }
        return found if start is None else found | {"from": start.isoformat()}


def plain(figure: Figure) -> str:
    """`figure` in digits, the same however many places it was stored with."""
    return f"{Decimal(figure).normalize():f}" if figure else "0"


_ladders: dict[int, tuple[LoadedVersion, Ladder]] = {}


def ladder_of(version: LoadedVersion) -> Ladder:
    """The ladder of a version, made once. Kept with the version itself, so that no other can take its identity."""
    known = _ladders.get(id(version))
    if known is None:
        if len(_ladders) >= MOST_KEPT:
            _ladders.clear()
        known = _ladders[id(version)] = version, _make(version)
    return known[1]


def _make(version: LoadedVersion) -> Ladder:
    tiers = version.document.tiers
    levels = tuple(sorted(tiers.levels, key=lambda level: level.threshold))
    return Ladder(
        version_id=version.id,
        zone=version.zone,
        tiers=tiers,
        levels=levels,
        thresholds=tuple(level.threshold for level in levels),
        ranks={level.key: rank for rank, level in enumerate(levels)},
    )
