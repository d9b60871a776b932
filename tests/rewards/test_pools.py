"""Uploaded codes: every mistake named by its line, nothing half-written, and what is left."""

import pytest
from django_scopes import scope

from rewards.actions.catalogue import create_reward
from rewards.actions.pools import add_codes, check_codes, codes_left, remove_unused
from rewards.errors import InvalidPool
from rewards.models import PoolCode, Reward
from rewards.queries import pool_counts
from shops.models import Shop


@pytest.fixture
def reward(shop: Shop) -> Reward:
    return create_reward(shop, "Ten off", {"kind": "fixed", "price": 1, "value": "10", "source": "pool"})


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        ("A-1\nB-2\n", ("A-1", "B-2")),
        ("\ufeffCode\r\nA-1\r\n\r\n  B-2  ", ("A-1", "B-2")),
        (b"\xef\xbb\xbfname;Code\nx;A-1\ny;B-2\nz;\n", ("A-1", "B-2")),
        ("Code\tfor\nA-1\tx\n".encode("utf-16"), ("A-1",)),
        ('"A,1"\rB 2', ("A,1", "B 2")),
        ("SOMMER-GRÜSSE", ("SOMMER-GRÜSSE",)),
    ],
)
def test_files_that_can_be_read(reward: Reward, data: bytes | str, codes: tuple[str, ...]) -> None:
    checked = check_codes(reward, data)
    assert (checked.codes, checked.errors) == (codes, ())
    assert codes_left(reward) == 0


@pytest.mark.parametrize(
    ("data", "lines"),
    [
        ("", [0]),
        ("code\n\n", [0]),
        (b"PK\x03\x04zip", [0]),
        (b"A-1\nB\xff2", [2]),
        ("A-1\nB-2\na-1\nC\u200b3\nD\x004\n=1+1\n@x", [3, 4, 5, 6, 7]),
        ("A-1\n" + "x" * 256, [2]),
        ('A-1\n"B-2', [2]),
        ("A-1\n" + "x" * 200_000, [2]),
    ],
)
def test_every_mistake_is_named_by_its_line(reward: Reward, data: bytes | str, lines: list[int]) -> None:
    assert [line for line, message in check_codes(reward, data).errors if message] == lines
    with pytest.raises(InvalidPool) as refused:
        add_codes(reward, data, "olivia@corner.example")
    assert [line for line, _ in refused.value.errors] == lines
    assert codes_left(reward) == 0


def test_codes_are_known_once_in_the_shop(shop: Shop, reward: Reward) -> None:
    other = create_reward(shop, "Five off", {"kind": "fixed", "price": 1, "value": "5", "source": "pool"})
    assert add_codes(reward, "A-1\nB-2\nC-3", "olivia@corner.example") == 3
    with pytest.raises(InvalidPool, match="2: “b-2” is known already"):
        add_codes(other, "D-4\nb-2", "olivia@corner.example")
    assert add_codes(other, "D-4", "olivia@corner.example") == 1
    assert pool_counts(shop) == {reward.pk: 3, other.pk: 1}
    assert remove_unused(reward, ["a-1", "D-4", "Z"]) == 1
    assert (remove_unused(reward), codes_left(reward), codes_left(other)) == (2, 0, 1)
    with scope(shop=shop):
        assert PoolCode.objects.get(shop=shop).added_by == "olivia@corner.example"


def test_only_pools_take_codes(shop: Shop) -> None:
    made = create_reward(shop, "Five off", {"kind": "fixed", "price": 1, "value": "5"})
    with pytest.raises(InvalidPool, match="made by the store"):
        add_codes(made, "A-1", "olivia@corner.example")
