from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lib.money import BadAmount, amount, fraction, is_currency, minor_units, spread


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", "0"),
        ("19.99", "19.99"),
        ("-10.00", "-10.00"),
        ("007.50", "7.50"),
        ("999999999999.12345678", "999999999999.12345678"),
        (42, "42"),
        (-3, "-3"),
    ],
)
def test_amounts_are_exact(value: object, expected: str) -> None:
    assert amount(value, "price") == Decimal(expected)


@pytest.mark.parametrize(
    "value",
    [
        "", " 1", "1 ", "1\n", "+1", "1.", ".5", "1,50", "1_000", "1e3", "1e400", "NaN", "Infinity", "-", "0x10",
        "\u0661\u0662", "１２", "1000000000000", "0.123456789", 10**12, 1.5, True, None, [], {}, b"1", Decimal(1),
    ],
)  # fmt: skip
def test_anything_else_is_refused_and_named(value: object) -> None:
    with pytest.raises(BadAmount, match=r"^price: not an amount: "):
        amount(value, "price")


def test_the_message_quotes_little() -> None:
    with pytest.raises(BadAmount) as caught:
        amount("9" * 100_000, "price")
    assert len(str(caught.value)) < 100


@pytest.mark.parametrize(
    ("code", "places"),
    [("EUR", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3), ("RSD", 2), ("LBP", 2), ("IQD", 3), ("CLF", 4)],
)
def test_minor_units_follow_iso_4217(code: str, places: int) -> None:
    assert is_currency(code)
    assert minor_units(code) == places


@pytest.mark.parametrize("code", ["XXZ", "XXX", "XTS", "eur", "", "EURO", None, 978, ["EUR"]])
def test_unknown_currencies(code: object) -> None:
    assert not is_currency(code)


def test_shares_go_by_largest_remainder_and_ties_to_the_earlier() -> None:
    assert spread(Decimal("10.00"), [Decimal("50"), Decimal("20")], "EUR") == [
        Decimal("7.14"),
        Decimal("2.86"),
    ]
    assert spread(Decimal("10"), [Decimal("1")] * 3, "EUR") == [
        Decimal("3.34"),
        Decimal("3.33"),
        Decimal("3.33"),
    ]
    assert spread(Decimal("10"), [Decimal("1")] * 3, "JPY") == [4, 3, 3]
    assert spread(Decimal("5"), [Decimal(0), Decimal(0)], "EUR") == [0, 0]


CENTS = st.integers(0, 10**14).map(lambda units: Decimal(units).scaleb(-2))


@given(st.lists(CENTS, min_size=1, max_size=30), st.integers(0, 1000))
def test_shares_add_up_and_none_is_above_its_weight(weights: list[Decimal], part: int) -> None:
    total = (sum(weights, Decimal(0)) * part / 1000).quantize(Decimal("0.001"))
    shares = spread(min(total, sum(weights, Decimal(0))), weights, "EUR")
    assert sum(shares) == min(total, sum(weights, Decimal(0))) or not any(weights)
    assert all(0 <= share <= weight for share, weight in zip(shares, weights, strict=True))


def test_fractions() -> None:
    assert fraction(Decimal("100.00"), 1, 2) == Decimal("50.00")
    assert fraction(Decimal("10.00"), 1, 3) == Decimal("3.33333333")
