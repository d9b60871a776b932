"""A connected store of any platform, and signed deliveries from it through the real view."""

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django_scopes import scope

from loyalty.models import Account, Award, Entry
from orders.inbox import apply_due
from orders.models import Delivery, Order
from platforms.connect import connect_store
from shops.models import Connection, Shop
from tests import bodies

DOMAINS = {
    "shopify": "teahouse.myshopify.com",
    "woocommerce": "teahouse.example",
    "standard": "till.teahouse.example",
}
ORDER_TOPICS = {"shopify": "orders/updated", "woocommerce": "order.updated", "standard": "order.updated"}


@dataclass
class Store:
    """The address of one connection, and what became of what was sent there."""

    connection: Connection
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    @property
    def url(self) -> str:
        return f"/webhooks/{self.connection.public_id}/"

    def headers(
        self, raw: bytes, topic: str = "", *, secret: str = "", id: str | None = None
    ) -> dict[str, str]:
        """What signs `raw`; the id is fresh unless given, and unknown to WooCommerce."""
        key, platform = secret or self.connection.secret, self.connection.platform
        topic = topic or ORDER_TOPICS[platform]
        if platform == "woocommerce":
            return bodies.sign_woo(key, raw, topic)
        if platform == "standard":
            return bodies.sign_standard(key, raw, message_id=id)
        return bodies.sign_shopify(key, raw, topic, domain=self.connection.domain, webhook_id=id)

    def send(self, raw: bytes, headers: dict[str, str]) -> HttpResponse:
        """One POST with exactly these headers."""
        more = {name: value for name, value in headers.items() if name != "content-type"}
        content_type = headers.get("content-type", "application/json")
        response: Any = self.client.post(self.url, raw, content_type=content_type, headers=more)
        return response

    def post(self, body: object, topic: str = "", **signing: str) -> HttpResponse:
        """One signed delivery; a body that is not bytes is written as JSON."""
        raw = body if isinstance(body, bytes) else bodies.encode(body)
        return self.send(raw, self.headers(raw, topic, **signing))

    def apply(self, *sent: tuple[str, object]) -> None:
        """Deliveries (topic, body), each answered 200, and all that is due applied."""
        for topic, body in sent:
            assert self.post(body, topic).status_code == 200
        self.drain()

    def drain(self) -> None:
        while apply_due(shop_id=self.connection.shop_id):
            pass

    def take(self, body: object, topic: str = "") -> tuple[str, str]:
        """What became of one delivery: (state, reason). A failed attempt is no outcome."""
        self.apply((topic, body))
        last = self.deliveries()[-1]
        return last.state, last.error

    def deliveries(self) -> list[Delivery]:
        """Every delivery, the oldest first."""
        with scope(shop=self.connection.shop):
            return list(Delivery.objects.filter(connection=self.connection).order_by("id"))

    def orders(self) -> list[Order]:
        with scope(shop=self.connection.shop):
            return list(Order.objects.filter(connection=self.connection).order_by("id"))

    def entries(self) -> list[tuple[str, int]]:
        """(kind, points) of every entry of the shop, the oldest first."""
        with scope(shop=self.connection.shop):
            rows = Entry.objects.filter(shop=self.connection.shop).order_by("id")
            return [(row.kind, row.available_delta) for row in rows]

    def moves(self) -> list[int]:
        return [points for _, points in self.entries()]

    def accounts(self) -> list[Account]:
        with scope(shop=self.connection.shop):
            return list(Account.objects.filter(shop=self.connection.shop).order_by("id"))

    def awards(self) -> list[Award]:
        with scope(shop=self.connection.shop):
            return list(Award.objects.filter(shop=self.connection.shop).order_by("id"))


def open_store(shop: Shop, platform: str, domain: str = "") -> Store:
    """Connect a store of that platform to `shop`."""
    return Store(connect_store(shop, platform, domain or DOMAINS[platform]))


def order_body(platform: str, id: int = 5001, price: str = "49.95", **changes: object) -> dict[str, Any]:
    """A paid order with one line at `price`, as the platform writes it."""
    lines = [bodies.line(price, id=1)]
    if platform == "shopify":
        return bodies.shopify_order(id, lines) | changes
    if platform == "woocommerce":
        return bodies.woo_order(id, lines) | changes
    return bodies.standard_event("order.updated", bodies.standard_order(id, lines) | changes)
