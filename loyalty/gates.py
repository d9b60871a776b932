"""The conditions of a program that are not about single lines: which rules and campaigns they let through.

Each rule and campaign is a bit. Every kind of condition is prepared as masks of what it lets through, so that
an order is held against all of them at once.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import get_args
from zoneinfo import ZoneInfo

from loyalty.context import Context
from loyalty.documents import Conditions, Weekday
from loyalty.products import folded

_EVER = datetime.max
# Bounds what is remembered of texts and places.
_MOST_KEPT = 500
WEEKDAYS: tuple[str, ...] = get_args(Weekday)


@dataclass(frozen=True, slots=True)
class Gate:
    """What must hold for one rule or campaign. `every`: only each so manieth order counts (0: any)."""

    conditions: Conditions
    first_order: bool = False
    every: int = 0


class Gates:
    """The gates of a program, numbered from bit 0. `uses_…`: whether any of them asks for this."""

    def __init__(self, gates: Sequence[Gate], zone: ZoneInfo) -> None:
        self.all = (1 << len(gates)) - 1
        conditions = [gate.conditions for gate in gates]
        windows = [(_clock(c.starts) or datetime.min, _clock(c.ends) or _EVER) for c in conditions]
        breaks = sorted({at for window in windows for at in window} - {datetime.min, _EVER})
        # Instants of one zone compare by the clock on its walls.
        self._breaks = [at.replace(tzinfo=zone) for at in breaks]
        self._by_window = tuple(
            _mask(starts <= at < ends for starts, ends in windows) for at in (datetime.min, *breaks)
        )
        self._by_weekday = tuple(
            _mask(not c.weekdays or day in c.weekdays for c in conditions) for day in WEEKDAYS
        )
        self._zone = zone
        self._uses_clock = bool(breaks) or any(c.weekdays for c in conditions)
        least = [c.min_basis for c in conditions if c.min_basis is not None]
        self._thresholds = sorted(set(least))
        self._by_basis = tuple(
            _mask(c.min_basis is None or (reached is not None and c.min_basis <= reached) for c in conditions)
            for reached in (None, *self._thresholds)
        )
        self._channels = _Masks(gates, lambda c: c.channels)
        self._tiers = _Masks(gates, lambda c: c.tiers)
        self._tags = _Masks(gates, lambda c: c.customer_tags)
        first = [gate.first_order or gate.conditions.first_order for gate in gates]
        every = [(gate.every, 1 << index) for index, gate in enumerate(gates) if gate.every]
        self._ordinals = _Ordinals(self.all, _mask(first), every)
        self.uses_ordinal = any(first) or bool(every)
        self.uses_tiers = bool(self._tiers.by_name)
        self._uses_channels = bool(self._channels.by_name)
        self._uses_tags = bool(self._tags.by_name)
        self.free = not (
            self._uses_clock
            or self._thresholds
            or self._uses_channels
            or self.uses_tiers
            or self._uses_tags
            or self.uses_ordinal
        )

    def open(
        self,
        at: datetime,
        context: Context,
        tags: tuple[str, ...],
        channel: str | None = None,
        basis: Decimal | None = None,
    ) -> int:
        """What is let through at the instant `at`; without `channel` or `basis`, these are not asked for."""
        mask = self.all
        if self._uses_clock:
            local = at.astimezone(self._zone)
            mask = self._by_weekday[local.weekday()]
            if self._breaks:
                mask &= self._by_window[bisect_right(self._breaks, local)]
        if self._uses_channels and channel is not None:
            mask &= self._channels[channel]
        if self.uses_tiers:
            mask &= self._tiers[context.tier]
        if self._thresholds and basis is not None:
            mask &= self._by_basis[bisect_right(self._thresholds, basis)]
        if self._uses_tags:
            allowed = self._tags.any
            for tag in tags:
                allowed |= self._tags[tag]
            mask &= allowed
        if self.uses_ordinal:
            mask &= self._ordinals[context.ordinal]
        return mask


class _Ordinals(dict[int, int]):
    """What is let through for an order of this place; one that is missing is worked out and kept."""

    def __init__(self, every: int, first: int, each: list[tuple[int, int]]) -> None:
        super().__init__()
        self._every, self._first, self._each = every, first, each

    def __missing__(self, ordinal: int) -> int:
        mask = self._every if ordinal == 1 else self._every & ~self._first
        for every, bit in self._each:
            if ordinal % every:
                mask &= ~bit
        if len(self) < _MOST_KEPT:
            self[ordinal] = mask
        return mask


class _Masks(dict[str, int]):
    """What is let through for a text; one that is missing is worked out and kept."""

    def __init__(self, gates: Sequence[Gate], names_of: Callable[[Conditions], Iterable[str]]) -> None:
        super().__init__()
        named = [{folded(name) for name in names_of(gate.conditions)} for gate in gates]
        self.any = _mask(not names for names in named)
        self.by_name = {
            name: self.any | _mask(name in names for names in named) for name in set().union(*named)
        }

    def __missing__(self, name: str) -> int:
        mask = self.by_name.get(folded(name), self.any)
        if len(self) < _MOST_KEPT:
            self[name] = mask
        return mask


def sensible(conditions: Conditions) -> bool:
    """Whether the window is readable and the least basis a number; a stored program may hold anything."""
    try:
        for text in (conditions.starts, conditions.ends):
            _clock(text)
    except ValueError:
        return False
    return conditions.min_basis is None or conditions.min_basis.is_finite()


def _clock(text: str) -> datetime | None:
    """A date or date-time on the shop's clock. Raises ValueError if it is not readable."""
    return datetime.fromisoformat(text).replace(tzinfo=None) if text else None


def _mask(flags: Iterable[bool]) -> int:
    return sum(1 << index for index, flag in enumerate(flags) if flag)
