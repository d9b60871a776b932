"""A member of a Shopify store with points, and the store's Admin API on a port of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any

from django.conf import settings
from django.test import override_settings
from django_scopes import scope

from demo.shopify_admin.admin import AdminStore
from demo.shopify_admin.catalogue import add_customer
from demo.shopify_admin.faults import Faults
from demo.shopify_admin.server import serve
from lib.clock import now
from loyalty.actions.awards import open_accounts
from loyalty.actions.points import adjust
from loyalty.actions.programs import open_shop
from loyalty.models import Account, Entry
from loyalty.proof import verify
from platforms.connect import connect_store
from rewards import issuing
from rewards.actions.catalogue import create_reward
from rewards.actions.redeem import redeem
from rewards.claims import Claim, claim
from rewards.models import CodeUse, Redemption, RedemptionStep, Reward
from shops.models import Connection, Customer, Shop, StoreAccess

CUSTOMER = "5600001234"
_numbers = count(1)
FIVE_OFF = {"kind": "fixed", "price": 500, "value": "5.00"}


@dataclass
class Story:
    """A member with 1000 points at the start. `store` is what the store has."""

    shop: Shop
    connection: Connection
    account: Account
    store: AdminStore
    faults: Faults

    def reward(self, *, stock: int | None = None, **terms: Any) -> Reward:
        return create_reward(self.shop, "5.00 off", FIVE_OFF | terms, stock=stock)

    def redeem(self, reward: Reward | None = None) -> Redemption:
        """A redemption; of a variable reward for the least points."""
        chosen = reward or self.reward()
        points = chosen.terms.get("min_points")
        return redeem(self.account, chosen.public_id, f"key-{next(_numbers)}", points)

    def issue(self) -> int:
        """Do what a worker does, until nothing is due."""
        return issuing.issue_due(lambda: True, at_once=4)

    def issued(self, **terms: Any) -> Redemption:
        redemption = self.redeem(self.reward(**terms))
        self.issue()
        return self.seen(redemption)

    def claim(self, after_s: float = 0) -> Claim:
        """The only redemption that is due, so many seconds from now."""
        [claimed] = claim(now() + timedelta(seconds=after_s), 5, shop_id=self.shop.pk)
        return claimed

    def due_now(self, redemption: Redemption) -> None:
        """Time passes until the redemption is due."""
        with scope(shop=self.shop):
            Redemption.objects.filter(shop=self.shop, pk=redemption.pk).update(due_at=now())

    def change(self, redemption: Redemption, **values: Any) -> Redemption:
        with scope(shop=self.shop):
            Redemption.objects.filter(shop=self.shop, pk=redemption.pk).update(**values)
        return self.seen(redemption)

    def seen(self, redemption: Redemption) -> Redemption:
        with scope(shop=self.shop):
            found: Redemption = Redemption.objects.select_related("shop", "connection").get(
                shop=self.shop, pk=redemption.pk
            )
        return found

    def steps(self, redemption: Redemption) -> list[str]:
        with scope(shop=self.shop):
            rows = RedemptionStep.objects.filter(shop=self.shop, redemption=redemption).order_by("id")
            return list(rows.values_list("what", flat=True))

    def entries(self) -> list[tuple[str, int]]:
        """(kind, points) after the first credit."""
        with scope(shop=self.shop):
            rows = Entry.objects.filter(shop=self.shop, account=self.account).order_by("seq")[1:]
            return [(row.kind, row.available_delta) for row in rows]

    def use(self, redemption: Redemption, order: int = 1, live: bool = True, returned: int = 0) -> None:
        """The code is on an order, as `note_uses` writes it."""
        with scope(shop=self.shop):
            CodeUse.objects.update_or_create(
                shop=self.shop,
                redemption=redemption,
                source=f"order:{order}",
                defaults={"at": now(), "live": live, "returned_points": returned},
            )

    def taken(self, reward: Reward) -> int:
        """How much of the reward's stock is gone."""
        with scope(shop=self.shop):
            return int(Reward.objects.get(shop=self.shop, pk=reward.pk).taken)

    @property
    def balance(self) -> int:
        with scope(shop=self.shop):
            return int(Account.objects.get(shop=self.shop, pk=self.account.pk).balance)

    def access(self, **values: Any) -> StoreAccess:
        with scope(shop=self.shop):
            if values:
                StoreAccess.objects.filter(shop=self.shop).update(**values)
            found: StoreAccess = StoreAccess.objects.get(shop=self.shop)
        return found

    def codes(self) -> list[str]:
        """The codes at the store that can be used."""
        used = [self.store.use(record["code"]) for record in self.store["codes"].all()]
        return sorted(use.code for use in used if use and use.status == "ACTIVE" and use.left != 0)

    def clean(self) -> bool:
        return not verify(self.shop.pk)


@contextmanager
def story(faults: Faults | None = None, *, connected: bool = True) -> Iterator[Story]:
    number = next(_numbers)
    domain = f"fern-{number}-{now().timestamp():.0f}.myshopify.com"
    store, faults = AdminStore(), faults or Faults()
    add_customer(store, int(CUSTOMER), firstName="Ada")
    token = store.grant(*store.app.scopes)
    shop = open_shop("Fern", "EUR", "Europe/Berlin")
    connection = connect_store(shop, "shopify", domain)
    with scope(shop=shop):
        customer = Customer.objects.create(
            shop=shop, connection=connection, external_id=CUSTOMER, email="ada@fern.example", as_of=now()
        )
        open_accounts([(shop.pk, customer.pk)])
        account = Account.objects.select_related("shop").get(shop=shop, customer=customer)
        if connected:
            StoreAccess.objects.create(
                shop=shop, connection=connection, credentials=f'{{"access_token": "{token}"}}'
            )
    adjust(account, 1000, "A start", "olivia@corner.example")
    with (
        serve(store, faults) as base,
        override_settings(OUTBOUND_ROUTES=settings.OUTBOUND_ROUTES | {domain: base}),
    ):
        yield Story(shop, connection, account, store, faults)
