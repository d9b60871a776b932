"""Every third-party body, signed, to a running installation: applied, ignored or dead with a reason."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg2
import pytest

from lib.signing import standard_signature
from loyalty.actions.programs import open_shop
from platforms.connect import connect_store
from platforms.standard.webhooks import verify
from tests.bodies import encode, sign_shopify, sign_standard, sign_woo
from tests.live import Stack
from tests.material import material
from tests.orders.stores import Store

APPLIED_WITHIN_S = 30


@dataclass(frozen=True)
class Linked:
    """A store linked to the running installation."""

    stack: Stack
    client: httpx.Client
    secret: str
    connection: str
    domain: str

    def post(self, raw: bytes, headers: dict[str, str]) -> None:
        address = f"{self.stack.url}/webhooks/{self.connection}/"
        assert self.client.post(address, content=raw, headers=headers).status_code == 200

    def outcomes(self) -> list[tuple[str, str, str]]:
        """(topic, state, reason) of every delivery, once none is waiting."""
        deadline = time.monotonic() + APPLIED_WITHIN_S
        while time.monotonic() < deadline:
            rows = self._rows()
            if all(state != "new" for _, state, _ in rows):
                return rows
            time.sleep(0.1)
        raise AssertionError(f"still waiting: {[row for row in self._rows() if row[1] == 'new']}")

    def _rows(self) -> list[tuple[str, str, str]]:
        with (
            closing(psycopg2.connect(self.stack.variables["DATABASE_URL"])) as database,
            database.cursor() as cursor,
        ):
            cursor.execute(
                "SELECT d.topic, d.state, d.error FROM orders_delivery d JOIN shops_connection c "
                "ON c.shop_id = d.shop_id AND c.id = d.connection_id WHERE c.public_id = %s ORDER BY d.id",
                [self.connection],
            )
            return cursor.fetchall()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10) as opened:
        yield opened


@pytest.fixture
def links(live: Stack, client: httpx.Client) -> dict[str, Linked]:
    """A shop in dollars with a store of each platform."""
    found = {}
    told = live.manage(
        "create_shop", "--name", "Material", "--currency", "USD", "--timezone", "UTC", "--json"
    )
    shop = json.loads(told)["shop"]
    for platform, domain in (
        ("shopify", "material.myshopify.com"),
        ("woocommerce", "material.example"),
        ("standard", "till.material.example"),
    ):
        told = live.manage(
            "connect_store", "--shop", shop, "--platform", platform, "--domain", domain, "--json"
        )
        answer = json.loads(told)
        found[platform] = Linked(live, client, answer["webhook_secret"], answer["connection"], domain)
    return found


def order_bodies(*parts: str, pattern: str = "*.json") -> list[bytes]:
    """The orders in a folder, taken out of the envelopes that some fixtures have."""
    found: list[bytes] = []
    for path in sorted(material(*parts).glob(pattern)):
        told: Any = json.loads(path.read_bytes())
        inner = (
            told.get("data", told.get("order", told.get("orders", told))) if isinstance(told, dict) else told
        )
        found += [path.read_bytes(), *map(encode, inner if isinstance(inner, list) else [inner])]
    return found


def topic_of(path: Path) -> str:
    return path.name.partition(".")[0].replace("__", "/")


def test_every_body_has_an_outcome(links: dict[str, Linked]) -> None:
    shopify, woo, standard = links["shopify"], links["woocommerce"], links["standard"]
    sent = [(topic_of(path), path.read_bytes()) for path in material("shopify", "webhooks").glob("*.json")]
    sent += [("orders/updated", raw) for raw in order_bodies("shopify", "orders")]
    for topic, raw in sent:
        shopify.post(raw, sign_shopify(shopify.secret, raw, topic, domain=shopify.domain))
    for raw in order_bodies("woocommerce", "orders") + order_bodies("woocommerce", "docs"):
        for topic in ("order.updated", "customer.updated", "order.deleted", "coupon.updated"):
            woo.post(raw, sign_woo(woo.secret, raw, topic))
    for _, raw in sent:
        standard.post(raw, sign_standard(standard.secret, raw))

    for linked in links.values():
        found = linked.outcomes()
        assert found
        for topic, state, reason in found:
            assert state in ("done", "ignored", "dead")
            # One of the bodies asks for a customer to be erased, and so their deliveries are.
            assert reason == "Erased" or (state == "done") == (reason == ""), (topic, reason)
            assert "Could not be applied" not in reason, (topic, reason)
    done = [topic for topic, state, _ in shopify.outcomes() if state == "done"]
    assert {"orders/paid", "orders/create", "orders/updated", "refunds/create"} <= set(done)
    assert [row for row in woo.outcomes() if row[:2] == ("order.updated", "done")]


@pytest.mark.django_db
def test_shopifys_signature_vectors_through_the_view() -> None:
    vectors = json.loads(material("vectors", "signature_vectors.json").read_text())["shopify_webhook"]
    assert vectors
    shop = open_shop("Vectors", "EUR", "UTC")
    for number, vector in enumerate(vectors):
        store = Store(connect_store(shop, "shopify", f"v{number}.myshopify.com", vector["secret"]))
        raw = vector["body"].encode()
        headers = store.headers(raw) | {"x-shopify-hmac-sha256": vector["header"]}
        assert store.send(raw, headers).status_code == (200 if vector["valid"] else 401), vector["source"]
        assert [delivery.raw for delivery in store.deliveries()] == ([raw] if vector["valid"] else [])


def test_the_standard_webhooks_vectors() -> None:
    vectors = json.loads(material("vectors", "signature_vectors.json").read_text())["standard_webhooks"]
    assert vectors
    for vector in vectors:
        raw, id, sent_at = vector["body"].encode(), vector["msg_id"], vector["timestamp"]
        assert standard_signature(vector["secret"], id, sent_at, raw) == vector["signature"]
        headers = {
            "webhook-id": id,
            "webhook-timestamp": str(sent_at),
            "webhook-signature": vector["signature"],
        }
        taken = verify(headers, raw, [vector["secret"]], clock=lambda at=sent_at: at)  # type: ignore[misc]
        assert taken.dedupe_key == id
