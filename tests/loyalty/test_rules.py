"""Every kind of rule, with its conditions, multipliers, caps and limits, row by row."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from loyalty.context import ALONE, Context, Room
from loyalty.documents import Caps, Limit, ProductSet, ProgramDocument
from loyalty.earning import OrderFacts, compile_program, evaluate
from platforms.snapshots import Line
from tests.loyalty.facts import (
    allocation,
    award,
    campaign,
    lines,
    order,
    program,
    refund,
    rule,
    rules,
    tiers,
)

ONE = rule("per_currency", "1", key="one")
TEA = ProductSet(product_types=("tea",))
MIXED = (
    Line("a", Decimal("100"), quantity=2, product_type="Tea"),
    Line("b", Decimal("50"), quantity=3, product_type="Cups"),
)
GOLD = Context(tier="gold")
MONTHLY = (Limit(period="month", points=200),)


def room(points: str | None = None, times: int | None = None) -> Room:
    return Room(None if points is None else Decimal(points), times, "month")


@pytest.mark.parametrize(
    ("document", "facts", "target"),
    [
        (rules(rule("per_order", "100")), order("19.99"), 100),
        (rules(ONE, rule("per_order", "100")), order("19.99"), 119),
        (rules(ONE, rule("per_order", "100", exclusive=True, priority=10)), order("19.99"), 100),
        (
            rules(
                ONE,
                rule("per_order", "7", exclusive=True, priority=1),
                rule("first_order", "9", exclusive=True, priority=2),
            ),
            order("19.99"),
            9,
        ),
        (
            rules(ONE, rule("per_order", "7", {"min_basis": Decimal(50)}, exclusive=True)),
            order("19.99"),
            19,
        ),
        (rules(ONE, rule("per_unit", "5", {"products": TEA}, exclusive=True)), order(lines=MIXED), 10),
        (rules(ONE, rule("per_unit", "5", {"products": TEA}, exclusive=True)), order("20"), 20),
        (rules(rule("per_unit", "5")), order(lines=MIXED), 25),
        (rules(rule("per_unit", "0.5", {"products": TEA})), order(lines=MIXED), 1),
        (rules(rule("per_currency", "1", {"products": TEA})), order(lines=MIXED), 100),
        (rules(rule("per_order", "8", {"products": TEA})), order(lines=MIXED), 8),
        (rules(rule("per_order", "8", {"products": TEA})), order("50"), 0),
        (rules(rule("per_order", "8")), order(lines=lines("50", gift_card=True)), 0),
        (rules(rule("per_order", "8")), order("0"), 8),
        (rules(rule("per_order", "8"), ONE), order(), 0),
        (rules(rule("signup", "50")), order("50"), 0),
        (rules(rule("nth_order", "50", every=0), ONE), order("50"), 50),
    ],
)
def test_kinds_of_rules(document: ProgramDocument, facts: OrderFacts, target: int) -> None:
    assert award(document, facts).target == target


def test_a_discount_code_on_the_first_product_lowers_what_its_rule_gives() -> None:
    first = rule("per_currency", "1", {"products": ProductSet(product_ids=("1",))})
    both = (Line("a", Decimal("90"), product_id="1"), Line("b", Decimal("50"), product_id="2"))
    assert award(rules(first), order(lines=both)).target == 90


@pytest.mark.parametrize(("ordinal", "target"), [(1, 30), (2, 0), (5, 20), (9, 0), (10, 20)])
def test_first_and_every_fifth_order(ordinal: int, target: int) -> None:
    document = rules(rule("first_order", "30"), rule("nth_order", "20", every=5))
    assert award(document, order("9"), Context(ordinal=ordinal)).target == target


@pytest.mark.parametrize(
    ("when", "facts", "holds"),
    [
        ({"min_basis": Decimal("50.00")}, {"lines": lines("50.00")}, True),
        ({"min_basis": Decimal("50.00")}, {"lines": lines("49.99")}, False),
        ({"min_basis": Decimal("50")}, {"refunds": (refund(amount="10"),), "lines": lines("50")}, True),
        ({"starts": "2026-03-01"}, {}, True),
        ({"starts": "2026-03-01T12:00"}, {}, True),
        ({"starts": "2026-03-01T12:01"}, {}, False),
        ({"ends": "2026-03-01T12:00"}, {}, False),
        ({"ends": "2026-03-02"}, {}, True),
        ({"ends": "2026-03-01"}, {}, False),
        ({"weekdays": ("sat", "sun")}, {}, True),
        ({"weekdays": ("mon",)}, {}, False),
        ({"channels": ("pos",)}, {"channel": "POS"}, True),
        ({"channels": ("pos",)}, {"channel": "web"}, False),
        ({"customer_tags": ("VIP", "staff")}, {"customer_tags": ("new", "vip ")}, True),
        ({"customer_tags": ("VIP",)}, {"customer_tags": ()}, False),
        ({"first_order": True}, {}, True),
    ],
)
def test_conditions(when: dict[str, Any], facts: dict[str, Any], holds: bool) -> None:
    for kind in ("per_order", "per_currency", "per_unit"):
        document = rules(rule(kind, "100", when), caps=Caps(max_points=1))
        assert bool(award(document, order("10", **facts)).target) == holds


def test_conditions_on_the_member() -> None:
    first = rules(rule("per_order", "5", {"first_order": True}))
    assert [award(first, order("1"), Context(ordinal=n)).target for n in (1, 2)] == [5, 0]
    gold = rules(rule("per_order", "5", {"tiers": ("gold",)}), tiers=tiers(silver="1", gold="1"))
    assert [award(gold, order("1"), Context(tier=tier)).target for tier in ("", "silver", "gold")] == [
        0,
        0,
        5,
    ]


@pytest.mark.parametrize(
    ("zone", "placed_at", "holds"),
    [
        ("UTC", datetime(2026, 3, 1, 23, 30, tzinfo=UTC), False),
        ("Europe/Berlin", datetime(2026, 3, 1, 23, 30, tzinfo=UTC), True),
        ("America/New_York", datetime(2026, 3, 3, 4, 30, tzinfo=UTC), True),
        ("Europe/Berlin", datetime(2026, 3, 2, 23, 0, tzinfo=UTC), False),
    ],
)
def test_days_are_those_of_the_shop(zone: str, placed_at: datetime, holds: bool) -> None:
    for when in ({"weekdays": ("mon",)}, {"starts": "2026-03-02", "ends": "2026-03-03"}):
        compiled = compile_program(rules(rule("per_order", "5", when)), zone)
        assert bool(evaluate(compiled, order("1", placed_at=placed_at)).target) == holds


DOUBLE, TRIPLE = campaign("double", multiplier="2"), campaign("triple", multiplier="3")


@pytest.mark.parametrize(
    ("settings", "context", "target"),
    [
        ({"tiers": tiers(gold="2")}, GOLD, 105),
        ({"tiers": tiers(gold="2")}, ALONE, 55),
        ({"tiers": tiers(gold="1.25")}, GOLD, 67),
        ({"campaigns": (DOUBLE, TRIPLE)}, ALONE, 155),
        ({"campaigns": (DOUBLE, TRIPLE), "multipliers": "multiply"}, ALONE, 305),
        ({"campaigns": (TRIPLE,), "tiers": tiers(gold="2")}, GOLD, 155),
        ({"campaigns": (TRIPLE,), "tiers": tiers(gold="2"), "multipliers": "multiply"}, GOLD, 305),
        ({"campaigns": (campaign(points="20"),)}, ALONE, 75),
        ({"campaigns": (campaign(points="20", active=False),)}, ALONE, 55),
        ({"campaigns": (campaign(multiplier="2", when={"weekdays": ("mon",)}),)}, ALONE, 55),
        (
            {"campaigns": (campaign(points="20", when={"tiers": ("gold",)}),), "tiers": tiers(gold="1")},
            GOLD,
            75,
        ),
    ],
)
def test_multipliers_raise_per_currency_points_alone(
    settings: dict[str, Any], context: Context, target: int
) -> None:
    assert award(rules(ONE, rule("per_order", "5"), **settings), order("50"), context).target == target


def test_a_campaign_for_products_raises_their_lines_alone() -> None:
    document = rules(ONE, campaigns=(campaign(multiplier="2", when={"products": TEA}),))
    evaluation = award(document, order(lines=MIXED))
    assert (evaluation.target, allocation(evaluation)) == (250, [200, 50])
    fixed = rules(ONE, campaigns=(campaign(points="7", when={"products": TEA}),))
    assert [award(fixed, order(lines=some)).target for some in (MIXED, MIXED[1:])] == [157, 50]


def test_fixed_points_of_a_campaign_add_to_a_rule_that_stands_alone() -> None:
    alone = rule("per_order", "100", exclusive=True)
    document = rules(ONE, alone, campaigns=(DOUBLE, campaign(points="5")))
    assert award(document, order("50")).target == 105


@pytest.mark.parametrize(
    ("document", "context", "target"),
    [
        (rules(rule("per_currency", "1", max_points=50)), ALONE, 50),
        (rules(rule("per_order", "80", max_points=50)), ALONE, 50),
        (rules(ONE, caps=Caps(max_points=60)), ALONE, 60),
        (rules(ONE, rule("per_order", "9"), caps=Caps(max_points=60)), ALONE, 69),
        (rules(rule("per_currency", "0.1"), caps=Caps(min_points=25)), ALONE, 25),
        (rules(ONE, caps=Caps(min_points=25)), ALONE, 100),
        (rules(rule("per_order", "9"), caps=Caps(min_points=25)), ALONE, 9),
        (rules(ONE, caps=Caps(limits=MONTHLY)), Context(room=room("30")), 30),
        (rules(ONE, caps=Caps(limits=MONTHLY)), Context(room=room("-3")), 0),
        (rules(ONE, caps=Caps(limits=MONTHLY)), Context(room=room("100")), 100),
        (rules(ONE, rule("per_order", limits=MONTHLY)), Context(rooms={"per_order": room("4")}), 104),
        (rules(ONE, rule("per_order", limits=MONTHLY)), Context(rooms={"per_order": room("0")}), 100),
        (rules(ONE, rule("per_order", limits=MONTHLY)), Context(rooms={"per_order": room(times=1)}), 110),
        (rules(ONE, rule("per_order", limits=MONTHLY)), Context(rooms={"per_order": room(times=0)}), 100),
        (rules(rule("per_currency", "1", limits=MONTHLY)), Context(rooms={"per_currency": room("2.5")}), 2),
        (
            rules(ONE, rule("per_order", exclusive=True, limits=MONTHLY)),
            Context(rooms={"per_order": room(times=0)}),
            100,
        ),
        (
            rules(ONE, rule("per_order", exclusive=True, limits=MONTHLY)),
            Context(rooms={"per_order": room(times=1)}),
            10,
        ),
    ],
)
def test_caps_and_limits(document: ProgramDocument, context: Context, target: int) -> None:
    assert award(document, order("100"), context).target == target


def test_the_least_of_an_order_is_not_kept_when_nothing_is() -> None:
    document = rules(rule("per_currency", "0.1"), caps=Caps(min_points=25))
    refunds = [(refund(amount="60"),), (refund(amount="100"),)]
    assert [award(document, order("100", refunds=some)).target for some in refunds] == [25, 0]


@pytest.mark.parametrize(
    ("document", "facts", "target"),
    [
        (rules(rule("per_order", "100")), order("250", "150", refunds=(refund(a="250"),)), 37),
        (rules(rule("first_order", "100")), order("250", "150", refunds=(refund(a="250"),)), 37),
        (rules(rule("per_order", "100")), order("100", refunds=(refund(amount="100"),)), 0),
        (
            rules(rule("per_order", "9"), campaigns=(campaign(points="3"),)),
            order("9", refunds=(refund(a="3"),)),
            8,
        ),
        (rules(rule("per_order", "8", {"products": TEA})), order(lines=MIXED, refunds=(refund(a="50"),)), 4),
        (rules(rule("per_order", "8", {"products": TEA})), order(lines=MIXED, refunds=(refund(b="50"),)), 8),
        (rules(rule("per_unit", "6")), order(lines=MIXED, refunds=(refund(b="10", units=2),)), 18),
        (rules(rule("per_unit", "6")), order(lines=MIXED, refunds=(refund(b="25"),)), 21),
        (rules(rule("per_unit", "6")), order(lines=MIXED, refunds=(refund(amount="75"),)), 15),
        (rules(rule("per_unit", "6")), order(lines=MIXED, refunds=(refund(b="50", units=1),)), 12),
        (rules(rule("per_unit", "6")), order(lines=MIXED, refunds=(refund(amount="150"),)), 0),
        (rules(rule("per_unit", "6")), order("1", "0", refunds=(refund(a="1"),)), 0),
    ],
)
def test_fixed_points_shrink_with_refunds(document: ProgramDocument, facts: OrderFacts, target: int) -> None:
    assert award(document, facts).target == target


def test_lines_share_by_what_they_earned_and_fixed_points_by_their_amounts() -> None:
    assert allocation(award(rules(rule("per_order", "30")), order(lines=MIXED))) == [20, 10]
    assert allocation(award(rules(rule("per_currency", "1", {"products": TEA})), order(lines=MIXED))) == [
        100,
        0,
    ]
    both = rules(rule("per_currency", "1", {"products": TEA}), rule("per_order", "30"))
    assert allocation(award(both, order(lines=MIXED))) == [120, 10]
    assert allocation(award(rules(rule("per_order", "3")), order("0", "0"))) == [2, 1]


def test_a_window_that_cannot_be_read_leaves_its_rule_out() -> None:
    assert award(rules(rule("per_order", "5", {"starts": "soon"}), ONE), order("50")).target == 50
    assert award(program(), order("5")).target == 5
