"""Batches against a real ledger: checked, applied, undone, interrupted, side by side."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec
import pytest
from django.db import OperationalError, connection, connections
from django_scopes import scope, scopes_disabled

from lib.clock import now
from loyalty import ledger
from loyalty.actions import batches
from loyalty.actions.awards import open_accounts
from loyalty.actions.batches import (
    AppliedBefore,
    BadRows,
    BatchRefused,
    Upload,
    apply,
    carry_on,
    check,
    claim_waiting,
    continue_batches,
    outcome,
    undo,
)
from loyalty.actions.points import adjust
from loyalty.actions.programs import draft_document, load_draft, open_shop, publish
from loyalty.documents import Expiry
from loyalty.models import Account, Batch, BatchRow, Entry, Lot
from loyalty.proof import verify
from loyalty.sheets.reading import InvalidSheet
from shops.models import Connection, Customer, Shop
from tests.storefront_api.stories import customer, store

WHO = "olivia@corner.example"


@pytest.fixture
def linked(shop: Shop) -> Connection:
    return store(shop)


def upload(text: str, kind: str = "adjust", **more: object) -> Upload:
    return Upload(text.encode(), kind, WHO, **more)  # type: ignore[arg-type]


def applied(shop: Shop, text: str, kind: str = "adjust", **more: bool) -> Batch:
    batch = apply(check(shop, upload(text, kind)), WHO, **more)
    assert carry_on(batch)
    return batch


def balance(shopper: Customer) -> int:
    with scope(shop=shopper.shop):
        return Account.objects.get(shop=shopper.shop, customer=shopper).balance


def member(linked: Connection, external_id: str, email: str, points: int) -> Account:
    """A customer who has points already."""
    shopper = customer(linked, external_id, email)
    account_id = open_accounts([(linked.shop_id, shopper.pk)])[linked.shop_id, shopper.pk]
    with scope(shop=linked.shop):
        account = Account.objects.get(shop=linked.shop, pk=account_id)
    adjust(account, points, "at first", WHO)
    return account


def problems(batch: Batch) -> dict[int, str]:
    with scope(shop=batch.shop):
        return dict(BatchRow.objects.filter(batch=batch).exclude(problem="").values_list("line", "problem"))


def entries(shop: Shop) -> list[Entry]:
    with scope(shop=shop):
        return list(Entry.objects.filter(shop=shop).order_by("id"))


def verified(linked: Connection, external_id: str, email: str) -> Customer:
    shopper = customer(linked, external_id, email)
    with scope(shop=linked.shop):
        Customer.objects.filter(pk=shopper.pk).update(email_verified=True)
    return shopper


def with_program(shop: Shop, **changes: object) -> None:
    load_draft(shop, msgspec.structs.replace(draft_document(shop), **changes))
    publish(shop, WHO, "")


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


def test_a_member_who_is_there_twice_is_refused_with_both_lines(shop: Shop, linked: Connection) -> None:
    mia = customer(linked, "1", "mia@corner.example")
    text = "external_id,email,points,reason\n,mia@corner.example,5,x\n,new@corner.example,5,x\n1,,6,x\n"
    text += ",NEW@corner.example,7,x\n"
    found = problems(check(shop, upload(text, "import")))
    assert found == {
        2: "the same member is also in line 4",
        3: "the same member is also in line 5",
        4: "the same member is also in line 2",
        5: "the same member is also in line 3",
    }
    text = "email,points,reason\nmia@corner.example,5,x\nmia@corner.example,-3,x\n"
    carry_on(apply(check(shop, upload(text, allow_repeats=True)), WHO))
    assert balance(mia) == 2


def test_whose_row_it_is(shop: Shop, linked: Connection) -> None:
    customer(linked, "1", "mia@corner.example")
    customer(linked, "2", "twin@corner.example")
    customer(linked, "3", "Twin@corner.example")
    customer(linked, "4", "both@corner.example")
    verified(linked, "5", "both@corner.example")
    text = "external_id,email,points,reason\n9,,5,x\n,twin@corner.example,5,x\n1,twin@corner.example,5,x\n"
    text += "2,mia@corner.example,5,x\n,both@corner.example,5,x\n9,mia@corner.example,5,x\n"
    batch = check(shop, upload(text, "import"))
    found = problems(batch)
    assert "no customer of the shop" in found[2]
    assert "several customers have this address" in found[3]
    assert "belong to different customers" in found[4]
    assert "belong to different customers" in found[5]
    assert set(found) == {2, 3, 4, 5}
    with scope(shop=shop):
        owner = BatchRow.objects.get(batch=batch, line=6).customer
        assert owner is not None
        assert owner.external_id == "5"


def test_another_shops_members_are_nobody(shop: Shop, linked: Connection) -> None:
    other = open_shop("Elsewhere", "EUR", "UTC")
    customer(store(other), "theirs", "tim@elsewhere.example")
    batch = check(shop, upload("external_id,email,points,reason\ntheirs,,5,x\n,tim@elsewhere.example,5,x\n"))
    assert set(problems(batch)) == {2, 3}


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


def test_undoing_writes_reversing_entries(shop: Shop, linked: Connection) -> None:
    mia, zoe = (member(linked, str(n), f"c{n}@corner.example", 100) for n in (1, 2))
    batch = applied(shop, "email,points,reason\nc1@corner.example,50,x\nc2@corner.example,-30,x\n")
    done = entries(shop)[-2:]
    assert carry_on(undo(batch, "otto@corner.example"))
    batch.refresh_from_db()
    undone = entries(shop)[-2:]
    assert [entry.reverses_id for entry in undone] == [entry.pk for entry in done]
    assert [entry.available_delta for entry in undone] == [-50, 30]
    assert [entry.reference for entry in undone] == [f"batch:{batch.pk}/{line}/undo" for line in (2, 3)]
    assert {(entry.kind, entry.actor) for entry in undone} == {("adjust", "otto@corner.example")}
    assert (balance(mia.customer), balance(zoe.customer)) == (100, 100)
    assert (batch.state, outcome(batch)["undone_points"]) == ("undone", -20)
    with pytest.raises(BatchRefused, match="Only a batch"):
        undo(batch, WHO)
    assert verify(shop.pk) == []


@pytest.mark.parametrize(("deficit", "left", "taken"), [("carry", -40, -50), ("clamp", 0, -10)])
def test_undoing_what_was_spent_follows_the_deficit_policy(
    shop: Shop, linked: Connection, deficit: str, left: int, taken: int
) -> None:
    with_program(shop, deficit=deficit, points_name="beans")
    mia = customer(linked, "1", "mia@corner.example")
    batch = applied(shop, "email,points,reason\nmia@corner.example,50,x\n")
    with scope(shop=shop):
        account = Account.objects.get(customer=mia)
    adjust(account, -40, "spent", WHO)
    assert carry_on(undo(batch, WHO))
    assert (balance(mia), outcome(batch)["undone_points"]) == (left, taken)
    assert bool(problems(batch)) == (deficit == "clamp")


def test_undoing_does_not_take_again_what_has_expired(shop: Shop, linked: Connection) -> None:
    mia = customer(linked, "1", "mia@corner.example")
    soon = (now() + timedelta(days=1)).date()
    text = f"email,points,reason,expires_on\nmia@corner.example,50,x,{soon}\n"
    batch = applied(shop, text)
    applied(shop, "email,points,reason\nmia@corner.example,20,y\n")
    with scope(shop=shop):
        lot = Lot.objects.get(points=50)
        account = Account.objects.get(customer=mia)
    assert lot.expires_at is not None
    # A debit that somebody asks for finds the lot expired first.
    ledger.post(
        [
            ledger.Move(
                shop.pk, account.pk, "adjust", -1, "later", occurred_at=lot.expires_at + timedelta(days=1)
            )
        ]
    )
    assert balance(mia) == 19
    assert carry_on(undo(batch, WHO))
    assert balance(mia) == 19


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


def test_balances_of_unknown_members_wait_for_a_proved_address(shop: Shop, linked: Connection) -> None:
    mia = customer(linked, "1", "mia@corner.example")
    text = "email,points,birthday\nMia@corner.example,120,1990-05-27\nnew@corner.example,30,1004-02-29\n"
    text += "z@x.example,0,\n"
    batch = check(shop, Upload(text.encode(), "import", WHO, format="smile"))
    assert (batch.totals["known"], batch.totals["unknown"], batch.totals["points_waiting"]) == (1, 1, 30)
    assert claim_waiting() == 0  # nothing was applied yet
    assert carry_on(apply(batch, WHO))
    assert (balance(mia), outcome(batch)["unclaimed"]) == (120, 1)
    assert entries(shop)[0].kind == "import"
    mia.refresh_from_db()
    assert (mia.birth_month, mia.birth_day) == (5, 27)

    new = customer(linked, "2", "New@corner.example")
    assert claim_waiting() == 0  # anybody may say so
    with scope(shop=shop):
        Customer.objects.filter(pk=new.pk).update(email_verified=True)
    assert claim_waiting() == 1
    assert claim_waiting() == 0
    assert balance(new) == 30
    new.refresh_from_db()
    assert (new.birth_month, new.birth_day) == (2, 29)
    assert carry_on(undo(batch, WHO))
    assert (balance(mia), balance(new)) == (0, 0)


def test_what_waits_is_given_up_when_the_batch_is_undone(shop: Shop, linked: Connection) -> None:
    batch = applied(shop, "email,points\nnew@corner.example,30\n", "import")
    carry_on(undo(batch, WHO))
    verified(linked, "2", "new@corner.example")
    assert claim_waiting() == 0
    assert entries(shop) == []


def test_what_the_store_knows_of_a_customer_is_kept(shop: Shop, linked: Connection) -> None:
    mia = customer(linked, "1", "mia@corner.example")
    joined = datetime.fromisoformat("2020-01-01T00:00:00+00:00")
    with scope(shop=shop):
        Customer.objects.filter(pk=mia.pk).update(birth_month=1, birth_day=2, joined_at=joined)
    text = "email,points,birthday,created_at\nmia@corner.example,0,1990-05-27,2024-04-04T15:10:42.030Z\n"
    carry_on(apply(check(shop, Upload(text.encode(), "import", WHO, format="smile")), WHO))
    mia.refresh_from_db()
    assert (mia.birth_month, mia.birth_day, mia.joined_at) == (1, 2, joined)
    assert entries(shop) == []


def many(shop: Shop, linked: Connection, count: int) -> str:
    """A file for so many customers, each to get as many points as their number."""
    at = now()
    with scope(shop=shop):
        Customer.objects.bulk_create(
            Customer(shop=shop, connection=linked, external_id=f"m{n}", as_of=at) for n in range(1, count + 1)
        )
    return "external_id,points,reason\n" + "".join(f"m{n},{n},x\n" for n in range(1, count + 1))


def test_ten_thousand_rows(shop: Shop, linked: Connection) -> None:
    batch = check(shop, upload(many(shop, linked, 10_000)))
    assert batch.totals["good"] == 10_000
    assert carry_on(apply(batch, WHO))
    with scope(shop=shop):
        assert Entry.objects.count() == 10_000
    assert outcome(batch)["points_in"] == batch.totals["points_in"] == 50_005_000
    assert carry_on(undo(batch, WHO))
    assert outcome(batch)["undone_points"] == -50_005_000
    assert verify(shop.pk) == []


@contextmanager
def held(shop: Shop, external_id: str) -> Iterator[None]:
    """Somebody else holds this member's account; whoever wants it is cut off after a moment."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor, connection.cursor() as mine:
            cursor.execute(
                "SELECT a.id FROM loyalty_account a JOIN shops_customer c ON (c.shop_id, c.id) = (a.shop_id, "
                "a.customer_id) WHERE a.shop_id = %s AND c.external_id = %s FOR UPDATE OF a",
                [shop.pk, external_id],
            )
            assert cursor.rowcount == 1
            mine.execute("SET lock_timeout = '200ms'")
            yield
            mine.execute("RESET lock_timeout")
    finally:
        other.close()


