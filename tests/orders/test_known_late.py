"""What becomes known of a member afterwards changes where they stand as if it had been known at once."""

from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django_scopes import scope

from lib.clock import now
from loyalty.actions.tiers import pin_tier
from loyalty.calendar import add_months, day_after, local_day
from loyalty.models import Account, Award, Lot, Standing, TierSpan
from loyalty.proof import verify
from orders import pipeline
from orders.reading import Facts
from platforms.snapshots import CustomerSnapshot, Line, OrderSnapshot, OrderStatus
from shops.models import Connection
from tests.orders.test_member_histories import FIRST, History, open_store

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Europe/Berlin")
LEVELS = [
    {"key": "bronze", "name": "Bronze", "threshold": "0"},
    {"key": "gold", "name": "Gold", "threshold": "100"},
]
ANNIVERSARY = {"levels": LEVELS, "window": "anniversary"}


def told(store: Connection, joined_after: int, *orders: OrderSnapshot) -> None:
    customer = CustomerSnapshot("ann", FIRST, joined_at=FIRST + timedelta(days=joined_after))
    facts = Facts(customers=[((store.shop_id, store.pk, "ann"), customer)])
    for order in orders:
        facts.orders[store.shop_id, store.pk, order.id] = [order]
    with transaction.atomic():
        pipeline.apply(facts, FIRST + timedelta(days=500))


def bought(day: int) -> OrderSnapshot:
    at = FIRST + timedelta(days=day)
    ann = CustomerSnapshot("ann", FIRST, joined_at=FIRST + timedelta(days=100))
    return OrderSnapshot(
        id=f"o{day}",
        currency="EUR",
        status=OrderStatus.PAID,
        placed_at=at,
        updated_at=at,
        paid_at=at,
        lines=(Line("1", Decimal(60)),),
        customer=ann,
    )


def test_an_earlier_joining_moves_the_anniversary_year() -> None:
    store = open_store(History([(FIRST, {"tiers": ANNIVERSARY})], []))
    told(store, 100, bought(380), bought(450))
    with scope(shop=store.shop):
        assert Standing.objects.get(shop=store.shop).tier == "gold"
    # Days 380 and 450 lie in different years of somebody who joined on day 50.
    told(store, 50)
    with scope(shop=store.shop):
        assert Standing.objects.get(shop=store.shop).tier == "bronze"
        assert TierSpan.objects.get(shop=store.shop).since == FIRST + timedelta(days=50)


def test_a_pin_shows_on_a_member_who_was_not_looked_at_before() -> None:
    store = open_store(History([(now() - timedelta(days=1), {"tiers": {"levels": LEVELS}})], []))
    told(store, -5000)
    with scope(shop=store.shop):
        TierSpan.objects.filter(shop=store.shop).delete()
        Standing.objects.filter(shop=store.shop).delete()
        account = Account.objects.select_related("shop").get(shop=store.shop)
    pin_tier(account, "gold", (now() + timedelta(days=9)).date(), "kind", "olivia")
    with scope(shop=store.shop):
        assert Standing.objects.get(shop=store.shop).tier == "gold"


def test_a_tier_that_was_reached_earlier_gives_points_that_expire_earlier() -> None:
    levels = [LEVELS[0], LEVELS[1] | {"entry_points": 25}]
    terms = {"tiers": {"levels": levels, "window": "lifetime"}, "expiry": {"mode": "per_lot", "months": 24}}
    store = open_store(History([(FIRST, terms)], []))
    told(store, 0, bought(300), bought(310))
    assert welcome(store) == day_after(ZONE, add_months(local_day(ZONE, FIRST + timedelta(days=310)), 24))
    told(store, 0, bought(20))  # with it, the order of day 300 reached Gold
    assert welcome(store) == day_after(ZONE, add_months(local_day(ZONE, FIRST + timedelta(days=300)), 24))
    assert verify(store.shop_id) == []


def welcome(store: Connection) -> datetime | None:
    """When the points for reaching Gold expire."""
    with scope(shop=store.shop):
        award = Award.objects.get(shop=store.shop, source__startswith="tier:")
        lot = Lot.objects.get(shop=store.shop, award=award)
    assert lot.expires_at == award.expires_at
    return lot.expires_at
