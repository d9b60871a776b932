"""Sums of the metrics over windows of time."""

from bisect import bisect_left, bisect_right
from datetime import datetime
from decimal import Decimal

from loyalty.tiers.records import Row


class Sums:
    """Rows by `counted_at`, with running sums of the metrics that were asked for; rows come mostly in order."""

    def __init__(self) -> None:
        self._at: list[datetime] = []
        self._rows: list[Row] = []
        self._running: dict[str, list[Decimal | int]] = {}

    def add(self, row: Row) -> None:
        place = bisect_right(self._at, row.counted_at)
        self._at.insert(place, row.counted_at)
        self._rows.insert(place, row)
        for metric, running in self._running.items():
            value = row.of(metric)
            running.insert(place + 1, running[place] + value)
            for later in range(place + 2, len(running)):
                running[later] += value

    def total(self, metric: str, start: datetime | None, end: datetime, *, inclusive: bool) -> Decimal | int:
        """The sum of [start, end), or with `inclusive` of [start, end]; `start` None: of all before."""
        if not self._at:
            return 0
        running = self._running.get(metric)
        if running is None:
            running = self._running[metric] = self._sum_up(metric)
        low = 0 if start is None else bisect_left(self._at, start)
        high = bisect_right(self._at, end) if inclusive else bisect_left(self._at, end)
        return running[high] - running[low] if high > low else 0

    def _sum_up(self, metric: str) -> list[Decimal | int]:
        running: list[Decimal | int] = [0]
        for row in self._rows:
            running.append(running[-1] + row.of(metric))
        return running
