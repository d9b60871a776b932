"""Explanations as a shopper reads them."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from loyalty.documents import Exclusions, ProgramDocument
from loyalty.earning import OrderFacts
from loyalty.explain import explain, explain_detail
from platforms.snapshots import OrderStatus
from tests.loyalty.facts import award, lines, order, program, refund


def sentence(document: ProgramDocument, facts: OrderFacts, name: str = "points") -> str:
    evaluation = award(document, facts)
    return explain(evaluation.breakdown, evaluation.target, points_name=name)


def after(first: OrderFacts, then: OrderFacts, points: int | None = None) -> str:
    """The sentence of the entry that follows when what is known of an order changes."""
    old, new = award(program(), first), award(program(), then)
    change = new.target - old.target if points is None else points
    return explain(new.breakdown, change, before=old.breakdown, points_name="points")


GIFT = order(lines=(*lines("20"), *lines("0", "50", gift_card=True)[1:]))


@pytest.mark.parametrize(
    ("document", "facts", "words"),
    [
        (program(), order("49.95"), "49 points: 49.95 € of goods at 1 point per 1 €, rounded down"),
        (program(), order("40"), "40 points: 40.00 € of goods at 1 point per 1 €"),
        (program(), order("1"), "1 point: 1.00 € of goods at 1 point per 1 €"),
        (
            program(rounding="half_up"),
            order("49.95"),
            "50 points: 49.95 € of goods at 1 point per 1 €, rounded to the nearest",
        ),
        (program(rounding="ceil"), order("0.01"), "1 point: 0.01 € of goods at 1 point per 1 €, rounded up"),
        (program(), order("0.50"), "No points: 0.50 € of goods at 1 point per 1 €, rounded down"),
        (
            program(("3", "1"), ("0.5", "2.50")),
            order("1000"),
            "3,200 points: 1,000.00 € of goods at 3 points per 1 € plus 0.5 points per 2.50 €",
        ),
        (
            program(("1", "100"), currency="JPY"),
            order("5900", currency="JPY"),
            "59 points: ¥5,900 of goods at 1 point per ¥100",
        ),
        (
            program(include_tax=True, include_shipping=True),
            order(("10", "2"), shipping_net=Decimal(5)),
            "17 points: 17.00 € of goods and shipping with tax at 1 point per 1 €",
        ),
        (
            program(),
            GIFT,
            "20 points: 20.00 € of goods at 1 point per 1 €; the gift card does not earn points",
        ),
        (
            program(),
            order(lines=lines("50", gift_card=True)),
            "No points: the gift card does not earn points",
        ),
        (
            program(exclusions=Exclusions(vendors=("acme",))),
            order(lines=lines("5", "6", vendor="Acme")),
            "No points: 2 items do not earn points",
        ),
        (
            program(),
            order("50", "10", refunds=(refund(b="10"),)),
            "50 points: 50.00 € of goods at 1 point per 1 €; 60.00 € before refunds",
        ),
        (program(), order("5", status=OrderStatus.PENDING), "No points: the order is not paid yet"),
        (program(), order("5", test=True), "No points: it is a test order"),
        (
            program(),
            order("5", has_customer=False),
            "No points: the order was placed without a customer account",
        ),
        (program(), order("5", deleted=True), "No points: the order was deleted"),
        (
            program(),
            order("5", currency="USD"),
            "No points: the order's currency is not the program's; the shop is looking at it",
        ),
        (
            program(("1", "0")),
            order("5"),
            "No points: the program had no active rule when the order was placed",
        ),
    ],
)
def test_first_awards(document: ProgramDocument, facts: OrderFacts, words: str) -> None:
    assert sentence(document, facts) == words


def test_points_may_have_a_name_of_their_own() -> None:
    words = "5 Beans: 5.00 € of goods at 1 Bean per 1 €"
    assert sentence(program(), order("5"), "Beans") == words
    assert sentence(program(), order("5", deleted=True), "Beans") == "No Beans: the order was deleted"


BOUGHT = order("42.86", "17.14")
ONE_BACK = refund(b="17.14")


@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        (
            BOUGHT,
            order("42.86", "17.14", refunds=(ONE_BACK,)),
            "−18 points: an item was returned; 42.86 € of goods kept earn 42 points instead of 60",
        ),
        (
            order("100"),
            order("100", refunds=(refund(amount="75"),)),
            "−75 points: 75.00 € was refunded; 25.00 € of goods kept earn 25 points instead of 100",
        ),
        (
            order("30", refunds=(refund(amount="10"),)),
            order("30", refunds=(refund(amount="10"), refund("2", amount="5"))),
            "−5 points: 5.00 € was refunded; 15.00 € of goods kept earn 15 points instead of 20",
        ),
        (
            order("20"),
            order("20", refunds=(refund(a="20"),)),
            "−20 points: an item was returned; nothing of the order is kept that earns points",
        ),
        (order("49.95"), order("49.95", cancelled=True), "−49 points: the order was cancelled"),
        (
            order("20"),
            order("20", "15"),
            "+15 points: the order was changed; 35.00 € of goods kept earn 35 points instead of 20",
        ),
        (
            order("20", status=OrderStatus.PENDING),
            order("20"),
            "20 points: 20.00 € of goods at 1 point per 1 €",
        ),
    ],
)
def test_later_changes(first: OrderFacts, then: OrderFacts, words: str) -> None:
    assert after(first, then) == words


def test_a_balance_that_covers_less_is_told() -> None:
    then = order("42.86", "17.14", refunds=(ONE_BACK,))
    assert after(BOUGHT, then, points=-5).endswith("; the balance covered only 5 of 18")
    assert after(BOUGHT, then, points=0).startswith("No points: an item was returned; ")


def test_without_the_former_award_the_points_tell_what_was() -> None:
    evaluation = award(program(), order("42.86", "17.14", refunds=(ONE_BACK,)))
    words = "−18 points: an item was returned; 42.86 € of goods kept earn 42 points instead of 60"
    assert explain(evaluation.breakdown, -18) == words


@pytest.mark.parametrize(
    ("language", "money"), [("de", "1.234,50 €"), ("en-gb", "€1,234.50"), ("xx", "1,234.50")]
)
def test_money_follows_the_language(language: str, money: str) -> None:
    with translation.override(language):
        assert money in sentence(program(), order("1234.50"))


def test_rows_for_the_merchant() -> None:
    facts: Any = order(
        lines=(*lines("10"), *lines("0", "50", gift_card=True)[1:]), shipping_net=Decimal("4.90")
    )
    breakdown = award(program(include_shipping=True), facts).breakdown
    assert explain_detail(breakdown, {"a": "Green tea"}) == [
        {"id": "a", "title": "Green tea", "basis": "10.00 €", "points": 9, "reason": ""},
        {"id": "shipping", "title": "Shipping", "basis": "4.90 €", "points": 5, "reason": ""},
        {
            "id": "b",
            "title": "b",
            "basis": "",
            "points": 0,
            "reason": "Gift cards earn points when they are spent",
        },
    ]
    assert explain_detail({"v": 1, "target": 0, "skipped": "test"}) == []
