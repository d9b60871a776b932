"""The journal balances, a closed month stays as it is, and the liability is what members hold."""

import csv
import time
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django_scopes import scope

from loyalty import ledger
from loyalty.actions.periods import close_month
from loyalty.actions.points import adjust
from loyalty.errors import InvalidPeriod, JournalChanged
from loyalty.journal import COLUMNS, export
from loyalty.liability import liability
from loyalty.models import PeriodClose
from shops.models import Shop
from tests.loyalty.ledger_stories import Member, new_member, on

JANUARY, FEBRUARY, MARCH = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)


@pytest.fixture
def member(shop: Shop) -> Member:
    return new_member(shop)


def rows(shop: Shop, month: date) -> list[dict[str, str]]:
    lines = list(csv.reader("".join(export(shop, month)).splitlines()))
    assert tuple(lines[0]) == COLUMNS
    return [dict(zip(COLUMNS, line, strict=True)) for line in lines[1:]]


def sums(found: list[dict[str, str]]) -> dict[str, Decimal]:
    """Credits less debits by account; debits and credits are equal of every reference, to the last place."""
    by_account: dict[str, Decimal] = {}
    by_reference: dict[str, Decimal] = {}
    for row in found:
        amount = Decimal(row["credit"] or 0) - Decimal(row["debit"] or 0)
        by_account[row["account"]] = by_account.get(row["account"], Decimal(0)) + amount
        by_reference[row["reference"]] = by_reference.get(row["reference"], Decimal(0)) + amount
    assert set(by_reference.values()) <= {Decimal(0)}
    return {account: amount for account, amount in by_account.items() if amount}


