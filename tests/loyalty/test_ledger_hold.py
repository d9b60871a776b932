"""Points on hold: pending, released when they are due, taken back before anything else."""

import pytest

from loyalty import ledger
from loyalty.proof import verify
from shops.models import Shop
from tests.loyalty.ledger_stories import Member, new_member, on


@pytest.fixture
def member(shop: Shop) -> Member:
    return new_member(shop)


def test_points_on_hold_are_pending_until_they_are_released(member: Member) -> None:
    member.earns(100, day=0, release=14, expires=100)
    assert (member.figures, member.lots) == ((0, 100), [])
    assert ledger.release_due(on(13.9)) == 0
    assert ledger.release_due(on(14)) == 1
    assert member.figures == (100, 0)
    (lot,) = member.lots
    assert (lot.available_at, lot.earned_at, lot.expires_at) == (on(14), on(14), on(100))
    assert lot.award_id == member.award().pk
    assert [(e.kind, e.pending_delta, e.available_delta) for e in member.entries()] == [
        ("earn", 100, 0),
        ("release", -100, 100),
    ]
    assert verify(member.shop.pk) == []


def test_releasing_twice_or_late_changes_nothing_more(member: Member) -> None:
    member.earns(100, day=0, release=14)
    assert [ledger.release_all_due(on(day)) for day in (40, 40, 50)] == [1, 0, 0]
    assert member.lots[0].available_at == on(14)
    assert len(member.entries()) == 2


def test_what_is_applied_after_its_hold_is_available_at_once(member: Member) -> None:
    member.earns(100, day=0, release=14, seen=20)
    assert member.figures == (100, 0)
    assert member.lots[0].available_at == on(14)
    assert verify(member.shop.pk) == []


def test_a_return_takes_what_is_on_hold_first(member: Member) -> None:
    member.earns(50, day=0, source="order:2")
    member.earns(100, day=0, release=14)
    member.earns(40, day=5, release=14)
    assert member.figures == (50, 40)
    member.earns(0, day=6, release=14)
    assert member.figures == (50, 0)
    assert ledger.release_due(on(20)) == 0
    assert verify(member.shop.pk) == []


def test_a_return_after_the_release_takes_from_the_balance(member: Member) -> None:
    member.earns(100, day=0, release=14)
    ledger.release_due(on(14))
    member.earns(30, day=20, release=14)
    assert (member.figures, member.lots[0].remaining) == ((30, 0), 30)


def test_an_edit_may_raise_what_is_on_hold_and_what_was_released(member: Member) -> None:
    member.earns(100, day=0, release=14)
    member.earns(120, day=5, release=14)
    assert member.figures == (0, 120)
    ledger.release_due(on(14))
    member.earns(150, day=20, release=14)
    assert member.figures == (150, 0)
    assert member.award().postings == 3
    assert verify(member.shop.pk) == []


def test_a_date_of_payment_that_changes_moves_the_release(member: Member) -> None:
    member.earns(100, day=0, release=14)
    member.earns(100, day=0, release=16)
    assert ledger.release_due(on(15)) == 0
    assert ledger.release_due(on(16)) == 1


def test_a_release_fills_a_deficit_first(member: Member) -> None:
    member.earns(100, day=0, source="order:2")
    member.spends(100, day=1)
    member.earns(0, day=2, source="order:2")
    assert member.figures == (-100, 0)
    member.earns(60, day=3, source="order:3", release=10)
    member.earns(70, day=3, source="order:4", release=11)
    assert ledger.release_due(on(12)) == 2
    assert member.figures == (30, 0)
    assert [(lot.points, lot.remaining) for lot in member.lots] == [(100, 0), (30, 30)]
    assert verify(member.shop.pk) == []


def test_batches_are_as_long_as_they_are_told(member: Member) -> None:
    for number in range(5):
        member.earns(10, day=0, source=f"order:{number}", release=1)
    assert [ledger.release_due(on(2), limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert member.figures == (50, 0)
    assert verify(member.shop.pk) == []


def test_an_unused_reward_alone_is_taken_back(member: Member) -> None:
    member.earns(100, day=0, source="order:1")
    member.earns(50, day=0, source="tier:gold:1")
    member.spends(120, day=1)
    member.earns(0, day=2, source="tier:gold:1", deficit="unused")
    assert member.figures == (0, 0)
    award = member.award("tier:gold:1")
    assert (award.posted, award.shortfall) == (20, 20)
    assert verify(member.shop.pk) == []
    member.earns(50, day=3, source="tier:gold:1", deficit="unused")
    assert member.figures == (30, 0)
    assert verify(member.shop.pk) == []


def test_an_unused_reward_on_hold_is_taken_back_too(member: Member) -> None:
    member.earns(50, day=0, source="tier:gold:1", release=5)
    member.earns(0, day=2, source="tier:gold:1", deficit="unused")
    assert member.figures == (0, 0)
    assert verify(member.shop.pk) == []
