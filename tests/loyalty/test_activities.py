"""What members do is kept once for each reference, and awarded once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connections, transaction

from lib.clock import now
from loyalty.actions.activities import (
    NewActivity,
    Recorded,
    activity_rules,
    claim,
    once_reference,
    record,
    record_many,
    rewarded,
)
from loyalty.actions.programs import open_shop
from loyalty.errors import ReferenceConflict
from loyalty.models import Account
from loyalty.proof import verify
from loyalty.versions import timelines
from shops.models import Shop
from tests.loyalty.activity_stories import activities, awards, balance, member, reward, rule, store

BERLIN = ZoneInfo("Europe/Berlin")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def mara(shop: Shop) -> Account:
    reward(shop, rule("review", 50), rule("visit", 5), rule("custom", 20, event="quiz.done"))
    return member(store(shop), "mara", LONG_AGO, tags=["tea club"])


def test_an_activity_is_awarded_at_once(mara: Account) -> None:
    done = record(mara, "review", "api:r1", properties={"stars": 5})
    assert done.created
    assert done.award is not None
    assert (done.award.target, done.award.source) == (50, f"activity:{done.activity.pk}")
    assert (done.activity.tags, done.activity.properties) == (["tea club"], {"stars": 5})
    assert balance(mara) == 50
    assert verify() == []


def test_the_same_again_gives_what_is_there(mara: Account) -> None:
    at = now()
    first = record(mara, "review", "api:r1", at, properties={"a": 1, "b": [2]})
    again = record(mara, "review", "api:r1", at, properties={"b": [2], "a": 1})
    assert (first.created, again.created) == (True, False)
    assert again.activity == first.activity
    assert again.award == first.award
    assert (balance(mara), len(awards(mara.shop))) == (50, 1)


def test_without_an_instant_the_same_again_may_come_later(mara: Account) -> None:
    first = record(mara, "review", "api:r1")
    again = record(mara, "review", "api:r1")
    assert again.activity.occurred_at == first.activity.occurred_at
    assert balance(mara) == 50


@pytest.mark.parametrize(
    "other",
    [
        {"kind": "newsletter"},
        {"kind": "custom", "name": "quiz.done"},
        {"properties": {"stars": 4}},
        {"occurred_at": datetime(2026, 1, 1, tzinfo=UTC)},
        {"network": "instagram"},
    ],
)
def test_the_same_reference_for_something_else_is_a_conflict(mara: Account, other: dict[str, Any]) -> None:
    told: dict[str, Any] = {"kind": "review", "reference": "api:r1", "properties": {"stars": 5}}
    record(mara, **told)
    with pytest.raises(ReferenceConflict):
        record(mara, **told | other)
    assert (balance(mara), len(activities(mara.shop))) == (50, 1)


def test_a_reference_belongs_to_one_member_and_to_one_shop(mara: Account) -> None:
    other = member(mara.customer.connection, "tom", LONG_AGO)
    record(mara, "review", "api:r1")
    with pytest.raises(ReferenceConflict):
        record(other, "review", "api:r1")
    elsewhere = open_shop("Elsewhere", "EUR", "Europe/Berlin")
    reward(elsewhere, rule("review", 7))
    stranger = member(store(elsewhere), "mara", LONG_AGO)
    assert record(stranger, "review", "api:r1").created
    assert (balance(mara), balance(other), balance(stranger)) == (50, 0, 7)


def test_what_no_rule_rewards_is_kept_with_no_points(mara: Account) -> None:
    done = record(mara, "custom", "api:x", name="quiz.lost")
    assert done.created
    assert done.award is not None
    assert (done.award.target, done.award.breakdown["skipped"]) == (0, "no_rules")
    assert record(mara, "custom", "api:y", name="quiz.done").award.target == 20  # type: ignore[union-attr]
    assert balance(mara) == 20


def test_a_rule_that_is_switched_off_rewards_nothing(shop: Shop) -> None:
    reward(shop, rule("review", 50, active=False))
    tom = member(store(shop), "tom", LONG_AGO)
    assert record(tom, "review", "api:r1").award.target == 0  # type: ignore[union-attr]
    assert activity_rules(timelines([shop.pk])[shop.pk]) == set()


def test_once_a_day_whatever_the_references_are(mara: Account) -> None:
    def visit(reference: str, at: datetime) -> Recorded:
        once = once_reference("visit", mara.customer_id, BERLIN, at)
        return record(mara, "visit", reference, at, once=once)

    evening = datetime(2037, 6, 1, 21, 59, tzinfo=UTC)  # 23:59 in Berlin
    first, again = visit("api:v1", evening), visit("api:v1", evening)
    second = visit("api:v2", evening - timedelta(hours=20))
    next_day = visit("api:v3", evening + timedelta(minutes=1))
    assert [done.created for done in (first, again, second, next_day)] == [True, False, True, True]
    assert [done.award and done.award.target for done in (first, again, second, next_day)] == [5, 5, None, 5]
    assert first.activity == again.activity == second.activity
    assert balance(mara) == 10
    with pytest.raises(ReferenceConflict):
        record(mara, "review", "api:v1", evening)
    with pytest.raises(ReferenceConflict):
        visit("api:v1", evening + timedelta(days=1))


def test_a_shopper_claims_once_and_their_server_cannot_again(mara: Account) -> None:
    first, again = claim(mara, "visit", BERLIN), claim(mara, "visit", BERLIN)
    assert (first.created, again.created) == (True, False)
    at = first.activity.occurred_at
    told = record(mara, "visit", "api:v", at, once=once_reference("visit", mara.customer_id, BERLIN, at))
    assert (told.created, told.award, told.activity) == (True, None, first.activity)
    assert balance(mara) == 5


@pytest.mark.parametrize(
    ("kind", "network", "reference"),
    [
        ("signup", "", "signup:7"),
        ("newsletter", "", "newsletter:7"),
        ("social_follow", "instagram", "follow:7:instagram"),
        ("visit", "", "visit:7:2037-06-02"),
        ("review", "", ""),
        ("custom", "", ""),
    ],
)
def test_what_may_earn_once_has_a_reference_of_its_own(kind: str, network: str, reference: str) -> None:
    assert once_reference(kind, 7, BERLIN, datetime(2037, 6, 1, 22, tzinfo=UTC), network) == reference


def test_many_are_kept_in_one_statement_and_the_known_ones_left_out(
    mara: Account, django_assert_num_queries: Any
) -> None:
    def new(reference: str) -> NewActivity:
        return NewActivity(mara.shop_id, mara.customer_id, "review", reference, LONG_AGO)

    assert len(record_many([new("a"), new("b"), new("a")])) == 2
    with django_assert_num_queries(1):
        assert len(record_many([new("c"), new("b"), new("a")])) == 1
    with django_assert_num_queries(0):
        assert record_many([]) == []


def test_before_the_first_version_nothing_was_rewarded(shop: Shop) -> None:
    reward(shop, rule("signup"))
    timeline = timelines([shop.pk])[shop.pk]
    assert not rewarded(timeline, "signup", timeline.since[0] - timedelta(seconds=1))
    assert not rewarded(timeline, "signup", timeline.since[0])  # the shop's first program had no such rule
    assert rewarded(timeline, "signup", timeline.since[1])
    assert not rewarded(timeline, "visit", timeline.since[1])


def at_once(account: Account, *calls: Any) -> list[Any]:
    """What each call gives, or the error it raises, all side by side."""

    def run(call: Any) -> Any:
        try:
            return call()
        except ReferenceConflict as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


@pytest.fixture
def live_mara(committed: None) -> Account:
    shop = open_shop("Side by side", "EUR", "Europe/Berlin")
    reward(shop, rule("review", 50), rule("visit", 5))
    return member(store(shop), "mara", LONG_AGO)


def test_the_same_reference_at_once_is_awarded_once(live_mara: Account) -> None:
    done = at_once(live_mara, *[lambda: record(live_mara, "review", "api:r1")] * 6)
    assert sorted(each.created for each in done) == [False] * 5 + [True]
    assert {each.award.target for each in done} == {50}
    assert (balance(live_mara), len(awards(live_mara.shop))) == (50, 1)


def test_other_content_at_once_is_a_conflict_for_all_but_one(live_mara: Account) -> None:
    calls = [lambda n=n: record(live_mara, "review", "api:r1", properties={"n": n}) for n in range(4)]
    done = at_once(live_mara, *calls)
    assert sum(isinstance(each, ReferenceConflict) for each in done) == 3
    assert balance(live_mara) == 50


def test_a_visit_told_and_claimed_at_once_counts_once(live_mara: Account) -> None:
    at = now()
    once = once_reference("visit", live_mara.customer_id, BERLIN, at)
    told = [lambda n=n: record(live_mara, "visit", f"api:{n}", at, once=once) for n in range(3)]
    done = at_once(live_mara, *told, *[lambda: claim(live_mara, "visit", BERLIN)] * 3)
    assert len({each.activity.pk for each in done}) == 1
    assert balance(live_mara) == 5


def test_what_is_rolled_back_was_never_told(live_mara: Account) -> None:
    with transaction.atomic():
        record(live_mara, "review", "api:r1")
        transaction.set_rollback(True)
    assert activities(live_mara.shop) == []
    assert record(live_mara, "review", "api:r1").created
