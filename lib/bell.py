"""The bells that wake a worker: coalesced, after the fact, and never in the way of a request.

Redis is a hint. A bell that is lost costs seconds: beat rings it too.
"""

import contextlib
import threading
from functools import lru_cache

import redis
import structlog
from celery import current_app
from django.conf import settings

log = structlog.get_logger("regulars.bell")

# While a bell hangs in the queue it is not rung again; a worker takes it down before it looks for work.
HANGS_MS = 1500
PAUSE_S = 0.04
LONGEST_PAUSE_S = 5.0


@lru_cache(maxsize=1)
def connection() -> "redis.Redis":
    """This process's Redis client; short time-outs, because nobody may wait for a hint."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.5, socket_timeout=0.5)


class Bell:
    """Calls `task`, which looks for work; `key` is where it hangs in Redis."""

    def __init__(self, key: str, task: str) -> None:
        self._key = key
        self._task = task

    def ring(self) -> None:
        """Wake a worker, unless the bell hangs already. Raises `redis.RedisError` when Redis is away."""
        if connection().set(self._key, b"1", nx=True, px=HANGS_MS):
            current_app.send_task(self._task, expires=60, retry=False, ignore_result=True)

    def take_down(self) -> None:
        """What a worker does before it claims: whatever is committed later may ring again."""
        with contextlib.suppress(redis.RedisError):
            connection().delete(self._key)


class Ringer:
    """Rings `bell` from a thread of its own, once for any number of `soon()` calls in a short while."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._wanted = threading.Event()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None

    def soon(self) -> None:
        """Ask for the bell; costs a microsecond. Call it after the commit."""
        if self._thread is None:
            self._begin()
        if not self._wanted.is_set():
            self._wanted.set()

    def _begin(self) -> None:
        with self._start:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        pause = PAUSE_S
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                self._bell.ring()
                pause = PAUSE_S
            except Exception as error:  # whatever it is, the next ring tries again
                pause = min(pause * 2, LONGEST_PAUSE_S)
                self._wanted.set()
                log.warning("bell could not be rung", reason=type(error).__name__)
            threading.Event().wait(pause)


inbox_bell = Bell("regulars:bell", "orders.apply_deliveries")
ringer = Ringer(inbox_bell)
ring, take_down = inbox_bell.ring, inbox_bell.take_down
rewards_bell = Bell("regulars:bell:rewards", "rewards.issue_codes")
rewards_ringer = Ringer(rewards_bell)
fetch_bell = Bell("regulars:bell:fetch", "orders.fetch_due")
fetch_ringer = Ringer(fetch_bell)
sweep_bell = Bell("regulars:bell:sweep", "orders.sweep_stores")
sweep_ringer = Ringer(sweep_bell)
stores_bell = Bell("regulars:bell:stores", "orders.keep_stores")
stores_ringer = Ringer(stores_bell)
privacy_bell = Bell("regulars:bell:privacy", "orders.answer_privacy")
privacy_ringer = Ringer(privacy_bell)
