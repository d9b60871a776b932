"""Whatever a signed body says: it is applied, ignored, or dead with a reason, and its neighbours are applied."""

import copy
import json
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.actions.programs import open_shop
from loyalty.proof import verify
from platforms.connect import connect_store
from shops.models import Shop
from tests.bodies import encode, shopify_customer, shopify_refund, shopify_refund_line, standard_event
from tests.orders.stores import DOMAINS, Store, open_store, order_body
from tests.platforms.test_bad_input import BROKEN, VALID, VALUES, places
from tests.properties import tries

pytestmark = pytest.mark.django_db
PLATFORMS = ("shopify", "woocommerce", "standard")
DATES = {"shopify": "created_at", "woocommerce": "date_created_gmt", "standard": "placed_at"}
LINES = {"shopify": "line_items", "woocommerce": "line_items", "standard": "lines"}
PRICES = {"shopify": "price", "woocommerce": "total", "standard": "net"}


@pytest.fixture(params=PLATFORMS)
def store(request: pytest.FixtureRequest, shop: Shop) -> Store:
    return open_store(shop, request.param)


def data_of(body: dict[str, Any]) -> dict[str, Any]:
    """The order inside a body."""
    found: dict[str, Any] = body.get("data", body)
    return found


def good(store: Store, id: int = 777) -> bytes:
    return encode(order_body(store.connection.platform, id, "10.00"))


def outcomes(store: Store, *raws: bytes, topic: str = "") -> list[tuple[str, str]]:
    """What became of these bodies, a good one in the same batch before and after them."""
    for raw in (good(store, 901), *raws, good(store, 902)):
        assert store.post(raw, topic).status_code == 200
    store.drain()
    kept = store.deliveries()
    assert all((delivery.state, delivery.attempts) != ("new", 0) for delivery in kept)
    assert all("Could not be applied" not in delivery.error for delivery in kept)
    assert [delivery.state for delivery in (kept[0], kept[-1])] == ["done", "done"]
    assert {order.external_id for order in store.orders()} >= {"901", "902"}
    assert [delivery.raw for delivery in kept[1:-1]] == list(raws)
    return [(delivery.state, delivery.error) for delivery in kept[1:-1]]


def test_broken_bodies_are_dead_with_a_reason_and_their_neighbours_applied(store: Store) -> None:
    utf8 = store.connection.platform == "standard"
    raws = [raw for name, raw in BROKEN.items() if not (utf8 and name in ("utf-16", "not utf-8"))]
    for state, reason in outcomes(store, *raws):
        assert state == "dead"
        assert reason
        assert reason.isprintable()
    assert [account.balance for account in store.accounts()] == [20]


def test_reasons_are_shown_as_words(store: Store) -> None:
    body = order_body(store.connection.platform)
    order = data_of(body)
    truncated = encode(body)[:-20]
    order["currency"] = "TEA"
    unknown = encode(body)
    order["currency"] = "EUR"
    order[LINES[store.connection.platform]][0].update(
        {PRICES[store.connection.platform]: "-5.00", "price_set": None}
    )
    found = outcomes(store, b"", truncated, unknown, encode(body))
    assert [state for state, _ in found] == ["dead"] * 4
    empty, cut, currency, negative = (reason.removeprefix("data.") for _, reason in found)
    assert empty == "body: empty"
    assert cut.startswith("body: not JSON")
    assert currency == "currency: 'TEA' is not a currency code"
    assert "[0]." in negative
    assert "below zero: '-5.00'" in negative


@pytest.mark.parametrize("value", ["1e400", "NaN", "-Infinity", "1_000", "١٠", "1,5", "", " 1", "0x1", "1e2"])
def test_amounts_that_are_none(store: Store, value: str) -> None:
    body = order_body(store.connection.platform)
    data_of(body)[LINES[store.connection.platform]][0].update(
        {PRICES[store.connection.platform]: value, "price_set": None}
    )
    ((state, reason),) = outcomes(store, encode(body))
    assert state == "dead"
    assert "not an amount" in reason


