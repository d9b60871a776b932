"""The reward of a tier: given once when members reach it by what they do, and not for anything else."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections
from django_scopes import scope
from structlog.testing import capture_logs

from lib.clock import now
from loyalty.actions.members import replay_accounts
from loyalty.actions.programs import draft_document, open_shop
from loyalty.documents import as_dict
from loyalty.models import Account, ProgramVersion, TierSpan
from loyalty.validation import validate
from platforms.connect import connect_store
from platforms.snapshots import (
    CustomerSnapshot,
    Line,
    OrderSnapshot,
    OrderStatus,
    RefundEvent,
    RefundLine,
    RefundSnapshot,
)
from rewards.actions.catalogue import archive_reward, change_reward, create_reward, withdraw_reward
from rewards.actions.redeem import give
from rewards.actions.tier_gifts import give_due
from rewards.models import Redemption, Reward
from rewards.tasks import give_tier_rewards
from shops.models import Connection, Shop
from tests.orders.test_member_histories import deliver, work

FIVE_OFF: dict[str, Any] = {"kind": "fixed", "price": 500, "value": "5"}
UNKNOWN = "rwd_22222222222222"


def ago(days: float) -> datetime:
    return now() - timedelta(days=days)


@dataclass
class Story:
    """A shop whose members reach Gold with 100 €."""

    store: Connection
    reward: Reward

    @property
    def shop(self) -> Shop:
        return self.store.shop

    def publishes(self, days: float, gift: str, threshold: str = "100", **more: Any) -> None:
        levels = [
            {"key": "bronze", "name": "Bronze", "threshold": "0"},
            {"key": "gold", "name": "Gold", "threshold": threshold, "entry_reward": gift},
        ]
        document = validate(as_dict(draft_document(self.shop)) | {"tiers": {"levels": levels, **more}})
        with scope(shop=self.shop):
            number = ProgramVersion.objects.filter(shop=self.shop).count() + 1
            ProgramVersion.objects.create(
                shop=self.shop,
                number=number,
                document=as_dict(document),
                published_at=ago(days),
                published_by="test",
            )

    def buys(self, days: float, price: int) -> None:
        at = ago(days)
        order = OrderSnapshot(
            id="o1",
            currency="EUR",
            status=OrderStatus.PAID,
            placed_at=at,
            updated_at=at,
            paid_at=at,
            lines=(Line("1", Decimal(price)),),
            customer=CustomerSnapshot("ann", ago(50), joined_at=ago(50)),
        )
        deliver(self.store, [("o1", order)], now())

    def returns(self, days: float, amount: int) -> None:
        refund = RefundSnapshot("r1", ago(days), (RefundLine("1", Decimal(amount)),))
        deliver(self.store, [("o1", RefundEvent("o1", refund))], now())

    def given(self) -> list[tuple[str, int, str]]:
        with scope(shop=self.shop):
            found = Redemption.objects.filter(shop=self.shop)
            return list(found.order_by("id").values_list("request_key", "points", "state"))

    def reasons(self) -> list[str]:
        with scope(shop=self.shop):
            spans = TierSpan.objects.filter(shop=self.shop).order_by("number")
            return list(spans.values_list("reason", flat=True))


def open_story(terms: dict[str, Any] = FIVE_OFF, stock: int | None = None) -> Story:
    shop = open_shop("Gifts", "EUR", "Europe/Berlin", since=ago(60))
    reward = create_reward(shop, "5 € off", terms, stock=stock)
    return Story(connect_store(shop, "standard", f"s{shop.pk}.example"), reward)


ONCE = [("given:tier:gold:1", 0, "issued")]


def test_two_workers_give_it_once(committed: None) -> None:
    story = open_story()
    story.publishes(40, story.reward.public_id)
    story.buys(2, 120)
    start = threading.Barrier(2)

    def works(_: int) -> None:
        try:
            start.wait(20)
            give_tier_rewards()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(works, range(2), timeout=60))
    assert story.given() == ONCE
    give_tier_rewards()
    assert story.given() == ONCE
    with scope(shop=story.shop):
        made = Redemption.objects.get(shop=story.shop)
    assert (made.reward_id, made.code != "") == (story.reward.pk, True)


@pytest.mark.django_db
def test_neither_a_renewal_nor_an_old_tier_gives_any() -> None:
    story = open_story()
    story.publishes(55, story.reward.public_id, term_months=1)
    story.buys(35, 120)
    work(now())
    assert story.reasons()[-1] == "renewed"
    assert (give_due(now()), story.given()) == (0, [])
    # A week after it was reached it was due.
    assert (give_due(ago(30)), story.given()) == (1, ONCE)


@pytest.mark.django_db
def test_being_placed_by_a_new_program_gives_none() -> None:
    story = open_story()
    story.publishes(40, "")
    story.buys(5, 60)
    story.publishes(1, story.reward.public_id, threshold="50")
    with scope(shop=story.shop):
        account = Account.objects.get(shop=story.shop)
    replay_accounts([(story.shop.pk, account.pk)], now())
    assert story.reasons()[-1] == "program"
    assert (give_due(now()), story.given()) == (0, [])


@pytest.mark.django_db
@pytest.mark.parametrize("early", [True, False])
def test_a_refund_stops_what_is_not_given_yet(early: bool) -> None:
    story = open_story()
    story.publishes(40, story.reward.public_id)
    story.buys(3, 120)
    if early:
        assert give_due(now()) == 1
    story.returns(2, 100)
    assert story.reasons()[-1] == "refund"
    assert give_due(now()) == 0
    assert story.given() == (ONCE if early else [])


@pytest.mark.django_db
@pytest.mark.parametrize("archived", [True, False])
def test_what_is_gone_is_given_once_there_is_more(archived: bool) -> None:
    story = open_story(stock=1)
    story.publishes(40, story.reward.public_id)
    story.buys(3, 120)
    with scope(shop=story.shop):
        account = Account.objects.get(shop=story.shop)
    if archived:
        archive_reward(story.reward)
    else:
        give(account, story.reward, "for a friend", "kind")
    before = story.given()
    with capture_logs() as logs:
        assert (give_due(now()), story.given(), logs) == (0, before, [])
    if not archived:
        change_reward(story.reward, revision=1, stock=2)
        assert (give_due(now()), story.given()) == (1, before + ONCE)


@pytest.mark.django_db
def test_a_reward_that_is_switched_off_is_still_given() -> None:
    story = open_story()
    withdraw_reward(story.reward)
    story.publishes(40, story.reward.public_id)
    story.buys(3, 120)
    assert (give_due(now()), story.given()) == (1, ONCE)


@pytest.mark.django_db
def test_a_reward_that_nobody_knows_is_no_trouble() -> None:
    story = open_story()
    story.publishes(40, UNKNOWN)
    story.buys(3, 120)
    assert (give_due(now()), story.given()) == (0, [])


@pytest.mark.django_db
def test_a_refusal_is_told_once() -> None:
    story = open_story(FIVE_OFF | {"source": "pool"})
    story.publishes(40, story.reward.public_id)
    story.buys(3, 120)
    with capture_logs() as logs:
        assert [give_due(now()) for _ in range(3)] == [0, 0, 0]
    assert [(log["why"], log["reward"]) for log in logs] == [("sold_out", story.reward.public_id)]
    assert story.given() == []
