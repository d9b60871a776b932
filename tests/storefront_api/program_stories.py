"""A shop with the whole of a program, whose shoppers buy by signed webhooks and then read what they have."""

import time
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import jwt
from django.test import Client
from django_scopes import scope

from lib.clock import now
from loyalty.actions.programs import open_shop
from loyalty.documents import as_dict, decode, default_document
from loyalty.models import Account
from platforms.connect import connect_store
from shops.models import Connection, Shop
from tests.bodies import line, shopify_customer, shopify_order
from tests.orders.post import Inbox

ZONE = ZoneInfo("Europe/Berlin")
MARA = 7115310627
TIERS = {
    "levels": [
        {"key": "bronze", "name": "Bronze", "threshold": "0"},
        {
            "key": "silver",
            "name": "Silver",
            "threshold": "250",
            "multiplier": "1.5",
            "entry_points": 50,
            "perks": ["Free gift wrapping"],
        },
    ]
}


def rule(kind: str, points: int = 10, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "key": kind, "name": kind.title(), "points": str(points), **more}


def today() -> date:
    """The date on the shop's clock."""
    return now().astimezone(ZONE).date()


def ago(days: float) -> datetime:
    return now() - timedelta(days=days)


def shop_with(*rules: dict[str, Any], name: str = "Teahouse", **terms: Any) -> Shop:
    """A shop whose program has these rules besides that for purchases; it is two years old."""
    plain = as_dict(default_document("EUR"))
    document = plain | {"rules": [*plain["rules"], *rules]} | terms
    return open_shop(name, "EUR", ZONE.key, "test", document=decode(document), since=ago(730))


@dataclass
class Shopper:
    """A customer of a Shopify store who buys and reads."""

    store: Connection
    id: int = MARA
    client: Client = field(default_factory=Client)

    def buys(
        self,
        number: int,
        price: str,
        days_ago: float = 1,
        tags: str = "",
        joined: float = 0,
        sku: str = "MUG",
    ) -> None:
        """A paid order of one piece; they joined so many days ago, at the latest with it."""
        at = ago(days_ago).isoformat()
        since = ago(max(joined, days_ago)).isoformat()
        customer = shopify_customer(self.id, created_at=since, updated_at=at, tags=tags)
        body = shopify_order(
            5_820_000_000 + number,
            (line(price, sku=sku),),
            customer=customer,
            shipping="0.00",
            created_at=at,
            updated_at=at,
            processed_at=at,
            domain=self.store.domain,
        )
        Inbox(self.store, self.client).apply(("orders/paid", body))

    def read(self, path: str) -> Any:
        answer = self.client.get(f"/storefront/v1/{path}", headers=self.headers)
        assert answer.status_code == 200, answer.content
        return answer.json()

    def tells(self, event: dict[str, Any]) -> Any:
        return self.client.post(
            "/storefront/v1/me/events", event, content_type="application/json", headers=self.headers
        ).json()

    def ways(self) -> dict[str, tuple[str, str | None]]:
        """(state, day) of each way to earn by its key."""
        return {way["key"]: (way["state"], way["on"]) for way in self.read("me/program")["earn"]}

    @property
    def headers(self) -> dict[str, str]:
        claims = {"iss": self.store.shop.public_id, "sub": str(self.id), "exp": int(time.time()) + 600}
        token = jwt.encode(claims, self.store.storefront_secret, algorithm="HS256")
        return {"Authorization": f"Bearer {token}"}

    @property
    def account(self) -> Account:
        with scope(shop=self.store.shop):
            account: Account = Account.objects.select_related("shop", "customer").get(
                shop=self.store.shop, customer__shop=self.store.shop, customer__external_id=str(self.id)
            )
            return account


def shopper(shop: Shop, id: int = MARA) -> Shopper:
    return Shopper(connect_store(shop, "shopify", f"{shop.public_id.replace('_', '-')}.myshopify.com"), id)
