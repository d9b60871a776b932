"""The jobs beside each other, beside spending, and after days of not running."""

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from celery import Task
from django.db import connection, connections, transaction

from config import settings
from lib.clock import now
from lib.rows import execute
from loyalty import ledger, tasks
from loyalty.errors import NotEnoughPoints
from loyalty.proof import changes, verify
from shops.models import Shop
from tests.loyalty.ledger_stories import Member, new_member, on


def at_once(*jobs: Callable[[], object]) -> list[BaseException]:
    """Run these in threads of their own; returns what they raised."""
    errors: list[BaseException] = []
    start = threading.Barrier(len(jobs))

    def run(job: Callable[[], object]) -> None:
        try:
            start.wait()
            job()
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


def test_jobs_that_run_at_once_move_every_point_once(committed: None) -> None:
    members = [new_member() for _ in range(3)]
    for member in members:
        for number in range(40):
            member.earns(10, day=0, source=f"order:{number}", release=10, expires=20 + number % 3)
    released: list[int] = []

    def release() -> None:
        while count := ledger.release_due(on(11), limit=7):
            released.append(count)

    assert at_once(*[release] * 4) == []
    ledger.release_all_due(on(11))
    assert [member.figures for member in members] == [(400, 0)] * 3
    assert at_once(*[lambda: [ledger.expire_due(on(30), limit=7) for _ in range(30)]] * 4) == []
    ledger.expire_all_due(on(30))
    for member in members:
        assert member.figures == (0, 0)
        assert len(member.entries("release")) == len(member.entries("expire")) == 40
        assert verify(member.shop.pk) == []


def test_jobs_beside_returns_and_spending_neither_block_nor_lose(committed: None) -> None:
    member = new_member()
    for number in range(30):
        member.earns(10, day=0, source=f"order:{number}", release=10, expires=30)
        member.earns(10, day=0, source=f"now:{number}", expires=30)
    spent: list[int] = []

    def give_back() -> None:
        for number in range(30):
            member.earns(0, day=31, source=f"order:{number}", release=10, expires=30)

    def spend() -> None:
        for _ in range(20):
            try:
                member.spends(7, day=29)
                spent.append(7)
            except NotEnoughPoints:
                pass

    def jobs() -> None:
        for _ in range(20):
            ledger.release_due(on(12), limit=5)
            ledger.expire_due(on(31), limit=5)

    assert at_once(give_back, spend, jobs, jobs) == []
    ledger.release_all_due(on(31))
    ledger.expire_all_due(on(31))
    balance, pending = member.figures
    # Nothing is left to expire; what was spent of orders given back is owed.
    assert pending == 0
    assert balance <= 0
    assert -sum(spent) <= balance
    assert verify(member.shop.pk) == []


def test_a_locked_account_is_left_for_the_next_run(committed: None) -> None:
    busy, idle = new_member(), new_member()
    for member in (busy, idle):
        member.earns(10, day=0, expires=30)
    with transaction.atomic():
        ledger.lock(busy.shop.pk, busy.account.pk)
        assert at_once(lambda: ledger.expire_all_due(on(31))) == []
        assert (busy.figures, idle.figures) == ((10, 0), (0, 0))
    ledger.expire_all_due(on(31))
    assert busy.figures == (0, 0)


@pytest.mark.parametrize("days", [[20, 41], [41], list(range(10, 42))])
def test_days_of_not_running_change_nothing(shop: Shop, days: list[int]) -> None:
    """However often the jobs ran until day 41, the entries are the same, and dated the same."""
    member = new_member(shop)
    member.earns(100, day=0, source="order:1", release=14, expires=40)
    member.earns(30, day=0, source="order:2", expires=41)
    for day in days:
        ledger.release_all_due(on(day))
        ledger.expire_all_due(on(day))
    moved = sorted((e.kind, e.available_delta, e.occurred_at) for e in member.entries("release", "expire"))
    assert moved == [("expire", -100, on(40)), ("expire", -30, on(41)), ("release", 100, on(14))]
    assert member.figures == (0, 0)
    assert verify(shop.pk) == []


def test_jobs_need_as_many_statements_for_many_as_for_one(
    member: Member, django_assert_num_queries: Callable[..., AbstractContextManager[object]]
) -> None:
    for number in range(25):
        member.earns(10, day=0, source=f"order:{number}", release=10, expires=20)
    # Of those, two make and end the savepoint that stands for the transaction here.
    with django_assert_num_queries(5):
        assert ledger.release_due(on(11)) == 25
    with django_assert_num_queries(4):
        assert ledger.expire_due(on(21)) == 25


@pytest.fixture
def member(shop: Shop) -> Member:
    return new_member(shop)


def test_every_task_of_the_schedule_runs(member: Member) -> None:
    ago = (now() - on(0)) / timedelta(days=1)
    member.earns(10, day=ago - 50, source="order:1", release=ago - 20, seen=ago - 50)
    member.earns(10, day=ago - 50, source="order:2", expires=ago - 1)
    member.earns(10, day=ago - 50, source="order:3", expires=ago + 3)
    registered = {task.name: task for task in vars(tasks).values() if isinstance(task, Task)}
    beat = {entry["task"]: entry for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert registered.keys() <= beat.keys()
    for name, task in registered.items():
        assert name == "loyalty.verify_ledger" or beat[name]["options"]["expires"] >= 60
        task()
    assert member.figures == (20, 0)
    assert len(member.entries("release", "expire")) == 2
    assert execute("SELECT points FROM loyalty_expirywarning WHERE shop_id = %(s)s", s=member.shop.pk) == [
        (10,)
    ]


DAMAGE = {
    "the points on hold": "UPDATE loyalty_award SET pending = pending + 5 WHERE shop_id = %s AND pending > 0",
    "the pending balance": "UPDATE loyalty_account SET pending = pending + 5 WHERE shop_id = %s",
    " belongs to award": "UPDATE loyalty_lot SET award_id = NULL WHERE shop_id = %s",
    " was available before it was earned": (
        "UPDATE loyalty_lot SET available_at = available_at - interval '1 day' WHERE shop_id = %s"
    ),
    "what expired by ": "UPDATE loyalty_lotuse SET points = points - 1 WHERE shop_id = %s",
    "the lots without an end": "UPDATE loyalty_lot SET expires_at = NULL WHERE shop_id = %s",
}


@pytest.mark.parametrize("what", sorted(DAMAGE))
def test_verify_finds_what_holds_and_expiries_do_not_explain(member: Member, what: str) -> None:
    member.earns(100, day=0, source="order:1", release=100)
    member.earns(30, day=0, source="order:2", expires=40)
    ledger.expire_due(on(41))
    assert verify(member.shop.pk) == []
    with connection.cursor() as cursor:
        cursor.execute(DAMAGE[what], [member.shop.pk])
    found = verify(member.shop.pk)
    assert [one for one in found if what in one.what]
    assert {one.account_id for one in found} == {member.account.pk}
    before = member.figures
    told = changes(member.shop.pk)
    assert member.figures == before
    if what == "the pending balance":
        assert [(one.what, one.stored, one.proved) for one in told] == [("the pending balance", 105, 100)]
