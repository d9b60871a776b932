"""Undoing a file: whatever the jobs did meanwhile, its points are gone, and only these."""

from datetime import timedelta

import pytest
from django_scopes import scope

from lib.clock import now
from loyalty import ledger
from loyalty.actions.batches import Upload, apply, carry_on, check, undo
from loyalty.actions.points import adjust
from loyalty.models import Account, Batch, Lot
from loyalty.proof import verify
from shops.models import Customer, Shop
from tests.storefront_api.stories import customer, store

WHO = "olivia@corner.example"


@pytest.fixture
def mia(shop: Shop) -> Customer:
    return customer(store(shop), "1", "mia@corner.example")


def applied(shop: Shop, text: str, kind: str) -> Batch:
    batch = apply(check(shop, Upload(text.encode(), kind, WHO)), WHO)
    assert carry_on(batch)
    return batch


def account_of(shopper: Customer) -> Account:
    with scope(shop=shopper.shop):
        return Account.objects.select_related("shop").get(shop=shopper.shop, customer=shopper)


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
