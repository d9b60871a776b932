"""Bells: one call in the queue however often they are rung, until a worker takes them down."""

import json
import time
from collections.abc import Iterator

import pytest

from lib import bell
from lib.bell import Bell, Ringer

TASK = "tests.ring"


def calls(task: str) -> list[bytes]:
    """What hangs in the queue for `task`."""
    queue: list[bytes] = bell.connection().lrange("celery", 0, -1)  # type: ignore[assignment]
    return [message for message in queue if json.loads(message)["headers"]["task"] == task]


def tidy(*tasks: str) -> None:
    for message in [message for task in tasks for message in calls(task)]:
        bell.connection().lrem("celery", 0, message.decode())


@pytest.fixture
def test_bell() -> Iterator[Bell]:
    made = Bell("regulars:bell:tests", TASK)
    made.take_down()
    yield made
    made.take_down()
    tidy(TASK)


def test_it_hangs_once_until_it_is_taken_down(test_bell: Bell) -> None:
    for _ in range(3):
        test_bell.ring()
    assert len(calls(TASK)) == 1
    test_bell.take_down()
    test_bell.ring()
    assert len(calls(TASK)) == 2


def test_a_ringer_rings_its_own_bell_soon(test_bell: Bell) -> None:
    ringer = Ringer(test_bell)
    for _ in range(100):
        ringer.soon()
    until = time.monotonic() + 5
    while not calls(TASK) and time.monotonic() < until:
        time.sleep(0.01)
    assert len(calls(TASK)) == 1


def test_each_bell_calls_its_own_task() -> None:
    rung = {"rewards.issue_codes": bell.rewards_bell, "orders.fetch_due": bell.fetch_bell}
    for one in rung.values():
        one.take_down()
    before = {task: len(calls(task)) for task in rung}
    for one in rung.values():
        one.ring()
    assert {task: len(calls(task)) - before[task] for task in rung} == dict.fromkeys(rung, 1)
    for one in rung.values():
        one.take_down()
    tidy(*rung)
