"""Explanations as a shopper reads them."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.utils import translation

from loyalty.context import ALONE, Context, Room
from loyalty.contributions import contributions
from loyalty.documents import Caps, Exclusions, Limit, ProductSet, ProgramDocument
from loyalty.earning import OrderFacts
from loyalty.explain import explain, explain_detail
from platforms.snapshots import Line, OrderStatus
from tests.loyalty.facts import award, campaign, lines, order, program, refund, rule, rules, tiers


def sentence(
    document: ProgramDocument, facts: OrderFacts, name: str = "points", context: Context = ALONE
) -> str:
    evaluation = award(document, facts, context)
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


ONE = rule("per_currency", "1")
TEA = ProductSet(product_types=("tea",))
MIXED = (
    Line("a", Decimal("30"), quantity=2, product_type="Tea"),
    Line("b", Decimal("19.95"), product_type="Cups"),
)
GOLD = Context(tier="gold")
MONTHLY = (Limit(period="month", points=200),)
LEFT = Room(points=Decimal(4), period="month")


@pytest.mark.parametrize(
    ("document", "context", "words"),
    [
        (
            rules(ONE, tiers=tiers(gold="2")),
            GOLD,
            "99 points: 49.95 € of goods at 1 point per 1 €, doubled for Gold members, rounded down",
        ),
        (
            rules(ONE, rule("nth_order", "20", every=5), tiers=tiers(gold="1.5")),
            Context(ordinal=5, tier="gold"),
            "94 points: 49.95 € of goods at 1 point per 1 €, times 1.5 for Gold members;"
            " 20 points for every 5th order, rounded down",
        ),
        (
            rules(ONE, campaigns=(campaign(multiplier="3", when={"products": TEA}),)),
            ALONE,
            "109 points: 30.00 € of goods at 1 point per 1 €, tripled by “Deal”;"
            " 19.95 € of goods at 1 point per 1 €, rounded down",
        ),
        (
            rules(
                ONE, tiers=tiers(gold="2"), campaigns=(campaign(multiplier="1.5"),), multipliers="multiply"
            ),
            GOLD,
            "149 points: 49.95 € of goods at 1 point per 1 €, times 3 by Gold members and “Deal”, rounded down",
        ),
        (
            rules(ONE, rule("per_currency", "2", {"products": TEA}, key="tea")),
            ALONE,
            "109 points: 30.00 € of goods at 1 point per 1 € plus 2 points per 1 €;"
            " 19.95 € of goods at 1 point per 1 €, rounded down",
        ),
        (rules(rule("per_order", "5")), ALONE, "5 points: 5 points for the order"),
        (rules(rule("first_order", "5")), ALONE, "5 points: 5 points for the first order"),
        (rules(rule("per_unit", "5")), ALONE, "15 points: 15 points for 3 items"),
        (rules(campaigns=(campaign(points="7"),)), ALONE, "7 points: 7 points from “Deal”"),
        (
            rules(rule("per_order", when={"ends": "2020-01-01"})),
            ALONE,
            "No points: no rule of the program was for this order",
        ),
        (
            rules(rule("per_order", "80", max_points=50)),
            ALONE,
            "50 points: 50 points for the order (cut to 50 points, the most at once)",
        ),
        (
            rules(rule("per_order", "80", limits=MONTHLY)),
            Context(rooms={"per_order": LEFT}),
            "4 points: 4 points for the order (cut to the 4 points that your limit of 200 a month left)",
        ),
        (
            rules(rule("per_order", "80", limits=(Limit(period="ever", times=3),))),
            Context(rooms={"per_order": Room(times=0, period="ever")}),
            "No points: 0 points for the order (your limit of 3 times in all is used up)",
        ),
        (
            rules(rule("per_currency", "1", max_points=40, name="Goods")),
            ALONE,
            "40 points: 49.95 € of goods at 1 point per 1 €; “Goods”: cut to 40 points, the most at once",
        ),
        (
            rules(ONE, caps=Caps(max_points=40)),
            ALONE,
            "40 points: 49.95 € of goods at 1 point per 1 €; cut to 40 points, the most for an order",
        ),
        (
            rules(ONE, caps=Caps(min_points=60)),
            ALONE,
            "60 points: 49.95 € of goods at 1 point per 1 €; raised to 60 points, the least for an order",
        ),
        (
            rules(ONE, caps=Caps(limits=MONTHLY)),
            Context(room=LEFT),
            "4 points: 49.95 € of goods at 1 point per 1 €; cut to the 4 points that your limit of 200 a month left",
        ),
        (
            rules(ONE, caps=Caps(limits=MONTHLY)),
            Context(room=Room(points=Decimal(0), period="month")),
            "No points: 49.95 € of goods at 1 point per 1 €; your limit of 200 a month is used up",
        ),
    ],
)
def test_rules_multipliers_and_limits(document: ProgramDocument, context: Context, words: str) -> None:
    assert sentence(document, order(lines=MIXED), context=context) == words


def test_shrunk_fixed_points_are_told() -> None:
    facts = order("250", "150", refunds=(refund(a="250"),))
    words = "37 points: 37.5 points for the order, rounded down; 400.00 € before refunds"
    assert sentence(rules(rule("per_order", "100")), facts) == words
    thirds = order("2", "1", refunds=(refund(b="1"),))
    assert "66.6666 points for the order" in sentence(rules(rule("per_order", "100")), thirds)


def test_reaching_a_tier() -> None:
    gold = {"v": 1, "target": 100, "tier": {"key": "gold", "name": "Gold"}}
    assert explain(gold, 100) == "100 points: Reached Gold"
    assert explain(gold | {"target": 0}, -100, before=gold) == "−100 points: Gold was not kept"


def test_what_each_rule_gave() -> None:
    document = rules(
        ONE,
        rule("per_currency", "2", {"products": TEA}, key="tea"),
        rule("per_unit", "5", {"products": TEA}),
        rule("per_order", "8", max_points=3),
        campaigns=(campaign(points="7"), campaign("double", multiplier="2", when={"products": TEA})),
    )
    given = {one.key: one.points for one in contributions(award(document, order(lines=MIXED)).breakdown)}
    assert given == {
        "per_currency": Fraction("79.95"),
        "tea": 120,
        "per_unit": 10,
        "per_order": 3,
        "deal": 7,
    }


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
