"""Webhooks in, through the real view: who is let in, what is answered, what is kept."""

import time
from collections.abc import Iterator

import pytest
from django_scopes import scope

from lib.signing import sign
from loyalty.actions.programs import open_shop
from platforms.connect import rotate_secret
from shops.models import Connection, Shop
from storefront_api import connections
from tests.bodies import encode, sign_shopify, sign_standard
from tests.orders.stores import Store, open_store, order_body

pytestmark = pytest.mark.django_db
PLATFORMS = ("shopify", "woocommerce", "standard")
SIGNATURES = {
    "shopify": "x-shopify-hmac-sha256",
    "woocommerce": "x-wc-webhook-signature",
    "standard": "webhook-signature",
}
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    connections.forget()
    yield
    connections.forget()


@pytest.fixture(params=PLATFORMS)
def store(request: pytest.FixtureRequest, shop: Shop) -> Store:
    return open_store(shop, request.param)


@pytest.fixture
def shopify(shop: Shop) -> Store:
    return open_store(shop, "shopify")


@pytest.fixture
def woo(shop: Shop) -> Store:
    return open_store(shop, "woocommerce")


@pytest.fixture
def standard(shop: Shop) -> Store:
    return open_store(shop, "standard")


def body_of(store: Store) -> bytes:
    return encode(order_body(store.connection.platform))


def test_a_signed_delivery_is_kept_byte_for_byte(store: Store) -> None:
    raw = body_of(store) + b" \n\t"
    response = store.send(raw, store.headers(raw))
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    (kept,) = store.deliveries()
    assert (kept.raw, kept.state, kept.attempts) == (raw, "new", 0)
    assert kept.notes["request_id"] == response["X-Request-Id"]


@pytest.mark.parametrize(
    "raw", [bytes(range(256)), b"", b"\0", b"\xff\xfe{}", '{"ä": "\U0001f375"}'.encode()]
)
def test_any_bytes_are_kept(raw: bytes, shopify: Store, woo: Store) -> None:
    for store in (shopify, woo):
        assert store.post(raw).status_code == 200
        assert store.deliveries()[0].raw == raw


def test_a_standard_body_that_is_not_utf8_is_refused(standard: Store) -> None:
    assert standard.post(b'{"type": "\xff"}').status_code == 400
    assert standard.post(b"").status_code == 200


def _spoilt(good: str) -> dict[str, str]:
    return {
        "none": "",
        "another": good[:-4] + ("AAA=" if not good.endswith("AAA=") else "BBB="),
        "newline": good + "\n",
        "space": good[:-1] + " " + good[-1:],
        "not ASCII": good[:-1] + "é",
        "not Latin": "подпись",
        "hexadecimal": good.encode().hex(),
        "no comma": good.replace(",", "") + ".",
        "cut": good[:-2],
        "very long": good[:-1] + "A" * 20_000,
        "control": good[:5] + "\x01" + good[5:],
        "NUL": good + "\0",
    }


def test_a_wrong_signature_is_401(store: Store) -> None:
    raw = body_of(store)
    headers = store.headers(raw)
    header = SIGNATURES[store.connection.platform]
    for name, wrong in _spoilt(headers[header]).items():
        assert store.send(raw, headers | {header: wrong}).status_code == 401, name
    assert store.deliveries() == []


def test_without_the_signature_header_it_is_401(store: Store) -> None:
    raw = body_of(store)
    headers = store.headers(raw)
    del headers[SIGNATURES[store.connection.platform]]
    assert store.send(raw, headers).status_code == 401


def test_another_body_under_the_signature_is_401(store: Store) -> None:
    raw = body_of(store)
    assert store.send(raw + b" ", store.headers(raw)).status_code == 401


def test_another_stores_secret_is_401(store: Store) -> None:
    other = open_store(open_shop("Other", "EUR", "UTC"), store.connection.platform, "other.example")
    assert store.post(body_of(store), secret=other.connection.secret).status_code == 401


def test_the_shoppers_secret_signs_no_webhook(shopify: Store) -> None:
    assert shopify.post(b"{}", secret=shopify.connection.storefront_secret).status_code == 401


def test_a_rotation_takes_the_new_secret_and_the_one_before(store: Store) -> None:
    first = store.connection.secret
    assert (
        store.post(body_of(store), secret=first).status_code == 200
    )  # the connection is kept in process now
    second = rotate_secret(store.connection).secret
    assert store.post(body_of(store), secret=second).status_code == 200
    assert store.post(body_of(store), secret=first).status_code == 200
    third = rotate_secret(store.connection).secret
    connections.forget()
    answers = [store.post(body_of(store), secret=secret).status_code for secret in (first, second, third)]
    assert answers == [401, 200, 200]


