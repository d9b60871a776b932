"""What goes into a member's journey through the tiers, and what comes out of it."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple


class Row(NamedTuple):
    """What one source adds (or takes away) from `effective_at` on, in the window that `counted_at` falls in."""

    source: str
    counted_at: datetime
    effective_at: datetime
    orders: int
    spend: Decimal
    points: int

    def of(self, metric: str) -> Decimal | int:
        """What it adds to `metric`: spend, points or orders."""
        if metric == "spend":
            return self.spend
        return self.points if metric == "points" else self.orders


class Pin(NamedTuple):
    """A tier given by a person from `since` until `until`, whatever the member earns."""

    tier: str
    since: datetime
    until: datetime
    reason: str
    actor: str


@dataclass(slots=True)
class Span:
    """One stretch of the history; `until` None: still in force; `kept_until` None: for good.

    `reason`: joined, reached, program, renewed, grace, downgraded, refund, pinned or pin_ended. `entered`: it is the
    n-th time that the tier was reached by the member's own doing; 0 where it was not. `details`: plain JSON values.
    """

    tier: str
    name: str
    since: datetime
    until: datetime | None
    kept_until: datetime | None
    reason: str
    version_id: int
    details: dict[str, Any] = field(default_factory=dict)
    entered: int = 0


@dataclass(slots=True)
class Entry:
    """The `n`-th time that `tier` was reached. `undone`: a refund undid what reached it.

    `points` and `reward` (a public id, "" for none) are what is given for it: nothing where a pin hid that they
    reached it.
    """

    tier: str
    n: int
    at: datetime
    points: int
    version_id: int
    undone: bool = False
    reward: str = ""


class State(NamedTuple):
    """Where a member stands. `review_at`: when time alone may change it; `review_from`: where the window starts that
    is judged then (None: with the first order). `simple`: that review is no more than a comparison with the
    thresholds of version `version_id`.
    """

    tier: str
    since: datetime | None
    kept_until: datetime | None
    in_grace: bool
    review_at: datetime | None
    review_from: datetime | None
    simple: bool
    version_id: int
