"""Real workers with real commits: one that is killed while the store has made the code, and two at the same time."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection, connections

from demo.shopify_admin.faults import Faults
from rewards import issuing
from rewards.models import Redemption
from tests.rewards.stories import Story, story

State = Redemption.State
WORKER = """
import django
django.setup()
from rewards.tasks import issuing
issuing.issue_due(lambda: True)
"""


@pytest.fixture
def fern(committed: None) -> Iterator[Story]:
    with story(Faults(hang_s=30)) as told:
        yield told


def worker() -> "subprocess.Popen[bytes]":
    """A process of its own on the tests' database."""
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    variables = os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": url,
        "OUTBOUND_ROUTES": json.dumps(settings.OUTBOUND_ROUTES),
    }
    return subprocess.Popen([sys.executable, "-c", WORKER], env=variables)


def test_a_worker_killed_after_the_store_made_the_code(fern: Story) -> None:
    redemption = fern.redeem()
    fern.faults.shares = {"discountCodeBasicCreate": {"hang": 1}}
    process = worker()
    try:
        patience = time.monotonic() + 30
        while not fern.codes():
            assert process.poll() is None
            assert time.monotonic() < patience
            time.sleep(0.02)
    finally:
        process.kill()
        process.wait(10)
    assert (fern.seen(redemption).state, fern.balance) == (State.ISSUING, 500)
    fern.faults.shares = {}
    fern.due_now(redemption)  # its lease is over
    fern.issue()
    assert fern.seen(redemption).state == State.ISSUED
    assert fern.steps(redemption) == ["reserved", "adopted"]
    assert (fern.codes(), fern.entries()) == ([redemption.code], [("redeem", -500)])
    assert fern.clean()


def test_workers_side_by_side_make_every_code_once(fern: Story) -> None:
    reward = fern.reward(price=10)
    fern.faults.shares = {"discountCodeBasicCreate": {"500_after": 0.2, "throttle": 0.1, "500_before": 0.1}}
    redemptions = [fern.redeem(reward) for _ in range(12)]
    failures: list[BaseException] = []

    def work() -> None:
        try:
            issuing.issue_due(lambda: True, at_once=4)
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    for _ in range(20):
        threads = [threading.Thread(target=work) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        waiting = [each for each in redemptions if fern.seen(each).state != State.ISSUED]
        if not waiting:
            break
        fern.access(failures=0, open_until=None)
        for each in waiting:
            fern.due_now(each)
    assert failures == []
    assert fern.codes() == sorted(fern.seen(each).code for each in redemptions)
    assert fern.balance == 880
    assert fern.clean()
