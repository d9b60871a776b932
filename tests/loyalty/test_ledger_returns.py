"""Points that were spent come back to the lots that they came from, in whatever parts."""

from datetime import UTC, datetime
from itertools import count

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty import ledger
from loyalty.actions.spending import GivenBack, GivingBack, Spending, give_back, spend
from loyalty.errors import MoreThanSpent
from loyalty.journal import period, totals
from loyalty.liability import liability
from loyalty.proof import changes, repair, verify
from shops.models import Shop
from tests.loyalty.ledger_stories import Member, new_member, on

_numbers = count(1)


@pytest.fixture
def member(shop: Shop) -> Member:
    return new_member(shop)


def spent(member: Member, points: int, day: float, uncovered: str = "refuse") -> int:
    wish = Spending(
        member.shop.pk,
        member.account.pk,
        points,
        f"redemption:{next(_numbers)}/0",
        on(day),
        uncovered=uncovered,  # type: ignore[arg-type]
    )
    with transaction.atomic():
        (entry_id,) = spend([wish])
    assert entry_id is not None
    return entry_id


def back(member: Member, points: int, day: float, *entries: int, courtesy: int = 0) -> GivenBack:
    reference = f"return:{next(_numbers)}"
    giving = GivingBack(
        member.shop.pk, member.account.pk, points, entries, reference, on(day), courtesy_days=courtesy
    )
    with transaction.atomic():
        (given_back,) = give_back([giving])
    return given_back


def left(member: Member) -> list[int]:
    """What is left in each lot, in the order of earning."""
    return [lot.remaining for lot in member.lots]


def assert_sound(member: Member) -> None:
    assert verify(member.shop.pk) == []
    assert changes(member.shop.pk) == []


def three_lots(member: Member) -> None:
    """Of 100, 50 and 30 points, which expire on the days 30, 60 and never."""
    member.earns(100, day=0, source="order:1", expires=30)
    member.earns(50, day=1, source="order:2", expires=60)
    member.earns(30, day=2, source="order:3")


def test_a_refund_returns_what_was_spent_on_the_order(member: Member) -> None:
    """500 of 1000 spent for 5.00 off; 2 × 10.00 at 1 per 1; one is refunded, then the other."""
    member.earns(1000, day=0, expires=365)
    entry = spent(member, 500, day=1)
    balances = [member.figures[0]]
    member.earns(15, day=2, source="order:2")
    balances.append(member.figures[0])
    for kept in (7, 0):
        member.earns(kept, day=3, source="order:2")
        back(member, 250, 3, entry)
        balances.append(member.figures[0])
        assert_sound(member)
    assert balances == [500, 515, 757, 1000]
    assert left(member) == [1000, 0]
    assert [(e.available_delta, e.reverses_id) for e in member.entries("return")] == [(250, entry)] * 2
    member.account.refresh_from_db()
    assert member.account.lifetime_spent == 0


@pytest.mark.parametrize(
    ("parts", "lots"),
    [
        ([160], [100, 50, 30]),
        ([10], [0, 0, 30]),
        ([25], [0, 15, 30]),
        ([60], [0, 50, 30]),
        ([61], [1, 50, 30]),
        ([1, 59, 40], [40, 50, 30]),
    ],
)
def test_what_was_used_last_comes_back_first(member: Member, parts: list[int], lots: list[int]) -> None:
    three_lots(member)
    entry = spent(member, 160, day=5)
    assert left(member) == [0, 0, 20]
    for part in parts:
        back(member, part, 6, entry)
    assert left(member) == lots
    assert [lot.expires_at for lot in member.lots] == [on(30), on(60), None]
    assert_sound(member)


PARTS = st.lists(st.integers(1, 160), min_size=1, max_size=5)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PARTS, st.integers(0, 60), st.sampled_from([6.0, 45.0, 90.0]))
def test_any_split_ends_in_the_same_lots(shop: Shop, parts: list[int], debt: int, day: float) -> None:
    """Whether something is owed, or lots have expired, or neither."""
    points = min(sum(parts), 160)
    ends = []
    for split in (parts, [points]):
        one = new_member()
        three_lots(one)
        entry = spent(one, 160, day=5)
        one.earns(100 - min(debt, 100), day=5.5, source="order:1", expires=30)
        todo = points
        for part in split:
            if part := min(part, todo):
                back(one, part, day, entry)
                todo -= part
        assert_sound(one)
        ends.append((left(one), one.figures))
    assert ends[0] == ends[1]