@pytest.mark.parametrize("bare", ["1e400", "NaN", "-1e-400", "1E3", "Infinity"])
def test_bare_numbers_that_are_no_amounts(store: Store, bare: str) -> None:
    body = order_body(store.connection.platform)
    data_of(body)[LINES[store.connection.platform]][0].update(
        {PRICES[store.connection.platform]: "BARE", "price_set": None}
    )
    ((state, reason),) = outcomes(store, encode(body).replace(b'"BARE"', bare.encode()))
    assert state == "dead"
    assert reason


def test_a_currency_that_is_not_the_shops_is_held(store: Store) -> None:
    body = order_body(store.connection.platform, 1)
    texts = [encode(body).replace(b'"EUR"', code) for code in (b'"USD"', b'"JPY"')]
    assert outcomes(store, *texts) == [("done", "")] * 2
    held = [order.held for order in store.orders() if order.external_id == "1"]
    assert held == ["currency"]
    assert store.accounts()[0].balance == 20


@pytest.mark.parametrize("id", [2**63 + 5, "9223372036854775813", 10**39, 7, "7"])
def test_ids_of_any_kind(store: Store, id: int | str) -> None:
    body = order_body(store.connection.platform)
    data_of(body).update({"id": id, "admin_graphql_api_id": None})
    assert outcomes(store, encode(body)) == [("done", "")]
    assert str(id) in {order.external_id for order in store.orders()}


@pytest.mark.parametrize("id", [None, 0, -1, True, 1.5, "", "x" * 256, "a\0b", [], {}, 10**40])
def test_ids_that_are_none(store: Store, id: object) -> None:
    body = order_body(store.connection.platform)
    data_of(body).update({"id": id, "admin_graphql_api_id": None})
    ((state, reason),) = outcomes(store, encode(body))
    assert state == "dead"
    assert reason.removeprefix("data.").startswith("id: ")


MISSING: dict[str, list[dict[str, Any]]] = {
    "shopify": [{"customer": None, "email": None, "contact_email": None}, {"customer": {}, "email": ""}],
    "woocommerce": [{"customer_id": 0, "billing": {"email": None}}, {"customer_id": None, "billing": None}],
    "standard": [{"customer": None, "email": None}, {"customer": {"id": "c", "email": None}, "email": None}],
}


def test_without_customer_or_email(store: Store) -> None:
    platform = store.connection.platform
    raws = [
        encode(order_body(platform, number, **changes))
        for number, changes in enumerate(MISSING[platform], start=1)
    ]
    assert outcomes(store, *raws) == [("done", "")] * len(raws)


def test_five_thousand_lines(store: Store) -> None:
    body = order_body(store.connection.platform, 1)
    (one,) = data_of(body)[LINES[store.connection.platform]]
    slim = {name: one[name] for name in ("id", PRICES[store.connection.platform], "quantity")}
    many = [slim | {"id": number, PRICES[store.connection.platform]: "1.00"} for number in range(1, 5001)]
    data_of(body)[LINES[store.connection.platform]] = many
    assert outcomes(store, encode(body)) == [("done", "")]
    assert store.accounts()[0].balance == 5020


def test_a_body_for_another_store_is_dead(shop: Shop) -> None:
    store = open_store(shop, "shopify")
    other = open_shop("Other", "EUR", "UTC")
    connect_store(other, "shopify", "other.myshopify.com", secret=store.connection.secret)
    raw = encode(order_body("shopify", order_status_url="https://other.myshopify.com/1/orders/2"))
    ((state, reason),) = outcomes(store, raw)
    assert (state, reason) == (
        "dead",
        "This body is about another store, other.myshopify.com: it was not applied.",
    )


