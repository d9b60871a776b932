"""From a webhook that only names an order, over the store's interface, to the points: both REST platforms, whole."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django_scopes import scope
from pytest_django.fixtures import Settings

from lib.clock import now
from orders.fetching import fetch_due
from orders.models import Fetch, Sweep
from orders.sweeping import advance
from orders.sweeps import reconcile
from platforms.connect import connect_store
from platforms.reach import speak
from shops.models import Connection, Shop, StoreAccess
from tests.bodies import line, woo_order
from tests.fakes.bigcommerce import BigCommerce
from tests.fakes.http_server import Answer, FakeServer, Fault, Request
from tests.fakes.order_bodies import bc_order, bc_product
from tests.fakes.woocommerce import WooCommerce
from tests.orders.stores import Store

DOMAIN = "tea.example"


class Ears(FakeServer):
    """Where the stores send their webhooks; what was heard is handed on to the real view."""

    def answer(self, request: Request) -> Answer:
        return Answer(200)


@dataclass
class Linked:
    """A connected store, its server, and what hears its webhooks."""

    store: Store
    ears: Ears

    def take_heard(self) -> None:
        """Hand on what was heard, as it came, and work until nothing is left to do."""
        for request in self.ears.seen:
            assert self.store.send(request.body, dict(request.headers)).status_code == 200
        self.ears.seen.clear()
        self.store.drain()

    def fetch(self) -> None:
        assert fetch_due() == 1
        self.store.drain()


def link(shop: Shop, platform: str, secret: str, credentials: dict[str, str], ears: Ears) -> Linked:
    connection = connect_store(shop, platform, DOMAIN, secret)
    with scope(shop=shop):
        StoreAccess.objects.create(shop=shop, connection=connection, credentials=json.dumps(credentials))
    assert len(speak(connection, lambda client: client.subscribe(f"{ears.url}/in", secret))) == 6
    return Linked(Store(connection), ears)


@pytest.fixture
def ears() -> Iterator[Ears]:
    with Ears() as ears:
        yield ears


def fetches(connection: Connection) -> list[tuple[str, str, str]]:
    with scope(shop=connection.shop):
        rows = Fetch.objects.filter(connection=connection).order_by("id")
        return [(row.kind, row.external_id, row.state) for row in rows]


def test_bigcommerces_thin_webhooks_become_points_and_refunds(
    shop: Shop, settings: Settings, ears: Ears
) -> None:
    with BigCommerce(currency="EUR") as server:
        settings.OUTBOUND_ROUTES = {"api.bigcommerce.com": server.url}
        credentials = {"store_hash": server.store_hash, "access_token": server.token}
        linked = link(shop, "bigcommerce", server.client_secret, credentials, ears)
        placed = now().replace(microsecond=0) - timedelta(hours=1)
        euros = {"default_currency_code": "EUR", "currency_code": "EUR"}
        server.orders[250] = bc_order(250, placed, **euros)
        server.products[250] = [bc_product(16, "60", 2, discount="20"), bc_product(17, "30")]
        server.order_coupons[250] = [{"id": 1, "code": "TEA-7K2M"}]

        server.fire("store/order/created", "order", 250)
        server.fire("store/order/updated", "order", 250)
        linked.take_heard()
        assert (linked.store.orders(), fetches(linked.store.connection)) == ([], [("order", "250", "new")])
        linked.fetch()
        (order,) = linked.store.orders()
        assert (order.status, order.email, order.number) == ("paid", "mara@example.com", "250")
        assert linked.store.moves() == [130]

        later = {"status_id": 14, "refunded_amount": "52.5000", **euros}
        server.orders[250] = bc_order(250, placed + timedelta(minutes=5), **later)
        item = {"item_type": "PRODUCT", "item_id": 16, "quantity": 1, "requested_amount": None}
        server.refunds[250] = [
            {"id": 3, "order_id": 250, "total_amount": Decimal("52.50"), "items": [item], "payments": []}
        ]
        server.fire("store/order/refund/created", "order", 250, refund={"refund_id": 3})
        linked.take_heard()
        server.fail(Fault.LIMITED, path="/refunds", times=2)
        assert fetch_due() == 1  # put off
        assert fetches(linked.store.connection) == [("order", "250", "new")]
        with scope(shop=shop):
            Fetch.objects.update(due_at=now())
        linked.fetch()
        assert linked.store.moves() == [130, -50]
        assert fetches(linked.store.connection) == [("order", "250", "done")]


def test_woocommerces_refunds_are_counted_at_once_and_then_exactly(
    shop: Shop, settings: Settings, ears: Ears
) -> None:
    with WooCommerce(tls=True) as server:
        settings.OUTBOUND_ROUTES = {DOMAIN: server.url}
        key = server.key()
        credentials = {"consumer_key": key.key, "consumer_secret": key.secret}
        linked = link(shop, "woocommerce", "hush", credentials, ears)

        def change(minute: int, **changes: Any) -> None:
            lines = [line("80.00", id=1), line("20.00", id=2)]
            told = {"date_modified_gmt": f"2026-03-02T09:{minute:02}:00", **changes}
            server.orders[727] = woo_order(727, lines, shipping="0.00", **told)
            server.fire("order.updated", server.orders[727])

        change(16)
        linked.take_heard()  # and the announcements of the webhooks
        assert (linked.store.moves(), fetches(linked.store.connection)) == ([100], [])

        meta = [{"key": "_refunded_item_id", "value": "2"}]
        item = {"id": 9, "quantity": -1, "total": "-20.00", "total_tax": "0.00", "meta_data": meta}
        server.refunds[727] = [{"id": 900, "amount": "20.00", "line_items": [item]}]
        summed = [{"id": 900, "reason": "", "total": "-20.00"}]
        change(17, refunds=summed)
        linked.take_heard()
        assert linked.store.moves() == [100, -20]
        linked.fetch()
        (order,) = linked.store.orders()
        (stored,) = order.refunds
        assert [(each["line_id"], each["net"]) for each in stored["lines"]] == [("2", "20.00")]

        change(18, refunds=summed, customer_note="leave it at the door")
        linked.take_heard()
        (order,) = linked.store.orders()
        assert order.refunds[0] == stored  # the summary does not come back
        linked.fetch()
        assert linked.store.moves() == [100, -20]


@pytest.mark.parametrize("platform", ["woocommerce", "bigcommerce"])
def test_what_no_webhook_told_is_found_by_looking(
    shop: Shop, settings: Settings, ears: Ears, platform: str
) -> None:
    changed = now().replace(microsecond=0) - timedelta(minutes=10)
    server: WooCommerce | BigCommerce
    if platform == "woocommerce":
        server = WooCommerce(tls=True)
        key = server.key()
        credentials = {"consumer_key": key.key, "consumer_secret": key.secret}
        stamp = changed.strftime("%Y-%m-%dT%H:%M:%S")
        server.orders[5] = woo_order(5, date_modified_gmt=stamp, date_created_gmt=stamp)
    else:
        server = BigCommerce()
        credentials = {"store_hash": server.store_hash, "access_token": server.token}
        server.orders[5] = bc_order(5, changed, default_currency_code="EUR")
        server.products[5] = [bc_product(16, "100")]
    with server:
        settings.OUTBOUND_ROUTES = {DOMAIN: server.url, "api.bigcommerce.com": server.url}
        linked = link(shop, platform, "hush", credentials, ears)
        for expected in ((1, 1, 0), (1, 0, 1)):
            reconcile(linked.store.connection)
            while advance():
                pass
            linked.store.drain()
            with scope(shop=shop):
                sweep = Sweep.objects.latest("id")
            assert (sweep.state, sweep.error) == ("done", "")
            assert (sweep.seen, sweep.missed, sweep.same) == expected
        assert [order.external_id for order in linked.store.orders()] == ["5"]
