"""The test BigCommerce, by bare calls: no client library of it is kept up."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from standardwebhooks.webhooks import Webhook

from tests.fakes.bigcommerce import BigCommerce
from tests.fakes.http_server import Answer, FakeServer, Fault, Request

COUPON = {
    "name": "Regulars TEA-7K2M",
    "code": "TEA-7K2M",
    "type": "per_total_discount",
    "amount": "5.00",
    "applies_to": {"entity": "categories", "ids": [0]},
    "enabled": True,
    "expires": "Sun, 31 Jan 2027 22:00:00 +0000",
    "max_uses": 1,
}


class Ears(FakeServer):
    """Listens for webhooks."""

    def answer(self, request: Request) -> Answer:
        return Answer(200)


@pytest.fixture
def store() -> Iterator[BigCommerce]:
    with BigCommerce() as store:
        yield store


@pytest.fixture
def api(store: BigCommerce) -> Iterator[httpx.Client]:
    base = f"{store.url}/stores/{store.store_hash}"
    with httpx.Client(base_url=base, headers={"X-Auth-Token": store.token}) as api:
        yield api


def order(id: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": id,
        "customer_id": 11,
        "date_created": "Mon, 02 Mar 2026 09:00:00 +0000",
        "date_modified": f"Mon, 02 Mar 2026 09:{id:02}:00 +0000",
        "status_id": 11,
        **changes,
    }


def test_a_coupons_life(store: BigCommerce, api: httpx.Client) -> None:
    assert api.get("/v2/coupons", params={"code": "TEA-7K2M"}).status_code == 204
    made = api.post("/v2/coupons", json=COUPON)
    assert made.status_code == 201
    coupon = made.json()
    assert (coupon["amount"], coupon["min_purchase"], coupon["num_uses"]) == ("5.0000", "0.0000", 0)
    store.use("tea-7k2m")
    (found,) = api.get("/v2/coupons", params={"code": "tea-7K2M"}).json()
    assert (found["id"], found["num_uses"]) == (coupon["id"], 1)
    assert api.put(f"/v2/coupons/{coupon['id']}", json={"enabled": False}).json()["enabled"] is False
    assert [api.delete(f"/v2/coupons/{coupon['id']}").status_code for _ in range(2)] == [204, 204]
    assert not store.coupons


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"code": "tea-7k2m", "name": "other"}, 409, "code"),
        ({"code": "other"}, 409, "name"),
        ({"code": "no.dots", "name": "b"}, 400, "code"),
        ({"code": "b", "name": "b", "type": "percent"}, 400, "type"),
        ({"code": "b", "name": "b", "amount": "-1"}, 400, "amount"),
        ({"code": "b", "name": "b", "expires": "2027-01-31"}, 400, "expires"),
        ({"code": "b", "name": ""}, 400, "name"),
    ],
)
def test_coupons_that_are_refused(
    store: BigCommerce, api: httpx.Client, change: dict[str, Any], status: int, field: str
) -> None:
    assert api.post("/v2/coupons", json=COUPON).status_code == 201
    refused = api.post("/v2/coupons", json={**COUPON, **change})
    assert refused.status_code == status
    (error,) = refused.json()
    assert error["status"] == status
    assert field in error["message"]
    assert len(store.coupons) == 1


def test_who_is_let_in(store: BigCommerce) -> None:
    url = f"{store.url}/stores/{store.store_hash}/v2/store"
    assert httpx.get(url, headers={"X-Auth-Token": store.token}).json()["currency"] == "USD"
    refused = httpx.get(url, headers={"X-Auth-Token": "other"})
    assert (refused.status_code, refused.json()["title"]) == (401, "Unauthorized")
    elsewhere = httpx.get(f"{store.url}/stores/other/v2/store", headers={"X-Auth-Token": store.token})
    assert elsewhere.status_code == 403


def test_orders_are_paged_by_their_change_and_their_parts_fetched(
    store: BigCommerce, api: httpx.Client
) -> None:
    store.orders = {id: order(id) for id in range(1, 8)}
    asked: dict[str, Any] = {
        "min_date_modified": "2026-03-02T09:03:00+00:00",
        "sort": "date_modified:asc",
        "limit": 3,
    }
    pages = [api.get("/v2/orders", params={**asked, "page": page}) for page in (1, 2, 3)]
    assert [page.status_code for page in pages] == [200, 200, 204]
    assert [row["id"] for page in pages[:2] for row in page.json()] == [3, 4, 5, 6, 7]
    store.products[3] = [{"id": 16, "order_id": 3}]
    store.refunds[3] = [{"id": 12, "total_amount": 5}]
    assert api.get("/v2/orders/3/products").json() == store.products[3]
    assert api.get("/v2/orders/3/coupons").status_code == 204
    assert api.get("/v3/orders/3/payment_actions/refunds").json()["data"] == store.refunds[3]
    assert api.get("/v3/orders/4/payment_actions/refunds").json()["data"] == []
    assert api.get("/v2/orders/99").json() == [
        {"status": 404, "message": "The requested resource was not found."}
    ]
    store.customers[11] = {"id": 11, "email": "mara@example.com"}
    listed = api.get("/v3/customers", params={"id:in": "11,12"}).json()
    assert (listed["data"], listed["meta"]["pagination"]["total"]) == ([store.customers[11]], 1)


def test_webhooks_are_thin_and_signed_with_the_client_secret(store: BigCommerce, api: httpx.Client) -> None:
    with Ears() as ears:
        wanted = {"scope": "store/order/*", "destination": f"{ears.url}/in", "headers": {"X-Ours": "yes"}}
        hook = api.post("/v3/hooks", json=wanted).json()["data"]
        assert api.post("/v3/hooks", json=wanted).status_code == 409
        assert store.fire("store/order/updated", "order", 3) == [200]
        assert store.fire("store/customer/updated", "customer", 11) == []
        (heard,) = ears.seen
    library = Webhook(base64.b64encode(store.client_secret.encode()).decode())
    body = library.verify(heard.body, dict(heard.headers))
    assert (body["scope"], body["data"]) == ("store/order/updated", {"type": "order", "id": 3})
    assert (body["producer"], heard.headers["x-ours"]) == (f"stores/{store.store_hash}", "yes")
    assert [row["id"] for row in api.get("/v3/hooks").json()["data"]] == [hook["id"]]
    assert api.put(f"/v3/hooks/{hook['id']}", json={"is_active": False}).json()["data"]["is_active"] is False
    assert store.fire("store/order/updated", "order", 3) == []
    assert [api.delete(f"/v3/hooks/{hook['id']}").status_code for _ in range(2)] == [200, 404]
    plain = api.post("/v3/hooks", json={**wanted, "destination": "http://tea.example/in"})
    assert (plain.status_code, list(plain.json()["errors"])) == (422, ["destination"])


def test_limits_and_faults(store: BigCommerce, api: httpx.Client) -> None:
    store.calls_left = 1
    assert api.get("/v2/store").headers["X-Rate-Limit-Requests-Left"] == "0"
    limited = api.get("/v2/store")
    assert (limited.status_code, limited.headers["X-Rate-Limit-Time-Reset-Ms"]) == (429, "1500")
    store.calls_left = None
    store.fail(Fault.ERROR_AFTER, method="POST", path="/coupons")
    assert [api.post("/v2/coupons", json=COUPON).status_code for _ in range(2)] == [500, 409]
