"""Whatever the order and the number of deliveries, the points are those of a small independent model."""

from contextlib import suppress
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.actions.programs import draft_document, load_draft, open_shop, publish
from loyalty.documents import as_dict, decode
from loyalty.errors import NothingToPublish
from loyalty.models import Account, Award
from loyalty.proof import verify
from platforms.connect import connect_store
from tests.bodies import line, shopify_order, shopify_refund, shopify_refund_line
from tests.orders.post import Inbox
from tests.properties import tries

pytestmark = pytest.mark.django_db

Delivery = tuple[str, dict[str, Any]]


def at(minute: int) -> str:
    return f"2036-03-02T10:{minute:02}:00+01:00"  # after the program was published


def order(id: int, lines: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    return shopify_order(id, lines, created_at=at(0), order_status_url=None, **changes)


cents = st.integers(1, 30_000).map(lambda amount: Decimal(amount) / 100)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Delivery], Fraction]:
    """What a platform sends about one order, in its order, and the basis that is kept in the end."""
    order_id = draw(st.integers(10**12, 10**12 + 10**6))
    prices = draw(st.lists(cents, min_size=1, max_size=4))
    lines = [line(str(price), id=number + 1) for number, price in enumerate(prices)]
    sent: list[Delivery] = []
    if draw(st.booleans()):
        pending = {"financial_status": "pending", "updated_at": at(0)}
        sent.append(("orders/create", order(order_id, lines, **pending)))
    sent.append(("orders/paid", order(order_id, lines, updated_at=at(1))))
    refunds, kept = [], [Fraction(price) for price in prices]
    for number in range(draw(st.integers(0, 3))):
        index = draw(st.integers(0, len(prices) - 1))
        share = draw(st.sampled_from([Fraction(1, 4), Fraction(1, 2), Fraction(1)]))
        amount = Decimal(int(kept[index] * share * 100)) / 100
        if not amount:
            continue
        kept[index] -= Fraction(amount)
        taken = shopify_refund_line(index + 1, str(amount), quantity=0)
        refund = shopify_refund(
            order_id * 10 + number, order_id, [taken], paid=str(amount), processed_at=at(2 + number)
        )
        refunds.append(refund)
        sent.append(("refunds/create", refund))
        status = {"financial_status": "partially_refunded", "updated_at": at(10 + number)}
        if draw(st.booleans()):
            sent.append(("orders/updated", order(order_id, lines, refunds=list(refunds), **status)))
    if draw(st.integers(0, 4)) == 0:
        over = {"cancelled_at": at(30), "updated_at": at(30), "financial_status": "voided"}
        sent.append(("orders/cancelled", order(order_id, lines, refunds=list(refunds), **over)))
        kept = [Fraction(0)]
    return sent, sum(kept, Fraction(0))


@st.composite
def programs(draw: st.DrawFn) -> tuple[dict[str, Any], Fraction]:
    points, per = draw(st.sampled_from([1, 3, 10])), draw(st.sampled_from(["1", "10", "0.5", "3"]))
    rule = {
        "kind": "per_currency",
        "key": "purchases",
        "name": "Purchases",
        "points": str(points),
        "per": per,
    }
    return {"rounding": draw(st.sampled_from(["floor", "half_up", "ceil"])), "rules": [rule]}, Fraction(
        points
    ) / Fraction(per)


def order_of(story: tuple[list[Delivery], Fraction]) -> int:
    """The id of the order that a history is about."""
    _, body = story[0][0]
    return int(body["id"])


def model(rate: Fraction, rounding: str, basis: Fraction) -> int:
    """The points of a kept basis: slow, exact, and nothing of the application."""
    exact = rate * basis
    whole = Decimal(exact.numerator // exact.denominator)
    rest = exact - exact.numerator // exact.denominator
    if rounding == "floor":
        return int(whole)
    if rounding == "ceil":
        return int(whole) + (rest > 0)
    return int(whole) + (rest >= Fraction(1, 2))


@settings(
    max_examples=tries(15, 300),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.data())
def test_every_permutation_ends_in_the_same_points(db: None, data: st.DataObject) -> None:
    shop = open_shop("Any order", "EUR", "Europe/Berlin")
    terms, rate = data.draw(programs())
    load_draft(shop, decode(as_dict(draft_document(shop)) | terms))
    with suppress(NothingToPublish):
        publish(shop, "test")
    store = connect_store(shop, "shopify", f"s{shop.pk}.myshopify.com")
    inbox = Inbox(store)
    stories = data.draw(st.lists(histories(), min_size=1, max_size=3, unique_by=order_of))
    sent = [delivery for story, _ in stories for delivery in story]
    repeated = data.draw(st.lists(st.sampled_from(sent), max_size=4))
    shuffled = data.draw(st.permutations([*sent, *repeated]))
    batch = data.draw(st.integers(1, len(shuffled)))
    for start in range(0, len(shuffled), batch):
        inbox.apply(*shuffled[start : start + batch])

    expected = sum(model(rate, terms["rounding"], basis) for _, basis in stories)
    with scope(shop=shop):
        assert Account.objects.get(shop=shop).balance == expected
        assert all(award.posted == award.target for award in Award.objects.filter(shop=shop))
    assert verify(shop.pk) == []
