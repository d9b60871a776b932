"""Where a walk through a store's orders stands, when the store only knows dates and page numbers.

Orders that change meanwhile move to the end and pull the others forward, so page numbers alone would skip some. A
walk goes on from the last date it has seen instead, and turns pages only within one date.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
MOST_SEEN = 20  # ids that a cursor has room for

Dated = Sequence[tuple[str, datetime | None]]


@dataclass(frozen=True, slots=True)
class Spot:
    """Orders dated at or after `least`, `page` (from 1) of them, without those that were `seen`; `text` is a cursor."""

    least: datetime
    page: int = 1
    seen: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return " ".join([self.least.isoformat(), str(self.page), *self.seen])

    def following(self, orders: Dated, size: int) -> "Spot | None":
        """Where to go on after a page of these orders (id, date) in the order of their dates; None after the last."""
        if len(orders) < size:
            return None
        dates = [date for _, date in orders if date is not None]
        if not dates or dates[0] == dates[-1] or dates[-1] <= self.least:
            return Spot(self.least, self.page + 1, self.seen)
        last = tuple(id for id, date in orders if date == dates[-1])
        return Spot(dates[-1], seen=last if len(last) <= MOST_SEEN else ())


def spot(since: datetime | None, cursor: str | None) -> Spot:
    """Where a walk begins or goes on."""
    if not cursor:
        return Spot(since or EPOCH)
    least, page, *seen = cursor.split(" ")
    return Spot(datetime.fromisoformat(least), int(page), tuple(seen))
