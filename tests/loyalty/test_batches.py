"""Batches against a real ledger: checked, refused, applied."""

from datetime import timedelta

import pytest
from django_scopes import scope

from lib.clock import now
from loyalty import ledger
from loyalty.actions.batch_plan import CHUNK
from loyalty.actions.batches import (
    AppliedBefore,
    BadRows,
    BatchRefused,
    Upload,
    apply,
    carry_on,
    check,
    outcome,
    undo,
)
from loyalty.actions.points import adjust
from loyalty.documents import Expiry
from loyalty.models import Batch, BatchRow, Entry, Lot
from loyalty.proof import verify
from loyalty.sheets.reading import InvalidSheet
from shops.models import Connection, Shop
from tests.loyalty.batch_stories import (
    WHO,
    applied,
    balance,
    entries,
    many,
    member,
    problems,
    upload,
    with_program,
)
from tests.properties import tries
from tests.storefront_api.stories import customer


def test_a_check_tells_all_and_writes_no_points(shop: Shop, linked: Connection) -> None:
    member(linked, "1", "mia@corner.example", 49)
    customer(linked, "2", "zoe@corner.example")
    batch = check(
        shop,
        upload(
            "external_id;email;points;reason\n1;;-40;Late\n;ZOE@corner.example;60;Gift\n;nobody@corner.example;5;x\n"
        ),
    )
    assert batch.totals == {
        "rows": 3,
        "good": 2,
        "bad": 1,
        "known": 2,
        "unknown": 0,
        "points_in": 60,
        "points_out": 40,
        "points_waiting": 0,
        "balances_before": 49,
        "balances_after": 69,
    }
    assert list(problems(batch)) == [4]
    assert len(entries(shop)) == 1


def test_a_half_good_file_writes_nothing_unless_it_is_told_to(shop: Shop, linked: Connection) -> None:
    mia = customer(linked, "1", "mia@corner.example")
    text = "email,points,reason\nmia@corner.example,50,Gift\nmia,x,Gift\n"
    batch = check(shop, upload(text))
    with pytest.raises(BadRows) as refused:
        apply(batch, WHO)
    assert refused.value.count == 1
    assert entries(shop) == []
    assert carry_on(batch)  # nothing is under way
    assert entries(shop) == []
    assert carry_on(apply(batch, WHO, skip_bad=True))
    assert balance(mia) == 50


@pytest.mark.parametrize("data", [b"", b"email,points\n\xff,1\n", b"points\n1\n", b'email,points\n"a,1\n'])
def test_an_unreadable_file_leaves_nothing_behind(shop: Shop, data: bytes) -> None:
    with pytest.raises(InvalidSheet):
        check(shop, Upload(data, "import", WHO))
    with scope(shop=shop):
        assert not Batch.objects.exists()


def test_a_file_of_bad_rows_alone_cannot_be_applied(shop: Shop) -> None:
    batch = check(shop, upload("email,points,reason\nmia,x,Gift\n"))
    with pytest.raises(BatchRefused, match="nothing to apply"):
        apply(batch, WHO, skip_bad=True)


def test_entries_name_batch_line_person_and_reason(shop: Shop, linked: Connection) -> None:
    customer(linked, "1", "mia@corner.example")
    batch = applied(shop, "email,points,reason\nmia@corner.example,50,=Gift\n")
    (entry,) = entries(shop)
    assert (entry.kind, entry.reference) == ("adjust", f"batch:{batch.pk}/2")
    assert (entry.actor, entry.reason, entry.available_delta) == (WHO, "=Gift", 50)
    with scope(shop=shop):
        row = BatchRow.objects.get(batch=batch)
    assert (row.state, row.entry_id, row.moved) == ("done", entry.pk, 50)


def test_a_debit_beyond_the_balance_is_a_mistake_of_its_row(shop: Shop, linked: Connection) -> None:
    mia = member(linked, "1", "mia@corner.example", 49)
    zoe = customer(linked, "2", "zoe@corner.example")
    batch = check(shop, upload("email,points,reason\nmia@corner.example,-50,x\n"))
    assert "more than the balance of 49" in problems(batch)[2]
    batch = check(shop, upload("email,points,reason\nmia@corner.example,-49,x\nzoe@corner.example,7,x\n"))
    adjust(mia, -10, "spent meanwhile", WHO)
    assert carry_on(apply(batch, WHO))
    assert (balance(mia.customer), balance(zoe)) == (39, 7)
    assert "39" in problems(batch)[2]
    assert outcome(batch)["failed"] == 1


