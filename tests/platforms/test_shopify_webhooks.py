import json

import pytest

from lib.signing import sign
from platforms.base import Incoming, Rejected
from platforms.shopify.webhooks import body_domain, claimed_domain, secret, verify
from tests.bodies import encode, shopify_order, sign_shopify
from tests.material import material

BODY = encode(shopify_order())
SHOP = "teahouse.myshopify.com"


def status(headers: dict[str, str], body: bytes = BODY, secrets: tuple[str, ...] = ("hush",)) -> int:
    with pytest.raises(Rejected) as caught:
        verify(headers, body, secrets)
    return caught.value.status


def test_a_signed_delivery() -> None:
    incoming = verify(sign_shopify("hush", BODY, webhook_id="w-1"), BODY, ["hush"])
    assert incoming.topic == "orders/paid"
    assert incoming.dedupe_key == "w-1"
    assert incoming.notes["domain"] == SHOP
    assert incoming.notes["api_version"] == "2026-04"
    assert incoming.notes["triggered_at"] == "2026-03-02T09:15:01.123456789Z"
    assert incoming.notes["event_id"]


def test_the_newer_header_names_alone_and_beside_the_old() -> None:
    old = sign_shopify("hush", BODY, webhook_id="w-1")
    new = {name.removeprefix("x-"): value for name, value in old.items()}
    expected = Incoming("orders/paid", "w-1", verify(old, BODY, ["hush"]).notes)
    assert verify(new, BODY, ["hush"]) == expected
    assert verify({**new, **old}, BODY, ["hush"]) == expected


def test_both_secrets_of_a_rotation() -> None:
    for signer in ("new", "old"):
        assert verify(sign_shopify(signer, BODY), BODY, ["new", "old"]).topic == "orders/paid"
    assert status(sign_shopify("older", BODY), secrets=("new", "old")) == 401
    assert status(sign_shopify("", BODY), secrets=("", "")) == 401


@pytest.mark.parametrize("given", ["", "invalid_hmac", "é", "\udcff", "{}\n", "{} ", "{},{}"])
def test_a_wrong_signature_is_401(given: str) -> None:
    headers = sign_shopify("hush", BODY)
    headers["x-shopify-hmac-sha256"] = given.replace("{}", headers["x-shopify-hmac-sha256"])
    assert status(headers) == 401


def test_no_signature_and_no_headers_are_401() -> None:
    headers = sign_shopify("hush", BODY)
    del headers["x-shopify-hmac-sha256"]
    assert status(headers) == 401
    assert status({}) == 401
    assert status(sign_shopify("hush", BODY), body=BODY[:-1]) == 401
    assert status(sign_shopify("hush", BODY), body=b"") == 401


@pytest.mark.parametrize("name", ["topic", "shop-domain", "webhook-id", "api-version"])
@pytest.mark.parametrize("value", [None, "", " ", "a" * 256, "a\0b", "é"])
def test_other_missing_headers_are_400(name: str, value: str | None) -> None:
    headers = sign_shopify("hush", BODY)
    if value is None:
        del headers[f"x-shopify-{name}"]
    else:
        headers[f"x-shopify-{name}"] = value
    assert status(headers) == 400


def test_the_platforms_own_vectors() -> None:
    vectors = json.loads(material("vectors", "signature_vectors.json").read_text())["shopify_webhook"]
    assert vectors
    for vector in vectors:
        headers = sign_shopify("other", b"") | {"x-shopify-hmac-sha256": vector["header"]}
        body = vector["body"].encode()
        if vector["valid"]:
            assert verify(headers, body, [vector["secret"]]).topic == "orders/paid"
        else:
            assert status(headers, body, (vector["secret"],)) == 401


def test_the_claimed_domain() -> None:
    assert claimed_domain({"x-shopify-shop-domain": "Teahouse.MyShopify.com"}) == SHOP
    assert claimed_domain({"shopify-shop-domain": SHOP}) == SHOP
    assert claimed_domain({}) is None


@pytest.mark.parametrize(
    ("body", "domain"),
    [
        ({"order_status_url": "https://teahouse.myshopify.com/1/orders/2/authenticate?key=3"}, SHOP),
        ({"order_status_url": "https://tea.example/1/orders/2"}, None),
        ({"order_status_url": "https://teahouse.myshopify.com.evil.example/1"}, None),
        ({"order_status_url": "https://[broken"}, None),
        ({"myshopify_domain": "TeaHouse.myshopify.com", "domain": "tea.example"}, SHOP),
        ({"domain": SHOP}, SHOP),
        ({"shop_domain": SHOP, "shop_id": 1}, SHOP),
        ({"shop_domain": "{shop}.myshopify.com"}, None),
        ({"id": 1}, None),
        ({"domain": 5}, None),
        ([], None),
    ],
)
def test_what_a_body_says_of_its_shop(body: object, domain: str | None) -> None:
    assert body_domain(encode(body)) == domain


def test_fresh_secrets_differ_and_work() -> None:
    fresh = secret()
    assert fresh != secret()
    assert len(fresh) == 64
    assert sign(fresh.encode(), BODY) != sign(secret().encode(), BODY)
    assert verify(sign_shopify(fresh, BODY), BODY, [fresh])