def test_an_expired_lot_gives_its_points_back_expired(member: Member) -> None:
    three_lots(member)
    entry = spent(member, 80, day=5)
    assert ledger.expire_all_due(on(40)) == 1
    lot = member.lots[0]
    given_back = back(member, 80, 41, entry)
    assert (given_back.expired, left(member)) == (80, [0, 50, 30])
    returned, expired = member.entries()[-2:]
    assert (returned.pk, returned.available_delta, returned.balance_after) == (*given_back.entries, 80, 160)
    assert (expired.kind, expired.available_delta, expired.occurred_at) == ("expire", -80, on(41))
    assert expired.reference == f"expire:{lot.pk}/3"
    assert_sound(member)
    assert ledger.expire_all_due(on(59)) == 0


def test_what_was_due_expires_first_and_on_its_own_day(member: Member) -> None:
    """The job has not run yet; a part comes back, and later another."""
    member.earns(100, day=0, expires=30)
    entry = spent(member, 80, day=5)
    back(member, 30, 40, entry)
    back(member, 50, 41, entry)
    expiries = [(e.available_delta, e.occurred_at, e.reference[-2:]) for e in member.entries("expire")]
    assert expiries == [(-20, on(30), "/1"), (-30, on(40), "/3"), (-50, on(41), "/5")]
    assert member.figures == (0, 0)
    assert_sound(member)


def test_what_came_back_in_time_expires_by_the_job(member: Member) -> None:
    member.earns(100, day=0, expires=30)
    entry = spent(member, 100, day=5)
    back(member, 60, 29, entry)
    assert ledger.expire_all_due(on(30)) == 1
    back(member, 40, 29, entry)  # seen late
    assert member.figures == (40, 0)
    assert ledger.expire_all_due(on(31)) == 1
    assert [e.available_delta for e in member.entries("expire")] == [-60, -40]
    assert_sound(member)


def test_courtesy_lets_expired_points_live_to_the_end_of_a_day(member: Member) -> None:
    three_lots(member)
    entry = spent(member, 160, day=5)
    back(member, 90, 40, entry, courtesy=3)
    back(member, 70, 41, entry, courtesy=3)
    ends = [lot.expires_at for lot in member.lots]
    assert ends[:3] == [on(30), on(60), None]
    assert ends[3:] == [datetime(2026, 2, 13, 23, tzinfo=UTC), datetime(2026, 2, 14, 23, tzinfo=UTC)]
    assert left(member) == [0, 50, 30, 30, 70]
    assert [lot.award_id for lot in member.lots[3:]] == [member.award("order:1").pk] * 2
    assert member.entries("expire") == []
    with pytest.raises(MoreThanSpent):
        back(member, 1, 42, entry, courtesy=3)
    assert_sound(member)
    assert ledger.expire_all_due(on(44)) == 1
    # What lives on still belongs to the order: it is taken back with it, and what has expired is not.
    member.earns(0, day=44.2, source="order:1", expires=30)
    assert member.figures == (80, 0)
    assert left(member) == [0, 50, 30, 0, 0]
    assert_sound(member)


def test_a_return_fills_a_deficit_first(member: Member) -> None:
    member.earns(100, day=0, expires=30)
    entry = spent(member, 100, day=1)
    member.earns(40, day=2, expires=30)
    assert member.figures == (-60, 0)
    back(member, 50, 3, entry)
    assert (member.figures, left(member)) == ((-10, 0), [0])
    back(member, 50, 3, entry)
    assert (member.figures, left(member)) == ((40, 0), [40])
    assert_sound(member)


def test_what_was_carried_came_out_of_no_lot_and_opens_one(member: Member) -> None:
    member.earns(30, day=0, expires=30)
    entry = spent(member, 50, day=1, uncovered="carry")
    member.earns(40, day=2, source="order:2")
    assert (member.figures, left(member)) == ((20, 0), [0, 20])
    for part in (35, 15):
        back(member, part, 3, entry)
        assert_sound(member)
    assert left(member) == [30, 20, 5, 15]
    assert [lot.award_id for lot in member.lots[2:]] == [None, None]


def test_the_newest_of_several_spendings_comes_back_first(member: Member) -> None:
    three_lots(member)
    entries = [spent(member, points, day=3) for points in (60, 50, 20)]
    assert len(back(member, 45, 4, *entries).entries) == 2
    assert left(member) == [15, 50, 30]
    assert [(e.available_delta, e.reverses_id) for e in member.entries("return")] == [
        (20, entries[2]),
        (25, entries[1]),
    ]
    assert back(member, 0, 4, *entries) == GivenBack((), 0)
    back(member, 85, 5, *entries)
    assert left(member) == [100, 50, 30]
    assert_sound(member)


