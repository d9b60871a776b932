"""Both REST clients against servers that speak as the real ones do: the same promises, kept in the same way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from pytest_django.fixtures import Settings

from lib.clock import now
from platforms.bigcommerce.client import PAGE_SIZE as BC_PAGE
from platforms.bigcommerce.client import BigCommerce
from platforms.clients import Access, AccessRevoked, CodeTaken, CodeWanted, StoreAway, StoreRefused
from platforms.registry import PLATFORMS
from platforms.woocommerce.client import PAGE_SIZE as WOO_PAGE
from platforms.woocommerce.client import WooCommerce
from tests.bodies import woo_order
from tests.fakes import bigcommerce, woocommerce
from tests.fakes.http_server import Answer, FakeServer, Fault, Request
from tests.fakes.order_bodies import bc_order, bc_product

DOMAIN = "tea.example"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENDS = datetime(2027, 1, 31, 22, tzinfo=UTC)


class Ears(FakeServer):
    """Listens for webhooks."""

    def answer(self, request: Request) -> Answer:
        return Answer(200)


@dataclass
class Shelf:
    """A store and who speaks to it. `orders(n)` puts n orders in, a minute after each other."""

    server: woocommerce.WooCommerce | bigcommerce.BigCommerce
    credentials: dict[str, str]

    def client(self, timeout_s: float = 0.6, **changes: str) -> WooCommerce | BigCommerce:
        access = Access(DOMAIN, self.credentials | changes, "EUR", {"currency": self.server.currency})
        if isinstance(self.server, woocommerce.WooCommerce):
            return WooCommerce(access, timeout_s)
        return BigCommerce(access, timeout_s)

    def order(self, id: int, changed_at: datetime) -> None:
        if isinstance(self.server, woocommerce.WooCommerce):
            stamp = changed_at.strftime("%Y-%m-%dT%H:%M:%S")
            self.server.orders[id] = woo_order(id, date_modified_gmt=stamp, date_created_gmt=stamp)
        else:
            created = changed_at.strftime("%a, %d %b %Y %H:%M:%S +0000")
            self.server.orders[id] = bc_order(id, changed_at, date_created=created)
            self.server.products[id] = [bc_product(16, "100")]

    def hooks(self) -> list[dict[str, Any]]:
        hooks = (
            self.server.webhooks if isinstance(self.server, woocommerce.WooCommerce) else self.server.hooks
        )
        return list(hooks.values())


@pytest.fixture(params=["woocommerce", "bigcommerce"])
def shelf(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Shelf]:
    if request.param == "woocommerce":
        with woocommerce.WooCommerce(tls=True) as woo:
            settings.OUTBOUND_ROUTES = {DOMAIN: woo.url}
            key = woo.key()
            yield Shelf(woo, {"consumer_key": key.key, "consumer_secret": key.secret})
    else:
        with bigcommerce.BigCommerce() as bc:
            settings.OUTBOUND_ROUTES = {"api.bigcommerce.com": bc.url}
            yield Shelf(bc, {"store_hash": bc.store_hash, "access_token": bc.token, "client_secret": "x"})


def wanted(shelf: Shelf, **changes: Any) -> CodeWanted:
    told: dict[str, Any] = {
        "code": "TEA-7K2M-9QXW",
        "mark": "red_1a2b",
        "title": "5 off",
        "kind": "fixed",
        "value": Decimal("5.00"),
        "currency": shelf.server.currency,
        "starts_at": NOON,
    }
    return CodeWanted(**(told | changes))


def only(shelf: Shelf) -> dict[str, Any]:
    (coupon,) = shelf.server.coupons.values()
    return coupon


def test_a_codes_life(shelf: Shelf) -> None:
    client, code = shelf.client(), wanted(shelf)
    assert client.find(code, NOON) is None
    made = client.make(code)
    assert (made.code.upper(), made.ours, made.uses, made.live) == (code.code, True, 0, True)
    assert client.find(code, NOON) == made
    with pytest.raises(CodeTaken):
        client.make(code)
    other = client.find(wanted(shelf, mark="red_other", code=code.code.lower()), NOON)
    assert other is not None
    assert (other.id, other.ours) == (made.id, False)
    if isinstance(shelf.server, woocommerce.WooCommerce):
        shelf.server.use(code.code, "mara@example.com")
    else:
        shelf.server.use(code.code)
    used = client.find(code, NOON)
    assert used is not None
    assert (used.uses, used.live) == (1, False)
    client.end(code, made.id)
    client.end(code, made.id)
    assert client.find(code, NOON) is None
    assert not shelf.server.coupons


@pytest.mark.parametrize(
    ("changes", "woo", "bc"),
    [
        (
            {"kind": "fixed", "minimum": Decimal("25.5"), "ends_at": ENDS, "email": "mara@example.com"},
            {
                "discount_type": "fixed_cart",
                "amount": "5.00",
                "minimum_amount": "25.50",
                "date_expires_gmt": "2027-01-31T22:00:00",
                "email_restrictions": ["mara@example.com"],
                "usage_limit": 1,
                "individual_use": True,
                "free_shipping": False,
            },
            {
                "type": "per_total_discount",
                "amount": "5.0000",
                "min_purchase": "25.5000",
                "expires": "Sun, 31 Jan 2027 22:00:00 +0000",
                "applies_to": {"entity": "categories", "ids": [0]},
                "max_uses": 1,
                "enabled": True,
                "name": "5 off (red_1a2b)",
            },
        ),
        (
            {"kind": "percentage", "value": Decimal("12.5"), "product_ids": ("93",), "combines": ("order",)},
            {"discount_type": "percent", "amount": "12.50", "product_ids": [93], "individual_use": False},
            {
                "type": "percentage_discount",
                "amount": "12.5000",
                "applies_to": {"entity": "products", "ids": [93]},
            },
        ),
        (
            {"kind": "free_shipping", "collection_ids": ("7",)},
            {"free_shipping": True, "amount": "0.00", "product_categories": [7]},
            {"type": "free_shipping", "applies_to": {"entity": "categories", "ids": [7]}},
        ),
    ],
)
def test_what_a_code_becomes(
    shelf: Shelf, changes: dict[str, Any], woo: dict[str, Any], bc: dict[str, Any]
) -> None:
    shelf.client().make(wanted(shelf, **changes))
    coupon = only(shelf)
    expected = woo if isinstance(shelf.server, woocommerce.WooCommerce) else bc
    assert {name: coupon[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "gift_card"}, "kind"),
        ({"kind": "percentage", "most": Decimal(20)}, "most"),
        ({"currency": "JPY"}, "currency"),
        ({"product_ids": ("gid://1",)}, "product_ids"),
    ],
)
def test_what_a_store_cannot_hold_is_refused_before_it_is_asked(
    shelf: Shelf, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(StoreRefused) as caught:
        shelf.client().make(wanted(shelf, **changes))
    assert caught.value.field == field
    assert not shelf.server.seen


@pytest.mark.parametrize(
    ("fault", "maybe_done", "made"),
    [
        (Fault.ERROR_BEFORE, True, False),
        (Fault.ERROR_AFTER, True, True),
        (Fault.HANG_AFTER, True, True),
        (Fault.DROP_AFTER, True, True),
        (Fault.LIMITED, False, False),
    ],
)
def test_an_answer_that_was_lost_is_looked_for(
    shelf: Shelf, fault: Fault, maybe_done: bool, made: bool
) -> None:
    shelf.server.fail(fault, method="POST", path="coupons")
    code = wanted(shelf)
    with pytest.raises(StoreAway) as caught:
        shelf.client().make(code)
    assert (caught.value.maybe_done, caught.value.limited) == (maybe_done, fault is Fault.LIMITED)
    found = shelf.client().find(code, NOON)
    assert (found is not None and found.ours) is made
    if made:
        with pytest.raises(CodeTaken):
            shelf.client().make(code)
    assert len(shelf.server.calls("POST", "coupons")) == 1 + made  # a lost making is never sent again


def test_patience_is_asked_for_in_seconds(shelf: Shelf) -> None:
    shelf.server.fail(Fault.LIMITED, method="POST", path="coupons")
    with pytest.raises(StoreAway) as caught:
        shelf.client().make(wanted(shelf))
    expected = 1.0 if isinstance(shelf.server, woocommerce.WooCommerce) else 1.5
    assert (caught.value.limited, caught.value.retry_after_s) == (True, expected)


def test_credentials_that_are_no_good(shelf: Shelf) -> None:
    assert shelf.client().about()["currency"] == shelf.server.currency
    assert shelf.client().about()["name"] == "Tea House"
    bad = shelf.client(consumer_secret="cs_wrong", access_token="wrong")
    for ask in (bad.about, lambda: bad.make(wanted(shelf)), lambda: bad.orders_changed(NOON)):
        with pytest.raises(AccessRevoked, match="does not accept"):
            ask()


def test_a_walk_through_changed_orders_misses_none_that_changes_meanwhile(shelf: Shelf) -> None:
    size = WOO_PAGE if isinstance(shelf.server, woocommerce.WooCommerce) else BC_PAGE
    # The first is too old; more than a page changed within one second.
    minutes = [0, 1, 2, *[3] * (size + 2), *range(4, 4 + size)]
    for id, minute in enumerate(minutes, start=1):
        shelf.order(id, NOON + timedelta(minutes=minute))
    seen: list[str] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        page = shelf.client().orders_changed(NOON + timedelta(minutes=1), cursor)
        seen += [order.order_id for order in page.orders]
        pages, cursor = pages + 1, page.cursor
        assert len(cursor or "") < 500
        if pages == 1:  # what comes behind it moves forward
            shelf.order(2, NOON + timedelta(minutes=99))
    assert sorted(set(seen), key=int) == [str(id) for id in range(2, len(minutes) + 1)]
    assert seen.count("2") == 2
    assert len(seen) <= len(set(seen)) + size


def test_a_walk_sees_each_order_once_where_nothing_changes(shelf: Shelf) -> None:
    size = WOO_PAGE if isinstance(shelf.server, woocommerce.WooCommerce) else BC_PAGE
    for id in range(1, 2 * size):
        shelf.order(id, NOON + timedelta(minutes=id // 2))
    seen: list[int] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        page = shelf.client().orders_placed(NOON, cursor)
        seen += [int(order.order_id) for order in page.orders]
        pages, cursor = pages + 1, page.cursor
    assert seen == list(range(1, 2 * size))


def test_the_past_is_counted_and_every_body_can_be_read(shelf: Shelf) -> None:
    for id in range(1, 4):
        shelf.order(id, NOON + timedelta(minutes=id))
    page = shelf.client().orders_placed(None)
    assert (page.total, page.cursor, [order.order_id for order in page.orders]) == (3, None, ["1", "2", "3"])
    platform = PLATFORMS[
        "woocommerce" if isinstance(shelf.server, woocommerce.WooCommerce) else "bigcommerce"
    ]
    for order in page.orders:
        (fact,) = platform.parse(order.topic, order.body)
        assert (fact.id, fact.updated_at) == (order.order_id, order.updated_at)  # type: ignore[union-attr]
    later = shelf.client().orders_placed(NOON + timedelta(minutes=3))
    assert [order.order_id for order in later.orders] == ["3"]


def test_webhooks_are_set_up_once_and_repaired(shelf: Shelf) -> None:
    with Ears() as ears:
        url = f"{ears.url}/webhooks/con_1/"
        topics = shelf.client().subscribe(url, "hush")
        assert len(topics) == len(set(topics)) == 6
        assert shelf.client().subscribe(url, "hush-2") == []
        hooks = shelf.hooks()
        assert len(hooks) == 6
        off = hooks[0]
        off["status" if "status" in off else "is_active"] = "disabled" if "status" in off else False
        shelf.server.fail(Fault.ERROR_AFTER, method="PUT")
        with pytest.raises(StoreAway):
            shelf.client().subscribe(url, "hush-2")
        assert shelf.client().subscribe(url, "hush-2") == []
        assert all(
            hook.get("status", "active") == "active" and hook.get("is_active", True) for hook in shelf.hooks()
        )
        assert {hook.get("secret", "hush-2") for hook in shelf.hooks()} == {"hush-2"}
        foreign = {
            **shelf.hooks()[0],
            "id": 999,
            "delivery_url": "https://other.example/",
            "destination": "other",
        }
        (shelf.server.webhooks if isinstance(shelf.server, woocommerce.WooCommerce) else shelf.server.hooks)[
            999
        ] = foreign
        shelf.client().unsubscribe(url)
        assert shelf.hooks() == [foreign]


def test_what_is_gone_and_what_is_odd(shelf: Shelf) -> None:
    assert list(shelf.client().fetch("order", "99")) == []
    for kind, id in (("coupon", "1"), ("order", "../1")):
        with pytest.raises(StoreRefused):
            list(shelf.client().fetch(kind, id))
    with pytest.raises(StoreRefused):
        shelf.client().end(wanted(shelf), "not a number")


def test_something_else_that_answers_is_no_refusal(shelf: Shelf, settings: Settings) -> None:
    class Wall(FakeServer):
        def answer(self, request: Request) -> Answer:
            return Answer(
                403 if request.method == "GET" else 302, None, {"Location": "https://elsewhere.example/"}
            )

    with Wall() as wall:
        settings.OUTBOUND_ROUTES = dict.fromkeys(settings.OUTBOUND_ROUTES, wall.url)
        with pytest.raises(StoreAway):
            shelf.client().about()
        with pytest.raises(StoreRefused, match="elsewhere"):
            shelf.client().make(wanted(shelf))


@pytest.mark.parametrize("shelf", ["woocommerce"], indirect=True)
def test_woocommerces_twins_end_together_and_a_lost_interface_is_no_end(shelf: Shelf) -> None:
    woo, client, code = shelf.server, shelf.client(), wanted(shelf)
    assert isinstance(woo, woocommerce.WooCommerce)
    made = client.make(code)
    mine = only(shelf)
    woo.coupons |= {900: {**mine, "id": 900}, 901: {**mine, "id": 901, "code": "another"}}
    woo.gone = True
    for ask in (lambda: client.end(code, made.id), lambda: list(client.fetch("order", "1"))):
        with pytest.raises(StoreAway, match="switched off"):
            ask()
    woo.gone = False
    client.end(code, made.id)
    assert list(woo.coupons) == [901]


def test_woocommerces_refunds_come_in_full(settings: Settings) -> None:
    with woocommerce.WooCommerce(tls=True) as woo:
        settings.OUTBOUND_ROUTES = {DOMAIN: woo.url}
        key = woo.key()
        woo.orders[3] = woo_order(3, refunds=[{"id": 9, "reason": "", "total": "-24.90"}], total="156.20")
        woo.refunds[3] = [
            {
                "id": 9,
                "amount": "24.90",
                "line_items": [
                    {
                        "id": 5,
                        "quantity": -1,
                        "total": "-24.90",
                        "total_tax": "0.00",
                        "meta_data": [{"key": "_refunded_item_id", "value": "311"}],
                    }
                ],
            }
        ]
        client = WooCommerce(Access(DOMAIN, {"consumer_key": key.key, "consumer_secret": key.secret}, "EUR"))
        (whole,) = client.fetch("order", "3")
        assert msgspec.json.decode(whole.body)["total"] == "156.20"
        (order,) = PLATFORMS["woocommerce"].parse(whole.topic, whole.body)
        (refund,) = order.refunds  # type: ignore[union-attr]
        assert [(line.line_id, line.net) for line in refund.lines] == [("311", Decimal("24.90"))]
        assert (refund.amount, refund.summary) == (0, False)
        assert now() > whole.updated_at  # type: ignore[operator]
