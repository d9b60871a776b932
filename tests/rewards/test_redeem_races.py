"""Many redemptions at once, with real commits: nobody gets more than there is, and the ledger is clean."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.models import F
from django_scopes import scope

from lib.rows import execute
from loyalty.actions.programs import open_shop
from loyalty.models import Account, Entry, Standing
from loyalty.proof import verify
from rewards.actions.catalogue import change_reward, create_reward, withdraw_reward
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


def while_it_waits(member: Member, call: Call, change: Callable[[], object]) -> object:
    """What `call` gives when `change` happens after it has read and before it gets the account's lock."""
    waiting = """
        SELECT count(*) FROM pg_locks w
        WHERE NOT w.granted AND pg_backend_pid() = ANY(pg_blocking_pids(w.pid))
    """

    def run() -> object:
        try:
            return outcome(call)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            execute(
                "SELECT 1 FROM loyalty_account WHERE shop_id = %(shop)s AND id = %(id)s FOR UPDATE",
                shop=member.shop.pk,
                id=member.account.pk,
            )
            answer = pool.submit(run)
            until = time.monotonic() + 20
            while execute(waiting) == [(0,)]:
                assert time.monotonic() < until
                time.sleep(0.01)
            change()
        return answer.result(20)


def test_what_changes_between_the_read_and_the_lock(member: Member) -> None:
    reward = create_reward(member.shop, "Five off", FIVE_OFF)

    def standing(tier: str) -> None:
        with scope(shop=member.shop):
            Standing.objects.update_or_create(
                shop=member.shop, account=member.account, defaults={"tier": tier}
            )

    def tier_terms(**changes: Any) -> None:
        # As if the program had a tier "gold".
        with scope(shop=member.shop):
            Reward.objects.filter(pk=reward.pk).update(terms=FIVE_OFF | changes, revision=F("revision") + 1)

    def renamed() -> Reward:
        return change_reward(reward, revision=1, description="Now with a description")

    assert while_it_waits(member, redeems(member.account, reward, 1), renamed) == "made"
    assert (
        while_it_waits(member, redeems(member.account, reward, 2), lambda: tier_terms(price=200)) == "changed"
    )
    standing("gold")
    tier_terms(tiers=["gold"])
    lost = redeems(member.account, reward, 3)
    assert while_it_waits(member, lost, lambda: standing("")) == "tier"
    tier_terms(tier_prices={"gold": 50})
    reached = redeems(member.account, reward, 4)
    assert while_it_waits(member, reached, lambda: standing("gold")) == "changed"
    gone = redeems(member.account, reward, 5)
    assert while_it_waits(member, gone, lambda: withdraw_reward(reward)) == "withdrawn"
    assert (member.figures[0], len(rows(member.shop)), clean(member.shop)) == (900, 1, True)
