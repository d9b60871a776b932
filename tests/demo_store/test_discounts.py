"""The demo store's checkout: what a code takes off, why it cannot be used, and the order that says so."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.cards import pay, read_card
from demo.catalogue import BY_SKU, PRODUCTS, SHOPPER
from demo.discounts import Items, Unusable, check, discount
from demo.payloads import Purchase, order_body, refund_body
from demo.shopify_admin.discounts import Use
from demo.shopify_admin.state import InMemory
from lib.clock import now
from platforms.shopify import PLATFORM
from platforms.snapshots import OrderSnapshot, RefundEvent

MARA = f"gid://shopify/Customer/{SHOPPER.id}"
FIVE = Use(
    code="FIVE-OFF",
    title="5 € off",
    kind="amount",
    value=Decimal(5),
    minimum_subtotal=None,
    minimum_quantity=None,
    items="all",
    customers=frozenset({MARA}),
    once_per_customer=True,
    most_shipping=None,
    combines_with={},
    left=1,
    status="ACTIVE",
)
MUG_ALONE = frozenset({f"gid://shopify/ProductVariant/{BY_SKU['mug'].variant_id}"})


def cart(*skus: str) -> Items:
    return tuple((BY_SKU[sku], skus.count(sku)) for sku in dict.fromkeys(skus))


@pytest.mark.parametrize(
    ("changed", "pieces", "by_line", "shipping", "total"),
    [
        ({}, ["planter"], ["5.00"], "0", "49.85"),
        ({}, ["mug", "mug", "bowl"], ["2.98", "2.02"], "0", "80.40"),
        ({"kind": "percentage", "value": Decimal("0.10")}, ["plates", "mug"], ["6.40", "2.40"], "0", "84.10"),
        ({"kind": "free_shipping"}, ["planter"], ["0"], "4.90", "49.95"),
        ({"items": MUG_ALONE, "value": Decimal(24)}, ["mug", "bowl"], ["24.00", "0"], "0", "37.40"),
        ({"value": Decimal(80)}, ["mug"], ["24.00"], "0", "4.90"),
    ],
)
def test_what_a_code_takes_off(
    changed: dict[str, Any], pieces: list[str], by_line: list[str], shipping: str, total: str
) -> None:
    items = cart(*pieces)
    off = discount(check(replace(FIVE, **changed), SHOPPER.id), items)
    assert (off.by_line, off.shipping) == (tuple(map(Decimal, by_line)), Decimal(shipping))
    assert Purchase(1, "#1", SHOPPER, items, now(), off).total == Decimal(total)


@pytest.mark.parametrize(
    ("changed", "words", "for_good"),
    [
        (None, "no such code", True),
        ({"left": 0}, "used already", True),
        ({"status": "EXPIRED"}, "time is over", True),
        ({"status": "SCHEDULED"}, "yet", True),
        ({"customers": frozenset({"gid://shopify/Customer/1"})}, "another customer", True),
        ({"minimum_subtotal": Decimal(60)}, "from 60.00 €: add pieces for 10.05 € more", False),
        ({"items": MUG_ALONE}, "other pieces", False),
    ],
)
def test_why_a_code_cannot_be_used(changed: dict[str, Any] | None, words: str, for_good: bool) -> None:
    with pytest.raises(Unusable, match=words) as refused:
        discount(check(None if changed is None else replace(FIVE, **changed), SHOPPER.id), cart("planter"))
    assert refused.value.for_good is for_good


def test_no_free_shipping_twice() -> None:
    with pytest.raises(Unusable, match="anyway"):
        discount(replace(FIVE, kind="free_shipping"), cart("teapot"))


@settings(max_examples=25, deadline=None)
@given(
    counts=st.dictionaries(st.sampled_from(PRODUCTS), st.integers(1, 5), min_size=1),
    kind=st.sampled_from(["amount", "percentage", "free_shipping"]),
    cents=st.integers(1, 100),
)
def test_the_order_says_what_was_paid_and_pieces_give_it_back(
    counts: dict[Any, int], kind: Any, cents: int
) -> None:
    """What Regulars reads of lines, shipping and refunds is what the checkout took and what it gives back."""
    items = tuple(counts.items())
    value = Decimal(cents) if kind == "amount" else Decimal(cents) / 100
    try:
        off = discount(replace(FIVE, kind=kind, value=value), items)
    except Unusable:
        off = None
    purchase = Purchase(7001, "#7001", SHOPPER, items, now(), off)
    [order] = PLATFORM.parse("orders/paid", order_body(purchase))
    assert isinstance(order, OrderSnapshot)
    assert order.discount_codes == (("FIVE-OFF",) if off else ())
    assert sum(line.net for line in order.lines) + order.shipping_net == order.total == purchase.total
    body = refund_body(purchase.id, 1, [purchase.first_piece(0)], now())
    [event] = PLATFORM.parse("refunds/create", body)
    assert isinstance(event, RefundEvent)
    [given_back] = event.refund.lines
    exact = order.lines[0].net / order.lines[0].quantity
    assert (given_back.line_id, given_back.quantity) == (order.lines[0].id, 1)
    assert abs(given_back.net - exact) <= Decimal("0.005")


def test_a_gift_card_pays_and_takes_nothing_off() -> None:
    """What it cannot pay is left; the order and so its points are as without it."""
    cards = InMemory()
    record = {
        "id": "1",
        "code": "GOODCARD1",
        "balance": "60.00",
        "expiresOn": "2026-12-31",
        "deactivatedAt": None,
    }
    cards.add("goodcard1", record)
    first, last = date(2026, 12, 31), date(2027, 1, 1)
    for rest, gateways in (
        ("5.15", ["gift_card"]),
        ("0.00", ["gift_card", "shopify_payments"]),
    ):
        card = read_card(cards.get("goodcard1") or {}, first)
        purchase = Purchase(1, "#1", SHOPPER, cart("planter"), now(), card=card)
        pay(cards, card, purchase.by_card)
        assert ((cards.get("goodcard1") or {})["balance"], purchase.gateways) == (rest, gateways)
        [order] = PLATFORM.parse("orders/paid", order_body(purchase))
        assert isinstance(order, OrderSnapshot)
        assert (order.total, order.lines[0].net, order.discount_codes) == (
            Decimal("54.85"),
            Decimal("49.95"),
            (),
        )
    with pytest.raises(Unusable, match="Nothing is left"):
        read_card(cards.get("goodcard1") or {}, first)
    with pytest.raises(Unusable, match="So much is not left"):
        pay(cards, card, Decimal(1))
    with pytest.raises(Unusable, match="cannot be used any more"):
        read_card(record, last)
