"""What the ledger is asked to do, and what it answers."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

# What happens to a debit that the balance does not cover; "unused" takes what is left of its own award's lots alone.
Uncovered = Literal["refuse", "carry", "clamp", "unused"]


@dataclass(slots=True)
class Move:
    """A wish to move `points` of the balance and `pending` points of an account; not 0 both.

    Above 0 is a credit, below 0 a debit. `occurred_at` is when its cause happened. A credit of `points` opens a lot
    that is available from `available_at` (or `occurred_at`) and expires at `expires_at`, or never; with `idle_months`
    every later `activity` (an earning or a spending) moves that on.

    A debit of an award takes that award's own lots first, one that reverses another entry those that it opened. With
    `shortfall`, what the award misses already, points of it that have expired are not taken again: they are missed too.

    A credit of kind "return" names in `reverses_id` the "redeem" entry of the account whose points come back: to the
    lots that it took them from, with their own expiry. What would come back expired lives until `courtesy_until`. Only
    what that entry took from no lot, because it was carried, opens one on the terms of the move.
    """

    shop_id: int
    account_id: int
    kind: str
    points: int
    reference: str
    occurred_at: datetime
    uncovered: Uncovered = "refuse"
    award_id: int | None = None
    revision: int | None = None
    reverses_id: int | None = None
    reason: str = ""
    actor: str = ""
    expires_at: datetime | None = None
    pending: int = 0
    available_at: datetime | None = None
    idle_months: int | None = None
    activity: bool = False
    shortfall: int | None = None
    courtesy_until: datetime | None = None


@dataclass(slots=True)
class Posted:
    """What became of a move: `points` and `pending` moved (0 and no `entry_id` when nothing was), and the shortfall:
    what a clamp left out, or had expired already. `expired` of the points that a return gave back expired at once.
    """

    entry_id: int | None
    points: int
    balance_after: int
    shortfall: int = 0
    pending: int = 0
    expired: int = 0
