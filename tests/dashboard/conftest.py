"""A dashboard with something on every page, and the people who may and may not see it."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scope
from pytest_django.plugin import DjangoDbBlocker

from lib.packing import pack
from loyalty.actions.batches import Upload, apply, carry_on, check
from loyalty.actions.programs import draft_document, load_draft, publish
from loyalty.documents import Campaign
from loyalty.models import Account, Batch
from orders.backtest import runs
from orders.models import Backtest, Delivery, Fetch, Order, Sweep
from rewards.actions.catalogue import create_reward
from rewards.actions.pools import add_codes
from rewards.actions.redeem import give
from rewards.models import Redemption, Reward
from shops.actions import create_staff
from shops.models import Connection, PrivacyRequest, Shop, Staff, User
from tests.conftest import PASSWORD, TwoShops, beside, corner_shop
from tests.storefront_api.stories import NOON, customer, order, store

OF_A_STORE = (
    *("access", "access_check", "access_webhooks", "access_end", "store_orders", "reconcile"),
    *("fetch_retry", "history", "history_progress", "history_resume"),
)
BODY = b'{"id": 9007199254740993, "total": 1e400, "note": "<script>alert(1)</script>"}'

OF_REWARD = ("reward", "reward_switch", "reward_move", "reward_archive")
OF_REDEMPTION = ("redemption", "redemption_retry", "redemption_resend", "redemption_revoke")


@dataclass
class Desks:
    """`member`, `delivery`, `held`, `connection` and `backtest` belong to `shop`, whose program has two versions; so do
    `batch`, a file that was checked, and `applied`, one that moved nothing.

    `reward` was redeemed by `redemption`, and `pooled` has one uploaded code; `by_hand` is to be handed over.

    `people` by role: four in the shop, the outsider who owns the other shop, and one who works nowhere.
    """

    shop: Shop
    other: Shop
    member: Account
    delivery: Delivery
    held: Order
    connection: Connection
    backtest: Backtest
    batch: Batch
    applied: Batch
    wish: PrivacyRequest
    reward: Reward
    pooled: Reward
    redemption: Redemption
    by_hand: Redemption
    people: dict[str, User]

    def client(self, role: str) -> Client:
        """A browser in which this person is signed in."""
        client = Client()
        client.force_login(self.people[role], backend="django.contrib.auth.backends.ModelBackend")
        return client

    def url(self, name: str) -> str:
        """The address of a page about this shop's things."""
        known: dict[str, dict[str, object]] = {
            "member": {"account_id": self.member.pk},
            "member_pin": {"account_id": self.member.pk},
            "member_unpin": {"account_id": self.member.pk},
            "journal": {"month": "2026-03"},
            "close": {"month": "2026-03"},
            "delivery": {"delivery_id": self.delivery.pk},
            "member_data": {"account_id": self.member.pk},
            "member_erase": {"account_id": self.member.pk},
            "privacy_download": {"request_id": self.wish.pk},
            "export_version": {"number": 2},
            "roll_back": {"number": 2},
            "connection": {"public_id": self.connection.public_id},
            "rotate": {"public_id": self.connection.public_id},
            **{name: {"public_id": self.connection.public_id} for name in OF_A_STORE},
            "storefront_secret": {"public_id": self.connection.public_id},
            "connection_settings": {"public_id": self.connection.public_id},
            "rule": {"key": "purchases"},
            "rule_switch": {"key": "purchases"},
            "rule_delete": {"key": "purchases"},
            "rule_add": {"kind": "signup"},
            "campaign": {"key": "beans-week"},
            "campaign_switch": {"key": "beans-week"},
            "campaign_delete": {"key": "beans-week"},
            "backtest_run": {"backtest_id": self.backtest.pk},
            "backtest_progress": {"backtest_id": self.backtest.pk},
            "batch": {"batch_id": self.batch.pk},
            "batch_apply": {"batch_id": self.batch.pk},
            "batch_undo": {"batch_id": self.applied.pk},
            "export_table": {"table": "members"},
            "member_reward": {"account_id": self.member.pk},
            "reward_add": {"kind": "fixed"},
            **{name: {"public_id": self.reward.public_id} for name in OF_REWARD},
            **{name: {"public_id": self.pooled.public_id} for name in ("pool", "pool_remove")},
            **{name: {"public_id": self.redemption.public_id} for name in OF_REDEMPTION},
            **{f"redemption_{act}": {"public_id": self.by_hand.public_id} for act in ("fulfil", "cancel")},
            "missing": {"rest": "no-such-page"},
        }
        return reverse(f"dashboard:{name}", kwargs=known.get(name))


@pytest.fixture(scope="module")
def first_desks(module_rows: None, django_db_blocker: DjangoDbBlocker) -> tuple[TwoShops, Desks]:
    """What is there before each test of a module; see `module_rows`."""
    with django_db_blocker.unblock():
        shops = beside(corner_shop())
        return shops, _furnish(shops)


