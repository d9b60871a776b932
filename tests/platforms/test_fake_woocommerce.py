"""The test WooCommerce, driven by WooCommerce's own client and by bare calls."""

from collections.abc import Iterator

import httpx
import pytest
from woocommerce import API

from platforms.woocommerce.webhooks import verify
from tests.bodies import woo_order
from tests.fakes.http_server import Answer, FakeServer, Fault, Request
from tests.fakes.woocommerce import WooCommerce

COUPON = {
    "code": "TEA-7K2M",
    "discount_type": "percent",
    "amount": "10",
    "individual_use": True,
    "usage_limit": 1,
    "date_expires": "2027-01-31T22:00:00Z",
    "email_restrictions": ["Mara@example.com"],
    "minimum_amount": "25",
}


@pytest.fixture
def store() -> Iterator[WooCommerce]:
    with WooCommerce() as store:
        yield store


@pytest.fixture
def api(store: WooCommerce) -> API:
    key = store.key()
    return API(store.url, key.key, key.secret, version="wc/v3")


class Ears(FakeServer):
    """Listens for webhooks."""

    def answer(self, request: Request) -> Answer:
        return Answer(200)


def test_a_coupons_life_through_the_real_client(store: WooCommerce, api: API) -> None:
    made = api.post("coupons", COUPON)
    assert made.status_code == 201
    coupon = made.json()
    assert (coupon["code"], coupon["amount"], coupon["minimum_amount"]) == ("tea-7k2m", "10.00", "25.00")
    assert (coupon["date_expires"], coupon["date_expires_gmt"]) == (
        "2027-02-01T00:00:00",
        "2027-01-31T22:00:00",
    )
    assert coupon["email_restrictions"] == ["mara@example.com"]

    twice = api.post("coupons", {**COUPON, "code": "tea-7k2M"})
    assert (twice.status_code, twice.json()) == (
        400,
        {
            "code": "woocommerce_rest_coupon_code_already_exists",
            "message": "The coupon code already exists",
            "data": {"status": 400},
        },
    )
    store.use("TEA-7K2M", "mara@example.com")
    (found,) = api.get("coupons", params={"code": "TEA-7k2m"}).json()
    assert (found["id"], found["usage_count"], found["used_by"]) == (coupon["id"], 1, ["mara@example.com"])
    assert api.get("coupons", params={"code": "other"}).json() == []

    assert api.put(f"coupons/{coupon['id']}", {"usage_limit": 0}).json()["usage_limit"] == 0
    assert api.delete(f"coupons/{coupon['id']}", params={"force": True}).status_code == 200
    assert api.get(f"coupons/{coupon['id']}").status_code == 404
    assert not store.coupons


def test_what_is_easily_got_wrong(api: API) -> None:
    ignored = api.post("coupons", {"code": "a", "date_expires_gmt": "2027-01-31T22:00:00"}).json()
    assert ignored["date_expires"] is None
    local = api.post("coupons", {"code": "b", "date_expires": "2027-01-31T22:00:00"}).json()
    assert local["date_expires_gmt"] == "2027-01-31T20:00:00"
    assert api.post("coupons", {"code": "c", "amount": "-1"}).json()["code"] == "coupon_invalid_amount"
    assert api.post("coupons", {"amount": "1"}).json()["code"] == "rest_missing_callback_param"
    wrong = api.post(
        "coupons", {"code": "d", "amount": 5, "discount_type": "free", "product_ids": ["x"]}
    ).json()
    assert wrong["code"] == "rest_invalid_param"
    assert wrong["data"]["params"] == {
        "amount": "amount is not of type string.",
        "discount_type": "discount_type is not one of percent, fixed_cart, and fixed_product.",
        "product_ids": "product_ids[0] is not of type integer.",
    }
    assert api.get("orders", params={"per_page": 101}).json()["data"]["params"] == {
        "per_page": "per_page must be between 1 (inclusive) and 100 (inclusive)"
    }


def test_who_is_let_in(store: WooCommerce) -> None:
    key, reader = store.key(), store.key("read")
    assert API(store.url, key.key, key.secret).get("coupons").status_code == 200
    assert API(store.url, reader.key, reader.secret).get("coupons").status_code == 200

    def refused(key: str, secret: str) -> tuple[int, str]:
        reply = API(store.url, key, secret).post("coupons", COUPON)
        return reply.status_code, reply.json()["message"]

    assert refused(key.key, "cs_wrong") == (401, "Invalid signature - provided signature does not match.")
    assert refused("ck_wrong", key.secret) == (401, "Consumer key is invalid.")
    assert refused(reader.key, reader.secret) == (
        401,
        "The API key provided does not have write permissions.",
    )

    url, secret = f"{store.url}/wp-json/wc/v3/orders", (key.key, key.secret)
    behind_tls = {"X-Forwarded-Proto": "https"}
    assert httpx.get(url, auth=secret, headers=behind_tls).status_code == 200
    in_query = {"consumer_key": key.key, "consumer_secret": key.secret}
    assert httpx.get(url, params=in_query, headers=behind_tls).status_code == 200
    wrong = httpx.get(url, auth=(key.key, "cs_wrong"), headers=behind_tls)
    assert (wrong.status_code, wrong.json()["message"]) == (401, "Consumer secret is invalid.")
    for stranger in (httpx.get(url, auth=secret), httpx.get(url, auth=("ck_x", "y"), headers=behind_tls)):
        assert (stranger.status_code, stranger.json()["code"]) == (401, "woocommerce_rest_cannot_view")


