"""Lots expire at their instant, once; returns and expiries end in the same balance whichever comes first."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django_scopes import scope

from loyalty import ledger
from loyalty.actions.points import adjust
from loyalty.calendar import idle_until
from loyalty.errors import NotEnoughPoints
from loyalty.models import Account
from loyalty.proof import verify
from shops.models import Shop
from tests.loyalty.ledger_stories import Member, new_member, on


@pytest.fixture
def member(shop: Shop) -> Member:
    return new_member(shop)


def test_a_lot_expires_at_its_instant_and_once(member: Member) -> None:
    member.earns(100, day=0, expires=30)
    assert ledger.expire_due(on(29.99)) == 0
    assert [ledger.expire_due(on(day)) for day in (30, 30, 35)] == [1, 0, 0]
    assert member.figures == (0, 0)
    (entry,) = member.entries("expire")
    lot = member.lots[0]
    assert (entry.available_delta, entry.occurred_at, entry.reference) == (-100, on(30), f"expire:{lot.pk}/0")
    assert verify(member.shop.pk) == []


def test_what_was_spent_does_not_expire(member: Member) -> None:
    member.earns(100, day=0, expires=30)
    member.earns(50, day=1, source="order:2", expires=40)
    member.spends(100, day=2)
    assert ledger.expire_all_due(on(60)) == 1
    assert [entry.available_delta for entry in member.entries("expire")] == [-50]


def test_one_entry_a_lot_with_running_balances(member: Member) -> None:
    for number in range(4):
        member.earns(10 + number, day=0, source=f"order:{number}", expires=30 - number)
    assert ledger.expire_due(on(30), limit=3) == 3
    assert ledger.expire_due(on(30), limit=3) == 1
    assert [entry.balance_after for entry in member.entries("expire")] == [33, 21, 10, 0]
    assert verify(member.shop.pk) == []


def test_a_frozen_account_keeps_its_lots_and_holds_up_nobody(member: Member, shop: Shop) -> None:
    other = new_member(shop)
    for one in (member, other):
        one.earns(100, day=0, source=f"order:{one.account.pk}", expires=30)
    ledger.freeze({(shop.pk, member.account.pk): "test"})
    assert ledger.expire_due(on(31), limit=1) == 1
    assert (member.figures, other.figures) == ((100, 0), (0, 0))
    ledger.unfreeze(shop.pk)
    assert ledger.expire_due(on(31)) == 1


@pytest.mark.parametrize("spent", [0, 30, 100])
@pytest.mark.parametrize("kept", [60, 20, 0])
@pytest.mark.parametrize("deficit", ["carry", "clamp"])
def test_a_return_and_an_expiry_may_come_in_either_order(
    shop: Shop, spent: int, kept: int, deficit: str
) -> None:
    ends = []
    for expiry_first in (True, False):
        member = new_member()
        member.earns(100, day=0, expires=30)
        if spent:
            member.spends(spent, day=1)
        if expiry_first:
            ledger.expire_all_due(on(30))
        member.earns(kept, day=31, deficit=deficit, expires=30)
        ledger.expire_all_due(on(32))
        member.earns(0, day=33, deficit=deficit, expires=30)
        ends.append(member.figures)
        assert verify(member.shop.pk) == []
    assert ends[0] == ends[1]
    assert ends[0] == ((-spent if deficit == "carry" else 0), 0)


def test_what_expired_stays_so_when_the_award_rises_again(member: Member) -> None:
    member.earns(100, day=0, expires=30)
    ledger.expire_due(on(30))
    member.earns(0, day=31, expires=30)
    award = member.award()
    assert (award.posted, award.shortfall, member.figures) == (100, 100, (0, 0))
    member.earns(100, day=32, expires=30)
    assert (member.award().shortfall, member.figures) == (0, (0, 0))
    member.earns(0, day=33, expires=30)
    assert (member.award().shortfall, member.figures) == (100, (0, 0))
    assert verify(member.shop.pk) == []


def test_a_return_takes_the_awards_own_points_before_others(member: Member) -> None:
    member.earns(50, day=0, source="order:1", expires=20)
    member.earns(50, day=0, source="order:2", expires=90)
    member.earns(10, day=1, source="order:2", expires=90)
    assert {lot.award_id: lot.remaining for lot in member.lots} == {
        member.award("order:1").pk: 50,
        member.award("order:2").pk: 10,
    }


def test_what_is_due_expires_before_somebody_spends(member: Member) -> None:
    member.earns(100, day=0, expires=30)
    member.earns(40, day=1, source="order:2")
    with pytest.raises(NotEnoughPoints) as refused:
        member.spends(50, day=30)
    assert refused.value.balance == 40
    assert member.figures == (140, 0)
    assert member.spends(40, day=30).balance_after == 0
    assert [entry.kind for entry in member.entries()] == ["earn", "earn", "expire", "redeem"]
    assert ledger.expire_due(on(40)) == 0
    assert verify(member.shop.pk) == []


def test_a_return_by_a_store_expires_nothing(member: Member) -> None:
    member.earns(100, day=0, expires=30)
    member.earns(50, day=1, source="order:2")
    member.earns(0, day=40, source="order:2")
    assert member.figures == (100, 0)


def test_an_adjustment_expires_by_the_live_program(shop: Shop) -> None:
    member = new_member(shop)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO loyalty_programversion (shop_id, number, document, published_at, published_by, note)
            SELECT shop_id, number + 1, jsonb_set(document, '{expiry}', %s), now(), 'test', ''
            FROM loyalty_programversion WHERE shop_id = %s ORDER BY number DESC LIMIT 1
            """,
            ['{"mode": "inactivity", "months": 3}', shop.pk],
        )
    adjust(member.account, 25, "sorry", "ada@shop.example")
    (lot,) = member.lots
    assert lot.idle_months == 3
    zone = ZoneInfo(shop.timezone)
    assert lot.expires_at == idle_until(zone, lot.available_at, 3)


