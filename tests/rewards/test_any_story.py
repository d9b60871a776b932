"""Whatever happens to redemptions, in whatever order: in the end each of them has its code, or its points."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.test import override_settings
from django_scopes import scope
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from lib.clock import now
from loyalty.actions.awards import open_accounts
from loyalty.actions.points import adjust
from loyalty.actions.programs import open_shop
from loyalty.models import Account, Entry
from loyalty.proof import verify
from platforms.connect import connect_store
from platforms.registry import PLATFORMS
from rewards import issuing
from rewards.actions.catalogue import create_reward
from rewards.actions.closing import GRACE, expire_due
from rewards.actions.redeem import give, redeem
from rewards.actions.redemptions import resend, retry, revoke
from rewards.calls import Asking
from rewards.claims import Claim, claim
from rewards.errors import NotPossible, NotRedeemed
from rewards.models import Redemption, Reward
from shops.models import Customer, StoreAccess
from tests.bodies import line, shopify_customer, shopify_order, shopify_refund, shopify_refund_line
from tests.orders.post import Inbox
from tests.properties import tries
from tests.rewards.stories import CUSTOMER, FIVE_OFF
from tests.rewards.strict_store import FAULTS, Coupon, StrictStore

pytestmark = pytest.mark.django_db

State = Redemption.State
OLIVIA = "olivia@corner.example"
MUCH = 1_000_000
REWARDS: dict[str, dict[str, Any]] = {
    "fixed": FIVE_OFF | {"price": 100, "validity_days": 30},
    "kept": FIVE_OFF | {"price": 70, "validity_days": 30, "return_unused": False},
    "credit": {"kind": "store_credit", "price": 50, "value": "2.00"},
    "gift": FIVE_OFF,
}
GOODS = [line("10.00", id=1, discount="2.50"), line("10.00", id=2, discount="2.50")]
_numbers = count(1)
_stores: dict[str, StrictStore] = {}


@pytest.fixture
def strict_stores(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    platform = replace(PLATFORMS["shopify"], client=lambda access: _stores[access.domain])
    monkeypatch.setitem(PLATFORMS, "shopify", platform)
    with override_settings(CODE_UNANSWERED_S=0):
        yield


@dataclass
class Order:
    """An order as the store has it; `coupon` is the one that is on it."""

    id: int
    redemption: int
    coupon: Coupon
    code: str
    version: int = 0
    refunded: int = 0
    cancelled: bool = False
    carries: bool = True


picks = st.integers(0, 99)
faults = st.lists(st.sampled_from(FAULTS), max_size=4)


class Stories(RuleBasedStateMachine):
    """A member redeems, workers come and go, the store fails, orders come late: `teardown` lets it all end."""

    def __init__(self) -> None:
        super().__init__()
        number = next(_numbers)
        domain = f"strict-{number}.myshopify.com"
        self.store = _stores[domain] = StrictStore(deletes=bool(number % 2))
        self.shop = open_shop("Strict", "EUR", "Europe/Berlin")
        self.connection = connect_store(self.shop, "shopify", domain)
        with scope(shop=self.shop):
            customer = Customer.objects.create(
                shop=self.shop, connection=self.connection, external_id=CUSTOMER, as_of=now()
            )
            open_accounts([(self.shop.pk, customer.pk)])
            self.account = Account.objects.select_related("shop").get(shop=self.shop, customer=customer)
            StoreAccess.objects.create(shop=self.shop, connection=self.connection, credentials="{}")
        adjust(self.account, MUCH, "A start", OLIVIA)
        self.inbox = Inbox(self.connection)
        self.rewards = {
            name: create_reward(self.shop, name, terms, stock=1000) for name, terms in REWARDS.items()
        }
        self.made: list[int] = []
        self.lost: list[tuple[Claim, Asking]] = []
        self.orders: list[Order] = []
        self.posts: list[dict[str, Any]] = []

    @rule(name=st.sampled_from(list(REWARDS)))
    def redeem(self, name: str) -> None:
        key = f"key-{next(_numbers)}"
        reward = self.rewards[name]
        with suppress(NotRedeemed):  # where the store has just taken our access back
            if name == "gift":
                self.made.append(give(self.account, reward, key, "").pk)
            else:
                self.made.append(redeem(self.account, reward.public_id, key).pk)

    @rule(script=faults)
    def work(self, script: list[Any]) -> None:
        self.let_time_pass()
        self.store.faults = script
        issuing.issue_due(lambda: True, at_once=1)
        self.store.faults = []

    @rule(script=faults, asks=st.booleans())
    def lose_a_worker(self, script: list[Any], asks: bool) -> None:
        """It is gone after it claimed, or after it asked; what it was about to ask it may still ask, or conclude."""
        self.let_time_pass()
        for claimed in claim(now(), 1, shop_id=self.shop.pk):
            asking = issuing.prepare(claimed, now())
            self.store.faults = script
            if isinstance(asking, Asking) and asks:
                issuing.ask(claimed, asking)
            elif isinstance(asking, Asking) and asking.wanted.kind != "store_credit":
                self.lost.append((claimed, asking))
            self.store.faults = []

    @precondition(lambda self: self.lost)
    @rule(pick=picks)
    def a_lost_worker_comes_back(self, pick: int) -> None:
        claimed, asking = self.lost.pop(pick % len(self.lost))
        issuing.conclude(claimed, issuing.ask(claimed, asking), now())

    @precondition(lambda self: self.made)
    @rule(pick=picks, act=st.sampled_from([revoke, retry, resend]))
    def staff_act(self, pick: int, act: Any) -> None:
        with suppress(NotPossible):
            act(self.row(pick), OLIVIA)

    @precondition(lambda self: self.made)
    @rule(pick=picks)
    def time_runs_out(self, pick: int) -> None:
        row = self.row(pick)
        if row.expires_at is not None:
            self.change(expires_at=now() - GRACE - timedelta(seconds=1), of=row.pk)
            expire_due()

    @precondition(lambda self: self.made)
    @rule(pick=picks)
    def the_merchant_changes_the_title(self, pick: int) -> None:
        row = self.row(pick)
        for coupon in self.store.coupons:
            if row.state == State.ISSUED and coupon.id == row.platform_id:
                coupon.mark = ""

    @precondition(lambda self: self.made)
    @rule(pick=picks, lower=st.booleans())
    def order(self, pick: int, lower: bool) -> None:
        row = self.row(pick)
        coupon = self.store.usable(row.code) if row.code else None
        if coupon is None or coupon.owner != row.public_id:
            return
        coupon.uses += 1
        code = coupon.code.lower() if lower else coupon.code
        self.orders.append(Order(next(_numbers), row.pk, coupon, code))
        self.tell(self.orders[-1])

    @precondition(lambda self: self.orders)
    @rule(pick=picks, what=st.sampled_from(["refund", "cancel", "take the code off"]))
    def change_an_order(self, pick: int, what: str) -> None:
        order = self.orders[pick % len(self.orders)]
        if what == "refund":
            order.refunded = min(order.refunded + 1, 2)
        elif order.carries and not order.cancelled:
            order.coupon.uses -= 1
            order.cancelled, order.carries = what == "cancel", what == "cancel"
        self.tell(order)

    @precondition(lambda self: self.posts)
    @rule(pick=picks)
    def deliver(self, pick: int) -> None:
        self.inbox.apply(("orders/updated", self.posts.pop(pick % len(self.posts))))

    def teardown(self) -> None:
        for body in self.posts:
            self.inbox.apply(("orders/updated", body))
        for _ in range(20):
            self.work([])
            with scope(shop=self.shop):
                if not Redemption.objects.filter(shop=self.shop, due_at__isnull=False).exists():
                    break
        else:
            raise AssertionError("It does not come to an end.")
        for pick in range(len(self.made)):
            self.check(self.row(pick))
        with scope(shop=self.shop):
            for reward in Reward.objects.filter(shop=self.shop):
                held = Redemption.objects.filter(shop=self.shop, reward=reward)
                assert reward.taken == held.exclude(state__in=[State.RETURNED, State.FAILED]).count()
            credited = Redemption.objects.filter(shop=self.shop, terms__kind="store_credit", state=State.USED)
            ids = [row.platform_id for row in credited if row.platform_id]
            assert len(ids) == len(set(ids))
            assert len(self.store.credits) == credited.count()
        assert not verify(self.shop.pk)

    def check(self, row: Redemption) -> None:
        coupons = [one for one in self.store.coupons if one.owner == row.public_id]
        usable = [one for one in coupons if one.usable]
        orders = [order for order in self.orders if order.redemption == row.pk and order.carries]
        live = [row.points - row.points * order.refunded // 2 for order in orders if not order.cancelled]
        taken = {State.RETURNED: 0, State.FAILED: 0}.get(State(row.state), row.points)
        assert row.posted == (max(live) if live else taken)
        assert row.posted == self.taken_by_ledger(row)
        if live:
            assert row.state == State.USED
        elif row.state == State.ISSUED:
            assert [(one.code, one.id) for one in usable] == [(row.code, row.platform_id)]
        elif row.state == State.USED:
            # The store's word: an order had it, and lost it before we saw it.
            assert row.terms["kind"] == "store_credit" or [
                one for one in self.orders if one.redemption == row.pk
            ]
        else:
            assert row.state in (State.RETURNED, State.FAILED)
            assert usable == []
        assert len(usable) <= 1
        assert not (orders and not live) or row.state == State.RETURNED

    def taken_by_ledger(self, row: Redemption) -> int:
        with scope(shop=self.shop):
            entries = Entry.objects.filter(shop=self.shop, reference__startswith=f"redemption:{row.pk}/")
            return -sum(entries.values_list("available_delta", flat=True))

    def row(self, pick: int) -> Redemption:
        with scope(shop=self.shop):
            rows = Redemption.objects.select_related("shop")
            found: Redemption = rows.get(shop=self.shop, pk=self.made[pick % len(self.made)])
        return found

    def change(self, *, of: int, **values: Any) -> None:
        with scope(shop=self.shop):
            Redemption.objects.filter(shop=self.shop, pk=of).update(**values)

    def let_time_pass(self) -> None:
        """Leases and pauses are over; the merchant has let us in again."""
        with scope(shop=self.shop):
            Redemption.objects.filter(shop=self.shop, due_at__gt=now()).update(due_at=now())
            StoreAccess.objects.filter(shop=self.shop).update(
                state=StoreAccess.State.ACTIVE, failures=0, open_until=None
            )

    def tell(self, order: Order) -> None:
        order.version += 1
        refunds = [
            shopify_refund(
                order.id * 10 + line, order.id, lines=[shopify_refund_line(line, "7.50")], paid="7.50"
            )
            for line in range(1, order.refunded + 1)
        ]
        at = f"2026-03-05T{9 + order.version // 60:02}:{order.version % 60:02}:00+01:00"
        body = shopify_order(
            order.id,
            lines=GOODS,
            customer=shopify_customer(int(CUSTOMER)),
            domain=self.connection.domain,
            refunds=refunds,
            discount_codes=[{"code": order.code, "amount": "5.00", "type": "fixed_amount"}] * order.carries,
            updated_at=at,
            cancelled_at=at if order.cancelled else None,
        )
        self.posts.append(body)


def test_each_redemption_ends_with_its_code_or_its_points(strict_stores: None) -> None:
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]
    hard = settings(
        max_examples=tries(15, 300),
        stateful_step_count=tries(25, 50),
        deadline=None,
        suppress_health_check=checks,
    )
    run_state_machine_as_test(Stories, settings=hard)
