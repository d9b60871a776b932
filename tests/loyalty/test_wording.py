"""The names of points, one and many."""

from decimal import Decimal

import pytest

from loyalty.wording import one_of, points_text


@pytest.mark.parametrize(
    ("name", "one"),
    [("points", "point"), ("Beans", "Bean"), ("Gold Coins", "Gold Coin"), ("Miles", "Mile"), ("★s", "★s")],
)
def test_one_of_many(name: str, one: str) -> None:
    assert one_of(name) == one


@pytest.mark.parametrize("name", ["Bonus", "Kudos", "Bliss", "Cookies", "Taler", "Oasis", "Boxes", "s", "XS"])
def test_a_name_that_is_no_simple_plural_stays(name: str) -> None:
    assert one_of(name) == name


@pytest.mark.parametrize(
    ("count", "text"),
    [(1, "1 Bean"), (-1, "−1 Bean"), (0, "0 Beans"), (1200, "1,200 Beans"), (Decimal("1.5"), "1.5 Beans")],
)
def test_counting(count: int | Decimal, text: str) -> None:
    assert points_text(count, "Beans") == text
