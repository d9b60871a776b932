"""One member redeeming: what is written, what is refused and leaves the points alone, and the same key again."""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from lib.clock import now
from loyalty.actions.programs import open_shop
from loyalty.models import Account, Entry, Standing
from loyalty.proof import verify
from platforms.clients import Abilities, Access, Client
from platforms.registry import PLATFORMS
from platforms.standard import PLATFORM as STANDARD
from rewards.actions.catalogue import change_reward, create_reward, withdraw_reward
from rewards.actions.pools import add_codes, codes_left
from rewards.actions.redeem import give, redeem, redeem_as
from rewards.errors import KeyConflict, NotRedeemed
from rewards.models import PoolCode, Redemption, RedemptionStep, Reward
from shops.models import Connection, Shop, StoreAccess
from tests.loyalty.ledger_stories import Member, new_member

FIVE_OFF: dict[str, Any] = {"kind": "fixed", "price": 500, "value": "5"}
SLIDER: dict[str, Any] = {"kind": "variable", "price": 100, "value": "5", "min_points": 200}


@dataclass
class Story:
    """A member of a shop, with points."""

    member: Member

    @property
    def account(self) -> Account:
        return self.member.account

    @property
    def shop(self) -> Shop:
        return self.member.shop

    @property
    def balance(self) -> int:
        return self.member.figures[0]

    def reward(self, terms: dict[str, Any], **more: Any) -> Reward:
        return create_reward(self.shop, "A reward", terms, **more)

    def redeems(self, reward: Reward, key: str = "k1", points: object = None, **more: Any) -> Redemption:
        return redeem(self.account, reward.public_id, key, points, **more)

    def refused(self, reward: Reward, points: object = None, **more: Any) -> str:
        """The code of the refusal, which took no points."""
        before = self.balance
        with pytest.raises(NotRedeemed) as refused:
            self.redeems(reward, f"key {now()}", points, **more)
        assert (str(refused.value) != "", self.balance) == (True, before)
        return refused.value.code

    def redemptions(self) -> list[Redemption]:
        with scope(shop=self.shop):
            return list(Redemption.objects.filter(shop=self.shop).order_by("id"))

    def tier(self, key: str) -> None:
        with scope(shop=self.shop):
            Standing.objects.update_or_create(shop=self.shop, account=self.account, defaults={"tier": key})


@pytest.fixture
def story(db: None) -> Story:
    member = new_member()
    member.earns(1000, 0)
    return Story(member)


def no_client(access: Access) -> Client:
    raise AssertionError(access)


@pytest.fixture
def storify(story: Story, monkeypatch: pytest.MonkeyPatch) -> Connection:
    """The member's store is of a platform that makes its codes itself, and has let us in."""
    abilities = Abilities(frozenset({"fixed", "percentage", "gift_card"}))
    monkeypatch.setitem(
        PLATFORMS, "storify", replace(STANDARD, name="storify", client=no_client, abilities=abilities)
    )
    connection: Connection = story.account.customer.connection
    with scope(shop=story.shop):
        Connection.objects.filter(shop=story.shop).update(platform="storify")
        StoreAccess.objects.create(shop=story.shop, connection=connection, credentials="{}")
    return connection


def test_a_code_of_our_own_is_ready_at_once(story: Story) -> None:
    reward = story.reward(FIVE_OFF | {"validity_days": 30, "prefix": "TEN"}, stock=3)
    made = story.redeems(reward, actor="widget")
    [stored] = story.redemptions()
    for field in Redemption._meta.concrete_fields:
        assert getattr(made, field.attname) == getattr(stored, field.attname), field.name
    assert (stored.state, stored.points, stored.posted, stored.postings) == ("issued", 500, 500, 1)
    assert (stored.value, stored.terms, stored.due_at) == (Decimal(5), reward.terms, None)
    assert (stored.code[:4], stored.issued_at) == ("TEN-", stored.created_at)
    # Through the thirtieth day on the shop's clock.
    assert stored.expires_at is not None
    assert 30 <= (stored.expires_at - stored.created_at) / timedelta(days=1) <= 31.05
    assert story.balance == 500
    with scope(shop=story.shop):
        entry = Entry.objects.get(shop=story.shop, reference=f"redemption:{made.pk}/1")
        assert (entry.kind, entry.available_delta, entry.actor, entry.reason) == (
            "redeem",
            -500,
            "widget",
            "A reward",
        )
        steps = RedemptionStep.objects.filter(shop=story.shop, redemption=made).order_by("id")
        assert [step.what for step in steps] == ["reserved", "issued"]
        assert Reward.objects.get(shop=story.shop).taken == 1
    assert verify(story.shop.pk) == []


