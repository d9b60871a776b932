"""Awards of arbitrary orders, held against the plain model, and what must hold for all of them."""

import json
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from loyalty.context import Context, Room
from loyalty.contributions import contributions
from loyalty.documents import Basis, Campaign, Caps, Limit, PerCurrency, ProductSet, ProgramDocument, Rule
from loyalty.earning import OrderFacts
from loyalty.explain import explain, explain_detail
from platforms.snapshots import Line, OrderStatus, RefundLine, RefundSnapshot
from tests.loyalty.facts import PLACED, allocation, award, campaign, rule, tiers
from tests.loyalty.model import model_allocation, model_target
from tests.properties import tries

PLACES = {"JPY": 0, "EUR": 2, "KWD": 3}
CASES = settings(max_examples=tries(40, 750), deadline=None)
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


SETS = [ProductSet(), ProductSet(vendors=("Acme",)), ProductSet(tags=("New",), product_types=("Tea",))]
SMALL = st.sampled_from(["0.5", "1", "2.25", "10", "33"])
MULTIPLIERS = st.sampled_from(["0.5", "1", "1.25", "2", "3"])
WHEN = st.fixed_dictionaries(
    {},
    optional={
        "starts": st.sampled_from(["2026-02-01", "2026-03-01T12:00", "2026-03-02"]),
        "ends": st.sampled_from(["2026-03-01T12:00", "2026-03-02"]),
        "weekdays": st.sampled_from([("sun",), ("mon", "tue"), ("sat", "sun")]),
        "channels": st.sampled_from([("web",), ("pos", "draft")]),
        "min_basis": st.sampled_from([Decimal(0), Decimal(100), Decimal("250.5")]),
        "first_order": st.booleans(),
        "tiers": st.sampled_from([("gold",), ("silver", "gold")]),
        "customer_tags": st.sampled_from([("VIP",), ("staff", "press")]),
    },
)


@st.composite
def rich_rules(draw: st.DrawFn) -> list[Rule]:
    found = []
    kinds = st.sampled_from(["per_currency", "per_order", "per_unit", "first_order", "nth_order", "visit"])
    for index in range(draw(st.integers(1, 5))):
        kind = draw(kinds)
        fields: dict[str, object] = {}
        if kind == "per_currency":
            fields["per"] = draw(SMALL)
        if kind == "nth_order":
            fields["every"] = draw(st.integers(1, 3))
        if kind != "visit":
            fields |= {"exclusive": draw(st.integers(0, 5)) == 0, "priority": draw(st.integers(0, 2))}
        fields["max_points"] = draw(st.sampled_from([None, None, 1, 20]))
        fields["limits"] = draw(st.sampled_from([(), (Limit(period="day", points=9),)]))
        when = (draw(WHEN) if draw(st.booleans()) else {}) | {"products": draw(st.sampled_from(SETS))}
        found.append(rule(kind, draw(SMALL), when, key=f"r{index}", **fields))
    return found


@st.composite
def campaigns(draw: st.DrawFn) -> tuple[Campaign, ...]:
    found = []
    for index in range(draw(st.integers(0, 3))):
        gift = {"multiplier": draw(MULTIPLIERS)} if draw(st.booleans()) else {"points": draw(SMALL)}
        when = (draw(WHEN) if draw(st.booleans()) else {}) | {"products": draw(st.sampled_from(SETS))}
        found.append(campaign(f"c{index}", when, **gift))
    return tuple(found)


@st.composite
def rich_cases(draw: st.DrawFn) -> tuple[ProgramDocument, OrderFacts, Context]:
    document, order = draw(cases())
    document = replace(
        document,
        rules=tuple(draw(rich_rules())),
        campaigns=draw(campaigns()),
        multipliers=draw(st.sampled_from(["best", "multiply"])),
        tiers=tiers(silver=draw(MULTIPLIERS), gold=draw(MULTIPLIERS)),
        exclusions=draw(st.sampled_from([ProductSet(), ProductSet(skus=("x",), vendors=("acme",))])),
        caps=Caps(min_points=draw(st.sampled_from([None, 5])), max_points=draw(st.sampled_from([None, 60]))),
    )
    lines = tuple(
        replace(
            line,
            id=str(index),
            quantity=draw(st.integers(0, 3)),
            vendor=draw(st.sampled_from(["", "acme", "Other"])),
            product_type=draw(st.sampled_from(["", "tea"])),
            tags=draw(st.sampled_from([(), ("new", "sale")])),
            sku=draw(st.sampled_from(["", "X"])),
        )
        for index, line in enumerate(order.lines)
    )
    taken = tuple(
        replace(one, lines=tuple(replace(part, quantity=draw(st.integers(0, 2))) for part in one.lines))
        for one in order.refunds
    )
    order = replace(
        order,
        lines=lines,
        refunds=taken,
        channel=draw(st.sampled_from(["web", "pos", ""])),
        customer_tags=draw(st.sampled_from([(), ("vip",), ("other", "STAFF")])),
    )
    room = st.builds(
        Room, st.none() | st.sampled_from([Decimal(0), Decimal("4.5")]), st.none() | st.integers(0, 1)
    )
    context = Context(
        ordinal=draw(st.integers(1, 3)),
        tier=draw(st.sampled_from(["", "silver", "gold"])),
        room=Room(draw(st.none() | st.sampled_from([Decimal(0), Decimal(40)])), None, "day"),
        rooms=draw(
            st.dictionaries(st.sampled_from([one.key for one in document.rules if one.limits] or ["-"]), room)
        ),
    )
    return document, order, context


RICH = settings(max_examples=tries(30, 500), deadline=None)
Rich = tuple[ProgramDocument, OrderFacts, Context]


@RICH
@given(rich_cases())
def test_the_model_agrees_on_every_rule(case: Rich) -> None:
    evaluation = award(*case)
    assert evaluation.target == model_target(*case) >= 0
    assert json.loads(json.dumps(evaluation.breakdown)) == evaluation.breakdown


@RICH
@given(rich_cases())
def test_rich_awards_are_shared_whole_and_never_above_what_was_first_earned(case: Rich) -> None:
    evaluation = award(*case)
    if "skipped" not in evaluation.breakdown:
        assert sum(allocation(evaluation)) == evaluation.target
    points = [step.points for step in evaluation.steps]
    assert points == sorted(points, reverse=True)
    assert points[-1] == evaluation.target
    assert points[0] == award(case[0], replace(case[1], refunds=()), case[2]).target


@RICH
@given(rich_cases(), st.randoms(use_true_random=False))
def test_the_order_of_refunds_is_irrelevant_to_every_rule(case: Rich, random) -> None:  # type: ignore[no-untyped-def]
    document, order, context = case
    shuffled = list(order.refunds)
    random.shuffle(shuffled)
    assert award(document, replace(order, refunds=tuple(shuffled)), context) == award(*case)


@RICH
@given(rich_cases())
def test_what_rules_gave_adds_up_and_is_explained(case: Rich) -> None:
    evaluation = award(*case)
    breakdown = evaluation.breakdown
    if "skipped" not in breakdown and "caps" not in breakdown:
        given_ = sum((one.points for one in contributions(breakdown)), Fraction(0))
        assert given_ == Fraction(breakdown["raw"])
    words = explain(breakdown, evaluation.target)
    assert ": " in words
    assert "%(" not in words