LONG = "长" * 10_000
TEXTS: dict[str, list[dict[str, Any]]] = {
    "shopify": [
        {
            "customer": shopify_customer(
                first_name=LONG, last_name=LONG, email=LONG + "@x", tags=LONG + "," * 999
            )
        },
        {"email": LONG, "contact_email": LONG, "customer": None},
        {"name": LONG, "source_name": LONG},
        {"discount_codes": [{"code": LONG}, {"code": "\U0001f375"}, {"code": None}, {"code": "a\0b"}] * 20},
        {"line_items": [{"id": 1, "quantity": 1, "price": "1", "title": LONG, "sku": LONG, "vendor": LONG}]},
        {"order_status_url": "https://[" + LONG},
    ],
    "woocommerce": [
        {"billing": {"email": LONG, "first_name": LONG, "last_name": LONG}},
        {"created_via": LONG, "status": LONG},
        {"coupon_lines": [{"code": LONG}, {"code": "a\0b\U0001f375"}]},
        {"line_items": [{"id": 1, "quantity": 1, "total": "1", "name": LONG, "sku": LONG}]},
    ],
    "standard": [
        {"customer": {"id": "c", "email": LONG, "first_name": LONG, "last_name": LONG, "tags": [LONG] * 3}},
        {"email": LONG, "channel": LONG, "customer": None},
        {"discount_codes": [LONG, "", "a\0b", "\U0001f375"], "number": "n" * 255},
        {
            "lines": [
                {
                    "id": "i" * 255,
                    "net": "1",
                    "title": LONG,
                    "sku": LONG,
                    "vendor": LONG,
                    "tags": [LONG, "\0"],
                }
            ]
        },
    ],
}


def test_texts_too_long_are_cut(store: Store) -> None:
    platform = store.connection.platform
    raws = [
        encode(order_body(platform, number, **changes))
        for number, changes in enumerate(TEXTS[platform], start=1)
    ]
    assert outcomes(store, *raws) == [("done", "")] * len(raws)


@pytest.mark.parametrize(
    "text", ["\U0001f375\U0001f469\u200d\U0001f680", "\u202egnp", "a\0b\1c\x7f", "\\u0000", "'; --", "{}%s"]
)
def test_odd_texts_are_kept(store: Store, text: str) -> None:
    body = order_body(store.connection.platform, 1)
    raw = encode(body).replace(b"Blue stoneware mug", json.dumps(text)[1:-1].encode())
    raw = raw.replace(b"Mara", json.dumps(text)[1:-1].encode()).replace(
        b"mara@", json.dumps(text)[1:-1].encode()
    )
    assert outcomes(store, raw) == [("done", "")]


@pytest.mark.parametrize(
    "date",
    [
        "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
        "2026-02-30T00:00:00Z", "2026-03-02T24:00:01Z", "yesterday", "", "1e400", "2026-03-02T10:15:00+99:00",
        "1969-12-31T23:59:59Z",
    ],
)  # fmt: skip
def test_dates_that_are_none(store: Store, date: str) -> None:
    body = order_body(store.connection.platform, 1)
    data_of(body)[DATES[store.connection.platform]] = date
    ((state, reason),) = outcomes(store, encode(body))
    assert state == "dead"
    assert DATES[store.connection.platform] in reason


@pytest.mark.parametrize(
    "date",
    [
        "2026-03-02T10:15:00+05:45",
        "2026-03-02T10:15:00.123456789Z",
        "2026-03-02T10:15:00-23:59",
        "1970-01-01T00:00:00Z",
        "2099-12-31T23:59:59Z",
    ],
)
def test_odd_dates_that_are_dates(store: Store, date: str) -> None:
    body = order_body(store.connection.platform, 1)
    data_of(body)[DATES[store.connection.platform]] = date
    assert outcomes(store, encode(body)) == [("done", "")]


