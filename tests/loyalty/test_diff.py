"""What changed between two programs, as a merchant reads it."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from loyalty.diff import affects, diff
from loyalty.documents import (
    RULE_KINDS,
    Basis,
    Birthday,
    Campaign,
    Caps,
    Conditions,
    Exclusions,
    Expiry,
    Limit,
    NthOrder,
    PerCurrency,
    PerOrder,
    ProductSet,
    ProgramDocument,
    SocialFollow,
    Tier,
    Tiers,
)
from tests.loyalty.facts import program
from tests.properties import tries

OLD = program(("1", "1"))
RULE = OLD.rules[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, []),
        ({"rules": (replace(RULE, points=Decimal(2)),)}, ["Points per 1 €: 1 → 2"]),
        ({"rules": (replace(RULE, per=Decimal(10)),)}, ["Earning: 1 point per 1 € → 1 point per 10 €"]),
        ({"rules": (replace(RULE, points=Decimal("1.00")),)}, []),
        ({"rules": (replace(RULE, active=False),)}, ["Switched: on → off"]),
        ({"rules": (replace(RULE, name="Buying"),)}, ["Name of the rule: Rule 0 → Buying"]),
        ({"rules": ()}, ["Rule removed: Rule 0, 1 point per 1 €"]),
        (
            {"rules": (RULE, PerCurrency(key="more", name="More", points=Decimal("0.5"), per=Decimal(20)))},
            ["Rule added: More, 0.5 points per 20 €"],
        ),
        ({"basis": Basis(include_tax=True)}, ["Include tax: no → yes"]),
        ({"rounding": "ceil", "currency": "USD"}, ["Currency: EUR → USD", "Rounding: down → up"]),
        ({"exclusions": Exclusions(vendors=("Acme",))}, ["Excluded vendors: added Acme"]),
    ],
)
def test_changes_in_words(changes: dict[str, Any], words: list[str]) -> None:
    assert diff(OLD, replace(OLD, **changes)) == words


def test_lists_tell_what_came_and_what_went() -> None:
    old = replace(OLD, exclusions=Exclusions(tags=("sale", "old")))
    new = replace(OLD, exclusions=Exclusions(tags=("new", "sale")))
    assert diff(old, new) == ["Excluded tags: added new; removed old"]


def test_with_several_rules_each_change_names_its_rule() -> None:
    old = program(("1", "1"), ("1", "10"))
    new = replace(old, rules=(old.rules[1], replace(old.rules[0], points=Decimal(3))))
    assert diff(old, new) == [
        "Rule 0: Points per 1 €: 1 → 3",
        "Order of the rules: Rule 0, Rule 1 → Rule 1, Rule 0",
    ]


DOUBLE = Campaign(key="advent", name="Advent", multiplier=Decimal(2))
SILVER = Tier(key="silver", name="Silver", threshold=Decimal(100))
GOLD = Tier(key="gold", name="Gold", threshold=Decimal(500), multiplier=Decimal("1.5"))
FULL = replace(
    OLD,
    rules=(
        RULE,
        NthOrder(key="card", name="Punch card", points=Decimal(50), every=5),
        SocialFollow(key="x", name="Follow us", points=Decimal(20), network="x", url="https://x.example/tea"),
    ),
    campaigns=(DOUBLE,),
    tiers=Tiers(levels=(SILVER, GOLD)),
    expiry=Expiry(mode="per_lot"),
)


def with_rule(place: int, **changes: Any) -> dict[str, Any]:
    rules = list(FULL.rules)
    rules[place] = replace(rules[place], **changes)
    return {"rules": tuple(rules)}


def with_campaign(**changes: Any) -> dict[str, Any]:
    return {"campaigns": (replace(DOUBLE, **changes),)}


def with_tiers(*levels: Tier, **changes: Any) -> dict[str, Any]:
    return {"tiers": Tiers(levels=levels or (SILVER, GOLD), **changes)}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (with_rule(1, points=Decimal(60)), ["Punch card: Points: 50 → 60"]),
        (with_rule(1, every=10), ["Punch card: Every how many orders: 5 → 10"]),
        (with_rule(1, exclusive=True, priority=3), [
            "Punch card: Stands alone: no → yes", "Punch card: Priority: 0 → 3",
        ]),
        (with_rule(2, network="tiktok"), ["Follow us: Network: X → TikTok"]),
        (with_rule(2, limits=(Limit(period="ever", times=1),)), ["Follow us: Limits: added at most once in all"]),
        (with_rule(0, max_points=500), ["Rule 0: Most points at once: none → 500"]),
        (with_rule(0, conditions=Conditions(ends="2026-12-25", weekdays=("sat",), tiers=("gold",))), [
            "Rule 0: Ends: none → 2026-12-25",
            "Rule 0: Days of the week: added Saturday",
            "Rule 0: Only tiers: added Gold",
        ]),
        (with_rule(0, conditions=Conditions(min_basis=Decimal(50), first_order=True)), [
            "Rule 0: Least order: none → 50 €", "Rule 0: First order only: no → yes",
        ]),
        (with_rule(0, conditions=Conditions(products=ProductSet(tags=("tea",)))), [
            "Rule 0: Only products tagged: added tea",
        ]),
        (
            {"rules": (*FULL.rules, Birthday(key="b", name="Birthday", points=Decimal(100), active=False))},
            ["Rule added: Birthday, 100 points on each birthday (switched off)"],
        ),
        ({"rules": FULL.rules[:2]}, ["Rule removed: Follow us, 20 points for following us on X"]),
        (
            {"rules": (RULE, PerOrder(key="card", name="Punch card", points=Decimal(5)), FULL.rules[2])},
            ["Punch card: Earning: 50 points for every 5th order → 5 points for each order"],
        ),
        (with_campaign(multiplier=Decimal(3)), ["Advent: Multiplier: 2 → 3"]),
        (with_campaign(multiplier=None, points=Decimal(50)), [
            "Advent: Gives: Double points → 50 points more for each order",
        ]),
        (with_campaign(active=False, announcement="Ho ho"), [
            "Advent: Switched: on → off", "Advent: Announcement: none → Ho ho",
        ]),
        ({"campaigns": ()}, ["Campaign removed: Advent, Double points"]),
        (
            {"campaigns": (DOUBLE, replace(DOUBLE, key="s", name="Gold days", conditions=Conditions(tiers=("gold",))))},
            ["Campaign added: Gold days, Double points, for Gold members"],
        ),
        (with_tiers(SILVER, replace(GOLD, threshold=Decimal(400))), ["Gold: threshold: 500 € → 400 €"]),
        (with_tiers(SILVER, replace(GOLD, multiplier=Decimal(2))), ["Gold: multiplier: 1.5 → 2"]),
        (with_tiers(SILVER, replace(GOLD, perks=("Free gift wrap",), entry_points=100)), [
            "Gold: points for reaching it: 0 → 100", "Gold: perks: added Free gift wrap",
        ]),
        (with_tiers(SILVER, replace(GOLD, entry_reward="rwd_a")), [
            "Gold: reward for reaching it: none → a reward",
        ]),
        (with_tiers(SILVER), ["Tier removed: Gold, from 500 €"]),
        (with_tiers(term="calendar_year", grace_days=30), [
            "How long a tier is kept: some months → to the end of the next year",
            "Grace after the term: 0 days → 30 days",
        ]),
        ({"hold_days": 14}, ["Points on hold for: 0 days → 14 days"]),
        ({"multipliers": "multiply"}, ["When several multipliers match: the best one counts → they multiply"]),
        ({"point_value": Decimal("0.02")}, ["What a point costs: the smallest coin → 0.02 EUR"]),
        ({"caps": Caps(max_points=1000, limits=(Limit(period="day", points=100),))}, [
            "Most points for an order: none → 1,000", "Limits for each member: added at most 100 points a day",
        ]),
        ({"expiry": Expiry(mode="inactivity", months=6)}, [
            "Points expire: some months after they came → after months without activity",
            "Months until points expire: 12 → 6",
        ]),
        ({"expiry": Expiry(mode="per_lot", warn_days=(14, 7))}, [
            "Days of warning before points expire: added 14; removed 30",
        ]),
    ],
)  # fmt: skip
def test_changes_of_a_whole_program_in_words(changes: dict[str, Any], words: list[str]) -> None:
    assert diff(FULL, replace(FULL, **changes)) == words


@pytest.mark.parametrize(
    ("changes", "touched"),
    [
        ({}, set()),
        (with_rule(0, points=Decimal(9)), set()),
        (with_campaign(multiplier=Decimal(3)), set()),
        (with_tiers(SILVER, replace(GOLD, threshold=Decimal(400))), {"tiers"}),
        (with_tiers(SILVER), {"tiers"}),
        (with_tiers(SILVER, replace(GOLD, name="Au", multiplier=Decimal(9), perks=("Tea",))), set()),
        (with_tiers(metric="points"), {"tiers"}),
        (with_tiers(window="lifetime"), {"tiers"}),
        ({"tiers": Tiers()}, {"tiers"}),
        ({"hold_days": 3}, {"hold"}),
        ({"expiry": Expiry()}, {"expiry"}),
        ({"expiry": Expiry(mode="per_lot", months=6)}, {"expiry"}),
        ({"expiry": Expiry(mode="per_lot", warn_days=())}, set()),
        ({"expiry": Expiry(mode="per_lot", day=1)}, set()),
        ({"expiry": Expiry(mode="calendar"), "hold_days": 1}, {"expiry", "hold"}),
    ],
)
def test_whom_publishing_touches(changes: dict[str, Any], touched: set[str]) -> None:
    assert affects(FULL, replace(FULL, **changes)) == touched


def test_without_tiers_how_they_would_go_touches_nobody() -> None:
    assert affects(OLD, replace(OLD, tiers=Tiers(metric="orders"))) == set()


amounts = st.decimals("0.0001", "99999999", places=4)
counts = st.integers(1, 9)
names = st.sampled_from(["Acme", "Bolt", "Crane"])
few = st.lists(names, unique=True, max_size=2).map(sorted).map(tuple)
product_sets = st.builds(ProductSet, *[few] * 6)
limits = st.lists(st.builds(Limit, period=st.sampled_from(["day", "ever"]), points=counts), max_size=1).map(
    tuple
)
conditions = st.builds(
    Conditions,
    starts=st.sampled_from(["", "2026-01-01"]),
    ends=st.sampled_from(["", "2026-12-01", "2026-12-01T18:00"]),
    weekdays=st.sampled_from([(), ("sat",), ("sat", "sun")]),
    channels=few,
    min_basis=st.none() | amounts,
    first_order=st.booleans(),
    tiers=few,
    customer_tags=few,
    products=product_sets,
)
VALUES: dict[str, Any] = {
    "key": st.sampled_from("abc"), "name": names, "points": amounts, "per": amounts, "every": counts,
    "network": st.sampled_from(["x", "tiktok"]), "url": names, "event": names, "active": st.booleans(),
    "conditions": conditions, "max_points": st.none() | counts, "limits": limits,
    "exclusive": st.booleans(), "priority": counts,
}  # fmt: skip


def rules_of(kind: type[msgspec.Struct]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{field: VALUES[field] for field in kind.__struct_fields__})


def keyed(things: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(things, max_size=2, unique_by=lambda thing: thing.key).map(tuple)


campaigns = st.builds(
    Campaign,
    key=st.sampled_from("abc"),
    name=names,
    active=st.booleans(),
    multiplier=st.none() | amounts,
    points=st.none() | amounts,
    conditions=conditions,
    announcement=st.sampled_from(["", "Now!"]),
)
levels = st.builds(
    Tier,
    key=st.sampled_from("abc"),
    name=names,
    threshold=amounts,
    multiplier=amounts,
    entry_points=counts,
    entry_reward=st.sampled_from(["", "rwd_a", "rwd_b"]),
    perks=few,
)
tiers = st.builds(
    Tiers,
    metric=st.sampled_from(["spend", "points", "orders"]),
    window=st.sampled_from(["lifetime", "rolling", "calendar_year", "anniversary"]),
    window_months=counts,
    term=st.sampled_from(["forever", "months", "calendar_year"]),
    term_months=counts,
    grace_days=counts,
    downgrade=st.sampled_from(["to_standing", "one_step"]),
    count_imports=st.booleans(),
    levels=keyed(levels),
)
expiries = st.builds(
    Expiry,
    mode=st.sampled_from(["none", "per_lot", "inactivity", "calendar"]),
    months=counts,
    to_month_end=st.booleans(),
    month=counts,
    day=counts,
    warn_days=st.sampled_from([(30, 7), (7,), ()]),
)
documents = st.builds(
    ProgramDocument,
    currency=st.sampled_from(["EUR", "JPY", "KWD"]),
    rules=keyed(st.one_of(*map(rules_of, RULE_KINDS.values()))),
    points_name=names,
    point_value=st.none() | amounts,
    rounding=st.sampled_from(["floor", "half_up", "ceil"]),
    deficit=st.sampled_from(["carry", "clamp"]),
    award_guests_later=st.booleans(),
    hold_days=counts,
    basis=st.builds(Basis, st.booleans(), st.booleans(), st.booleans()),
    exclusions=product_sets,
    caps=st.builds(Caps, min_points=st.none() | counts, max_points=st.none() | counts, limits=limits),
    multipliers=st.sampled_from(["best", "multiply"]),
    campaigns=keyed(campaigns),
    tiers=tiers,
    expiry=expiries,
)


@st.composite
def one_change(draw: st.DrawFn) -> tuple[ProgramDocument, ProgramDocument]:
    """Two documents that differ in one field, anywhere, or in none."""
    plain = msgspec.to_builtins(draw(documents))
    other = msgspec.to_builtins(draw(documents))
    name = draw(st.sampled_from(sorted(plain)))
    changed = plain | {name: other[name]}
    return msgspec.convert(plain, ProgramDocument), msgspec.convert(changed, ProgramDocument)


@settings(max_examples=tries(30, 500), deadline=None)
@given(one_change())
def test_no_single_difference_goes_untold(pair: tuple[ProgramDocument, ProgramDocument]) -> None:
    old, new = pair
    assert bool(diff(old, new)) == (old != new)


@pytest.mark.parametrize("kind", RULE_KINDS.values())
@settings(max_examples=tries(10, 100), deadline=None)
@given(data=st.data())
def test_no_change_of_a_rule_goes_untold(kind: type[Any], data: st.DataObject) -> None:
    rule = data.draw(rules_of(kind))
    field = data.draw(st.sampled_from([name for name in kind.__struct_fields__ if name != "key"]))
    changed = replace(rule, **{field: data.draw(VALUES[field])})
    told = diff(replace(OLD, rules=(rule,)), replace(OLD, rules=(changed,)))
    assert bool(told) == (rule != changed)


@settings(max_examples=tries(20, 300), deadline=None)
@given(documents, documents)
def test_no_difference_goes_untold(old: ProgramDocument, new: ProgramDocument) -> None:
    assert diff(old, old) == []
    assert bool(diff(old, new)) == (old != new)