def test_a_batch_that_was_cut_off_goes_on_where_it_was(committed: None) -> None:
    """The work ends in the middle of its third chunk: that chunk is lost whole, the others stay."""
    shop = open_shop("Cut", "EUR", "UTC")
    text = many(shop, store(shop), 100)
    carry_on(apply(check(shop, upload(text.replace(",x\n", ",opens the account\n"))), WHO))
    before = len(entries(shop))
    batch = apply(check(shop, upload(text)), WHO)
    with held(shop, "m50"), pytest.raises(OperationalError):
        carry_on(batch, chunk=20)
    assert outcome(batch)["done"] == len(entries(shop)) - before == 40
    batch.refresh_from_db()
    assert batch.state == "applying"
    assert continue_batches() >= 1
    assert outcome(batch)["done"] == len(entries(shop)) - before == 100
    undo(batch, WHO)
    with held(shop, "m50"), pytest.raises(OperationalError):
        carry_on(batch, chunk=20)
    assert outcome(batch)["undone"] == 40
    assert continue_batches() >= 1
    batch.refresh_from_db()
    assert (batch.state, len(entries(shop)) - before) == ("undone", 200)
    assert verify(shop.pk) == []


def together(*works: Callable[[], object]) -> list[BaseException]:
    """Run each in a thread of its own, all beginning at once; what they raised."""
    failures: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait(10)
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    return failures


