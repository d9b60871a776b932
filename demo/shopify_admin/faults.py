"""What goes wrong with calls, by chance and in known shares."""

import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Literal

Fault = Literal[
    "slow",  # answered late
    "hang",  # done, then nothing is answered until the connection is dropped
    "drop",  # done, then the connection is dropped at once
    "500_before",  # an error, and nothing done
    "500_after",  # done, and an error
    "502",  # a page of a proxy; done or not
    "throttle",  # not done; no points left, with 200 or with 429
    "taken",  # somebody else made the code just before
    "malformed",  # done; half of the answer
]
ANY = "*"


class Faults:
    """Draws a fault for a call, or none.

    `shares`: for each field at the top (`*` for any mutation without shares of its own) the share of 1 of each
    fault. `done` counts what was drawn. Times in seconds.
    """

    def __init__(
        self,
        shares: Mapping[str, Mapping[Fault, float]] | None = None,
        seed: int = 0,
        slow_s: float = 0.2,
        hang_s: float = 15,
    ) -> None:
        self.shares = dict(shares or {})
        self.slow_s, self.hang_s = slow_s, hang_s
        self.done: Counter[Fault] = Counter()
        self.released = threading.Event()  # set at the end, so that nobody waits for a held connection
        self._random = Random(seed)
        self._lock = threading.Lock()

    def draw(self, fields: Sequence[str], writes: bool) -> Fault | None:
        """The fault of a call, counted."""
        shares = next((self.shares[name] for name in fields if name in self.shares), None)
        if shares is None:
            shares = self.shares.get(ANY, {}) if writes else {}
        with self._lock:
            point = self._random.random()
            for fault, share in shares.items():
                if point < share:
                    self.done[fault] += 1
                    return fault
                point -= share
        return None

    def coin(self) -> bool:
        """Heads or tails."""
        with self._lock:
            return self._random.random() < 0.5

    def wait(self, seconds: float) -> None:
        """Pass the time, unless the server ends first."""
        self.released.wait(seconds)


def code_in(variables: Mapping[str, Any]) -> str | None:
    """The code that a mutation wants to make, wherever it stands in its variables."""
    for name, value in variables.items():
        if name == "code" and isinstance(value, str):
            return value
        if isinstance(value, Mapping) and (found := code_in(value)):
            return found
    return None
