"""The shop of a storm: three stores with members who have points, and rewards for them."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import jwt
from django_scopes import scope

from benchmarks.storm_rewards.plan import REWARDS, START_POINTS, customer_of, members_for, stock_for
from benchmarks.storm_rewards.platform import TOKEN
from lib.clock import now
from lib.rows import execute
from loyalty.actions.awards import open_accounts
from loyalty.actions.points import adjust
from loyalty.actions.programs import open_shop
from loyalty.documents import PerCurrency, ProgramDocument
from loyalty.models import Account
from platforms.connect import connect_store
from rewards.actions.catalogue import create_reward
from shops.models import Connection, Customer, Shop, StoreAccess

SINCE = datetime(2025, 1, 1, tzinfo=UTC)
TOKEN_LIFE_S = 3000
STAFF = "olivia@storm.example"


@dataclass(frozen=True, slots=True)
class Member:
    """A customer of one of the stores."""

    account_id: int
    external_id: str
    store: Connection

    def token(self) -> str:
        """A fresh one, as the store signs it."""
        at = int(time.time())
        claims = {
            "iss": self.store.shop.public_id,
            "sub": self.external_id,
            "iat": at,
            "exp": at + TOKEN_LIFE_S,
        }
        return jwt.encode(claims, self.store.storefront_secret, algorithm="HS256")


@dataclass(frozen=True, slots=True)
class World:
    """`rewards`: public ids by the names in `plan.REWARDS`."""

    shop: Shop
    stores: Sequence[Connection]
    members: Sequence[Member]
    rewards: dict[str, str]
    stock: int


def make(count: int, domains: Sequence[str]) -> World:
    """A shop for `count` wishes. Its orders earn nothing, so that balances tell of redemptions alone."""
    nothing = PerCurrency(key="goods", name="Goods", points=Decimal(1), per=Decimal(1), active=False)
    document = ProgramDocument(currency="EUR", rules=(nothing,))
    shop = open_shop("Storm of rewards", "EUR", "Europe/Berlin", document=document, since=SINCE)
    stores = [connect_store(shop, "shopify", domain) for domain in domains]
    rewards = {}
    execute(_LEAVE_ALONE)
    with scope(shop=shop):
        for store in stores:
            StoreAccess.objects.create(
                shop=shop,
                connection=store,
                credentials=json.dumps({"access_token": TOKEN}),
                subscribed_at=now(),
            )
    for name, (terms, _) in REWARDS.items():
        stock = stock_for(count) if name == "scarce" else None
        rewards[name] = create_reward(shop, name, terms, stock=stock).public_id
    members = [_member(shop, stores[number % len(stores)], number) for number in range(members_for(count))]
    return World(shop, stores, members, rewards, stock_for(count))


def _member(shop: Shop, store: Connection, number: int) -> Member:
    external_id = str(customer_of(number))
    with scope(shop=shop):
        customer = Customer.objects.create(
            shop=shop,
            connection=store,
            external_id=external_id,
            email=f"m{number}@storm.example",
            as_of=SINCE,
        )
        open_accounts([(shop.pk, customer.pk)])
        account = Account.objects.select_related("shop").get(shop=shop, customer=customer)
    adjust(account, START_POINTS, "A start", STAFF)
    return Member(account.pk, external_id, store)


# Stores of an earlier storm are not there any more.
_LEAVE_ALONE = "UPDATE shops_storeaccess SET state = 'uninstalled'"
