"""What rewards are to members: prices, sliders, what is missing and why not; and codes."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.ids import ALPHABET
from platforms.base import Platform
from platforms.clients import Abilities, Access, Client
from platforms.standard import PLATFORM as STANDARD
from rewards.abilities import lacking
from rewards.codes import new_code
from rewards.errors import NotRedeemed
from rewards.offers import Listed, MemberFacts, free_quote, offer, quote
from rewards.terms import Terms
from rewards.wording import conditions_texts, worth_text

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 11, 20, 12, tzinfo=UTC)
FIVE_OFF = Terms(kind="fixed", price=500, value=Decimal(5))
# One point is one minor unit of euros.
SLIDER = Terms(kind="variable", price=1, value=Decimal("0.01"), min_points=500, max_order_percent=50)
STEPS = Terms(kind="variable", price=100, value=Decimal(5), min_points=200, max_points=1000)


def listed(terms: Terms, **more: Any) -> Listed:
    return Listed(id=7, public_id="rwd_7", revision=1, name="A reward", terms=terms, **more)


def member(balance: int = 5000, **more: Any) -> MemberFacts:
    names = {"tier_names": {"gold": "Gold", "vip": "VIP"}}
    return MemberFacts(balance, BERLIN, "EUR", "standard", **names | more)


def outcome(terms: Terms, points: object, total: object = None, **facts: Any) -> object:
    """Points and value of the quote, or the code of the refusal."""
    order_total: Any = Decimal(total) if isinstance(total, str) else total
    try:
        found = quote(listed(terms), member(**facts), points, order_total, AT)
    except NotRedeemed as refused:
        return refused.code if str(refused) else "wordless"
    return found.points, found.value


@pytest.mark.parametrize(
    ("points", "balance", "total", "expected"),
    [
        (1000, 5000, "100.00", (1000, Decimal("10.00"))),
        (1000, 700, "100.00", "not_enough_points"),
        (700, 700, "100.00", (700, Decimal("7.00"))),
        (400, 5000, "100.00", "below_minimum"),
        (6000, 10_000, "100.00", "above_order"),
        (5000, 10_000, "100.00", (5000, Decimal("50.00"))),
        (5001, 10_000, "100.00", "above_order"),
        (6000, 10_000, None, (6000, Decimal("60.00"))),
        (500, 10_000, "9.99", "above_order"),
    ],
)
def test_redemption_rows(points: int, balance: int, total: str | None, expected: object) -> None:
    assert outcome(SLIDER, points, total, balance=balance) == expected


@pytest.mark.parametrize(
    ("points", "total", "said"),
    [
        (10**9, None, "Points are whole numbers from 1 to 99,999,999."),
        (600, "10.00", "On this order at most 500 points can be redeemed, 50% of it."),
        (500, "9.99", "This order is too small for this reward."),
    ],
)
def test_what_is_too_much_is_told_by_what_can_be_had(points: int, total: str | None, said: str) -> None:
    order_total = Decimal(total) if total else None
    with pytest.raises(NotRedeemed) as refused:
        quote(listed(SLIDER), member(), points, order_total, AT)
    assert str(refused.value) == said


@pytest.mark.parametrize(
    ("points", "expected"),
    [
        (None, "bad_points"),
        (True, "bad_points"),
        (200.0, "bad_points"),
        ("200", "bad_points"),
        (-200, "bad_points"),
        (0, "bad_points"),
        (10**30, "bad_points"),
        (250, "not_a_step"),
        (100, "below_minimum"),
        (1100, "above_maximum"),
        (300, (300, Decimal(15))),
    ],
)
def test_tampered_amounts_are_refused(points: object, expected: object) -> None:
    assert outcome(STEPS, points) == expected


@pytest.mark.parametrize("total", ["-1", "NaN", "Infinity", 5.0])
def test_a_total_that_is_none(total: object) -> None:
    assert outcome(SLIDER, 500, total) == "bad_order_total"


def test_a_variable_code_asks_for_an_order_large_enough() -> None:
    thirds = replace_terms(SLIDER, max_order_percent=30)
    assert quote(listed(thirds), member(), 1000, None, AT).minimum == Decimal("33.34")
    more = replace_terms(thirds, minimum_spend=Decimal(40))
    assert quote(listed(more), member(), 1000, None, AT).minimum == 40
    yen = replace(member(), currency="JPY")
    assert quote(listed(replace_terms(thirds, value=Decimal(1))), yen, 1000, None, AT).minimum == 3334
    assert free_quote(STEPS, "EUR").value == 10
    assert free_quote(SLIDER, "EUR").minimum == 10


@given(
    step=st.integers(1, 500),
    cents=st.integers(1, 5000),
    least=st.none() | st.integers(1, 20),
    most=st.none() | st.integers(1, 40),
    percent=st.none() | st.integers(1, 100),
    gold=st.none() | st.integers(1, 500),
    balance=st.integers(-100, 20_000),
    total=st.none() | st.integers(0, 10**6),
    wanted=st.integers(1, 20_000),
)
def test_every_quote_keeps_to_the_terms(
    step: int,
    cents: int,
    least: int | None,
    most: int | None,
    percent: int | None,
    gold: int | None,
    balance: int,
    total: int | None,
    wanted: int,
) -> None:
    value = Decimal(cents) / 100
    terms = Terms(
        kind="variable",
        price=step,
        value=value,
        min_points=least and least * step,
        max_points=most and most * step,
        max_order_percent=percent,
        tier_prices={"gold": gold} if gold else {},
    )
    order = None if total is None else Decimal(total) / 100
    facts = member(balance, tier="gold")
    slide = offer(listed(terms), facts, AT).slide
    assert slide is not None
    fits = slide.least <= wanted <= slide.most and wanted % slide.step == 0
    limit = None if order is None or percent is None else order * percent / 100
    try:
        found = quote(listed(terms), facts, wanted, order, AT)
    except NotRedeemed:
        assert not fits or (limit is not None and slide.value_of(wanted) > limit)
        return
    assert fits
    assert (found.points, found.value) == (wanted, value * (wanted // slide.step))
    assert limit is None or found.value <= limit
    if percent is not None:
        assert found.minimum is not None
        assert found.value <= found.minimum * percent / 100 < found.value + Decimal("0.01")
        assert order is None or found.minimum <= order


def replace_terms(terms: Terms, **changes: Any) -> Terms:
    return Terms(**{name: getattr(terms, name) for name in terms.__struct_fields__} | changes)


def test_what_a_slider_allows() -> None:
    slide = offer(listed(STEPS), member(765), AT).slide
    assert slide is not None
    assert (slide.least, slide.most, slide.step, slide.value_of(700)) == (200, 700, 100, Decimal(35))
    poor = offer(listed(STEPS), member(150), AT)
    assert (poor.missing, poor.obstacle, poor.why) == (50, "not_enough_points", "50 points to go")
    # A tier that pays 150 a step: 200 points are no whole steps of it.
    golden = offer(listed(replace_terms(STEPS, tier_prices={"gold": 150})), member(tier="gold"), AT).slide
    assert golden is not None
    assert (golden.least, golden.most, golden.step) == (300, 900, 150)


@pytest.mark.parametrize(
    ("terms", "facts", "shown", "obstacle", "why"),
    [
        ({}, {}, {}, "", ""),
        ({}, {"balance": 499}, {}, "not_enough_points", "1 point to go"),
        ({}, {"balance": -20}, {}, "not_enough_points", "520 points to go"),
        ({}, {}, {"active": False}, "withdrawn", "This reward is not offered any more."),
        ({"starts": "2026-12-01"}, {}, {}, "not_open", "Opens on 1 December"),
        ({"starts": "2027-01-02T18:00"}, {}, {}, "not_open", "Opens on 2 January 2027, 18:00"),
        ({"starts": "2026-11-20T13:00"}, {}, {}, "", ""),
        ({"ends": "2026-11-20T13:00"}, {}, {}, "ended", "This offer has ended."),
        ({"ends": "2026-11-21"}, {}, {}, "", ""),
        ({"tiers": ("gold", "vip")}, {}, {}, "tier", "For Gold or VIP members"),
        ({"tiers": ("gold",)}, {"tier": "gold"}, {}, "", ""),
        ({"per_member": 1}, {"redeemed_of": {7: 1}}, {}, "per_member", "You have had this once already"),
        ({"per_member": 3}, {"redeemed_of": {7: 3}}, {}, "per_member", "You have had this 3 times already"),
        ({"per_member": 1}, {"redeemed_of": {8: 1}}, {}, "", ""),
        ({}, {}, {"left": 0}, "sold_out", "Sold out"),
        ({}, {"balance": 0, "points_name": "Beans"}, {}, "not_enough_points", "500 Beans to go"),
    ],
)
def test_why_not(
    terms: dict[str, Any], facts: dict[str, Any], shown: dict[str, Any], obstacle: str, why: str
) -> None:
    one = listed(replace_terms(FIVE_OFF, **terms), **shown)
    found = offer(one, member(**facts), AT)
    assert (found.obstacle, found.why, found.redeemable) == (obstacle, why, not obstacle)
    if obstacle:
        with pytest.raises(NotRedeemed) as refused:
            quote(one, member(**facts), None, None, AT)
        assert refused.value.code == obstacle


def test_prices_of_tiers() -> None:
    terms = replace_terms(FIVE_OFF, tier_prices={"gold": 400})
    assert offer(listed(terms), member(450, tier="gold"), AT).redeemable
    assert offer(listed(terms), member(450), AT).missing == 50
    assert outcome(terms, 400, tier="gold") == (400, 5)
    assert outcome(terms, 400) == "price_changed"
    assert outcome(terms, 500) == (500, 5)


def no_client(access: Access) -> Client:
    raise AssertionError(access)


def test_what_platforms_cannot_give() -> None:
    able = Abilities(frozenset({"fixed", "percentage", "gift_card"}))
    store = replace(STANDARD, label="Storify", client=no_client, abilities=able)
    ten = Terms(kind="percentage", price=1, value=Decimal(10))
    capped = replace_terms(ten, most_discount=Decimal(20))
    cases: list[tuple[Terms, Platform, str]] = [
        (ten, store, ""),
        (capped, store, "Storify cannot cap a percentage."),
        (capped, replace(store, abilities=replace(able, caps_percentage=True)), ""),
        (capped, STANDARD, ""),
        (STEPS, store, ""),
        (Terms(kind="free_shipping", price=1), store, "Storify cannot make this: Free shipping."),
        (Terms(kind="free_shipping", price=1, source="pool"), store, ""),
        (Terms(kind="custom", price=1), store, ""),
        (Terms(kind="gift_card", price=1), store, ""),
        (Terms(kind="gift_card", price=1), STANDARD, "Gift cards need a store platform that makes them."),
        (Terms(kind="gift_card", price=1, source="pool"), STANDARD, ""),
        (
            Terms(kind="store_credit", price=1),
            STANDARD,
            "Store credits need a store platform that makes them.",
        ),
    ]
    assert [lacking(terms, platform) for terms, platform, _ in cases] == [reason for _, _, reason in cases]


@pytest.mark.parametrize(
    ("terms", "abilities", "form"),
    [
        (FIVE_OFF, None, "XXXX-XXXX-XXXX-XXXXX"),
        (replace_terms(FIVE_OFF, prefix="Gold"), None, "GOLD-XXXX-XXXX-XXXX-XXXXX"),
        (replace_terms(FIVE_OFF, prefix="A-B"), Abilities(frozenset(), most_code_characters=20), "ABXXXXXXXXXXXXXXXXX"),
        (Terms(kind="gift_card", price=1, prefix="GIFTCARD"), None, "GIFXXXXXXXXXXXXXXXXX"),
        (FIVE_OFF, Abilities(frozenset(), fewest_code_characters=24), "XXXX-XXXX-XXXX-XXXXXXXXX"),
    ],
)  # fmt: skip
def test_codes(terms: Terms, abilities: Abilities | None, form: str) -> None:
    code = new_code(terms, abilities)
    assert len(code) == len(form)
    letters = ALPHABET.upper()
    assert all(
        one in letters if wanted == "X" else one == wanted for one, wanted in zip(code, form, strict=True)
    )
    assert new_code(terms, abilities) != code
    assert len(letters) ** form.count("X") >= 2**80


def test_words() -> None:
    ten = Terms(
        kind="percentage", price=1, value=Decimal("12.5"), most_discount=Decimal(20), validity_days=30
    )
    assert worth_text(ten, ten.value, "EUR") == "12.5% off, at most 20 €"
    assert worth_text(STEPS, Decimal("7.50"), "EUR") == "7.50 € off"
    assert conditions_texts(ten, "EUR") == ["Can be used for 30 days"]
    spend = replace_terms(SLIDER, minimum_spend=Decimal(25), product_ids=("1",))
    assert conditions_texts(spend, "EUR") == [
        "From 25 €",
        "At most 50% of an order",
        "For some products only",
    ]