REQUIRED = [
    ("shopify", "x-shopify-topic"),
    ("shopify", "x-shopify-shop-domain"),
    ("shopify", "x-shopify-api-version"),
    ("shopify", "x-shopify-webhook-id"),
    ("woocommerce", "x-wc-webhook-topic"),
    ("standard", "webhook-id"),
    ("standard", "webhook-timestamp"),
]


@pytest.mark.parametrize(("platform", "header"), REQUIRED)
def test_a_missing_header_is_400_and_named(shop: Shop, platform: str, header: str) -> None:
    store = open_store(shop, platform)
    raw = body_of(store)
    headers = store.headers(raw)
    del headers[header]
    response = store.send(raw, headers)
    assert response.status_code == 400
    assert header.encode() in response.content
    assert store.send(raw, headers | {header: ""}).status_code == 400
    assert store.deliveries() == []


UNFIT = ("a\0b", "a\x01b", "a\nb", "a\rb", "a\x7fb", "sé", "ключ", "x" * 256, " ", "\u00a0")


@pytest.mark.parametrize(("platform", "header"), REQUIRED)
def test_a_header_that_cannot_be_kept_is_refused(shop: Shop, platform: str, header: str) -> None:
    store = open_store(shop, platform)
    raw = body_of(store)
    for value in UNFIT:
        assert store.send(raw, store.headers(raw) | {header: value}).status_code in (400, 401)
    assert store.deliveries() == []


def test_headers_that_only_inform_are_left_out_when_they_cannot_be_kept(store: Store) -> None:
    raw = body_of(store)
    spoilt = {"x-shopify-event-id": "a\0b", "x-wc-webhook-source": "é" * 300, "user-agent": "a\x01" * 999}
    assert store.send(raw, store.headers(raw) | spoilt).status_code == 200
    assert not {"event_id", "source", "user_agent"} & store.deliveries()[0].notes.keys()


def test_what_is_not_required_may_be_absent(shopify: Store, woo: Store) -> None:
    for store, optional in (
        (shopify, ("x-shopify-event-id", "x-shopify-triggered-at")),
        (woo, ("x-wc-webhook-source", "x-wc-webhook-resource", "x-wc-webhook-event", "x-wc-webhook-id")),
    ):
        raw = body_of(store)
        headers = {name: value for name, value in store.headers(raw).items() if name not in optional}
        assert store.send(raw, headers).status_code == 200


def test_both_sets_of_shopifys_headers(shopify: Store) -> None:
    raw = body_of(shopify)
    old = shopify.headers(raw)
    new = {name.removeprefix("x-"): value for name, value in shopify.headers(raw).items()}
    assert shopify.send(raw, new).status_code == 200
    assert shopify.send(raw, old | new).status_code == 200
    assert shopify.send(raw, old).status_code == 200
    assert [delivery.topic for delivery in shopify.deliveries()] == ["orders/updated"] * 2
    assert shopify.send(raw, {**new, "shopify-hmac-sha256": "wrong"}).status_code == 401


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
def test_only_post_is_allowed(store: Store, method: str) -> None:
    for url in (store.url, "/webhooks/shopify/", "/webhooks/conn_nobody/"):
        response = getattr(store.client, method)(url)
        assert (response.status_code, response["Allow"]) == (405, "POST")


def test_one_mebibyte_is_taken_and_a_byte_more_is_not(store: Store) -> None:
    exact = body_of(store).ljust(MIB)
    assert store.post(exact).status_code == 200
    assert store.deliveries()[0].raw == exact
    assert store.post(exact + b" ").status_code == 413
    assert store.send(exact * 11, {}).status_code == 413


def test_unknown_and_inactive_connections_are_404(store: Store) -> None:
    raw, headers = body_of(store), store.headers(body_of(store))
    for name in ("conn_nobody", "x" * 500, "%00", "CONN", "conn_2'--", "%F0%9F%8D%B5", "1"):
        response = store.client.post(
            f"/webhooks/{name}/", raw, content_type="application/json", headers=headers
        )
        assert response.status_code == 404
    with scope(shop=store.connection.shop):
        Connection.objects.filter(pk=store.connection.pk).update(active=False)
    assert store.send(raw, headers).status_code == 404


def test_at_the_shared_address_an_unknown_shop_is_401_and_no_shop_400(shopify: Store) -> None:
    raw = body_of(shopify)

    def answer(**changes: str) -> int:
        headers = sign_shopify(shopify.connection.secret, raw, domain=shopify.connection.domain)
        headers |= {"x-shopify-shop-domain": changes.get("domain", headers["x-shopify-shop-domain"])}
        response = shopify.client.post(
            "/webhooks/shopify/", raw, content_type="application/json", headers=headers
        )
        return response.status_code

    assert answer() == 200
    assert answer(domain="TeaHouse.MyShopify.com") == 200
    assert answer(domain="other.myshopify.com") == 401
    assert answer(domain="a\0b") == 400
    assert answer(domain="") == 400
    assert {delivery.notes["by_header"] for delivery in shopify.deliveries()} == {shopify.connection.domain}


