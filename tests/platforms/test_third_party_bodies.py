"""Every body of the material is read, ignored, or refused with a reason; the genuine ones are read right."""

import json
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from platforms.base import Ignored, Unreadable
from platforms.registry import PLATFORMS
from platforms.snapshots import CustomerSnapshot, Fact, OrderSnapshot, OrderStatus, RefundEvent
from tests.bodies import encode
from tests.material import bodies, material

IGNORED = ("discounts/", "customers/delete", "customers/merge")
GENUINE = [path for path in bodies("shopify", "orders") if path.name.startswith("shopify_js")]


def shopify(topic: str, body: bytes) -> Fact:
    (fact,) = PLATFORMS["shopify"].parse(topic, body)
    return fact


def order(platform: str, topic: str, body: bytes) -> OrderSnapshot:
    (fact,) = PLATFORMS[platform].parse(topic, body)
    assert isinstance(fact, OrderSnapshot)
    return fact


def test_shopifys_sample_bodies() -> None:
    paths = sorted(material("shopify", "webhooks").glob("*.json"))
    assert paths
    for path in paths:
        topic = path.name.partition(".")[0].replace("__", "/")
        if topic.startswith(IGNORED) or topic == "orders/edited":
            with pytest.raises(Ignored):
                shopify(topic, path.read_bytes())
        else:
            assert shopify(topic, path.read_bytes())


def test_the_precision_that_shopifys_samples_lost_is_restored() -> None:
    cancelled = order(
        "shopify",
        "orders/cancelled",
        material("shopify/webhooks/orders__cancelled.2026-04.json").read_bytes(),
    )
    assert cancelled.id == "820982911946154508"
    assert cancelled.status is OrderStatus.CANCELLED
    assert cancelled.test
    assert cancelled.customer is not None
    assert cancelled.customer.id == "115310627314723954"
    assert [line.id for line in cancelled.lines][:2] == ["487817672276298554", "789012345678901234"]
    refund = shopify("refunds/create", material("shopify/webhooks/refunds__create.2026-04.json").read_bytes())
    assert isinstance(refund, RefundEvent)
    assert refund.refund.id == "890088186047892319"
    assert refund.refund.lines[0].line_id == "487817672276298554"
    customer = shopify(
        "customers/create", material("shopify/webhooks/customers__create.2026-04.json").read_bytes()
    )
    assert isinstance(customer, CustomerSnapshot)
    assert customer.id == "706405506930370084"


def test_shopifys_order_objects() -> None:
    material()
    assert GENUINE
    for path in GENUINE:
        told = json.loads(path.read_bytes())
        read = order("shopify", "orders/updated", path.read_bytes())
        discount = sum(
            Decimal(part["amount"]) for item in told["line_items"] for part in item["discount_allocations"]
        )
        goods = sum(Decimal(item["price"]) * item["quantity"] for item in told["line_items"])
        assert sum(line.net for line in read.lines) == goods - discount
        assert read.total == Decimal(told["total_price"])
        assert len(read.refunds) == len(told["refunds"])
        assert (read.customer is None) == (told.get("customer") is None)


def test_wrapped_fixtures() -> None:
    folder = material("shopify", "orders")
    for path in sorted(folder.glob("go-shopify*")) + sorted(folder.glob("shopify_python*")):
        with pytest.raises(Unreadable, match=r"^id: missing$"):
            shopify("orders/updated", path.read_bytes())
        wrapped = json.loads(path.read_bytes())
        (inner,) = wrapped["orders"] if "orders" in wrapped else [wrapped["order"]]
        assert order("shopify", "orders/updated", encode(inner)).lines


def test_woocommerce_orders() -> None:
    paths = [
        *material("woocommerce", "orders").glob("*.json"),
        *material("woocommerce", "docs").glob("orders_0[0134].json"),
    ]
    assert len(paths) > 8
    for path in paths:
        told = json.loads(path.read_bytes())
        told = told.get("data", told)
        read = order("woocommerce", "order.fetched", encode(told))
        assert sum(line.net for line in read.lines) == sum(
            Decimal(item["total"]) for item in told["line_items"]
        )
        assert read.refunds_complete == ("refunds" in told)
    partly = json.loads(material("woocommerce/orders/order-details-partially-refunded.json").read_bytes())
    read = order("woocommerce", "order.fetched", encode(partly.get("data", partly)))
    assert [refund.amount for refund in read.refunds] == [Decimal("16.20"), Decimal("8.10")]


@pytest.mark.parametrize("path", bodies("woocommerce", "docs"), ids=lambda path: path.name)
def test_woocommerces_other_bodies_never_break_anything(path: Path) -> None:
    for topic in ("order.fetched", "order.deleted", "customer.updated", "coupon.updated"):
        with suppress(Unreadable, Ignored):
            assert PLATFORMS["woocommerce"].parse(topic, path.read_bytes())
