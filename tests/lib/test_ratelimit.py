"""Counting over processes through Redis, and going on without it."""

import os
import time
import uuid

import pytest

from lib import ratelimit
from lib.ratelimit import RateLimiter

LIMIT = 5
AWAY = "unix:///nonexistent/redis.sock"


@pytest.fixture
def prefix() -> str:
    """A name of its own, in a window that does not end during the test."""
    if time.time() % ratelimit.WINDOW_S > ratelimit.WINDOW_S - 8:
        time.sleep(9)
    return f"test-{uuid.uuid4().hex}"


def limiter(prefix: str, url: str | None = None) -> RateLimiter:
    return RateLimiter(url or os.environ["REDIS_URL"], prefix)


def until(condition: object, seconds: float = 4) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_one_process_counts_exactly(prefix: str) -> None:
    ours = limiter(prefix)
    assert [ours.wait_s("a", LIMIT) for _ in range(LIMIT)] == [0] * LIMIT
    assert 1 <= ours.wait_s("a", LIMIT) <= ratelimit.WINDOW_S + 1
    assert ours.wait_s("b", LIMIT) == 0


def test_merging_counts_nothing_twice(prefix: str) -> None:
    ours = limiter(prefix)
    for _ in range(20):
        assert ours.wait_s("a", 20) == 0
        time.sleep(0.05)
    assert ours.wait_s("a", 20) > 0


def test_processes_learn_of_each_other(prefix: str) -> None:
    ours, theirs = limiter(prefix), limiter(prefix)
    for _ in range(LIMIT):
        assert ours.wait_s("a", LIMIT) == 0
    assert until(lambda: theirs.wait_s("a", LIMIT) > 0)


def test_without_redis_only_own_counts_apply(prefix: str) -> None:
    ours, theirs = limiter(prefix, AWAY), limiter(prefix, AWAY)
    started = time.perf_counter()
    assert [ours.wait_s("a", LIMIT) for _ in range(LIMIT)] == [0] * LIMIT
    assert ours.wait_s("a", LIMIT) > 0
    assert theirs.wait_s("a", LIMIT) == 0
    assert time.perf_counter() - started < 0.5, "a request never waits for Redis"


def test_without_redis_no_time_is_burnt(prefix: str) -> None:
    ours = limiter(prefix, AWAY)
    before = time.process_time()
    for _ in range(30):
        ours.wait_s("a", 1000)
        time.sleep(0.05)
    assert time.process_time() - before < 0.5


def test_idle_threads_sleep(prefix: str) -> None:
    ours = limiter(prefix)
    ours.wait_s("a", LIMIT)
    time.sleep(0.6)
    before = time.process_time()
    time.sleep(1)
    assert time.process_time() - before < 0.1
