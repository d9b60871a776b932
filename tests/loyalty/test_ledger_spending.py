"""`loyalty_spend` does what the ledger does of a `redeem`; nobody overspends by either road."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connections, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from lib.rows import execute
from loyalty import ledger
from loyalty.actions.programs import open_shop
from loyalty.actions.spending import GivingBack, Spending, expire_account, give_back, spend
from loyalty.errors import AccountFrozen, MoreThanSpent, NotEnoughPoints
from loyalty.proof import changes, verify
from shops.models import Shop
from tests.loyalty.ledger_stories import Member, new_member, on

TOO_FEW, FROZEN, DUE, UNKNOWN = 0, -1, -2, -3
_numbers = count(1)


@pytest.fixture
def member(shop: Shop) -> Member:
    return new_member(shop)


def in_one_call(member: Member, points: int, at: datetime, reference: str) -> int:
    """What `loyalty_spend` answers."""
    sql = (
        "SELECT loyalty_spend(%(shop)s, %(account)s, %(points)s, %(reference)s, 'a | reason', 'ada', %(at)s)"
    )
    shop, account = member.shop.pk, member.account.pk
    with transaction.atomic():
        return int(execute(sql, shop=shop, account=account, points=points, reference=reference, at=at)[0][0])


def by_function(member: Member, points: int, at: datetime, reference: str) -> int:
    """An entry id or an answer of `loyalty_spend`, what is due expired first."""
    answer = in_one_call(member, points, at, reference)
    if answer == DUE:
        with transaction.atomic():
            assert expire_account(member.shop.pk, member.account.pk, at)
        answer = in_one_call(member, points, at, reference)
    return answer


def by_ledger(member: Member, points: int, at: datetime, reference: str) -> int:
    """An entry id, or what `loyalty_spend` would answer."""
    wish = Spending(member.shop.pk, member.account.pk, points, reference, at, "a | reason", "ada")
    try:
        with transaction.atomic():
            (entry_id,) = spend([wish])
    except NotEnoughPoints:
        return TOO_FEW
    except AccountFrozen:
        return FROZEN
    assert entry_id is not None
    return entry_id


@dataclass(frozen=True)
class Step:
    """What happens at a day: so many points are earned (above 0) or spent."""

    points: int
    day: float
    expires_in: int | None = None
    idle_months: int | None = None


EARNINGS = st.builds(
    Step,
    st.integers(1, 60),
    st.integers(0, 100),
    st.one_of(st.none(), st.integers(1, 60)),
    st.one_of(st.none(), st.integers(1, 3)),
)
SPENDINGS = st.builds(Step, st.integers(-100, -1), st.integers(0, 160))


NONE_LAST = [Step(30, 0), Step(30, 1, expires_in=40), Step(-20, 2)]
OLDER_FIRST = [Step(30, 10, expires_in=20), Step(30, 5, expires_in=25), Step(-20, 12)]
ONE_IS_DUE = [Step(30, 0, expires_in=10), Step(30, 1), Step(-20, 20), Step(-20, 21)]
SLIDING = [Step(50, 0, idle_months=2), Step(50, 1, idle_months=1), Step(-60, 20)]
# What happened on day 45 counts for the first lot only after it became known that it lived then.
SEEN_LATE = [Step(50, 0, idle_months=1), Step(30, 45), Step(-10, 20)]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(NONE_LAST)
@example(OLDER_FIRST)
@example(ONE_IS_DUE)
@example(SLIDING)
@example(SEEN_LATE)
@given(st.lists(st.one_of(EARNINGS, EARNINGS, SPENDINGS), min_size=2, max_size=10))
def test_both_roads_leave_the_same_rows(shop: Shop, steps: list[Step]) -> None:
    """Also where a spending is seen late, some lots slide, some are due, and some points are missing."""
    ends = [_lived(steps, road) for road in (by_ledger, by_function)]
    assert ends[0] == ends[1]


def _lived(steps: list[Step], road: Callable[[Member, int, datetime, str], int]) -> Any:
    """The rows that a life leaves, without ids; what the spendings answered."""
    member = new_member()
    answers = []
    for number, step in enumerate(steps):
        if step.points > 0:
            ends = {"expires": step.day + step.expires_in} if step.expires_in and not step.idle_months else {}
            source = f"order:{number}"
            member.earns(step.points, step.day, source, idle_months=step.idle_months, **ends)
        else:
            answer = road(member, -step.points, on(step.day), f"spend:{number}")
            answers.append(min(answer, 1))
            # A refusal of the one call has expired what was due; that of the ledger takes it back.
            with transaction.atomic():
                expire_account(member.shop.pk, member.account.pk, on(step.day))
    assert verify(member.shop.pk) == changes(member.shop.pk) == []
    return answers, _rows(member)


def _rows(member: Member) -> Any:
    """Account, entries, lots and uses, by their places instead of their ids."""
    lots = {lot.pk: place for place, lot in enumerate(member.lots)}
    entries = {entry.pk: entry.seq for entry in member.entries()}
    names = {f"{pk}/": f"{place}/" for pk, place in lots.items()}
    account = ("balance", "pending", "lifetime_earned", "lifetime_spent", "seq", "active_at")
    member.account.refresh_from_db()
    uses = execute(
        "SELECT u.entry_id, u.lot_id, u.points FROM loyalty_lotuse u WHERE u.shop_id = %(shop)s ORDER BY u.id",
        shop=member.shop.pk,
    )
    return (
        [getattr(member.account, name) for name in account],
        [
            (
                *(entry.seq, entry.kind, entry.pending_delta, entry.available_delta, entry.balance_after),
                *(entry.revision, entry.reverses_id, entry.reason, entry.actor, entry.occurred_at),
                _named(entry.reference, names) if entry.kind == "expire" else entry.kind,
            )
            for entry in member.entries()
        ],
        [(lot.points, lot.remaining, lot.expires_at, lot.idle_months) for lot in member.lots],
        [(entries[entry_id], lots[lot_id], points) for entry_id, lot_id, points in uses],
    )


def _named(reference: str, names: dict[str, str]) -> str:
    lot, use = reference.removeprefix("expire:").split("/")
    return f"expire:{names[f'{lot}/']}{use}"


def test_what_stands_in_the_way_is_told_apart(member: Member, shop: Shop) -> None:
    member.earns(100, day=0, expires=30)
    member.earns(50, day=1, source="order:2", expires=60)
    refused = [(points, day) for points, day in ((151, 2), (1, 30), (151, 30))]
    answers = [in_one_call(member, points, on(day), "r") for points, day in refused]
    assert answers == [TOO_FEW, DUE, DUE]
    ledger.freeze({(shop.pk, member.account.pk): "test"})
    assert in_one_call(member, 151, on(30), "r") == FROZEN
    assert expire_account(shop.pk, member.account.pk, on(30)) == 0
    ledger.unfreeze(shop.pk)
    assert [expire_account(shop.pk, member.account.pk, on(30)) for _ in range(2)] == [1, 0]
    assert in_one_call(new_member(), 1, on(30), "r") == TOO_FEW
    member.account.pk += 10**9
    assert in_one_call(member, 1, on(30), "r") == UNKNOWN


@pytest.mark.parametrize("points", [0, -5])
def test_nothing_is_no_spending(member: Member, points: int) -> None:
    member.earns(100, day=0)
    with pytest.raises(DatabaseError, match="above 0"):
        in_one_call(member, points, on(1), "r")
    with pytest.raises(ValueError, match="above 0"):
        by_ledger(member, points, on(1), "r")


def test_a_reference_is_taken_once_by_either_road(member: Member) -> None:
    member.earns(100, day=0)
    assert in_one_call(member, 10, on(1), "same") > 0
    for road in (in_one_call, by_ledger):
        with pytest.raises(IntegrityError):
            road(member, 10, on(1), "same")
    assert member.figures == (90, 0)


def test_lots_that_do_not_cover_the_balance_stop_it(member: Member) -> None:
    member.earns(100, day=0)
    execute("UPDATE loyalty_lot SET remaining = 5 WHERE shop_id = %(shop)s", shop=member.shop.pk)
    with pytest.raises(DatabaseError, match="do not cover"):
        in_one_call(member, 10, on(1), "r")
    assert member.figures == (100, 0)


def at_once(many: int, task: Callable[[int], int]) -> list[int]:
    """What `task` answers to each number, each in a thread of its own."""
    answers: list[int] = []

    def one(number: int) -> None:
        try:
            answers.append(task(number))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == many
    return answers


def test_30_threads_never_overspend_nor_get_too_much_back(committed: None) -> None:
    member = new_member(open_shop("Crowded", "EUR", "UTC"))
    member.earns(60, day=0, source="order:1", expires=30)
    member.earns(47, day=0, source="order:2", idle_months=3)
    roads = (in_one_call, by_ledger)
    answers = at_once(30, lambda number: roads[number % 2](member, 10, on(1), f"spend:{number}"))
    entries = tuple(answer for answer in answers if answer > 0)
    assert (len(entries), member.figures) == (10, (7, 0))

    def come_back(number: int) -> int:
        ids = (member.shop.pk, member.account.pk)
        try:
            with transaction.atomic():
                give_back([GivingBack(*ids, 15, entries, f"return:{number}", on(2))])
        except MoreThanSpent:
            return 0
        return 1

    assert sum(at_once(10, come_back)) == 6
    assert (member.figures, verify(member.shop.pk)) == ((97, 0), [])