MOST = "999999999999.99999999"
AMOUNTS: dict[str, list[dict[str, Any]]] = {
    "shopify": [
        {"shipping_lines": [{"price": MOST, "tax_lines": [{"price": MOST}] * 2}] * 2},
        {"shipping_lines": [{"price": "0.5"}], "total_price": MOST, "total_price_set": None},
        {"shipping_lines": [{"price": "1", "tax_lines": [{"price": MOST}] * 2}]},
        {"line_items": [{"id": n, "quantity": 1, "price": MOST} for n in range(1, 3000)]},
        {"line_items": [{"id": 1, "quantity": 1_000_000, "price": MOST}]},
        {"line_items": [{"id": 1, "quantity": 1, "price": "1", "tax_lines": [{"price": MOST}] * 2}]},
        {"refunds": [shopify_refund(1, lines=[shopify_refund_line(1, MOST)] * 9, paid=MOST)] * 9},
        {"refunds": [shopify_refund(n, paid=MOST) for n in range(1, 30)]},
    ],
    "woocommerce": [
        {"shipping_lines": [{"total": MOST, "total_tax": MOST}] * 2},
        {"total": MOST},
        {"line_items": [{"id": n, "quantity": 1, "total": MOST, "total_tax": MOST} for n in range(1, 3000)]},
        {"fee_lines": [{"total": "-" + MOST, "total_tax": "-" + MOST}] * 3000},
        {"refunds": [{"id": n, "total": "-" + MOST} for n in range(1, 3000)]},
        {"refunds": [{"id": 1, "total": "-1", "shipping_lines": [{"total": "-" + MOST}] * 99}]},
    ],
    "standard": [
        {"shipping_net": MOST, "shipping_tax": MOST, "total": MOST},
        {"lines": [{"id": n, "net": MOST, "tax": MOST} for n in range(1, 3000)]},
        {"refunds": [{"id": n, "amount": MOST, "shipping_net": MOST} for n in range(1, 3000)]},
        {"lines": [{"id": 1, "net": "0.00000001", "quantity": 1_000_000}]},
    ],
}


def test_amounts_beyond_every_order(store: Store) -> None:
    """Applied, or dead because the amounts cannot be true; never a failure of the database."""
    platform = store.connection.platform
    raws = [
        encode(order_body(platform, number, **changes))
        for number, changes in enumerate(AMOUNTS[platform], start=1)
    ]
    for state, reason in outcomes(store, *raws):
        assert (state, reason) == ("done", "") or (state == "dead" and "too large" in reason)
    assert verify(store.connection.shop_id) == []


def test_ten_thousand_refunds_of_one_order(shop: Shop) -> None:
    """In one body, and more of them one by one."""
    store = open_store(shop, "standard")
    refunds = [
        {"id": number, "order_id": 1, "amount": "0.01", "updated_at": "2026-03-05T08:00:00Z"}
        for number in range(1, 10_001)
    ]
    store.apply(("", order_body("standard", 1, "200.00", refunds=refunds)))
    assert store.moves() == [100]
    for refund in refunds[:40]:
        store.post(standard_event("refund.created", refund | {"id": f"again{refund['id']}"}))
    store.drain()
    assert store.accounts()[0].balance == 99
    assert {delivery.state for delivery in store.deliveries()} == {"done"}


CASES = [case for case in sorted(VALID) if case[0] in PLATFORMS]


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """A valid body with up to four of its values replaced or left out."""
    platform, topic = draw(st.sampled_from(CASES))
    body = copy.deepcopy(VALID[platform, topic])
    for _ in range(draw(st.integers(1, 4))):
        container, key = draw(st.sampled_from(list(places(body)) or [({"": 0}, "")]))
        if draw(st.booleans()) or isinstance(container, list):
            container[key] = copy.deepcopy(draw(VALUES))
        else:
            del container[key]
    return platform, topic, json.dumps(body).encode()


@pytest.fixture
def stores(shop: Shop) -> dict[str, Store]:
    return {platform: open_store(shop, platform, DOMAINS[platform]) for platform in PLATFORMS}


@settings(
    max_examples=tries(20, 300),
    deadline=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.large_base_example,
        HealthCheck.data_too_large,
    ],
)
@given(st.lists(spoilt(), min_size=1, max_size=8))
def test_spoilt_bodies_never_fail_in_the_database(
    stores: dict[str, Store], cases: list[tuple[str, str, bytes]]
) -> None:
    for platform, topic, raw in cases:
        status = stores[platform].post(raw, topic).status_code
        assert status in (200, 400)
        assert status == 200 or platform == "standard"
    with transaction.atomic():
        stores["shopify"].drain()
    for store in stores.values():
        for delivery in store.deliveries():
            assert delivery.state in ("done", "ignored", "dead"), delivery.raw
            assert "Could not be applied" not in delivery.error, delivery.raw
            assert bool(delivery.error) == (delivery.state != "done")
    assert verify(stores["shopify"].connection.shop_id) == []
