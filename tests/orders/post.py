"""Signed webhooks through the real view into the real inbox."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from django.test import Client
from django_scopes import scope

from loyalty.models import Account, Entry
from orders.inbox import apply_due
from orders.models import Delivery, Order
from shops.models import Connection
from tests import bodies

_ids = count(1)


@dataclass
class Inbox:
    """The address of one Shopify connection."""

    connection: Connection
    client: Client = field(default_factory=Client)

    def post(
        self,
        topic: str,
        body: dict[str, Any] | bytes,
        webhook_id: str | None = None,
        secret: str | None = None,
    ) -> int:
        """Send one delivery; returns the status."""
        raw = body if isinstance(body, bytes) else bodies.encode(body)
        headers = bodies.sign_shopify(
            secret or self.connection.secret,
            raw,
            topic,
            domain=self.connection.domain,
            webhook_id=webhook_id or f"wh-{next(_ids)}",
        )
        response = self.client.post(
            f"/webhooks/{self.connection.public_id}/", raw, content_type="application/json", headers=headers
        )
        return response.status_code

    def apply(self, *deliveries: tuple[str, dict[str, Any]]) -> None:
        """Send deliveries, each answered 200, and apply all that is due."""
        for topic, body in deliveries:
            assert self.post(topic, body) == 200
        while apply_due(shop_id=self.connection.shop_id):
            pass

    def balance(self, customer: str | None = None) -> int:
        """The balance of the only member, or of the one with that id of the store."""
        with scope(shop=self.connection.shop):
            accounts = Account.objects.filter(shop=self.connection.shop)
            if customer is not None:
                accounts = accounts.filter(customer__external_id=customer)
            return int(accounts.get().balance)

    def entries(self) -> list[tuple[str, int]]:
        """(kind, points) of every entry, the oldest first."""
        with scope(shop=self.connection.shop):
            rows = Entry.objects.filter(shop=self.connection.shop).order_by("id")
            return [(row.kind, row.available_delta) for row in rows]

    def last(self) -> Delivery:
        """The newest delivery."""
        with scope(shop=self.connection.shop):
            return Delivery.objects.filter(shop=self.connection.shop).latest("id")

    def order(self) -> Order:
        """The only order."""
        with scope(shop=self.connection.shop):
            return Order.objects.get(shop=self.connection.shop)
