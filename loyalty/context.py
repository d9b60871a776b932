"""What an evaluation needs to know of the member besides the source itself, and what it gives back to that."""

from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from msgspec import Struct, field


class Room(Struct, frozen=True, omit_defaults=True):
    """What limits leave: `points` and `times` (None: no limit), and the `period` of the one that binds."""

    points: Decimal | None = None
    times: int | None = None
    period: str = ""


class Context(Struct, frozen=True, omit_defaults=True):
    """`ordinal`: the order's place among the member's orders that count, from 1. `tier`: the key in force, "" for none.

    `room`: what the program's caps leave. `rooms`: what the limits of single rules leave, by rule key.
    """

    ordinal: int = 1
    tier: str = ""
    room: Room = field(default_factory=Room)
    rooms: dict[str, Room] = field(default_factory=dict)


ALONE = Context()


class Step(NamedTuple):
    """What a source is worth from `at` on: cumulative, the newest counts. The first step is before any refund."""

    at: datetime
    points: int
    spend: Decimal
    orders: int


class Evaluation(NamedTuple):
    """`target` points, and why: `breakdown` is plain JSON values, decimals as strings ("n/d" if endless).

    `used`: before refunds, {rule key: [points as exact text, times]} of rules that have limits. `steps`: the course of
    the source in time; empty when it does not count.
    """

    target: int
    breakdown: dict[str, Any]
    steps: tuple[Step, ...] = ()
    used: dict[str, list[Any]] = {}