def test_a_store_has_to_make_the_code(story: Story, storify: Connection) -> None:
    made = story.redeems(story.reward(FIVE_OFF))
    assert (made.state, made.due_at, made.issued_at, made.connection_id) == (
        "reserved",
        made.created_at,
        None,
        storify.pk,
    )
    assert made.code
    card = story.redeems(story.reward(FIVE_OFF | {"kind": "gift_card", "price": 1}), "k2")
    assert (len(card.code), card.code.isalnum()) == (17, True)
    for terms in (
        {"kind": "custom", "price": 1},
        {"kind": "fixed", "price": 1, "value": "5", "source": "pool"},
    ):
        reward = story.reward(terms)
        if terms.get("source"):
            add_codes(reward, "A-1", "olivia")
        assert story.redeems(reward, f"of {reward.pk}").state == "issued"
    with scope(shop=story.shop):
        StoreAccess.objects.filter(shop=story.shop).update(state="revoked")
    assert story.refused(story.reward(FIVE_OFF | {"price": 1})) == "not_connected"
    assert story.redeems(story.reward({"kind": "custom", "price": 1}), "k3").state == "issued"


def test_the_same_key_again(story: Story) -> None:
    fixed, slider = story.reward(FIVE_OFF), story.reward(SLIDER)
    made = story.redeems(fixed)
    assert story.redeems(fixed) == made
    assert story.redeems(fixed, points=500) == made
    with pytest.raises(KeyConflict):
        story.redeems(fixed, points=400)
    with pytest.raises(KeyConflict):
        story.redeems(slider, points=500)
    slid = story.redeems(slider, "k2", 300)
    assert (slid.points, slid.value, story.redeems(slider, "k2", 300)) == (300, Decimal(15), slid)
    for points in (200, None, True, 300.0):
        with pytest.raises(KeyConflict):
            story.redeems(slider, "k2", points)
    assert story.balance == 200
    # What was made stays what it was, whatever became of the reward.
    withdraw_reward(fixed)
    assert story.redeems(fixed) == made
    assert len(story.redemptions()) == 2


def test_refusals_take_no_points(story: Story) -> None:
    fixed = story.reward(FIVE_OFF)
    other = create_reward(open_shop("Elsewhere", "USD", "UTC"), "Foreign", FIVE_OFF)
    assert story.refused(other) == "unknown_reward"
    for unknown in ("rwd_none", "", "a\x00b", "\ud800", "x" * 10_000):
        assert story.refused(Reward(public_id=unknown)) == "unknown_reward"
    assert story.refused(story.reward(FIVE_OFF | {"price": 1001})) == "not_enough_points"
    assert story.refused(fixed, 400) == "price_changed"
    assert story.refused(story.reward(SLIDER), 150) == "not_a_step"
    assert story.refused(story.reward(FIVE_OFF, stock=0)) == "sold_out"
    assert story.refused(story.reward(FIVE_OFF | {"source": "pool"})) == "sold_out"
    for key in ("", "x" * 181, "a\x00b", "given:x"):
        with pytest.raises(NotRedeemed, match="key"):
            story.redeems(fixed, key)
    assert story.refused(withdraw_reward(fixed)) == "withdrawn"
    with scope(shop=story.shop):
        Account.objects.filter(shop=story.shop).update(frozen_at=now())
    assert story.refused(story.reward(FIVE_OFF)) == "frozen"
    assert story.redemptions() == []


def test_a_disconnected_store(story: Story) -> None:
    with scope(shop=story.shop):
        Connection.objects.filter(shop=story.shop).update(active=False)
    assert story.refused(story.reward(FIVE_OFF)) == "not_connected"


def test_limits_and_tiers(story: Story) -> None:
    once = story.reward(FIVE_OFF | {"price": 1, "per_member": 1})
    made = story.redeems(once)
    assert story.refused(once) == "per_member"
    with scope(shop=story.shop):
        Redemption.objects.filter(pk=made.pk).update(state="returned")
    story.redeems(once, "k2")
    with scope(shop=story.shop):
        gold = Reward.objects.create(
            shop=story.shop, kind="fixed", name="Golden", terms=FIVE_OFF | {"tiers": ["gold"]}
        )
        cheap = Reward.objects.create(
            shop=story.shop, kind="fixed", name="Cheap", terms=FIVE_OFF | {"tier_prices": {"gold": 100}}
        )
    assert story.refused(gold) == "tier"
    story.tier("gold")
    assert story.redeems(gold, "k3").points == 500
    assert story.redeems(cheap, "k4").points == 100
    story.tier("")
    assert story.refused(gold) == "tier"
    assert story.refused(cheap, 100) == "price_changed"


def test_a_pool_gives_each_code_once(story: Story) -> None:
    reward = story.reward({"kind": "fixed", "price": 1, "value": "5", "source": "pool"})
    add_codes(reward, "Abc-1\nAbc-2", "olivia")
    assert [story.redeems(reward, key).code for key in ("a", "b", "a")] == ["Abc-1", "Abc-2", "Abc-1"]
    assert (story.refused(reward), codes_left(reward)) == ("sold_out", 0)
    with scope(shop=story.shop):
        assert [code.redemption for code in PoolCode.objects.order_by("id")] == story.redemptions()


