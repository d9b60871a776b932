"""A new expiry for points that members have already, where the merchant asks for it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django_scopes import scope

from lib.clock import now
from loyalty import ledger
from loyalty.actions.points import adjust
from loyalty.actions.programs import draft_document, load_draft, open_shop, publish
from loyalty.calendar import add_months, day_after, idle_until, local_day, notice_ends
from loyalty.documents import as_dict
from loyalty.models import Account, Lot
from loyalty.proof import verify
from loyalty.validation import validate
from shops.models import Shop
from tests.storefront_api.stories import customer, order, store

ZONE = ZoneInfo("Europe/Berlin")


@pytest.fixture
def member(shop: Shop) -> Account:
    """With 50 points of an order long ago, and 20 given just now."""
    account = order(customer(store(shop), "mia"), "order:1", "50")
    adjust(account, 20, "A gift", "test")
    return account


def republish(shop: Shop, expiry: dict[str, object], *, redate: bool) -> None:
    load_draft(shop, validate(as_dict(draft_document(shop)) | {"expiry": expiry}))
    publish(shop, "test", redate=redate)


def lots(member: Account) -> list[Lot]:
    with scope(shop=member.shop):
        return list(Lot.objects.filter(shop=member.shop, account=member).order_by("id"))


@pytest.mark.django_db
def test_without_asking_open_lots_keep_their_expiry(member: Account) -> None:
    republish(member.shop, {"mode": "per_lot", "months": 1}, redate=False)
    assert ledger.redate_all_due() == 0
    assert [lot.expires_at for lot in lots(member)] == [None, None]


@pytest.mark.django_db
def test_open_lots_get_the_new_expiry_with_notice(member: Account) -> None:
    republish(member.shop, {"mode": "per_lot", "months": 3}, redate=True)
    assert ledger.redate_all_due() == 2
    old, new = lots(member)
    today = local_day(ZONE, now())
    assert old.expires_at == notice_ends(ZONE, now())  # three months after March are over
    assert new.expires_at == day_after(ZONE, add_months(today, 3))
    assert ledger.redate_all_due() == 0
    ledger.expire_due(now() + timedelta(days=29))
    assert lots(member)[0].remaining == 50
    ledger.expire_due(now() + timedelta(days=32))
    assert [lot.remaining for lot in lots(member)] == [0, 20]
    assert verify(member.shop_id) == []


@pytest.mark.django_db
def test_idle_lots_count_from_the_last_activity_and_can_be_let_off_again(member: Account) -> None:
    republish(member.shop, {"mode": "inactivity", "months": 12}, redate=True)
    ledger.redate_all_due()
    member.refresh_from_db()
    for lot in lots(member):
        assert lot.idle_months == 12
        assert lot.expires_at == idle_until(
            ZONE, max(lot.available_at, member.active_at or lot.available_at), 12
        )
    republish(member.shop, {"mode": "none"}, redate=True)
    ledger.redate_all_due()
    assert [(lot.expires_at, lot.idle_months) for lot in lots(member)] == [(None, None), (None, None)]


@pytest.mark.django_db
def test_another_shop_is_left_alone(member: Account) -> None:
    republish(member.shop, {"mode": "per_lot", "months": 3}, redate=True)
    from_elsewhere = open_shop("Elsewhere", "EUR", "Europe/Berlin")
    stranger = order(customer(store(from_elsewhere), "tim"), "order:1", "50")
    ledger.redate_all_due()
    assert [lot.expires_at for lot in lots(stranger)] == [None]
