"""A circuit breaker: a store that keeps failing is left alone, and then tried with one call at a time.

Its state is two columns of a row, so it holds for all processes. Nothing here reads or writes them.
"""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

THRESHOLD = 5
FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(minutes=5)
# Pauses are longer by up to this part of themselves, so that stores of one platform are not tried all at once.
JITTER = 0.25
_DOUBLINGS = 6  # reach the longest pause


@dataclass(frozen=True, slots=True)
class Breaker:
    """`failures` in a row, and until when nothing may be sent.

    Closed while `open_until` is None; open before it, half-open from then on. A call that is let through
    half-open is a probe: its caller first stores `probing(now)` by an update on condition that `open_until` is
    unchanged, and calls only when that has hit the row.
    """

    failures: int = 0
    open_until: datetime | None = None

    def state(self, now: datetime) -> Literal["closed", "open", "half-open"]:
        """What it is at `now`."""
        if self.open_until is None:
            return "closed"
        return "open" if now < self.open_until else "half-open"

    def allows(self, now: datetime) -> bool:
        """Whether a call may begin."""
        return self.state(now) != "open"

    def probing(self, now: datetime) -> "Breaker":
        """What to store before a call begins: half-open, the probe counts as failed until it is seen to succeed.

        So nobody else is let through meanwhile, and a probe whose process dies needs no tidying up.
        """
        return self.after_failure(now) if self.state(now) == "half-open" else self

    def after_failure(self, now: datetime) -> "Breaker":
        """A call failed. While open - a probe, or a call that began before - that only moves the pause on."""
        failures = self.failures + (self.state(now) != "open")
        if failures < THRESHOLD and self.open_until is None:
            return Breaker(failures)
        until = now + _pause(failures)
        return Breaker(failures, max(until, self.open_until or until))

    def after_success(self) -> "Breaker":
        """A call succeeded: closed."""
        return Breaker()


def _pause(failures: int) -> timedelta:
    doublings = min(max(failures - THRESHOLD, 0), _DOUBLINGS)
    return min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE) * (1 + random.uniform(0, JITTER))