def test_a_signature_is_good_once(store: WooCommerce, api: API) -> None:
    api.get("coupons")
    sent = store.seen[-1]
    again = httpx.get(store.url + sent.path, params=dict(sent.query))
    assert (again.status_code, again.json()["message"]) == (
        401,
        "Invalid nonce - nonce has already been used.",
    )


def test_orders_are_paged_by_their_change(store: WooCommerce, api: API) -> None:
    for minute in range(25):
        store.orders[minute] = woo_order(minute, date_modified_gmt=f"2026-03-02T09:{minute:02}:00")
    asked = {
        "modified_after": "2026-03-02T09:01:00",
        "dates_are_gmt": "true",
        "orderby": "modified",
        "order": "asc",
        "per_page": 10,
    }
    found = []
    for page in (1, 2, 3):
        reply = api.get("orders", params={**asked, "page": page})
        found += [order["id"] for order in reply.json()]
        assert (reply.headers["X-WP-Total"], reply.headers["X-WP-TotalPages"]) == ("23", "3")
        assert ('rel="next"' in reply.headers["Link"], 'rel="prev"' in reply.headers["Link"]) == (
            page < 3,
            page > 1,
        )
    assert found == list(range(2, 25))
    # An offset is turned into the site's time, two hours on: nothing is that new.
    assert api.get("orders", params={**asked, "modified_after": "2026-03-02T09:01:00+00:00"}).json() == []
    store.refunds[3] = [{"id": 9, "amount": "5.00"}]
    assert api.get("orders/3/refunds").json() == [{"id": 9, "amount": "5.00"}]
    assert [api.get(path).status_code for path in ("orders/99", "orders/99/refunds", "nothing")] == [
        404,
        404,
        404,
    ]


def test_webhooks_are_announced_signed_and_given_up(store: WooCommerce, api: API) -> None:
    with Ears() as ears:
        wanted = {"topic": "order.updated", "delivery_url": f"{ears.url}/in", "secret": "it&#039;s"}
        hook = api.post("webhooks", wanted).json()
        assert "secret" not in hook
        assert verify(ears.seen[0].headers, ears.seen[0].body, ["it&#039;s"]) is None
        assert store.fire("order.updated", woo_order()) == [200]
        incoming = verify(ears.seen[1].headers, ears.seen[1].body, ["it&#039;s"])
        assert incoming is not None
        assert (incoming.topic, incoming.notes["webhook_id"]) == ("order.updated", str(hook["id"]))
        ears.fail(Fault.ERROR_BEFORE, times=9)
        assert [store.fire("order.updated", {"id": n}) for n in range(8)] == [[500]] * 7 + [[]]
    assert api.get("webhooks").json()[0]["status"] == "disabled"
    assert api.put(f"webhooks/{hook['id']}", {"status": "active"}).json()["status"] == "active"
    assert api.post("webhooks", {**wanted, "topic": "refund.created"}).status_code == 400
    assert api.delete(f"webhooks/{hook['id']}").status_code == 501
    assert api.delete(f"webhooks/{hook['id']}", params={"force": True}).status_code == 200


@pytest.mark.parametrize(
    ("fault", "answered", "made"),
    [
        (Fault.ERROR_BEFORE, 500, False),
        (Fault.ERROR_AFTER, 500, True),
        (Fault.LIMITED, 429, False),
        (Fault.DROP_BEFORE, None, False),
        (Fault.DROP_AFTER, None, True),
        (Fault.HANG_AFTER, None, True),
    ],
)
def test_faults(store: WooCommerce, fault: Fault, answered: int | None, made: bool) -> None:
    key = store.key()
    store.hang_s = 0.3
    store.fail(fault, method="POST", path="/coupons")

    def post() -> int | None:
        url, secret = f"{store.url}/wp-json/wc/v3/coupons", (key.key, key.secret)
        headers = {"X-Forwarded-Proto": "https"}
        try:
            return httpx.post(url, json=COUPON, auth=secret, headers=headers, timeout=0.2).status_code
        except httpx.TransportError:
            return None

    assert post() == answered
    assert bool(store.coupons) is made
    assert post() == (400 if made else 201)