def test_points_that_are_due_expire_first(story: Story) -> None:
    story.member.earns(300, 0, "order:2", expires=5)
    assert story.balance == 1300
    with pytest.raises(NotRedeemed, match="You have 1,000 points, and this takes 1,200 points"):
        story.redeems(story.reward(FIVE_OFF | {"price": 1200}))
    assert story.balance == 1000
    made = story.redeems(story.reward(FIVE_OFF | {"price": 1000}), "k2")
    assert (made.points, story.balance) == (1000, 0)
    assert verify(story.shop.pk) == []


def test_the_terms_of_the_moment_are_kept(story: Story) -> None:
    reward = story.reward(FIVE_OFF)
    made = story.redeems(reward)
    change_reward(reward, revision=1, name="Six off", terms=FIVE_OFF | {"value": "6", "price": 400})
    [stored] = story.redemptions()
    assert (stored.name, stored.terms) == ("A reward", reward.terms)
    later = story.redeems(reward, "k2")
    assert (later.name, later.value, later.points) == ("Six off", Decimal(6), 400)
    assert story.redeems(reward) == made


def test_gifts(story: Story) -> None:
    reward = story.reward(SLIDER | {"per_member": 1, "ends": "2099-01-01"}, stock=2, active=False)
    gift = give(story.account, reward, "tier:gold:1", "Welcome to Gold")
    assert give(story.account, reward, "tier:gold:1", "Welcome to Gold") == gift
    assert (gift.points, gift.posted, gift.postings, gift.value, gift.state) == (
        0,
        0,
        0,
        Decimal(10),
        "issued",
    )
    give(story.account, reward, "tier:gold:2", "Welcome back " * 100)
    with pytest.raises(NotRedeemed, match="Sold out"):
        give(story.account, reward, "tier:gold:3", "Again")
    with pytest.raises(KeyConflict):
        give(story.account, story.reward(FIVE_OFF), "tier:gold:1", "Other")
    assert story.balance == 1000
    assert verify(story.shop.pk) == []


def test_a_shopper_whom_a_token_names(story: Story) -> None:
    customer = story.account.customer
    reward = story.reward(SLIDER | {"max_order_percent": 50})
    who = (story.shop.pk, customer.connection_id, customer.external_id, reward.public_id)
    with CaptureQueriesContext(connection) as asked:
        made, _, balance = redeem_as(*who, "k1", 300, Decimal("30.00"))
    assert (made.points, balance) == (300, 700)
    # Neither of the two goes through Django's cursor.
    assert len(asked) == 0
    with pytest.raises(NotRedeemed) as refused:
        redeem_as(*who, "k2", 400, Decimal("30.00"))
    assert refused.value.code == "above_order"
    with pytest.raises(NotRedeemed) as unknown:
        redeem_as(story.shop.pk, customer.connection_id, "nobody", reward.public_id, "k3", 300)
    assert unknown.value.code == "not_enough_points"
    assert story.balance == 700


def test_what_was_known_a_moment_ago_decides_nothing(story: Story) -> None:
    """The first redemption keeps what it read; what comes next is told of all that has changed since."""
    reward = story.reward(FIVE_OFF | {"price": 100, "per_member": 4, "validity_days": 9}, stock=5)
    customer = story.account.customer
    who = (story.shop.pk, customer.connection_id, customer.external_id, reward.public_id)
    first = redeem_as(*who, "k1").redemption
    second, known, balance = redeem_as(*who, "k2")
    # Nothing was read for it, so its facts tell nothing of the member.
    assert (known.account_id, balance, story.balance) == (0, 800, 800)
    with scope(shop=story.shop):
        written = Redemption.objects.get(public_id=second.public_id)
    assert (written.account_id, written.terms, written.state) == (
        story.account.pk,
        reward.terms,
        second.state,
    )
    for field in ("name", "points", "value", "code", "expires_at", "created_at"):
        assert getattr(written, field) == getattr(second, field)
    again = redeem_as(*who, "k1")
    assert (again.redemption.public_id, again.balance) == (first.public_id, None)
    with pytest.raises(KeyConflict):
        redeem_as(*who, "k2", 150)

    change_reward(reward, revision=1, terms=reward.terms | {"price": 150, "per_member": 3})
    assert redeem_as(*who, "k3").balance == 650
    refused = []
    for stands_in_the_way in (lambda: None, lambda: withdraw_reward(reward)):
        stands_in_the_way()
        with pytest.raises(NotRedeemed) as error:
            redeem_as(*who, "k4")
        refused.append(error.value.code)
    assert refused == ["per_member", "withdrawn"]
    with pytest.raises(NotRedeemed) as nobody:
        redeem_as(story.shop.pk, customer.connection_id, "nobody", reward.public_id, "k4")
    assert nobody.value.code == "not_enough_points"
    assert story.balance == 650
    assert verify(story.shop.pk) == []
