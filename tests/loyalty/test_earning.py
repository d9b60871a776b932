"""What an order earns by its amounts, row by row; rules, conditions and caps have tables of their own."""

import json
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from loyalty.documents import Exclusions, ProgramDocument
from loyalty.earning import OrderFacts
from platforms.snapshots import Line, OrderStatus, RefundSnapshot
from tests.loyalty.facts import allocation, award, lines, order, program, refund

ROUNDINGS = ("floor", "half_up", "ceil")
UNPAID = set(OrderStatus) - {OrderStatus.PAID, OrderStatus.PARTIALLY_REFUNDED}


@pytest.mark.parametrize(
    ("document", "facts", "target"),
    [
        (program(("1", "10")), order(("21.90", "1.45")), 2),
        (program(("1", "10")), order("105.00"), 10),
        (program(currency="JPY"), order("5900", currency="JPY"), 5900),
        (program(("1", "100"), currency="JPY"), order("5900", currency="JPY"), 59),
        (program(currency="KWD"), order("1.999", currency="KWD"), 1),
        (program(("3", "1")), order("40.00"), 120),
        (program(("1", "1")), order("90.00"), 90),
        (program(("1", "1"), ("1", "10")), order("49.95"), 54),
        (program(("1", "3")), order("1.00", "1.00", "1.00"), 1),
        (program(("0.1", "1")), order("0.70", "0.10", "0.20", "9.00"), 1),
        (program(include_tax=True), order(("21.90", "1.45")), 23),
        (program(), order("10", shipping_net=Decimal("4.90"), shipping_tax=Decimal("1")), 10),
        (
            program(include_shipping=True),
            order("10", shipping_net=Decimal("4.90"), shipping_tax=Decimal(1)),
            14,
        ),
        (
            program(include_shipping=True, include_tax=True),
            order("10", shipping_net=Decimal("4.90"), shipping_tax=Decimal("1")),
            15,
        ),
        (program(), order(), 0),
        (program(), order("-5.00"), 0),
        (program(("1", "0.0001")), order("0.0001"), 1),
    ],
)
def test_awards(document: ProgramDocument, facts: OrderFacts, target: int) -> None:
    assert award(document, facts).target == target


@pytest.mark.parametrize(
    ("basis", "targets"), [("49.95", (49, 50, 50)), ("2.50", (2, 3, 3)), ("7", (7, 7, 7))]
)
def test_rounding(basis: str, targets: tuple[int, ...]) -> None:
    assert tuple(award(program(rounding=way), order(basis)).target for way in ROUNDINGS) == targets


def test_two_rules_round_once() -> None:
    assert award(program(("1", "3"), ("2", "3")), order("1")).target == 1


def test_points_go_to_lines_by_largest_remainder_ties_to_the_earlier() -> None:
    assert allocation(award(program(), order("10.99", "10.99", "10.99"))) == [11, 11, 10]


def test_shipping_is_a_line_of_its_own() -> None:
    evaluation = award(program(include_shipping=True), order("10", shipping_net=Decimal(5)))
    assert evaluation.breakdown["lines"] == [["a", "10", 10], ["shipping", "5", 5]]


@pytest.mark.parametrize(
    ("exclusions", "fields", "reason"),
    [
        (Exclusions(product_ids=("77",)), {"product_id": "77"}, "product"),
        (Exclusions(variant_ids=("77",)), {"variant_id": "77"}, "variant"),
        (Exclusions(skus=("ab-1",)), {"sku": "AB-1"}, "sku"),
        (Exclusions(vendors=("ACME",)), {"vendor": " Acme"}, "vendor"),
        (Exclusions(product_types=("Straße",)), {"product_type": "STRASSE"}, "product_type"),
        (Exclusions(tags=("sale",)), {"tags": ("new", "Sale")}, "tag"),
        (Exclusions(), {"gift_card": True}, "gift_card"),
    ],
)
def test_excluded_lines_say_why(exclusions: Exclusions, fields: dict[str, Any], reason: str) -> None:
    both = order(lines=lines("100", **fields) + tuple(lines("0", "90")[1:]))
    evaluation = award(program(exclusions=exclusions), both)
    assert (evaluation.target, evaluation.breakdown["excluded"]) == (90, [["a", reason]])
    assert allocation(evaluation) == [90]


def test_an_empty_field_is_not_excluded_by_an_empty_entry() -> None:
    assert award(program(exclusions=Exclusions(vendors=("", "Acme"))), order("5")).target == 5


def test_gift_cards_earn_where_the_program_says_so() -> None:
    assert award(program(include_gift_cards=True), order(lines=lines("25", gift_card=True))).target == 25


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        *(({"status": status}, {"skipped": status.value}) for status in sorted(UNPAID)),
        ({"cancelled": True}, {"skipped": "cancelled"}),
        ({"deleted": True, "cancelled": True}, {"skipped": "deleted"}),
        ({"test": True}, {"skipped": "test"}),
        ({"has_customer": False}, {"skipped": "guest"}),
        ({"currency": "USD"}, {"held": "currency"}),
    ],
)
def test_orders_that_do_not_count(facts: dict[str, Any], why: dict[str, str]) -> None:
    evaluation = award(program(), order("50", **facts))
    assert (evaluation.target, evaluation.breakdown) == (0, {"v": 1, "target": 0} | why)