def test_woocommerces_activation_ping_is_answered_and_forgotten(woo: Store, shopify: Store) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert woo.send(b"webhook_id=142", form).status_code == 200
    assert woo.send(b"webhook_id=142", form | {"content-type": form["content-type"] + "; charset=utf-8"})
    assert woo.deliveries() == []
    assert woo.send(b"webhook_id=142&x=1", form).status_code == 401
    assert woo.send(b"webhook_id=", form).status_code == 401
    assert woo.send(b"webhook_id=142", form | {"x-wc-webhook-id": "142"}).status_code == 401
    assert woo.send(b"webhook_id=142", {}).status_code == 401
    assert shopify.send(b"webhook_id=142", form).status_code == 401


@pytest.mark.parametrize(
    ("off_s", "status"), [(0, 200), (-290, 200), (290, 200), (-310, 401), (310, 401), (-(10**9), 401)]
)
def test_a_standard_webhook_is_taken_for_five_minutes(standard: Store, off_s: int, status: int) -> None:
    raw = body_of(standard)
    headers = sign_standard(standard.connection.secret, raw, timestamp=int(time.time()) + off_s)
    assert standard.send(raw, headers).status_code == status


@pytest.mark.parametrize("timestamp", ["soon", "1e9", "-1", "١٢٣", "9" * 40, "1614265330.5", "0x10"])
def test_a_standard_time_that_is_none_is_refused(standard: Store, timestamp: str) -> None:
    raw = body_of(standard)
    headers = sign_standard(standard.connection.secret, raw, timestamp=timestamp)  # type: ignore[arg-type]
    assert standard.send(raw, headers).status_code in (400, 401)


def test_one_good_signature_of_several_is_enough(standard: Store) -> None:
    raw = body_of(standard)
    headers = standard.headers(raw)
    good = headers["webhook-signature"]
    for several in (f"v1a,xyz v1,AAAA {good}", f"{good} v2,zzz", f"nonsense {good}"):
        assert standard.send(raw, headers | {"webhook-signature": several}).status_code == 200
    assert len(standard.deliveries()) == 1


@pytest.mark.parametrize(("length", "status"), [(64, 200), (65, 400), (255, 400), (256, 400)])
def test_the_topic_has_at_most_64_characters(shop: Shop, length: int, status: int) -> None:
    for store in (open_store(shop, "shopify"), open_store(shop, "woocommerce")):
        assert store.post(b"{}", topic="t" * length).status_code == status
    standard = open_store(shop, "standard")
    assert standard.post({"type": "t" * length}).status_code == status


@pytest.mark.parametrize(("id", "status"), [("i" * 255, 200), ("i" * 256, 400)])
def test_the_id_has_at_most_255_characters(shopify: Store, standard: Store, id: str, status: int) -> None:
    for store in (shopify, standard):
        assert store.post(body_of(store), id=id).status_code == status


def test_a_duplicate_is_answered_200_and_stored_once(store: Store) -> None:
    raw = body_of(store)
    answers = [store.post(raw, id="same") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200] * 3
    assert len(store.deliveries()) == 1
    store.drain()
    store.post(raw, id="same")
    store.drain()
    assert store.entries() == [("earn", 49)]


def test_the_same_id_in_another_store_or_topic_is_no_duplicate(shopify: Store) -> None:
    other = open_store(open_shop("Other", "EUR", "UTC"), "shopify", "other.myshopify.com")
    assert shopify.post(b"{}", id="same").status_code == 200
    assert shopify.post(b"{}", "orders/create", id="same").status_code == 200
    assert other.post(b"{}", id="same").status_code == 200
    assert (len(shopify.deliveries()), len(other.deliveries())) == (2, 1)


def test_woocommerces_delivery_id_tells_no_duplicate(woo: Store) -> None:
    one, two = encode(order_body("woocommerce", 1)), encode(order_body("woocommerce", 2))
    first, second = woo.headers(one), woo.headers(two)
    assert first["x-wc-webhook-delivery-id"] == second["x-wc-webhook-delivery-id"]
    assert [woo.send(one, first).status_code, woo.send(two, second).status_code] == [200, 200]
    later = {"x-wc-webhook-delivery-id": "another"}
    assert woo.send(one, woo.headers(one) | later).status_code == 200
    assert woo.post(one, "order.created").status_code == 200
    assert len(woo.deliveries()) == 3


def test_woocommerce_signs_with_the_decoded_secret(shop: Shop) -> None:
    woo = open_store(shop, "woocommerce")
    rotate_secret(woo.connection, "tea &amp; &lt;biscuits&gt; &#039;&eacute;")
    raw = body_of(woo)
    given = sign(b"tea & <biscuits> '&eacute;", raw).decode()
    assert woo.send(raw, woo.headers(raw) | {"x-wc-webhook-signature": given}).status_code == 200
