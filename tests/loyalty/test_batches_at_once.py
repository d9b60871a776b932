"""Batches cut off, and worked on by several at once: each row counts once."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import OperationalError, connection, connections
from django_scopes import scopes_disabled

from loyalty.actions import batches
from loyalty.actions.batches import (
    AppliedBefore,
    BatchRefused,
    apply,
    carry_on,
    check,
    claim_waiting,
    continue_batches,
    outcome,
    undo,
)
from loyalty.actions.programs import open_shop
from loyalty.models import Batch
from loyalty.proof import verify
from shops.models import Connection, Shop
from tests.loyalty.batch_stories import WHO, applied, entries, many, upload, verified
from tests.storefront_api.stories import store


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


def test_a_shops_batches_are_worked_on_with_a_time_limit(shop: Shop, linked: Connection) -> None:
    batch = apply(check(shop, upload(many(shop, linked, 30))), WHO)
    assert not carry_on(batch, longest_s=0, chunk=10)
    assert outcome(batch)["done"] == 10
    assert batches.continue_batches() == 1
    assert outcome(batch)["done"] == 30


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
