"""Turns: of the workers, one at a time does a kind of work that may wait long for others."""

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import redis

from lib import bell

HANGS_MS = 5000


class Turn:
    """The turn of `kind`: stores that hang never occupy all workers.

    It is a hint in Redis: without it two may work at a time, which is safe. Whoever dies loses it after `hangs_ms`,
    which is longer than they go without saying that they go on. `next_bell` calls the next one when `seconds` are over.
    """

    def __init__(
        self, kind: str, seconds: float, next_bell: bell.Bell | None = None, hangs_ms: int = HANGS_MS
    ) -> None:
        self._key = f"regulars:turn:{kind}"
        self._next_bell = next_bell
        self._hangs_ms = hangs_ms
        self._ends = time.monotonic() + seconds
        self.mine = True
        with suppress(redis.RedisError):
            self.mine = bool(bell.connection().set(self._key, b"1", nx=True, px=hangs_ms))

    def going_on(self) -> bool:
        """Keep the turn; when the time is over pass it on to the next worker, and call one."""
        if not self.mine:
            return False
        if time.monotonic() < self._ends:
            with suppress(redis.RedisError):
                bell.connection().set(self._key, b"1", px=self._hangs_ms)
            return True
        self.end()
        if self._next_bell is not None:
            with suppress(redis.RedisError):
                self._next_bell.ring()
        return False

    def end(self) -> None:
        """Pass it on before the time is over."""
        if self.mine:
            self.mine = False
            with suppress(redis.RedisError):
                bell.connection().delete(self._key)


@contextmanager
def turn_of(kind: str, seconds: float, hangs_ms: int = HANGS_MS) -> Iterator[bool]:
    """Whether it is our turn, for as long as the block takes."""
    turn = Turn(kind, seconds, hangs_ms=hangs_ms)
    try:
        yield turn.mine
    finally:
        turn.end()
