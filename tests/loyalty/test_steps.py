"""The course of an order in time, and what limited rules used, as tiers and caps count them."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from loyalty.context import Context, Evaluation, Room, Step
from loyalty.documents import Caps, Limit, ProgramDocument
from loyalty.earning import OrderFacts, compile_program, counts, evaluate
from platforms.snapshots import OrderStatus
from tests.loyalty.facts import (
    PLACED,
    award,
    campaign,
    order,
    program,
    refund,
    rule,
    rules,
    tiers,
)

ONE = rule("per_currency", "1")
TIERED = rules(ONE, tiers=tiers(gold="1"))
WEEKLY = (Limit(period="week", points=20),)


def on(days: int, points: int, spend: str, orders: int = 1) -> Step:
    return Step(PLACED + timedelta(days=days), points, Decimal(spend), orders)


@pytest.mark.parametrize(
    ("facts", "steps"),
    [
        (order("49.95"), [on(0, 49, "49.95")]),
        (order("49.95", paid_at=PLACED + timedelta(days=2)), [on(2, 49, "49.95")]),
        (
            order("60", "40", refunds=(refund("2", days=5, a="60"), refund("1", days=3, b="10"))),
            [on(0, 100, "100"), on(3, 90, "90"), on(5, 30, "30")],
        ),
        (order("10", refunds=(refund(days=1, a="10"),)), [on(0, 10, "10"), on(1, 0, "0", 0)]),
        (order("10", refunds=(refund(days=1, a="10", void=True),)), [on(0, 10, "10")]),
        (
            order("10", paid_at=PLACED + timedelta(days=4), refunds=(refund(days=1, a="4"),)),
            [on(4, 10, "10"), on(4, 6, "6")],
        ),
        (
            order(
                "10", status=OrderStatus.REFUNDED, refunds=(refund(days=1, a="4"), refund("2", days=2, a="6"))
            ),
            [on(0, 10, "10"), on(1, 6, "6"), on(2, 0, "0", 0)],
        ),
        (
            order("10", status=OrderStatus.REFUNDED, refunds=(refund(days=1, a="4"),)),
            [on(0, 10, "10"), on(1, 0, "0", 0)],
        ),
        (order("10", status=OrderStatus.REFUNDED), [on(0, 10, "10"), on(0, 0, "0", 0)]),
        (order("1", "2", refunds=(refund(amount="1"),)), [on(0, 3, "3"), on(0, 2, "2")]),
        (order("0"), [on(0, 0, "0")]),
        (order("10", cancelled=True), []),
        (order("10", status=OrderStatus.PENDING), []),
        (order("10", currency="USD"), []),
        (order("10", currency="USD", status=OrderStatus.REFUNDED), []),
        (order("1e400"), []),
    ],
)
def test_steps(facts: OrderFacts, steps: list[Step]) -> None:
    evaluation = award(TIERED, facts)
    assert list(evaluation.steps) == steps
    assert evaluation.target == (steps[-1].points if steps else 0)
    assert counts(compile_program(TIERED), facts) == bool(steps) or facts.lines[0].net > 10**15


def test_an_order_refunded_in_full_keeps_its_reason() -> None:
    evaluation = award(TIERED, order("10", status=OrderStatus.REFUNDED))
    assert evaluation.breakdown == {"v": 1, "target": 0, "skipped": "refunded"}


def test_endless_shares_of_spending_are_cut_to_eight_places() -> None:
    facts = order("10", "10", "10", refunds=(refund(amount="20"), refund("2", a="1")))
    assert [step.spend for step in award(TIERED, facts).steps] == [Decimal(30), Decimal(10), Decimal(9)]
    third = rules(ONE, tiers=tiers(gold="1"), exclusions=program().exclusions)
    odd = order(("10", "0"), ("0", "5"), refunds=(refund(amount="5"),))
    assert award(third, odd).steps[-1].spend == Decimal("6.66666666")


def test_a_program_without_rules_still_counts_what_was_spent() -> None:
    evaluation = award(rules(tiers=tiers(gold="1")), order("10"))
    assert (evaluation.breakdown["skipped"], evaluation.steps) == ("no_rules", (on(0, 0, "10"),))


def test_steps_are_told_where_they_are_needed() -> None:
    simple = compile_program(program())
    assert evaluate(simple, order("10")).steps == ()
    assert evaluate(simple, order("10"), Context(ordinal=2)).steps == (on(0, 10, "10"),)


@pytest.mark.parametrize(
    ("document", "needed"),
    [
        (program(), False),
        (rules(ONE, rule("per_unit"), campaigns=(campaign(points="1"),)), False),
        (rules(rule("first_order")), True),
        (rules(rule("first_order", active=False)), False),
        (rules(rule("nth_order", every=2)), True),
        (rules(rule("per_order", when={"first_order": True})), True),
        (rules(rule("signup", when={"tiers": ("gold",)})), True),
        (rules(rule("visit", limits=WEEKLY)), True),
        (rules(ONE, campaigns=(campaign(points="1", when={"tiers": ("gold",)}),)), True),
        (rules(ONE, caps=Caps(limits=WEEKLY)), True),
        (rules(ONE, caps=Caps(max_points=5)), False),
        (TIERED, True),
    ],
)
def test_which_programs_need_context(document: ProgramDocument, needed: bool) -> None:
    assert compile_program(document).needs_context == needed


def used(evaluation: Evaluation) -> dict[str, Any]:
    return evaluation.used


def test_limited_rules_tell_what_they_used_before_refunds() -> None:
    document = rules(ONE, rule("per_order", "10.5", limits=WEEKLY))
    whole = order("10", refunds=(refund(a="5"),))
    assert used(award(document, whole)) == {"per_order": ["10.5", 1]}
    left = Context(rooms={"per_order": Room(points=Decimal("4.5"), period="week")})
    assert used(award(document, whole, left)) == {"per_order": ["4.5", 1]}
    none = Context(rooms={"per_order": Room(times=0, period="week")})
    assert used(award(document, whole, none)) == {}
    assert used(award(document, order("10", cancelled=True))) == {}
    assert used(award(document, order("10", status=OrderStatus.REFUNDED))) == {"per_order": ["10.5", 1]}
    per_third = rules(rule("per_currency", "1", per="3", limits=WEEKLY))
    assert used(award(per_third, order("10"))) == {"per_currency": ["10/3", 1]}


@pytest.mark.parametrize(
    ("facts", "place"),
    [
        ({}, True),
        ({"status": OrderStatus.PARTIALLY_REFUNDED}, True),
        ({"status": OrderStatus.REFUNDED}, True),
        ({"status": OrderStatus.PENDING}, False),
        ({"cancelled": True}, False),
        ({"deleted": True}, False),
        ({"has_customer": False}, False),
        ({"test": True}, False),
        ({"test": True, "test_mode": True}, True),
        ({"currency": "USD"}, False),
    ],
)
def test_which_orders_have_a_place(facts: dict[str, Any], place: bool) -> None:
    assert counts(compile_program(program()), order("5", **facts)) == place
    assert counts(None, order("5", **facts)) == (place or "currency" in facts)


def test_without_explanation_the_points_are_the_same() -> None:
    at = order("49.95", refunds=(refund(a="5"),), placed_at=datetime(2026, 3, 1, tzinfo=UTC))
    for document in (program(), TIERED, rules(ONE, rule("per_unit"), campaigns=(campaign(multiplier="2"),))):
        compiled = compile_program(document)
        told, untold = evaluate(compiled, at), evaluate(compiled, at, explain=False)
        assert untold == told._replace(breakdown={})
