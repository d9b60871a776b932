"""What a back-test has counted so far: small, whatever the number of orders, so that it is stored after each chunk."""

from typing import Any

import msgspec
from msgspec import Struct, field

SHOWN = 10


class Change(Struct):
    """What a program changes for one member: points `now` and with the `draft`; `order`: where it changes most."""

    customer: int
    now: int = 0
    draft: int = 0
    orders: int = 0
    order: int = 0
    most: int = 0

    @property
    def difference(self) -> int:
        return self.draft - self.now

    def add(self, order: int, now: int, draft: int) -> None:
        """Count one order of the member."""
        self.orders += 1
        self.now += now
        self.draft += draft
        if self.order == 0 or abs(draft - now) > abs(self.most):
            self.order, self.most = order, draft - now


class Tally(Struct):
    """`days`: points now and with the draft by the day's number in the period. `left_out`: orders that earn nothing
    by either, by machine reason. `winners` and `losers`: the greatest changes, the greatest first. `moves`: members by
    (tier now, tier with the draft, whether at once), as a list so that JSON can hold it.
    """

    now: int = 0
    draft: int = 0
    orders: int = 0
    members: int = 0
    gaining: int = 0
    losing: int = 0
    left_out: dict[str, int] = field(default_factory=dict)
    days: dict[int, list[int]] = field(default_factory=dict)
    winners: list[Change] = field(default_factory=list)
    losers: list[Change] = field(default_factory=list)
    moves: list[tuple[str, str, bool, int]] = field(default_factory=list)

    @classmethod
    def of(cls, stored: Any) -> "Tally":
        """What `as_json` gave."""
        return msgspec.convert(stored, cls, strict=False)

    def as_json(self) -> Any:
        """Plain JSON values."""
        return msgspec.to_builtins(self, str_keys=True)

    def add_order(self, day: int, now: int, draft: int) -> None:
        """Count one order of the period."""
        both = self.days.get(day)
        if both is None:
            self.days[day] = [now, draft]
        else:
            both[0] += now
            both[1] += draft

    def leave_out(self, reason: str) -> None:
        """Count an order that is worth nothing, and why."""
        self.left_out[reason] = self.left_out.get(reason, 0) + 1

    def add_member(self, change: Change) -> None:
        """Count a member, all of whose orders were added."""
        self.members += 1
        self.orders += change.orders
        self.now += change.now
        self.draft += change.draft
        if change.difference > 0:
            self.gaining += 1
            _keep(self.winners, change)
        elif change.difference < 0:
            self.losing += 1
            _keep(self.losers, change)

    def add_moves(self, old: str, new: str, at_once: bool, members: int = 1) -> None:
        """Count members who move from tier `old` to tier `new` ("" is none)."""
        for index, (from_, to, once, count) in enumerate(self.moves):
            if (from_, to, once) == (old, new, at_once):
                self.moves[index] = from_, to, once, count + members
                return
        self.moves.append((old, new, at_once, members))


def _keep(greatest: list[Change], change: Change) -> None:
    """Insert `change` where it belongs; of equal ones the member known longest comes first."""
    if len(greatest) == SHOWN and abs(change.difference) <= abs(greatest[-1].difference):
        return
    greatest.append(change)
    greatest.sort(key=lambda each: (-abs(each.difference), each.customer))
    del greatest[SHOWN:]