def test_a_frozen_account_gives_nothing_away(shop: Shop, linked: Connection) -> None:
    mia = member(linked, "1", "mia@corner.example", 49)
    first = applied(shop, "email,points,reason\nmia@corner.example,5,x\n")
    ledger.freeze({(shop.pk, mia.pk): "Its figures differ."})
    batch = check(shop, upload("email,points,reason\nmia@corner.example,-9,x\n"))
    assert "frozen" in problems(batch)[2]
    assert carry_on(undo(first, WHO))
    first.refresh_from_db()
    assert (first.state, balance(mia.customer)) == ("done", 54)
    assert "frozen" in problems(first)[2]
    ledger.unfreeze(shop.pk)
    assert carry_on(undo(first, WHO))
    first.refresh_from_db()
    assert (first.state, balance(mia.customer)) == ("undone", 49)


def test_the_same_file_is_not_applied_twice_by_accident(shop: Shop, linked: Connection) -> None:
    mia = customer(linked, "1", "mia@corner.example")
    text = "email,points,reason\nmia@corner.example,50,Gift\n"
    first = applied(shop, text)
    second = check(shop, upload(text))
    with pytest.raises(AppliedBefore) as refused:
        apply(second, WHO)
    assert refused.value.batch == first
    assert balance(mia) == 50
    with pytest.raises(BatchRefused, match="applied before"):
        apply(first, WHO, again=True)
    assert carry_on(apply(second, WHO, again=True))
    assert balance(mia) == 100
    carry_on(undo(first, WHO))
    carry_on(undo(second, WHO))
    applied(shop, text)  # what was undone may come again
    assert balance(mia) == 50


def test_a_reference_is_applied_once_whatever_file_it_comes_in(shop: Shop, linked: Connection) -> None:
    mia = customer(linked, "1", "mia@corner.example")
    text = "email,points,reason,reference\nmia@corner.example,{},x,ticket-7\n"
    waiting = check(shop, upload(text.format(9)))
    first = applied(shop, text.format(5))
    again = check(shop, upload(text.format(6)))
    assert f"batch {first.pk}, line 2" in problems(again)[2]
    assert carry_on(apply(waiting, WHO))
    assert f"batch {first.pk}, line 2" in problems(waiting)[2]
    assert balance(mia) == 5
    twice = check(
        shop, upload("email,points,reason,reference\na@x.example,1,x,r\nb@x.example,1,x,r\n", "import")
    )
    assert "line 2 has it too" in problems(twice)[3]


def test_expiry_is_the_days_end_that_is_named_or_the_programs(shop: Shop, linked: Connection) -> None:
    with_program(shop, expiry=Expiry(mode="per_lot", months=12))
    for number in (1, 2, 3):
        customer(linked, str(number))
    day = now().date() + timedelta(days=1)
    earned = day - timedelta(days=200)
    text = (
        f"external_id,points,reason,expires_on,earned_on\n1,5,x,{day},\n2,5,x,,{earned}\n3,5,x,,2001-01-01\n"
    )
    batch = check(shop, upload(text))
    assert "expired already" in problems(batch)[4]
    carry_on(apply(batch, WHO, skip_bad=True))
    with scope(shop=shop):
        first, second = Lot.objects.order_by("entry__id")
    assert first.expires_at is not None
    assert second.expires_at is not None
    assert now() < first.expires_at < now() + timedelta(days=3)
    assert timedelta(days=150) < second.expires_at - now() < timedelta(days=170)


@pytest.mark.soak
def test_thousands_of_rows(shop: Shop, linked: Connection) -> None:
    rows = tries(CHUNK + 100, 2 * CHUNK)  # more than are planned at once
    points = sum(range(1, rows + 1))
    batch = check(shop, upload(many(shop, linked, rows)))
    assert batch.totals["good"] == rows
    assert carry_on(apply(batch, WHO))
    with scope(shop=shop):
        assert Entry.objects.count() == rows
    assert outcome(batch)["points_in"] == batch.totals["points_in"] == points
    assert carry_on(undo(batch, WHO))
    assert outcome(batch)["undone_points"] == -points
    assert verify(shop.pk) == []