def test_what_counts_all_the_same() -> None:
    assert award(program(), order("50", status=OrderStatus.PARTIALLY_REFUNDED)).target == 50
    assert award(program(), order("50", test=True, test_mode=True)).target == 50


@pytest.mark.parametrize(
    "rates", [[("1", "0")], [("-1", "1")], [("1", "-1")], [("NaN", "1")], [("1", "Infinity")]]
)
def test_a_senseless_rule_is_left_out(rates: list[tuple[str, str]]) -> None:
    evaluation = award(program(*rates), order("50"))
    assert (evaluation.target, evaluation.breakdown) == (0, {"v": 1, "target": 0, "skipped": "no_rules"})


@pytest.mark.parametrize("amount", ["1e400", "1e999999", "Infinity", "NaN", "1e25", "1e-90", "1e16"])
def test_amounts_too_large_to_be_true_are_skipped(amount: str) -> None:
    for facts in (order(amount, "1"), order(amount, refunds=(refund(amount="1"),))):
        evaluation = award(program(), facts)
        assert evaluation.breakdown == {"v": 1, "target": 0, "skipped": "amount"}


def test_rates_without_a_common_scale_stay_exact() -> None:
    rates = [("1", f"{9973 + 2 * index}.0007") for index in range(8)]
    evaluation = award(program(*rates, rounding="ceil"), order("99999999999.99"))
    exact = sum(Decimal("99999999999.99") / Decimal(per) for _, per in rates)
    assert evaluation.target == int(exact) + 1


REFUNDS: list[tuple[OrderFacts, list[RefundSnapshot], list[int]]] = [
    (order("100.00"), [refund(a="75.00")], [100, 25]),
    (order("100.00"), [refund(amount="75.00")], [100, 25]),
    (order("49.95"), [refund(a="49.95")], [49, 0]),
    (order("42.86", "17.14"), [refund(b="17.14")], [60, 42]),
    (order("40", "60", "20"), [refund(b="60"), refund("2", c="20")], [120, 60, 40]),
    (order("50"), [refund(a="50")], [50, 0]),
    (order("100"), [refund(amount="20"), refund("2", amount="20")], [100, 80, 60]),
    (order("100"), [refund(shipping="5")], [100, 100]),
    (order("100"), [refund(amount="20", void=True)], [100, 100]),
    (order("100"), [refund(z="30")], [100, 70]),
    (order("100"), [refund(a="130")], [100, 0]),
    (order("60", "40"), [refund(a="80")], [100, 40]),
    (order("100"), [refund(amount="500")], [100, 0]),
    (order("100"), [refund(a="-30"), refund("2", amount="-30")], [100, 100, 100]),
    (order(("100", "19")), [refund(amount="59.50")], [100, 50]),
    (order(lines=(*lines("50"), *lines("0", "50", gift_card=True)[1:])), [refund(amount="50")], [50, 25]),
    (order("100", shipping_net=Decimal(9)), [refund(amount="109")], [100, 0]),
]


@pytest.mark.parametrize(("facts", "refunds", "targets"), REFUNDS)
def test_refunds_one_after_the_other(
    facts: OrderFacts, refunds: list[RefundSnapshot], targets: list[int]
) -> None:
    seen = [
        award(program(), replace(facts, refunds=tuple(refunds[:count]))).target
        for count in range(len(refunds) + 1)
    ]
    assert seen == targets


def test_two_small_refunds_of_a_small_order() -> None:
    twice = (refund(amount="5"), refund("2", amount="5"))
    evaluation = award(program(("1", "10")), order("21.90", refunds=twice))
    assert (evaluation.target, evaluation.breakdown["basis"]) == (1, "11.9")


def test_refunded_shipping_lowers_shipping_alone() -> None:
    facts = order("10", shipping_net=Decimal(5), refunds=(refund(shipping="7"),))
    assert allocation(award(program(include_shipping=True), facts)) == [10, 0]


def test_thirds_are_kept_exactly() -> None:
    evaluation = award(program(), order("1", "2", refunds=(refund(amount="1"),)))
    assert evaluation.breakdown["lines"] == [["a", "2/3", 1], ["b", "4/3", 1]]
    assert (evaluation.target, evaluation.breakdown["basis"]) == (2, "2")


def test_the_breakdown_keeps_what_explains_and_little_else() -> None:
    ids = ("14501234567890", "14501234567891", "14501234567892")
    three = tuple(Line(id, Decimal("10.99")) for id in ids)
    breakdown = award(program(), order(lines=three)).breakdown
    assert breakdown == {
        "v": 1,
        "currency": "EUR",
        "basis": "32.97",
        "rules": [
            {"key": "r0", "name": "Rule 0", "points": "1", "per": "1", "basis": "32.97", "raw": "32.97"}
        ],
        "rounding": "floor",
        "raw": "32.97",
        "target": 32,
        "lines": [[ids[0], "10.99", 11], [ids[1], "10.99", 11], [ids[2], "10.99", 10]],
    }
    assert len(json.dumps(breakdown, separators=(",", ":"))) <= 350


def test_the_breakdown_tells_what_refunds_did() -> None:
    facts = order("40", "20", refunds=(refund(b="20", shipping="3"), refund("2", amount="10")))
    assert award(program(), facts).breakdown["refunds"] == {
        "before": "60",
        "lines": "20",
        "amount": "10",
        "shipping": "3",
    }
