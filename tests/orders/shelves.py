"""Stores on sockets whose orders can be put and changed, the same for every platform, and a connection to each."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from django_scopes import scope
from pytest_django.fixtures import Settings

from orders.models import Sweep
from orders.sweeping import advance
from platforms.connect import connect_store
from shops.models import Connection, Shop, StoreAccess
from tests.bodies import line, shopify_order, woo_order
from tests.fakes.bigcommerce import BigCommerce
from tests.fakes.order_bodies import bc_order, bc_product
from tests.fakes.shopify_orders import admin_order
from tests.fakes.woocommerce import WooCommerce
from tests.orders.stores import Store
from tests.platforms.clay import DOMAIN, Clay, opened

LONG_AGO = datetime(2026, 3, 2, 9, tzinfo=UTC)
Credentials = dict[str, str]


class Shelf(Protocol):
    """A store's server: `put` an order of one line at `price`, which was placed and changed then."""

    credentials: Credentials
    domain: str

    def put(self, id: int, price: str, changed: datetime, placed: datetime = LONG_AGO) -> dict[str, Any]: ...


@dataclass
class Woo:
    server: WooCommerce
    domain: str = "tea.example"

    def __post_init__(self) -> None:
        self.key = self.server.key()
        self.credentials = {"consumer_key": self.key.key, "consumer_secret": self.key.secret}

    def put(self, id: int, price: str, changed: datetime, placed: datetime = LONG_AGO) -> dict[str, Any]:
        dates = {
            "date_created_gmt": f"{placed.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
            "date_modified_gmt": f"{changed.astimezone(UTC):%Y-%m-%dT%H:%M:%S}",
        }
        body = woo_order(id, [line(price, id=1)], shipping="0.00", **dates)
        self.server.orders[id] = body
        return body


@dataclass
class Big:
    server: BigCommerce
    domain: str = "leaf.example"

    def __post_init__(self) -> None:
        names = ("store_hash", "client_secret")
        self.credentials = {name: getattr(self.server, name) for name in names}
        self.credentials["access_token"] = self.server.token

    def put(self, id: int, price: str, changed: datetime, placed: datetime = LONG_AGO) -> dict[str, Any]:
        body = bc_order(
            id,
            changed,
            date_created=f"{placed.astimezone(UTC):%a, %d %b %Y %H:%M:%S} +0000",
            default_currency_code="EUR",
            currency_code="EUR",
            total_inc_tax=f"{price}00",
        )
        self.server.orders[id], self.server.products[id] = body, [bc_product(id, price)]
        return body


@dataclass
class Shopify:
    clay: Clay
    domain: str = DOMAIN

    def __post_init__(self) -> None:
        self.credentials = {"access_token": "shpat_test"}

    def put(self, id: int, price: str, changed: datetime, placed: datetime = LONG_AGO) -> dict[str, Any]:
        dates: Any = {name: placed.isoformat() for name in ("created_at", "processed_at")}
        body = shopify_order(
            id, [line(price, id=1)], shipping="0.00", updated_at=changed.isoformat(), name=f"#{id}", **dates
        )
        record = admin_order(body)
        self.clay.store["orders"].remove(record["id"])
        self.clay.store["orders"].add(record["id"], record)
        return body


@contextmanager
def shelf(platform: str, settings: Settings) -> Iterator[Any]:
    """A store of that platform that our requests go to."""
    if platform == "shopify":
        with opened() as (clay, url):
            settings.OUTBOUND_ROUTES = {DOMAIN: url}
            yield Shopify(clay)
        return
    server = WooCommerce(tls=True) if platform == "woocommerce" else BigCommerce(currency="EUR")
    with server:
        found = Woo(server) if isinstance(server, WooCommerce) else Big(server)
        settings.OUTBOUND_ROUTES = {found.domain: server.url, "api.bigcommerce.com": server.url}
        yield found


@dataclass
class Linked:
    """A connection that the store lets in, and what became of looks at it."""

    store: Store

    @property
    def connection(self) -> Connection:
        return self.store.connection

    def sweep(self) -> Sweep:
        """The newest look or import."""
        with scope(shop=self.connection.shop_id):
            found: Sweep = Sweep.objects.filter(connection=self.connection).latest("id")
        return found

    def hurry(self, **changes: Any) -> None:
        """What waits is due now."""
        with scope(shop=self.connection.shop_id):
            rows = Sweep.objects.filter(connection=self.connection, state__in=("queued", "running"))
            rows.update(**{"due_at": LONG_AGO, **changes})

    def work(self) -> Sweep:
        """Turn pages while there are any, and apply what came."""
        while advance():
            pass
        self.store.drain()
        return self.sweep()

    def access(self) -> StoreAccess:
        with scope(shop=self.connection.shop_id):
            found: StoreAccess = StoreAccess.objects.get(connection=self.connection)
        return found


def link(shop: Shop, platform: str, found: Shelf) -> Linked:
    """Connect the store, as if it had let us in."""
    connection = connect_store(shop, platform, found.domain, "hush-hush")
    with scope(shop=shop):
        StoreAccess.objects.create(
            shop=shop, connection=connection, credentials=json.dumps(found.credentials)
        )
    return Linked(Store(connection))