def publish(shop: Shop, value: str, published_at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO loyalty_programversion (shop_id, number, document, published_at, published_by, note)
            SELECT shop_id, number + 1, jsonb_set(document, '{point_value}', to_jsonb(%s::text)), %s, 'test', ''
            FROM loyalty_programversion WHERE shop_id = %s ORDER BY number DESC LIMIT 1
            """,
            [value, published_at, shop.pk],
        )


def settled() -> None:
    """Closing leaves out what was written in the last second."""
    time.sleep(1.1)


def history(member: Member) -> None:
    """January: 300 earned, 100 of them held, 40 spent, 20 taken back. February: released, 150 expired."""
    member.earns(200, day=0, source="order:1", expires=35)
    member.earns(100, day=1, source="order:2", release=40)
    member.spends(40, day=2)
    member.earns(180, day=3, source="order:1", expires=35)
    ledger.release_all_due(on(40))
    ledger.expire_all_due(on(40))


def test_every_kind_of_entry_has_two_sides(member: Member) -> None:
    history(member)
    assert sums(rows(member.shop, JANUARY)) == {
        "points expense": Decimal("-2.80"),
        "points liability": Decimal("1.40"),
        "points on hold": Decimal("1.00"),
        "points redeemed": Decimal("0.40"),
    }
    assert sums(rows(member.shop, FEBRUARY)) == {
        "breakage income": Decimal("1.40"),
        "points liability": Decimal("-0.40"),
        "points on hold": Decimal("-1.00"),
    }
    first = rows(member.shop, JANUARY)[0]
    assert (first["date"], first["account"], first["credit"], first["points"]) == (
        "2026-01-01",
        "points liability",
        "2.00",
        "200",
    )


def test_a_month_begins_at_the_shops_midnight(member: Member) -> None:
    new_year = (datetime(2025, 12, 31, 23, tzinfo=UTC) - on(0)).total_seconds() / 86400
    member.earns(10, day=new_year, source="order:1")
    member.earns(20, day=new_year - 0.001, source="order:2")
    assert sums(rows(member.shop, JANUARY))["points liability"] == Decimal("0.10")
    assert sums(rows(member.shop, date(2025, 12, 1)))["points liability"] == Decimal("0.20")


def test_a_value_with_more_places_than_the_currency_stays_exact(member: Member) -> None:
    publish(member.shop, "0.0033", on(-50))
    publish(member.shop, "0.0033", on(-10))
    member.earns(7, day=0)
    found = rows(member.shop, JANUARY)
    assert sums(found) == {"points expense": Decimal("-0.0231"), "points liability": Decimal("0.0231")}


def test_texts_of_people_are_no_formulas(member: Member) -> None:
    adjust(member.account, 5, '=HYPERLINK("x")', "ada@shop.example", reference="@sum")
    month = datetime.now(UTC).date().replace(day=1)
    (first, _) = rows(member.shop, month)
    assert first["reference"] == "'@sum"
    assert first["note"].startswith("adjust: =")


def test_a_closed_month_is_exported_again_as_it_was(member: Member) -> None:
    history(member)
    settled()
    before = list(export(member.shop, JANUARY))
    closed = close_month(member.shop, JANUARY, "ada@shop.example")
    assert (closed.entries, closed.points["points liability"], closed.value["points expense"]) == (
        4,
        140,
        "-2.80",
    )
    assert close_month(member.shop, JANUARY, "bob@shop.example") == closed
    publish(member.shop, "0.05", on(-50))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE shops_shop SET timezone = 'America/New_York' WHERE id = %s", [member.shop.pk])
    member.shop.refresh_from_db()
    assert list(export(member.shop, JANUARY)) == before


def test_what_comes_late_belongs_to_the_first_open_month(member: Member) -> None:
    member.earns(200, day=0, source="order:1")
    settled()
    close_month(member.shop, JANUARY, "ada@shop.example")
    member.earns(50, day=4, source="order:2")
    member.earns(30, day=32, source="order:3")
    assert len(rows(member.shop, JANUARY)) == 2
    late = rows(member.shop, FEBRUARY)
    assert sums(late)["points liability"] == Decimal("0.80")
    assert (late[0]["date"] >= "2026-02-01", late[0]["note"]) == (True, "earn (of 2026-01-05)")
    settled()
    close_month(member.shop, FEBRUARY, "ada@shop.example")
    member.earns(7, day=5, source="order:4")
    assert sums(rows(member.shop, MARCH))["points liability"] == Decimal("0.07")
    assert [len(rows(member.shop, month)) for month in (JANUARY, FEBRUARY)] == [2, 4]


def test_another_value_of_points_revalues_what_members_hold(member: Member) -> None:
    member.earns(200, day=0, source="order:1")
    member.earns(100, day=1, source="order:2", release=100)
    settled()
    close_month(member.shop, JANUARY, "ada@shop.example")
    publish(member.shop, "0.015", on(40))
    member.spends(50, day=45)
    assert sums(rows(member.shop, FEBRUARY)) == {
        "points expense": Decimal("-1.50"),
        "points liability": Decimal("0.25"),
        "points on hold": Decimal("0.50"),
        "points redeemed": Decimal("0.75"),
    }


@pytest.mark.parametrize(
    ("month", "words"),
    [
        (FEBRUARY, "Close 2026-01 first"),
        (date(2025, 12, 1), "nothing to close"),
        (date(2999, 1, 1), "is not over yet"),
    ],
)
def test_months_are_closed_in_order_and_when_they_are_over(member: Member, month: date, words: str) -> None:
    member.earns(200, day=0)
    with pytest.raises(InvalidPeriod, match=words):
        close_month(member.shop, month, "ada@shop.example")


@pytest.mark.parametrize(
    "statement", ["UPDATE loyalty_periodclose SET entries = 0", "DELETE FROM loyalty_periodclose"]
)
def test_the_database_refuses_to_change_a_closed_month(member: Member, statement: str) -> None:
    member.earns(200, day=0)
    close_month(member.shop, JANUARY, "ada@shop.example")
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_a_closed_month_that_differs_is_not_exported(member: Member) -> None:
    member.earns(200, day=0)
    settled()
    close_month(member.shop, JANUARY, "ada@shop.example")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE loyalty_entry DISABLE TRIGGER append_only")
        cursor.execute("UPDATE loyalty_entry SET available_delta = 300 WHERE shop_id = %s", [member.shop.pk])
        cursor.execute("ALTER TABLE loyalty_entry ENABLE ALWAYS TRIGGER append_only")
    with pytest.raises(JournalChanged, match="2026-01"):
        export(member.shop, JANUARY)


def test_the_liability_is_what_members_hold(member: Member, shop: Shop) -> None:
    history(member)
    other = new_member(shop)
    other.earns(10, day=0, source="order:9")
    other.spends(10, day=1)
    other.earns(0, day=2, source="order:9")
    found = liability(shop, on(41))
    assert (found.available, found.pending, found.deficits) == (100, 0, 10)
    assert (found.issued, found.expired, found.value) == (280, 140, Decimal("1.00"))
    earlier = liability(shop, on(10))
    assert (earlier.available, earlier.pending, earlier.expired) == (140, 100, 0)
    assert (found.breakage_rate, liability(shop, on(400)).breakage_rate) == (None, Decimal("0.6667"))


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("ledger", *arguments)
    return capsys.readouterr().out


def test_the_command_writes_closes_and_tells(member: Member, capsys: pytest.CaptureFixture[Any]) -> None:
    member.earns(200, day=0)
    settled()
    shop = ("--shop", member.shop.public_id)
    assert run(capsys, "journal", *shop, "--month", "2026-01") == "".join(export(member.shop, JANUARY))
    assert '"entries": 1' in run(capsys, "journal", *shop, "--month", "2026-01", "--close", "--json")
    with scope(shop=member.shop):
        assert PeriodClose.objects.get(shop=member.shop).closed_by == "command line"
    assert '"available": 200' in run(capsys, "liability", *shop, "--json")
    assert run(capsys, "rebuild", *shop, "--dry-run", "--json").startswith('{"entries": 1, "differences": []')
    for wrong in (["--month", "2026-13"], ["--month", "x"], []):
        with pytest.raises(CommandError, match="--month"):
            call_command("ledger", "journal", *shop, *wrong)
