"""The demo store's side: its connection, its signed-in shopper, and what they bought."""

import secrets
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import jwt
from django.conf import settings
from django_scopes import scope, scopes_disabled

from demo.catalogue import BY_SKU, DOMAIN, SHOPPER, Product
from demo.deliveries import deliver
from demo.payloads import Purchase, order_body, refund_body
from lib.clock import now
from orders.models import Order
from shops.models import Connection

TOKEN_LIFE_S = 900
LISTED = 6


class Nothing(Exception):
    """What was asked for is not in the store."""


@dataclass(frozen=True)
class Bought:
    """One line of an order: how many pieces are there, and how many of them were returned."""

    line_id: str
    product: Product
    quantity: int
    returned: int


def connection() -> Connection | None:
    """The demo store's connection; None before `seed_demo` made it."""
    with scopes_disabled():
        found = Connection.objects.select_related("shop").filter(
            platform="shopify", domain=DOMAIN, active=True
        )
        return found.first()


def shopper_token(store: Connection) -> str:
    """A token for the demo shopper, as a store's server signs it."""
    claims = {
        "iss": store.shop.public_id,
        "sub": str(SHOPPER.id),
        "exp": int(time.time()) + TOKEN_LIFE_S,
    }
    return jwt.encode(claims, store.storefront_secret, algorithm="HS256")


def buy(store: Connection, items: dict[str, int]) -> Purchase:
    """The shopper buys: SKUs with their quantities. Raises `Nothing` or `NotDelivered`."""
    chosen = tuple((BY_SKU[sku], count) for sku, count in items.items() if sku in BY_SKU and 0 < count < 100)
    if not chosen or len(chosen) != len(items):
        raise Nothing("There is no such product.")
    with scope(shop=store.shop):
        number = 1001 + Order.objects.filter(shop=store.shop).count()
    purchase = Purchase(_fresh_id(), f"#{number}", SHOPPER, chosen, now())
    deliver(store, settings.PUBLIC_URL, "orders/paid", order_body(purchase), secrets.token_hex(16))
    return purchase


def give_back(store: Connection, order_id: str, line_id: str) -> Product:
    """The shopper returns one piece. Raises `Nothing` or `NotDelivered`."""
    with scope(shop=store.shop):
        order = _orders(store).filter(external_id=order_id).first()
    line = next((line for line in bought(order) if line.line_id == line_id), None) if order else None
    if line is None or line.returned >= line.quantity:
        raise Nothing("There is no such item to return.")
    refund_id = _fresh_id()
    body = refund_body(int(order_id), refund_id, [(int(line_id), line.product.price)], now())
    deliver(store, settings.PUBLIC_URL, "refunds/create", body, secrets.token_hex(16))
    return line.product


def newest_orders(store: Connection) -> list[Order]:
    """The shopper's last orders, the newest first."""
    with scope(shop=store.shop):
        return list(_orders(store).order_by("-placed_at")[:LISTED])


def bought(order: Order) -> list[Bought]:
    """The lines of an order, as far as the catalogue knows them."""
    return [
        Bought(line["id"], BY_SKU[line["sku"]], line.get("quantity", 1), _returned(order, line["id"]))
        for line in order.lines
        if line.get("sku") in BY_SKU
    ]


def total(items: list[Bought]) -> Decimal:
    """What the goods cost."""
    return sum((item.product.price * item.quantity for item in items), Decimal(0))


def _orders(store: Connection) -> Any:
    return Order.objects.filter(
        shop=store.shop,
        connection=store,
        customer__shop=store.shop,
        customer__external_id=str(SHOPPER.id),
        placed_at__isnull=False,
    )


def _returned(order: Order, line_id: str) -> int:
    parts = [part for refund in order.refunds for part in refund.get("lines", [])]
    return sum(part.get("quantity", 0) for part in parts if part["line_id"] == line_id)


def _fresh_id() -> int:
    """Later ids are higher, as in Shopify."""
    return 6_000_000_000_000 + time.time_ns() // 1_000_000 % 10**12 * 10 + secrets.randbelow(10)
