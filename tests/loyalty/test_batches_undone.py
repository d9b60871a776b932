"""Undoing a file: whatever was done meanwhile, its points are gone, and only these."""

from datetime import timedelta

import pytest
from django_scopes import scope

from lib.clock import now
from loyalty import ledger
from loyalty.actions.batches import BatchRefused, carry_on, claim_waiting, outcome, undo
from loyalty.actions.points import adjust
from loyalty.models import Account, Lot
from loyalty.proof import verify
from shops.models import Connection, Customer, Shop
from tests.loyalty.batch_stories import (
    WHO,
    applied,
    balance,
    entries,
    member,
    problems,
    verified,
    with_program,
)
from tests.storefront_api.stories import customer, store


@pytest.fixture
def mia(shop: Shop) -> Customer:
    return customer(store(shop), "1", "mia@corner.example")


def account_of(shopper: Customer) -> Account:
    with scope(shop=shopper.shop):
        return Account.objects.select_related("shop").get(shop=shopper.shop, customer=shopper)


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


def test_what_waits_is_given_up_when_the_batch_is_undone(shop: Shop, linked: Connection) -> None:
    batch = applied(shop, "email,points\nnew@corner.example,30\n", "import")
    carry_on(undo(batch, WHO))
    verified(linked, "2", "new@corner.example")
    assert claim_waiting() == 0
    assert entries(shop) == []


@pytest.mark.parametrize("kind", ["adjust", "import"])
@pytest.mark.parametrize("expired", [False, True])
def test_points_that_are_due_are_not_taken_twice(shop: Shop, mia: Customer, kind: str, expired: bool) -> None:
    tomorrow = (now() + timedelta(days=1)).date()
    batch = applied(shop, f"email,points,reason,expires_on\nmia@corner.example,50,x,{tomorrow}\n", kind)
    adjust(account_of(mia), 20, "gift", WHO)
    with scope(shop=shop):
        Lot.objects.filter(points=50).update(expires_at=now() - timedelta(hours=1))
    if expired:
        ledger.expire_all_due()
    assert carry_on(undo(batch, WHO))
    ledger.expire_all_due()
    assert account_of(mia).balance == 20
    assert verify(shop.pk) == []


@pytest.mark.parametrize("kind", ["adjust", "import"])
def test_an_undo_leaves_the_points_of_others_alone(shop: Shop, mia: Customer, kind: str) -> None:
    tomorrow = (now() + timedelta(days=1)).date()
    applied(shop, f"email,points,reason,expires_on\nmia@corner.example,30,soon,{tomorrow}\n", "adjust")
    batch = applied(shop, "email,points,reason\nmia@corner.example,50,x\n", kind)
    assert carry_on(undo(batch, WHO))
    with scope(shop=shop):
        left = list(Lot.objects.filter(remaining__gt=0).values_list("points", "remaining"))
    assert left == [(30, 30)]
    assert verify(shop.pk) == []
