"""What a back-test ends with, as it is stored and shown."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct


class Points(Struct, frozen=True):
    """Points of the orders of the period: what they hold `now`, what the `draft` gives, and the difference."""

    now: int
    draft: int
    difference: int

    @property
    def percent(self) -> Decimal | None:
        """The difference in per cent, with one place; None where there is nothing to compare with."""
        return (Decimal(100 * self.difference) / self.now).quantize(Decimal("0.1")) if self.now else None


class Cost(Struct, frozen=True):
    """The points in money of the shop's `currency`; `value_now` and `value_draft`: what one point costs."""

    currency: str
    value_now: Decimal
    value_draft: Decimal
    now: Decimal
    draft: Decimal
    difference: Decimal


class Liability(Struct, frozen=True):
    """What members could still spend: `points` outstanding now, in money `now`, and had it been the `draft`.

    `spent_share`: of all points ever earned, the part that was spent (0 to 1), None where none was yet; `expected`:
    that part of the difference.
    """

    points: int
    now: Decimal
    draft: Decimal
    difference: Decimal
    spent_share: Decimal | None
    expected: Decimal | None


class TierMove(Struct, frozen=True):
    """Members who go from one tier to another, by name ("" is none): `at_once`, or at their next review."""

    old: str
    new: str
    up: bool
    at_once: bool
    members: int


class MemberChange(Struct, frozen=True):
    """What changes for one member, an account id, over so many orders, and why."""

    member: int
    now: int
    draft: int
    difference: int
    orders: int
    reasons: tuple[str, ...]


class Stretch(Struct, frozen=True):
    """Points of the orders placed on the days `first` to `last` of the shop's calendar."""

    first: date
    last: date
    now: int
    draft: int


class Result(Struct, frozen=True):
    """The whole answer, and what it was made of: the live version's number, the digest of the draft, the data.

    `left_out`: orders that earn nothing, by machine reason. `gaining` and `losing` count members.
    """

    version: int
    digest: str
    days: int
    starts_at: datetime
    ends_at: datetime
    data: dict[str, int]
    changes: tuple[str, ...]
    points_name: str
    orders: int
    members: int
    gaining: int
    losing: int
    left_out: dict[str, int]
    points: Points
    cost: Cost
    liability: Liability
    tiers: tuple[TierMove, ...]
    winners: tuple[MemberChange, ...]
    losers: tuple[MemberChange, ...]
    series: tuple[Stretch, ...]

    @property
    def touched(self) -> int:
        """Members who get more or fewer points."""
        return self.gaining + self.losing

    @property
    def moving(self) -> int:
        """Members who change tier."""
        return self.up + self.down

    @property
    def up(self) -> int:
        """Members who move up."""
        return sum(move.members for move in self.tiers if move.up)

    @property
    def down(self) -> int:
        """Members who move down, at once or at their next review."""
        return sum(move.members for move in self.tiers if not move.up)


def stored(result: Result) -> Any:
    """Plain JSON values, amounts as strings."""
    return msgspec.to_builtins(result)


def result_from(values: Any) -> Result:
    """What `stored` gave."""
    return msgspec.convert(values, Result, strict=False)
