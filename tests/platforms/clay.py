"""A Shopify store on a socket, and what it is asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from demo.shopify_admin.admin import AdminStore
from demo.shopify_admin.catalogue import add_customer, add_product
from demo.shopify_admin.faults import Faults
from demo.shopify_admin.schema import REDUCED
from demo.shopify_admin.server import serve
from lib.clock import now
from platforms.clients import Access, CodeFound, CodeWanted
from platforms.shopify.client import ShopifyClient
from tests.material import MATERIAL

DOMAIN = "clay.myshopify.com"
SCOPES = (
    *("write_discounts", "write_gift_cards", "read_customers", "read_orders", "read_products"),
    *("read_store_credit_accounts", "write_store_credit_account_transactions"),
)
SCHEMA = MATERIAL / "shopify" / "admin_2026-04.graphql" if MATERIAL else REDUCED


@dataclass
class Clay:
    """A store to speak to; `faults` go wrong as they say."""

    store: AdminStore
    faults: Faults

    def client(self, token: str = "shpat_test", timeout_s: float = 5) -> ShopifyClient:
        info = {"timezone": "Europe/Berlin"}
        return ShopifyClient(Access(DOMAIN, {"access_token": token}, "EUR", info), timeout_s)

    def codes(self) -> list[str]:
        return [record["code"] for record in self.store["codes"].all()]


@contextmanager
def opened() -> Iterator[tuple[Clay, str]]:
    """The store with two products and a customer, and its address."""
    store, faults = AdminStore(schema_path=SCHEMA), Faults(hang_s=10, slow_s=0.3)
    store.grant(*SCOPES)
    add_customer(store, 77)
    add_product(store, 1, "Mug", {11: "12.50", 12: "14.00"})
    add_product(store, 2, "Plate", {21: "9.00"})
    with serve(store, faults) as url:
        yield Clay(store, faults), url


def wanted(**changes: Any) -> CodeWanted:
    plain: dict[str, Any] = {
        "code": "TEA4M9QXB4TZ",
        "mark": "rdm_1",
        "title": "Five euros off",
        "kind": "fixed",
        "value": Decimal("5.00"),
        "currency": "EUR",
        "starts_at": now() - timedelta(minutes=1),
        "ends_at": now() + timedelta(days=30),
        "customer_id": "77",
    }
    return CodeWanted(**plain | changes)


def found(clay: Clay, asked: CodeWanted) -> CodeFound:
    code = clay.client().find(asked, now() - timedelta(minutes=1))
    assert code is not None
    return code