def months(member: Member, points: int, day: float, source: str, **more: float) -> None:
    member.earns(points, day, source, idle_months=2, **more)


def ends(member: Member) -> list[datetime | None]:
    return [lot.expires_at for lot in member.lots]


def test_every_earning_and_spending_puts_off_what_idles(member: Member) -> None:
    months(member, 100, day=0, source="order:1")
    first = datetime(2026, 3, 1, 23, tzinfo=UTC)  # the end of 1 March in Berlin
    assert ends(member) == [first]
    member.spends(10, day=10)  # 11 January
    later = datetime(2026, 3, 11, 23, tzinfo=UTC)
    assert ends(member) == [later]
    member.earns(5, day=20, source="order:2")  # 21 January; without an end itself
    assert ends(member) == [datetime(2026, 3, 21, 23, tzinfo=UTC), None]
    with scope(shop=member.shop):
        assert Account.objects.get(pk=member.account.pk).active_at == on(20)
    member.earns(3, day=30, source="order:2")  # a return is no activity
    assert ends(member)[0] == datetime(2026, 3, 21, 23, tzinfo=UTC)
    assert ledger.expire_due(datetime(2026, 3, 21, 23, tzinfo=UTC)) == 1
    assert member.figures == (3, 0)
    assert verify(member.shop.pk) == []


def test_activity_after_the_end_does_not_bring_points_back(member: Member) -> None:
    months(member, 100, day=0, source="order:1")
    months(member, 50, day=80, source="order:2")
    assert ends(member)[0] == datetime(2026, 3, 1, 23, tzinfo=UTC)
    assert ledger.expire_due(on(80)) == 1
    assert member.figures == (50, 0)


@pytest.mark.parametrize("order", [[0, 1, 2, 3], [3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]])
def test_idle_points_end_alike_in_whatever_order_orders_arrive(shop: Shop, order: list[int]) -> None:
    """The third comes after the first two have ended only if nothing came between."""
    member = new_member(shop)
    days = [0, 40, 80, 200]
    for number in order:
        months(member, 10, day=days[number], source=f"order:{number}", seen=200)
    third = datetime(2026, 5, 22, 22, tzinfo=UTC)  # two months after 22 March, in summer time
    last = datetime(2026, 9, 20, 22, tzinfo=UTC)
    assert ends(member) == [third, third, third, last]


def test_idle_points_come_off_hold_with_the_members_activity_counted(member: Member) -> None:
    months(member, 100, day=0, source="order:1", release=14)
    member.earns(5, day=20, source="order:2")
    assert ledger.release_due(on(25)) == 1
    assert ends(member)[0] == datetime(2026, 3, 21, 23, tzinfo=UTC)


@pytest.mark.parametrize("runs", [[15, 150], [150], [15, 45, 80, 150]])
def test_points_that_idled_too_long_expire_however_late_they_come_off_hold(
    member: Member, runs: list[int]
) -> None:
    """Released on 15 January, kept on by 10 February, idle from then to the end of 10 April; 10 May is too late."""
    days = {0: ("order:1", 14), 40: ("order:2", None), 129: ("order:3", None)}
    for day, (source, release) in days.items():
        for run in [run for run in runs if run < day]:
            ledger.release_all_due(on(run))
            ledger.expire_all_due(on(run))
        months(member, 10, day=day, source=source, **({"release": release} if release else {}))
    for run in runs:
        ledger.release_all_due(on(run))
        ledger.expire_all_due(on(run))
    first, last = datetime(2026, 4, 10, 22, tzinfo=UTC), datetime(2026, 7, 10, 22, tzinfo=UTC)
    assert sorted(map(str, ends(member))) == [str(first), str(first), str(last)]
    assert [(e.available_delta, e.occurred_at) for e in member.entries("expire")] == [(-10, first)] * 2
    assert member.figures == (10, 0)
    assert verify(member.shop.pk) == []


ZONES = ["Europe/Berlin", "America/New_York", "America/Havana", "Asia/Beirut", "America/Sao_Paulo", "UTC"]


@pytest.mark.parametrize("zone", ZONES)
def test_the_database_ends_a_day_as_the_calendar_does(db: None, zone: str) -> None:
    starts = [datetime(2016, 1, 1, 3, 30, tzinfo=UTC) + (on(n) - on(0)) for n in range(0, 1500)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT at, loyalty_idle_until(at, 7, %s) FROM unnest(%s::timestamptz[]) AS at", [zone, starts]
        )
        found = dict(cursor.fetchall())
    assert found == {at: idle_until(ZoneInfo(zone), at, 7) for at in starts}
