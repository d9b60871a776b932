"""Facts read off the tests of other loyalty engines: which of them hold here, and why the rest do not.

The table of facts is third-party material; here stands what each comes to in this project's own terms.
"""

import csv
from decimal import Decimal

import pytest

from loyalty.documents import Exclusions, PerCurrency, ProgramDocument
from loyalty.earning import OrderFacts
from platforms.snapshots import Line
from tests.loyalty.facts import award, order, program, refund, rule, rules
from tests.material import material

ONE = rule("per_currency", "1")
FOOD = (Line("a", Decimal("90"), product_type="Food"), Line("b", Decimal("50"), product_type="Toys"))

HERE: dict[str, list[tuple[ProgramDocument, OrderFacts, int]]] = {
    "CLAW-1": [(program(), order("150"), 150), (program(), order("150", cancelled=True), 0)],
    "ERP-2": [(program(), order("40"), 40), (program(), order("40", cancelled=True), 0)],
    "EARN-3": [(program(("4", "1")), order("50.00"), 200)],
    "RULE-10": [(program(("1", "0")), order("40.00"), 0)],
    "RULE-11": [(program(("3", "1")), order("40.00"), 120)],
    "RULE-2": [(rules(ONE, rule("per_order", "100", exclusive=True, priority=10)), order("19.99"), 100)],
    "RULE-3": [
        (
            rules(
                rule("per_order", "50", exclusive=True, priority=5),
                rule("per_order", "200", key="more", exclusive=True, priority=20),
            ),
            order("19.99"),
            200,
        )
    ],
    "RULE-6": [
        (rules(rule("per_order", active=False)), order("40"), 0),
        (rules(rule("per_order", when={"starts": "2099-01-01"})), order("40"), 0),
    ],
    "RULE-7": [(rules(ONE, rule("per_order", "5")), order("19.99"), 24)],
    "RULE-8": [
        (rules(rule("per_order", when={"min_basis": Decimal(least)})), order("5000"), points)
        for least, points in (("5000", 10), ("4999", 10), ("5001", 0))
    ],
    "SPR-1": [
        (rules(rule("per_currency", "1", {"min_basis": Decimal(30)})), order(amount), points)
        for amount, points in (("40", 40), ("30", 30), ("20", 0))
    ],
    "SPR-2": [
        (program(("0.5", "1")), order("50"), 25),
        (program(("0.33", "1")), order("50"), 16),
        (program(("2", "1")), order("50"), 100),
    ],
    "ODO-2": [(program(), order("90"), 90)],
    "ODO-3": [(program(), order("90"), 90)],
    "ODO-5": [(program(exclusions=Exclusions(product_types=("toys",))), order(lines=FOOD), 90)],
}

ON_THE_LEDGER = {
    "LOT-1": "a credit opens a lot",
    "LOT-2": "a debit takes from the lot",
    "LOT-5": "the lot that expires first is spent first",
    "LOT-6": "a lot without expiry is spent last; the expiry itself comes with expiry",
    "CLAW-4": "a second reversal posts nothing",
    "CLAW-5": "a reversal is the difference to the target, so it never exceeds what was earned",
    "CLAW-7": "a cancellation of an unknown order posts nothing",
    "EARN-1": "the same reference counts once",
    "RED-7": "the same reference counts once for debits too",
    "SPR-6": "a move of nothing writes no row",
}

LATER = {
    "LOT-8": "expiry: points that end soon",
    **dict.fromkeys(
        ("EXP-1", "EXP-2", "EXP-3", "EXP-5", "EXP-6", "EXP-8", "EXP-10", "ODO-11"), "expiry of lots"
    ),
    **dict.fromkeys(("EARN-6", "EARN-7"), "expiry and dates of points for other deeds than orders"),
    **dict.fromkeys(("RED-1", "RED-2", "RED-5", "SPR-3", "ODO-10"), "redemption"),
    **dict.fromkeys(("TIER-1", "TIER-3", "TIER-4", "TIER-7"), "tiers"),
}

OTHER_POLICY = {
    "RULE-4": "there, points are rounded before they are multiplied; here once, at the end: 39 for 2 × 19.99",
    "EARN-5": "there, an account can be disabled; here a rule is switched off, and a frozen account is paid later",
    "RED-8": "there, spending more than the balance empties it; here it is refused, and nothing is spent",
    "ERP-3": "there, a debit hangs on the earning row and the value spent lowers the next award; here debits use"
    " lots, and the lower price of the order is what earns",
    **dict.fromkeys(("ODO-8", "ODO-9"), "how discounts stack on an order is the store platform's business"),
}


def test_every_fact_of_the_table_has_its_place() -> None:
    with material("loyalty_cases", "cases.csv").open(newline="", encoding="utf-8") as table:
        known = {row["id"] for row in csv.DictReader(table)}
    placed = [*HERE, *ON_THE_LEDGER, *LATER, *OTHER_POLICY]
    assert sorted(placed) == sorted(known)


@pytest.mark.parametrize(
    ("document", "facts", "target"),
    [pytest.param(*case, id=fact) for fact, rows in HERE.items() for case in rows],
)
def test_facts_that_hold_here(document: ProgramDocument, facts: OrderFacts, target: int) -> None:
    assert award(document, facts).target == target


def test_a_switched_off_rule_earns_nothing() -> None:
    off = PerCurrency(key="off", name="Off", points=Decimal(1), per=Decimal(1), active=False)
    assert award(ProgramDocument(currency="EUR", rules=(*program().rules, off)), order("50")).target == 50


def test_a_breakdown_names_basis_and_rule() -> None:
    [rule] = award(program(("4", "1")), order("50.00")).breakdown["rules"]
    assert (rule["basis"], rule["raw"]) == ("50.00", "200.00")


def test_a_refund_of_everything_takes_everything_once() -> None:
    twice = (refund(a="150"), refund("2", a="150"))
    assert award(program(), order("150", refunds=twice)).target == 0
