"""Whom publishing touches: the counts come true when it is published."""

from datetime import datetime, timedelta
from typing import get_args

import pytest
from django.db import transaction
from django_scopes import scope
from msgspec import structs

from loyalty.actions.members import replay_accounts
from loyalty.documents import Expiry, Metric, ProgramDocument, Tiers, Window, as_dict
from loyalty.impact import Touched, touched
from loyalty.models import Account, ProgramVersion, Standing
from shops.models import Shop
from tests.loyalty.test_reviews import join, keys, open_tiered, order, remember
from tests.loyalty.test_tier_properties import START
from tests.loyalty.tier_model import levels

pytestmark = pytest.mark.django_db

OLD = Tiers(levels=levels(0, 100, 300))
AT = START + timedelta(days=800, hours=3)


def document(tiers: Tiers) -> ProgramDocument:
    return ProgramDocument("EUR", (), tiers=tiers)


def members(shop: Shop) -> list[Account]:
    """Six who joined on different days (one on 29 February) and bought at different times."""
    joined = [START, START + timedelta(days=40), datetime.fromisoformat("2024-02-29T10:00+00:00")]
    accounts = join(shop, *joined, *joined)
    for number, account in enumerate(accounts):
        remember(account, [order(n, 100 + 97 * n + 41 * number, 30 * (number + 1)) for n in range(7)])
    with transaction.atomic():
        replay_accounts(keys(accounts), AT)
    return accounts


def tiers_of(shop: Shop) -> dict[int, str]:
    with scope(shop=shop):
        return dict(Standing.objects.filter(shop=shop).values_list("account_id", "tier"))


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Pacific/Auckland"])
@pytest.mark.parametrize("window", get_args(Window))
@pytest.mark.parametrize("metric", get_args(Metric))
def test_the_counts_come_true(metric: Metric, window: Window, zone: str) -> None:
    shop = open_tiered((START - timedelta(days=1), OLD), zone=zone)
    accounts = members(shop)
    top = 4 if metric == "orders" else 120
    new = Tiers(metric=metric, window=window, window_months=7, levels=levels(0, top // 2, top, 2 * top))
    new = structs.replace(new, levels=(*new.levels[:1], *new.levels[2:]))  # the second of the old is gone
    before = tiers_of(shop)
    found = touched(shop, document(OLD), document(new), AT)
    with scope(shop=shop):
        ProgramVersion.objects.create(
            shop=shop, number=2, document=as_dict(document(new)), published_at=AT, published_by="test"
        )
    with transaction.atomic():
        replay_accounts(keys(accounts), AT)
    after = tiers_of(shop)
    ranks = {"": -1} | {level.key: rank for rank, level in enumerate(new.levels)}
    up = [key for key, tier in before.items() if tier in ranks and ranks[after[key]] > ranks[tier]]
    assert found.up == len(up)
    assert found.lost == sum(tier not in ranks for tier in before.values())
    assert found.placed == 0


def test_who_has_no_standing_yet_is_placed() -> None:
    shop = open_tiered((START, Tiers()))
    join(shop, START, START)
    found = touched(shop, document(Tiers()), document(OLD), AT)
    assert found == Touched(frozenset({"tiers"}), placed=2)


def test_points_and_members_of_another_shop_are_not_counted() -> None:
    shop, other = open_tiered((START, OLD)), open_tiered((START, OLD))
    members(other)
    [account] = join(shop, START)
    with scope(shop=shop):
        Account.objects.filter(pk=account.pk).update(balance=70, pending=5)
    new = structs.replace(document(OLD), expiry=Expiry(mode="per_lot"), hold_days=3)
    found = touched(shop, document(OLD), new, AT)
    assert found == Touched(frozenset({"expiry", "hold"}), members=1, points=70, pending=5)


def test_a_change_of_words_touches_nobody() -> None:
    shop = open_tiered((START, OLD))
    members(shop)
    renamed = structs.replace(document(OLD), points_name="beans")
    assert touched(shop, document(OLD), renamed, AT) == Touched(frozenset())
