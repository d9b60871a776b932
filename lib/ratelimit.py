"""Rate limits over all processes without waiting for Redis.

A request is counted in the process, in microseconds. A background thread adds the counts of each process up
in Redis and reads the totals back. When Redis is away every process goes on with its own counts alone.
"""

import threading
import time

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

WINDOW_S = 60
MERGE_S = 0.2
LONGEST_PAUSE_S = 30.0
MOST_KEYS = 200_000


class RateLimiter:
    """Counts per key in windows of a minute that start with the clock's minute.

    At most `MOST_KEYS` keys are counted at a time; what comes beyond is let through.
    """

    def __init__(self, redis_url: str, prefix: str = "ratelimit") -> None:
        self._redis = redis.Redis.from_url(
            redis_url, socket_timeout=0.5, socket_connect_timeout=0.5, retry=Retry(NoBackoff(), 0)
        )
        self._prefix = prefix
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._thread: threading.Thread | None = None
        self._window = 0
        self._own: dict[str, int] = {}
        self._unmerged: dict[str, int] = {}
        self._elsewhere: dict[str, int] = {}

    def wait_s(self, key: str, limit: int) -> int:
        """Count one request; 0 when it is within `limit` a window, otherwise the seconds to wait."""
        now = time.time()
        window = int(now // WINDOW_S)
        with self._lock:
            if window != self._window:
                self._begin(window)
            own = self._own.get(key, 0) + 1
            if own > 1 or len(self._own) < MOST_KEYS:
                self._own[key] = own
                self._unmerged[key] = self._unmerged.get(key, 0) + 1
            count = own + self._elsewhere.get(key, 0)
        if not self._something.is_set():
            self._wake()
        return 0 if count <= limit else max(1, int((window + 1) * WINDOW_S - now) + 1)

    def _begin(self, window: int) -> None:
        self._window = window
        self._own, self._unmerged, self._elsewhere = {}, {}, {}

    def _wake(self) -> None:
        self._something.set()
        if self._thread is None or not self._thread.is_alive():
            with self._lock:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._merge_forever, name="ratelimit", daemon=True)
                    self._thread.start()

    def _merge_forever(self) -> None:
        pause_s = MERGE_S
        while self._something.wait():
            self._something.clear()
            try:
                self._merge()
                pause_s = MERGE_S
            except (redis.RedisError, OSError):
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            time.sleep(pause_s)

    def _merge(self) -> None:
        """Add what was counted since the last time to Redis and learn the totals.

        When Redis may not have taken the counts they are not sent again: others would count them twice.
        """
        with self._lock:
            window, counted, self._unmerged = self._window, self._unmerged, {}
        keys = list(counted)
        pipeline = self._redis.pipeline(transaction=False)
        for key in keys:
            name = f"{self._prefix}:{window}:{key}"
            pipeline.incrby(name, counted[key])
            pipeline.expire(name, 2 * WINDOW_S)
        totals = pipeline.execute()[::2] if keys else []
        with self._lock:
            if window != self._window:
                return
            for key, total in zip(keys, totals, strict=True):
                merged_here = self._own[key] - self._unmerged.get(key, 0)
                self._elsewhere[key] = max(0, total - merged_here)
