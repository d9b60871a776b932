"""The demo store's side: its connection, its signed-in shopper, and what they bought."""

import secrets
import time
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import jwt
from django.conf import settings
from django_scopes import scope, scopes_disabled

from demo.cards import pay, read_card
from demo.catalogue import BY_SKU, DOMAIN, SHOPPER, Person, Product
from demo.deliveries import deliver
from demo.discounts import CENT, Items, Unusable, check, discount
from demo.payloads import Purchase, order_body, refund_body
from demo.platform import admin
from lib.clock import now
from lib.money import fraction
from orders.models import Order
from shops.models import Connection

TOKEN_LIFE_S = 900
FIRST_NUMBER = 1001
LISTED = 6


class Nothing(Exception):
    """What was asked for is not in the store."""


@dataclass(frozen=True)
class Bought:
    """One line of an order: how many pieces are there, what they cost together, and how many were returned."""

    line_id: str
    product: Product
    quantity: int
    net: Decimal
    returned: int

    @property
    def next_refund(self) -> Decimal:
        """What is paid back for one more piece: all of them together give back exactly what was paid."""
        before, after = (
            fraction(self.net, count, self.quantity).quantize(CENT)
            for count in (self.returned, self.returned + 1)
        )
        return after - before


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


def chosen(asked: dict[str, int]) -> Items:
    """The products of these SKUs, with their quantities. Raises `Nothing`."""
    items = tuple((BY_SKU[sku], count) for sku, count in asked.items() if sku in BY_SKU and 0 < count < 100)
    if len(items) != len(asked):
        raise Nothing("There is no such product.")
    return items


def priced(items: Items, code: str = "", customer: Person = SHOPPER) -> Purchase:
    """What these pieces would cost with a code, or paid with a gift card. Raises `Unusable`."""
    found, card = None, None
    record = admin()["gift_cards"].get(code.lower()) if code else None
    if record is not None:
        card = read_card(record, now().date())
    elif code:
        use = check(admin().use(code), customer.id)
        found = discount(use, items) if items else None
    return Purchase(0, "", customer, items, now(), found, card)


def buy(store: Connection, items: Items, code: str = "") -> Purchase:
    """The shopper buys, with a code if there is one. Raises `Nothing`, `Unusable` or `NotDelivered`."""
    if not items:
        raise Nothing("There is nothing in the cart.")
    purchase = place(store, priced(items, code), _fresh_id())
    deliver(store, settings.PUBLIC_URL, "orders/paid", order_body(purchase), secrets.token_hex(16))
    return purchase


def place(store: Connection, wanted: Purchase, id: int) -> Purchase:
    """The order, with its number: its code is used up, its card has paid. Raises `Unusable`."""
    if wanted.discount and not admin().mark_used(wanted.discount.code):
        raise Unusable("This code has been used already.", for_good=True)
    if wanted.card:
        pay(admin()["gift_cards"], wanted.card, wanted.by_card)
    return replace(wanted, id=id, number=next_number(store), placed_at=now())


def next_number(store: Connection) -> str:
    """What the next order is called."""
    with scope(shop=store.shop):
        return f"#{FIRST_NUMBER + Order.objects.filter(shop=store.shop).count()}"


def give_back(store: Connection, order_id: str, line_id: str) -> Product:
    """The shopper returns one piece. Raises `Nothing` or `NotDelivered`."""
    with scope(shop=store.shop):
        order = _orders(store).filter(external_id=order_id).first()
    line = next((line for line in bought(order) if line.line_id == line_id), None) if order else None
    if line is None or line.returned >= line.quantity:
        raise Nothing("There is no such item to return.")
    refund_id = _fresh_id()
    body = refund_body(int(order_id), refund_id, [(int(line_id), line.next_refund)], now())
    deliver(store, settings.PUBLIC_URL, "refunds/create", body, secrets.token_hex(16))
    return line.product


def newest_orders(store: Connection) -> list[Order]:
    """The shopper's last orders, the newest first."""
    with scope(shop=store.shop):
        return list(_orders(store).order_by("-placed_at")[:LISTED])


def bought(order: Order) -> list[Bought]:
    """The lines of an order, as far as the catalogue knows them."""
    return [
        Bought(
            line["id"],
            BY_SKU[line["sku"]],
            line.get("quantity", 1),
            Decimal(line.get("net", "0")),
            _returned(order, line["id"]),
        )
        for line in order.lines
        if line.get("sku") in BY_SKU
    ]


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
