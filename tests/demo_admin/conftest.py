"""A store's Admin API on a port of its own, asked over HTTP."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.shopify_admin.admin import AdminStore
from demo.shopify_admin.catalogue import add_customer, add_product
from demo.shopify_admin.schema import REDUCED
from demo.shopify_admin.server import serve
from tests.material import MATERIAL

GRAPHQL = "/admin/api/2026-04/graphql.json"
CUSTOMER = "gid://shopify/Customer/11"
SCHEMA: Path = MATERIAL.joinpath("shopify", "admin_2026-04.graphql") if MATERIAL else REDUCED


@dataclass(frozen=True)
class Admin:
    """A store, and a client with an access token for it."""

    store: AdminStore
    client: httpx.Client

    def post(self, document: str, variables: dict[str, Any] | None = None, token: str = "") -> httpx.Response:
        headers = {"X-Shopify-Access-Token": token} if token else {}
        return self.client.post(GRAPHQL, json={"query": document, "variables": variables}, headers=headers)

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = self.post(document, variables)
        body: dict[str, Any] = answer.json()
        assert answer.status_code == 200
        assert "errors" not in body, body
        return body["data"]

    def errors(self, document: str, **variables: Any) -> list[dict[str, Any]]:
        """The errors of an answer, which is 200 all the same."""
        answer = self.post(document, variables)
        assert answer.status_code == 200
        return list(answer.json()["errors"])


@pytest.fixture
def admin() -> Iterator[Admin]:
    store = AdminStore(schema_path=SCHEMA)
    add_customer(store, 11, firstName="Ada")
    add_product(store, 21, "Mug", {31: "12.50", 32: "14.00"})
    with serve(store) as base, client_of(store, base) as client:
        yield Admin(store, client)


def client_of(store: AdminStore, base: str) -> httpx.Client:
    """A client with a token for all that Regulars may do."""
    token = store.grant(*store.app.scopes)
    headers = {"X-Shopify-Access-Token": token}
    # Without certificates to read, a client is made at once; nothing here is https.
    return httpx.Client(base_url=base, headers=headers, timeout=20, trust_env=False, verify=False)
