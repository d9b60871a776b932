"""What will expire, day by day, and the warnings that fall due."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope

from loyalty import ledger
from loyalty.models import ExpiryWarning
from loyalty.warnings import coming_expiries, write_due
from shops.models import Shop
from tests.loyalty.ledger_stories import Member, new_member


@pytest.fixture
def member(shop: Shop) -> Member:
    return new_member(shop)


def at(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02}:00+00:00")


def lot(member: Member, source: str, points: int, expires: datetime | None, **more: Any) -> None:
    member.earns(points, day=0, source=source, expires_at=expires, **more)


def warned(member: Member) -> list[tuple[date, int, int]]:
    with scope(shop=member.shop):
        found = ExpiryWarning.objects.filter(account=member.account).order_by("expires_on", "-days")
        return list(found.values_list("expires_on", "days", "points"))


def publish(shop: Shop, expiry: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO loyalty_programversion (shop_id, number, document, published_at, published_by, note)
            SELECT shop_id, number + 1, jsonb_set(document, '{expiry}', %s), now(), 'test', ''
            FROM loyalty_programversion WHERE shop_id = %s ORDER BY number DESC LIMIT 1
            """,
            [expiry, shop.pk],
        )


def test_the_schedule_sums_lots_by_their_last_day_on_the_shops_clock(member: Member) -> None:
    midnight = datetime(2026, 6, 30, 22, tzinfo=UTC)  # the end of 30 June in Berlin
    lot(member, "order:1", 10, midnight)
    lot(member, "order:2", 5, datetime(2026, 6, 30, 12, tzinfo=UTC))
    lot(member, "order:3", 7, datetime(2026, 5, 31, 22, tzinfo=UTC))
    lot(member, "order:4", 9, None)
    assert coming_expiries(member.account) == [(date(2026, 5, 31), 7), (date(2026, 6, 30), 15)]
    member.spends(8, day=1)
    assert coming_expiries(member.account) == [(date(2026, 6, 30), 14)]


def test_warnings_fall_due_thirty_and_seven_days_ahead(member: Member) -> None:
    lot(member, "order:1", 10, datetime(2026, 6, 30, 22, tzinfo=UTC))
    # 30 days before 30 June is 31 May, which begins at 22:00 UTC.
    assert write_due(datetime(2026, 5, 30, 21, 59, tzinfo=UTC)) == 0
    assert write_due(datetime(2026, 5, 30, 22, tzinfo=UTC)) == 1
    assert write_due(at("2026-06-10")) == 0
    assert write_due(at("2026-06-24")) == 1
    assert write_due(at("2026-06-24")) == 0
    assert warned(member) == [(date(2026, 6, 30), 30, 10), (date(2026, 6, 30), 7, 10)]


def test_of_warnings_due_at_once_only_the_nearest_is_written(member: Member) -> None:
    lot(member, "order:1", 10, datetime(2026, 6, 30, 22, tzinfo=UTC))
    assert write_due(at("2026-06-28")) == 1
    assert warned(member) == [(date(2026, 6, 30), 7, 10)]


def test_a_warning_that_was_not_sent_follows_what_is_left(member: Member) -> None:
    lot(member, "order:1", 10, datetime(2026, 6, 30, 22, tzinfo=UTC))
    write_due(at("2026-06-24"))
    member.spends(4, day=1)
    assert write_due(at("2026-06-25")) == 1
    assert warned(member) == [(date(2026, 6, 30), 7, 6)]
    with scope(shop=member.shop):
        ExpiryWarning.objects.filter(shop=member.shop).update(sent_at=at("2026-06-25"))
    member.spends(1, day=1)
    assert write_due(at("2026-06-26")) == 0
    assert warned(member) == [(date(2026, 6, 30), 7, 6)]


def test_what_has_expired_or_was_spent_warns_nobody(member: Member) -> None:
    lot(member, "order:1", 10, datetime(2026, 6, 30, 22, tzinfo=UTC))
    lot(member, "order:2", 10, datetime(2026, 7, 1, 22, tzinfo=UTC))
    member.spends(10, day=1)
    ledger.expire_due(at("2026-07-02"))
    assert write_due(at("2026-07-02")) == 0


def test_the_live_program_says_how_many_days_ahead(member: Member, shop: Shop) -> None:
    lot(member, "order:1", 10, datetime(2026, 6, 30, 22, tzinfo=UTC))
    publish(shop, '{"mode": "per_lot", "months": 12, "warn_days": []}')
    assert write_due(at("2026-06-29")) == 0
    publish(shop, '{"mode": "per_lot", "months": 12, "warn_days": [60, 1]}')
    assert write_due(at("2026-06-01")) == 1
    assert warned(member) == [(date(2026, 6, 30), 60, 10)]


def test_points_of_two_shops_are_warned_of_apart(member: Member) -> None:
    other = new_member()
    for one in (member, other):
        lot(one, "order:1", 10, datetime(2026, 6, 30, 22, tzinfo=UTC))
    assert write_due(at("2026-06-24")) == 2
    assert warned(member) == warned(other) == [(date(2026, 6, 30), 7, 10)]
