"""Reviews of many members come to what replaying each of them comes to, whenever and however often they run."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from django_scopes import scope
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lib.ids import public_id
from loyalty.actions.members import replay_accounts
from loyalty.documents import ProgramDocument, Tiers, as_dict
from loyalty.models import Account, Award, Program, ProgramVersion, Progress, Standing, TierPin, TierSpan
from loyalty.reviews import review_all_due, review_due
from loyalty.tiers import Pin, Row
from loyalty.tiers.journey import IMPORTED
from platforms.connect import connect_store
from shops.models import Customer, Shop
from tests.loyalty.test_tier_properties import DAYS, START, ZONES, histories, instants, pins, publishes
from tests.loyalty.tier_model import levels
from tests.properties import tries

YEAR = Tiers(levels=levels(0, 100, 300))


def open_tiered(*published: tuple[datetime, Tiers], zone: str = "Europe/Berlin") -> Shop:
    """A shop that has published programs with these tiers in the past."""
    shop = Shop.objects.create(name="Tiers", currency="EUR", timezone=zone)
    with scope(shop=shop):
        for number, (at, tiers) in enumerate(published, 1):
            document = as_dict(ProgramDocument("EUR", (), tiers=tiers))
            ProgramVersion.objects.create(
                shop=shop, number=number, document=document, published_at=at, published_by="test"
            )
        Program.objects.create(shop=shop, draft=document)
    return shop


def join(shop: Shop, *joined_at: datetime) -> list[Account]:
    store = connect_store(shop, "standard", f"{public_id('s').replace('_', '-').lower()}.example")
    with scope(shop=shop):
        customers = [
            Customer.objects.create(shop=shop, connection=store, external_id=str(n), as_of=at, joined_at=at)
            for n, at in enumerate(joined_at)
        ]
        accounts = [Account.objects.create(shop=shop, customer=customer) for customer in customers]
    with transaction.atomic():
        replay_accounts(keys(accounts), START)
    return accounts


def keys(accounts: Sequence[Account]) -> list[tuple[int, int]]:
    return [(account.shop_id, account.pk) for account in accounts]


def remember(account: Account, rows: Sequence[Row]) -> None:
    """Keep progress as if these orders had come in. Imported points are entries, never progress."""
    rows = [row for row in rows if not row.source.startswith(IMPORTED)]
    with scope(shop=account.shop):
        for source in dict.fromkeys(row.source for row in rows):
            award = Award.objects.create(
                shop=account.shop,
                account=account,
                source=f"{source}-{account.pk}",
                program_version=ProgramVersion.objects.filter(shop=account.shop).earliest("number"),
                target=0,
                posted=0,
                breakdown={},
            )
            for number, row in enumerate(row for row in rows if row.source == source):
                Progress.objects.create(
                    shop=account.shop,
                    account=account,
                    award=award,
                    counted_at=row.counted_at,
                    effective_at=row.effective_at,
                    place=source,
                    number=number,
                    orders=row.orders,
                    spend=row.spend,
                    points=row.points,
                    used=None if number else {"gross": 0, "counted": False},
                    context=None if number else {},
                )


def order(number: int, day: int, worth: int) -> Row:
    at = START + timedelta(days=day)
    return Row(f"order:{number}", at, at, 1, Decimal(worth), worth)


def state(accounts: Sequence[Account]) -> list[Any]:
    """Standings and histories, all that a review writes."""
    standing = ("tier", "since", "kept_until", "in_grace", "review_at", "review_from", "simple", "version_id")
    span = ("number", "tier", "name", "since", "until", "kept_until", "reason", "details", "version_id")
    found: list[Any] = []
    for account in accounts:
        with scope(shop=account.shop):
            found.append(
                Standing.objects.filter(shop=account.shop, account=account).values(*standing).first()
            )
            spans = TierSpan.objects.filter(shop=account.shop, account=account).order_by("number")
            found += spans.values(*span)
    return found


def replayed(accounts: Sequence[Account], at: datetime) -> list[Any]:
    with transaction.atomic():
        replay_accounts(keys(accounts), at)
    return state(accounts)


@settings(
    max_examples=tries(15, 200),
    deadline=None,
    phases=[
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ],  # making an example smaller takes minutes with a database
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    zone=st.sampled_from(ZONES),
    published=publishes(),
    told=st.lists(st.tuples(instants, histories(), pins()), min_size=1, max_size=4),
    looks=st.lists(st.integers(1, 500), min_size=1, max_size=3),
)
def test_reviews_come_to_what_a_replay_comes_to(
    db: None,
    zone: str,
    published: list[tuple[datetime, Tiers]],
    told: list[tuple[datetime, list[Row], list[Pin]]],
    looks: list[int],
) -> None:
    with transaction.atomic():
        shop = open_tiered(*published, zone=zone)
        accounts = join(shop, *(joined for joined, _, _ in told))
        for account, (_, rows, pinned) in zip(accounts, told, strict=True):
            remember(account, rows)
            with scope(shop=shop):
                for pin in pinned:
                    TierPin.objects.create(shop=shop, account=account, **pin._asdict())
        # A publish after that would be followed by a replay of its own.
        known = max(START + timedelta(days=DAYS), *(at for at, _ in published))
        replay_accounts(keys(accounts), known)
        for look in sorted(looks):
            review_all_due(known + timedelta(days=look))
        reviewed = state(accounts)
        assert review_all_due(known + timedelta(days=max(looks))) == 0
        assert reviewed == replayed(accounts, known + timedelta(days=max(looks)))
        transaction.set_rollback(True)


@pytest.fixture
def silver(db: None) -> list[Account]:
    """Twenty members who reached the second of three tiers on the same day; every other one keeps it."""
    return silver_members()


def silver_members() -> list[Account]:
    accounts = join(open_tiered((START, YEAR)), *[START] * 20)
    for index, account in enumerate(accounts):
        remember(account, [order(1, 10, 120), *([order(2, 100, 100)] if index % 2 else [])])
    replayed(accounts, START + timedelta(days=200))
    return accounts


REVIEWED = START + timedelta(days=10 + 366 + 1)  # 2024 is a leap year


def tiers_of(accounts: Sequence[Account]) -> list[str]:
    with scope(shop=accounts[0].shop):
        return list(
            Standing.objects.filter(shop=accounts[0].shop).order_by("account").values_list("tier", flat=True)
        )


def test_many_are_reviewed_in_a_few_statements(silver: list[Account]) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert review_due(REVIEWED) == 20
    assert len(queries) <= 7  # savepoint included, however many members
    assert tiers_of(silver) == ["t0", "t1"] * 10
    assert state(silver) == replayed(silver, REVIEWED)


def test_a_review_that_ran_is_not_due_again(silver: list[Account]) -> None:
    assert review_due(REVIEWED - timedelta(days=2)) == 0
    assert [review_due(REVIEWED, limit=15), review_due(REVIEWED), review_due(REVIEWED)] == [15, 5, 0]


def test_years_without_a_review_end_like_nightly_ones(silver: list[Account]) -> None:
    late = START + timedelta(days=1500)
    assert review_all_due(late) == 30  # ten of them twice
    assert tiers_of(silver) == ["t0"] * 20
    assert state(silver) == replayed(silver, late)


def test_what_takes_effect_after_a_review_is_not_forgotten(silver: list[Account]) -> None:
    """Points on hold: known before the review, and counted when they are released."""
    held = silver[0]
    remember(held, [order(9, 300, 300)._replace(effective_at=REVIEWED + timedelta(days=5))])
    replayed(silver, START + timedelta(days=301))
    assert review_all_due(REVIEWED) == 20
    assert review_all_due(REVIEWED + timedelta(days=5)) == 1
    assert tiers_of(silver) == ["t2", "t1", *["t0", "t1"] * 9]


def test_a_publish_since_then_is_taken_in(silver: list[Account]) -> None:
    """Whoever stands by an older version than the one in force is replayed."""
    shop = silver[0].shop
    with scope(shop=shop):
        document = as_dict(ProgramDocument("EUR", (), tiers=Tiers(levels=levels(0, 90, 95))))
        at = REVIEWED - timedelta(days=30)
        ProgramVersion.objects.create(
            shop=shop, number=2, document=document, published_at=at, published_by="test"
        )
    assert review_all_due(REVIEWED) == 20
    assert tiers_of(silver) == ["t2"] * 20
    assert state(silver) == replayed(silver, REVIEWED)


def test_one_that_cannot_be_replayed_does_not_stop_the_others(silver: list[Account]) -> None:
    broken = silver[3]
    with scope(shop=broken.shop):
        Standing.objects.filter(shop=broken.shop).update(simple=False)
        Progress.objects.filter(shop=broken.shop, account=broken, number=0).update(used=[])
    assert review_all_due(REVIEWED) == 19
    assert tiers_of(silver) == [
        "t1" if account == broken or n % 2 else "t0" for n, account in enumerate(silver)
    ]


def test_members_of_two_shops_are_reviewed_by_their_own_programs(silver: list[Account]) -> None:
    elsewhere = open_tiered(
        (START, Tiers(levels=levels(0, 100, 300), grace_days=10)), zone="Pacific/Auckland"
    )
    others = join(elsewhere, START)
    remember(others[0], [order(1, 10, 120)])
    replayed(others, START + timedelta(days=200))
    assert review_all_due(REVIEWED) == 21
    assert (tiers_of(others), tiers_of(silver)) == (["t1"], ["t0", "t1"] * 10)
    with scope(shop=elsewhere):
        assert Standing.objects.get(shop=elsewhere).in_grace


@pytest.mark.usefixtures("committed")
def test_two_workers_share_the_work_and_neither_waits() -> None:
    accounts = silver_members()
    shop = accounts[0].shop

    def work(_: int) -> int:
        try:
            return sum(iter(lambda: review_due(REVIEWED, limit=3), 0))
        finally:
            connections.close_all()

    with transaction.atomic(), scope(shop=shop):
        held = Standing.objects.select_for_update().get(shop=shop, account=accounts[0])
        with ThreadPoolExecutor(2) as workers:
            assert sum(workers.map(work, range(2))) >= 17
        held.refresh_from_db()
        assert held.tier == "t1"
    review_all_due(REVIEWED)
    with scope(shop=shop):
        spans = TierSpan.objects.filter(shop=shop, reason__in=["renewed", "downgraded"])
        assert spans.count() == len(set(spans.values_list("account", flat=True))) == 20
    assert tiers_of(accounts) == ["t0", "t1"] * 10