def test_two_people_apply_and_undo_one_batch_at_once(committed: None) -> None:
    shop = open_shop("Twice", "EUR", "UTC")
    text = many(shop, store(shop), 200)
    batch = check(shop, upload(text))

    def press() -> None:
        with scopes_disabled():
            mine = Batch.objects.select_related("shop").get(pk=batch.pk)
        carry_on(apply(mine, WHO), chunk=10)

    # The later one may find that all is done already.
    assert all(isinstance(error, BatchRefused) for error in together(press, press, press))
    assert len(entries(shop)) == 200
    assert outcome(batch)["done"] == 200

    def back() -> None:
        with scopes_disabled():
            mine = Batch.objects.select_related("shop").get(pk=batch.pk)
        carry_on(undo(mine, WHO), chunk=10)

    assert all(isinstance(error, BatchRefused) for error in together(back, back))
    assert len(entries(shop)) == 400
    assert verify(shop.pk) == []


def test_one_file_uploaded_twice_is_applied_once(committed: None) -> None:
    shop = open_shop("Two tabs", "EUR", "UTC")
    text = many(shop, store(shop), 30)
    first, second = check(shop, upload(text)), check(shop, upload(text))
    failures = together(lambda: apply(first, WHO), lambda: apply(second, WHO))
    assert [type(error) for error in failures] == [AppliedBefore]
    continue_batches()
    assert len(entries(shop)) == 30


def test_claims_and_undo_side_by_side_leave_no_points_behind(committed: None) -> None:
    shop = open_shop("Claims", "EUR", "UTC")
    linked = store(shop)
    text = "email,points\n" + "".join(f"c{n}@corner.example,5\n" for n in range(60))
    batch = applied(shop, text, "import")
    for number in range(60):
        verified(linked, f"c{number}", f"c{number}@corner.example")
    failures = together(claim_waiting, claim_waiting, lambda: carry_on(undo(batch, WHO)))
    assert failures == []
    assert sum(entry.available_delta for entry in entries(shop)) == 0
    assert verify(shop.pk) == []


def test_a_shops_batches_are_worked_on_with_a_time_limit(shop: Shop, linked: Connection) -> None:
    batch = apply(check(shop, upload(many(shop, linked, 30))), WHO)
    assert not carry_on(batch, longest_s=0, chunk=10)
    assert outcome(batch)["done"] == 10
    assert batches.continue_batches() == 1
    assert outcome(batch)["done"] == 30