def test_no_more_comes_back_than_was_spent_by_that_member(member: Member, shop: Shop) -> None:
    member.earns(100, day=0)
    entry = spent(member, 60, day=1)
    other = new_member(shop)
    earned = member.entries("earn")[0].pk
    back(member, 20, 2, entry)
    for who, points, entries in (
        (member, 41, [entry]),
        (other, 1, [entry]),
        (member, 1, [earned]),
        (member, 1, []),
    ):
        with pytest.raises(MoreThanSpent):
            back(who, points, 3, *entries)
    move = ledger.Move(shop.pk, member.account.pk, "return", 41, "r", on(3), reverses_id=entry)
    with pytest.raises(MoreThanSpent) as refused, transaction.atomic():
        ledger.post([move])
    assert (refused.value.left, refused.value.wanted) == (40, 41)
    assert member.figures == (60, 0)


def test_a_lot_that_slides_knows_what_happened_while_it_was_empty(member: Member) -> None:
    """Twelve idle months: the lot would have ended on day 365, but there was an order on day 300."""
    member.earns(100, day=0, idle_months=12)
    entry = spent(member, 100, day=200)
    member.earns(10, day=300, source="order:2", idle_months=12)
    assert back(member, 100, 400, entry).expired == 0
    assert member.lots[0].expires_at == member.lots[1].expires_at
    assert_sound(member)
    assert back(member, 100, 900, spent(member, 100, day=401)).expired == 100
    assert_sound(member)


def test_an_empty_lot_learns_that_it_was_earned_later(member: Member) -> None:
    member.earns(100, day=0, expires=30)
    entry = spent(member, 100, day=1)
    member.earns(100, day=10, expires=40)
    assert back(member, 60, 35, entry).expired == 0
    assert ledger.expire_all_due(on(40)) == 1
    assert_sound(member)


def test_one_batch_may_give_back_and_spend_again(member: Member) -> None:
    three_lots(member)
    entry = spent(member, 120, day=5)
    ids = (member.shop.pk, member.account.pk)
    moves = [
        ledger.Move(*ids, "return", 70, "back:1", on(6), reverses_id=entry),
        ledger.Move(*ids, "redeem", -60, "again", on(7), activity=True),
        ledger.Move(*ids, "return", 50, "back:2", on(31), reverses_id=entry),
        ledger.Move(*ids, "redeem", -50, "and again", on(32), activity=True),
    ]
    with transaction.atomic():
        posted = ledger.post(moves)
    assert [one.balance_after for one in posted] == [130, 70, 70, 20]
    assert [one.expired for one in posted] == [0, 0, 50, 0]
    assert left(member) == [0, 0, 20]
    assert_sound(member)


def test_a_frozen_account_gets_its_points_and_expires_nothing(member: Member) -> None:
    member.earns(100, day=0, expires=30)
    entry = spent(member, 80, day=5)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE loyalty_lot SET remaining = 90 WHERE shop_id = %s", [member.shop.pk])
    assert verify(member.shop.pk)
    back(member, 80, 40, entry)
    assert member.figures == (100, 0)
    assert repair(member.shop.pk) == []
    assert ledger.expire_all_due(on(41)) == 1
    assert_sound(member)


def test_the_books_take_returns_as_what_they_are(member: Member) -> None:
    """Points expire once, and those that live on were issued once."""
    member.earns(100, day=0, expires=30)
    entry = spent(member, 100, day=5)
    back(member, 60, 40, entry)
    back(member, 40, 41, entry, courtesy=3)
    ledger.expire_all_due(on(60))
    books = liability(member.shop, on(450))
    assert (books.available, books.deficits, str(books.breakage_rate)) == (0, 0, "1.0000")
    february = totals(period(member.shop, on(40).date().replace(day=1)))
    assert february.points["points redeemed"] == -100
    assert february.points["breakage income"] == 100
    assert sum(february.value.values()) == 0


TAMPERINGS = {
    "what came back by": "UPDATE loyalty_entry SET available_delta = available_delta + 41 WHERE kind = 'return'",
    "what came back to lot": "UPDATE loyalty_lotuse SET points = points - 41 WHERE points < 0",
    "what entry": "UPDATE loyalty_entry SET kind = 'adjust' WHERE kind = 'return'",
}


@pytest.mark.parametrize("what", TAMPERINGS)
def test_verify_finds_returns_of_what_was_not_spent(member: Member, what: str) -> None:
    member.earns(100, day=0)
    back(member, 20, 2, spent(member, 60, day=1))
    assert_sound(member)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE loyalty_entry DISABLE TRIGGER append_only")
        cursor.execute(f"{TAMPERINGS[what]} AND shop_id = %s", [member.shop.pk])
        cursor.execute("ALTER TABLE loyalty_entry ENABLE ALWAYS TRIGGER append_only")
    assert [found for found in verify(member.shop.pk) if found.what.startswith(what)]
