"""Many redemptions at once, with real commits: nobody gets more than there is, and the ledger is clean."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django_scopes import scope

from loyalty.actions.programs import open_shop
from loyalty.models import Account, Entry
from loyalty.proof import verify
from rewards.actions.catalogue import create_reward, withdraw_reward
from rewards.actions.pools import add_codes, remove_unused
from rewards.actions.redeem import redeem
from rewards.errors import NotRedeemed
from rewards.models import Redemption, Reward
from shops.models import Customer, Shop
from tests.loyalty.ledger_stories import Member, another_member, new_member, on

THREADS = 40
FIVE_OFF: dict[str, Any] = {"kind": "fixed", "price": 100, "value": "5"}

Call = Callable[[], object]


@pytest.fixture
def member(committed: None) -> Member:
    member = new_member(open_shop("Busy", "EUR", "UTC"))
    member.earns(1000, 0)
    return member


def at_once(calls: Sequence[Call]) -> Counter[object]:
    """What the calls gave, made by threads that begin together: results, or the codes of refusals."""
    start = threading.Barrier(min(THREADS, len(calls)))

    def run(mine: Sequence[Call]) -> list[object]:
        try:
            start.wait(20)
            return [outcome(call) for call in mine]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(start.parties) as pool:
        parts = pool.map(run, [calls[first :: start.parties] for first in range(start.parties)], timeout=60)
        return Counter(one for part in parts for one in part)


def outcome(call: Call) -> object:
    try:
        return call()
    except NotRedeemed as refused:
        return refused.code


def redeems(account: Account, reward: Reward, key: object) -> Call:
    def call() -> object:
        return "made" if redeem(account, reward.public_id, f"{key}").pk else "nothing"

    return call


def rows(shop: Shop) -> list[Redemption]:
    with scope(shop=shop):
        return list(Redemption.objects.filter(shop=shop).order_by("id"))


def clean(shop: Shop) -> bool:
    """Every redemption has its spending and the other way round, and the ledger agrees with itself."""
    with scope(shop=shop):
        spent = Entry.objects.filter(shop=shop, kind="redeem").values_list("reference", "available_delta")
        made = {f"redemption:{row.pk}/1": -row.points for row in rows(shop)}
        assert dict(spent) == made
    return verify(shop.pk) == []


def test_two_hundred_calls_and_points_for_ten(member: Member) -> None:
    reward = create_reward(member.shop, "Five off", FIVE_OFF)
    found = at_once([redeems(member.account, reward, key) for key in range(200)])
    assert found == {"made": 10, "not_enough_points": 190}
    assert (member.figures[0], len(rows(member.shop)), clean(member.shop)) == (0, 10, True)


def test_a_stock_of_five_for_fifty_members(member: Member) -> None:
    shop, store = member.shop, member.account.customer.connection
    reward = create_reward(shop, "Five off", FIVE_OFF, stock=5)
    pooled = create_reward(shop, "Uploaded", FIVE_OFF | {"source": "pool"})
    add_codes(pooled, "\n".join(f"CODE-{number}" for number in range(30)), "olivia")
    members = [
        another_member(shop, Customer(shop=shop, connection=store, external_id=f"m{n}", as_of=on(0)))
        for n in range(50)
    ]
    for number, other in enumerate(members):
        other.earns(200, 0, f"order:m{number}")
    assert at_once([redeems(other.account, reward, "k") for other in members]) == {"made": 5, "sold_out": 45}
    removed: list[int] = []
    calls = [redeems(other.account, pooled, "p") for other in members]
    calls.insert(20, lambda: removed.append(remove_unused(pooled, [f"CODE-{n}" for n in range(20, 30)])))
    found = at_once(calls)
    assert found["made"] + removed[0] == 30
    codes = [row.code for row in rows(shop) if row.reward_id == pooled.pk]
    assert len(set(codes)) == found["made"]
    with scope(shop=shop):
        assert Reward.objects.get(pk=reward.pk).taken == 5
    assert clean(shop)


def test_once_a_member_and_one_key(member: Member) -> None:
    once = create_reward(member.shop, "Five off", FIVE_OFF | {"per_member": 1})
    assert at_once([redeems(member.account, once, key) for key in range(20)]) == {
        "made": 1,
        "per_member": 19,
    }
    other = create_reward(member.shop, "Again", FIVE_OFF)

    def same() -> object:
        return redeem(member.account, other.public_id, "double tap").code

    [(code, times)] = at_once([same] * 20).items()
    assert times == 20
    assert [row.code for row in rows(member.shop)][1:] == [code]
    assert (member.figures[0], clean(member.shop)) == (800, True)


def test_withdrawn_meanwhile(member: Member) -> None:
    reward = create_reward(member.shop, "Five off", FIVE_OFF, stock=8)
    calls = [redeems(member.account, reward, key) for key in range(40)]
    calls.insert(10, lambda: str(withdraw_reward(reward).active))
    found = at_once(calls)
    assert found["False"] == 1
    assert found["made"] + found["withdrawn"] + found["sold_out"] + found["changed"] == 40
    assert len(rows(member.shop)) == found["made"]
    assert outcome(redeems(member.account, reward, "late")) == "withdrawn"
    assert (1000 - member.figures[0], clean(member.shop)) == (100 * found["made"], True)