@pytest.fixture
def desks(db: None, first_desks: tuple[TwoShops, Desks]) -> Desks:
    return deepcopy(first_desks[1])


@pytest.fixture
def two_shops(db: None, first_desks: tuple[TwoShops, Desks]) -> TwoShops:
    """The shops of `desks`."""
    return deepcopy(first_desks[0])


def _furnish(two_shops: TwoShops) -> Desks:
    shop = two_shops.shop
    connection = store(shop)
    shopper = customer(connection, "cust-mia", "mia@corner.example")
    member = order(shopper, "order:1", "49.95")
    with scope(shop=shop):
        delivery = Delivery.objects.create(
            shop=shop,
            connection=connection,
            topic="order.updated",
            dedupe_key="1",
            body=pack(BODY),
            state=Delivery.State.DEAD,
            attempts=3,
            error="lines: is missing",
        )
        held = Order.objects.create(
            shop=shop,
            connection=connection,
            external_id="77",
            number="#1077",
            currency="USD",
            placed_at=NOON,
            held="currency",
        )
    _second_version(shop)
    _stopped(connection)
    return Desks(
        **_rewards(shop, member),
        shop=shop,
        other=two_shops.other,
        member=member,
        delivery=delivery,
        held=held,
        connection=connection,
        wish=_wish(connection),
        backtest=runs.start(shop, 90, "olivia@corner.example"),
        batch=_file(shop, "5", "adjust"),
        applied=_applied(_file(shop, "0", "import")),
        people={
            "owner": two_shops.owner,
            "support": two_shops.teammate,
            "manager": _person(shop, "mona@corner.example", Staff.Role.MANAGER),
            "viewer": _person(shop, "vera@corner.example", Staff.Role.VIEWER),
            "outsider": two_shops.outsider,
            "nobody": User.objects.create_user("nora@nowhere.example", PASSWORD),
        },
    )


@pytest.fixture
def owner(desks: Desks) -> Client:
    return desks.client("owner")


@pytest.fixture
def read(owner: Client, desks: Desks) -> Callable[[str], str]:
    """The text of a page as the owner sees it."""

    def text(name: str) -> str:
        answer = owner.get(desks.url(name))
        assert answer.status_code == 200
        return str(answer.content.decode())

    return text


def _person(shop: Shop, email: str, role: str) -> User:
    staff, _ = create_staff(shop, email, role, PASSWORD)
    return staff.user


def _wish(connection: Connection) -> PrivacyRequest:
    """A shopper's data, waiting to be handed out."""
    shop = connection.shop
    with scope(shop=shop):
        return PrivacyRequest.objects.create(
            shop=shop,
            connection=connection,
            kind="export",
            reference="wish-1",
            state="done",
            export={"customers": [{"email": "mia@corner.example"}]},
            requested_at=NOON,
            due_at=NOON,
        )


def _rewards(shop: Shop, member: Account) -> dict[str, Any]:
    """What `Desks` has of rewards: three in the catalogue, two of them given, which moved no points."""
    reward = create_reward(shop, "Fiver", {"kind": "fixed", "price": 10, "value": "5", "validity_days": 30})
    pooled = create_reward(shop, "Voucher", {"kind": "fixed", "price": 10, "value": "5", "source": "pool"})
    tote = create_reward(shop, "Tote bag", {"kind": "custom", "price": 20})
    add_codes(pooled, "VOUCHER-1", "olivia@corner.example")
    redemption = give(member, reward, "fiver", "A start")
    by_hand = give(member, tote, "tote", "A start")
    return {"reward": reward, "pooled": pooled, "redemption": redemption, "by_hand": by_hand}


def _stopped(connection: Connection) -> None:
    """An import of past orders that stopped, and an order that could not be fetched."""
    shop = connection.shop
    with scope(shop=shop):
        Sweep.objects.create(
            shop=shop, connection=connection, kind="history", until=NOON, state="failed", error="It is away."
        )
        Fetch.objects.create(
            shop=shop, connection=connection, kind="order", external_id="88", state="dead", error="Lost."
        )


def _file(shop: Shop, points: str, kind: str) -> Batch:
    data = f"email,points,reason\nmia@corner.example,{points},A file\n".encode()
    return check(shop, Upload(data, kind, "olivia@corner.example", file_name="earlier.csv"))


def _applied(batch: Batch) -> Batch:
    carry_on(apply(batch, "olivia@corner.example"))
    return batch


def _second_version(shop: Shop) -> None:
    week = Campaign(key="beans-week", name="Beans week", multiplier=Decimal(2))
    draft = draft_document(shop)
    load_draft(shop, msgspec.structs.replace(draft, points_name="beans", campaigns=(week,)))
    publish(shop, "olivia@corner.example", "We roast coffee")
