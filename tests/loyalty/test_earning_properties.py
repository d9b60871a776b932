"""Awards of arbitrary orders, held against the plain model, and what must hold for all of them."""

import json
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from loyalty.documents import Basis, PerCurrency, ProgramDocument
from loyalty.earning import OrderFacts
from loyalty.explain import explain, explain_detail
from platforms.snapshots import Line, OrderStatus, RefundLine, RefundSnapshot
from tests.loyalty.facts import PLACED, allocation, award
from tests.loyalty.model import model_allocation, model_target

PLACES = {"JPY": 0, "EUR": 2, "KWD": 3}
CASES = settings(max_examples=150, deadline=None)
Case = tuple[ProgramDocument, OrderFacts]


def decimals(most: int, places: int) -> st.SearchStrategy[Decimal]:
    return st.integers(0, most * 10**places).map(lambda units: Decimal(units).scaleb(-places))


@st.composite
def programs(draw: st.DrawFn) -> ProgramDocument:
    amounts = st.integers(1, 12).map(Decimal) | st.integers(1, 10**8).map(lambda n: Decimal(n).scaleb(-4))
    rules = [
        PerCurrency(
            key=f"r{index}",
            name=f"Rule {index}",
            points=draw(amounts),
            per=draw(amounts),
            active=not index or draw(st.booleans()),
        )
        for index in range(draw(st.integers(1, 3)))
    ]
    return ProgramDocument(
        currency=draw(st.sampled_from(sorted(PLACES))),
        rules=tuple(rules),
        rounding=draw(st.sampled_from(["floor", "half_up", "ceil"])),
        basis=Basis(draw(st.booleans()), draw(st.booleans()), draw(st.booleans())),
    )


def refunds(places: int) -> st.SearchStrategy[RefundSnapshot]:
    money = st.just(Decimal(0)) | decimals(60, places)
    taken = st.builds(RefundLine, st.sampled_from(["0", "1", "2", "gone"]), money, money)
    return st.builds(
        RefundSnapshot,
        id=st.uuids().map(str),
        as_of=st.just(PLACED),
        lines=st.lists(taken, max_size=2).map(tuple),
        amount=money,
        shipping_net=money,
        shipping_tax=money,
        void=st.sampled_from([False, False, False, True]),
    )


@st.composite
def cases(draw: st.DrawFn) -> Case:
    document = draw(programs())
    places = PLACES[document.currency]
    money = decimals(300, places)
    lines = [
        Line(str(min(index, 2)), draw(money), draw(money), gift_card=draw(st.integers(0, 4)) == 0)
        for index in range(draw(st.integers(0, 4)))
    ]
    order = OrderFacts(
        status=draw(st.sampled_from([OrderStatus.PAID, OrderStatus.PARTIALLY_REFUNDED])),
        currency=document.currency,
        placed_at=PLACED,
        lines=tuple(lines),
        shipping_net=draw(money),
        shipping_tax=draw(money),
        refunds=draw(st.lists(refunds(places), max_size=3).map(tuple)),
    )
    return document, order


@CASES
@given(cases())
def test_the_model_agrees(case: Case) -> None:
    evaluation = award(*case)
    assert evaluation.target == model_target(*case) >= 0
    assert json.loads(json.dumps(evaluation.breakdown)) == evaluation.breakdown


@CASES
@given(cases())
def test_lines_share_the_whole_award_by_largest_remainder(case: Case) -> None:
    evaluation = award(*case)
    weights = [Fraction(basis) for _, basis, _ in evaluation.breakdown["lines"]]
    assert sum(allocation(evaluation)) == (evaluation.target if weights else 0)
    assert allocation(evaluation) == model_allocation(evaluation.target, weights)


@CASES
@given(cases())
def test_contributions_add_up_to_what_is_rounded(case: Case) -> None:
    breakdown = award(*case).breakdown
    raw = Fraction(breakdown["raw"])
    assert sum(Fraction(rule["raw"]) for rule in breakdown["rules"]) == raw
    assert all(
        Fraction(rule["raw"]) == Fraction(rule["points"]) * Fraction(rule["basis"]) / Fraction(rule["per"])
        for rule in breakdown["rules"]
    )
    assert abs(breakdown["target"] - raw) < 1


@CASES
@given(cases())
def test_another_refund_never_raises_the_award(case: Case) -> None:
    document, order = case
    steps = accumulate(((refund,) for refund in order.refunds), initial=())
    targets = [award(document, replace(order, refunds=seen)).target for seen in steps]
    assert targets == sorted(targets, reverse=True)


@CASES
@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_refunds_is_irrelevant(case: Case, random) -> None:  # type: ignore[no-untyped-def]
    document, order = case
    shuffled = list(order.refunds)
    random.shuffle(shuffled)
    assert award(document, replace(order, refunds=tuple(shuffled))) == award(document, order)


@CASES
@given(cases(), cases(), st.integers(-500, 500), st.sampled_from(list(OrderStatus)))
def test_every_breakdown_can_be_explained(one: Case, other: Case, points: int, status: OrderStatus) -> None:
    now, then = award(one[0], replace(one[1], status=status)), award(*other)
    for before in (None, then.breakdown):
        words = explain(now.breakdown, points, before=before)
        assert ": " in words
        assert "%(" not in words
    assert sum(row["points"] for row in explain_detail(now.breakdown)) == sum(allocation(now))
