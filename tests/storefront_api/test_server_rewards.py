"""Rewards and redemptions for a shop's own server: prices, points taken once, and what becomes of them."""

import json
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from loyalty.models import Account
from rewards.actions.catalogue import create_reward, withdraw_reward
from rewards.models import Redemption, RedemptionStep, Reward
from tests.conftest import TwoShops
from tests.storefront_api.stories import customer, order, store

FIVE_OFF = {"kind": "fixed", "price": 40, "value": "5.00", "minimum_spend": "20.00", "validity_days": 30}
SLIDER = {"kind": "variable", "price": 10, "value": "0.10", "min_points": 20, "max_order_percent": 50}


@dataclass
class Desk:
    """A server of a shop whose member has 50 points."""

    shops: TwoShops
    member: Account
    api: Client

    def reward(self, name: str = "A reward", stock: int | None = None, **terms: Any) -> Reward:
        return create_reward(self.shops.shop, name, FIVE_OFF | terms, stock=stock)

    def get(self, address: str) -> Any:
        return self.api.get(f"/api/v1/{address}").json()

    def post(self, address: str, body: Any = None, key: str | None = "k1") -> tuple[int, dict[str, Any]]:
        headers = {} if key is None else {"Idempotency-Key": key}
        answer = self.api.post(f"/api/v1/{address}", json.dumps(body), "application/json", headers=headers)
        return answer.status_code, answer.json()

    def redeem(self, reward: Reward | str, key: str = "k1", **more: Any) -> tuple[int, dict[str, Any]]:
        name = reward if isinstance(reward, str) else reward.public_id
        return self.post(f"members/{self.member.pk}/redemptions/", {"reward": name, **more}, key)

    @property
    def balance(self) -> int:
        with scope(shop=self.shops.shop):
            return int(Account.objects.get(shop=self.shops.shop, pk=self.member.pk).balance)


@pytest.fixture
def desk(two_shops: TwoShops) -> Desk:
    member = order(customer(store(two_shops.shop), "1"), "order:1", "50")
    api = Client(headers={"Authorization": f"Bearer {two_shops.key}"}, raise_request_exception=False)
    return Desk(two_shops, member, api)


def test_rewards_are_listed_and_priced_for_a_member(desk: Desk) -> None:
    cheap, dear = desk.reward("Cheap"), desk.reward("Dear", price=60, tiers=[])
    slider = create_reward(desk.shops.shop, "Slider", SLIDER)
    withdraw_reward(desk.reward("Gone"))
    listed = desk.get("rewards/")
    assert [reward["name"] for reward in listed["results"]] == ["Cheap", "Dear", "Slider"]
    assert all(reward["member"] is None for reward in listed["results"])
    assert listed["results"][0]["terms"].items() >= {"kind": "fixed", "price": 40, "value": "5.00"}.items()
    assert listed["results"][0]["conditions"] == ["From 20 €", "Can be used for 30 days"]

    priced = {
        reward["id"]: reward["member"] for reward in desk.get(f"rewards/?member={desk.member.pk}")["results"]
    }
    able = {"price": 40, "affordable": True, "missing": 0, "redeemable": True, "reason": ""}
    assert priced[cheap.public_id] == able | {"message": "", "choice": None}
    unable = {
        "price": 60,
        "affordable": False,
        "missing": 10,
        "redeemable": False,
        "reason": "not_enough_points",
    }
    assert priced[dear.public_id] == unable | {"message": "10 points to go", "choice": None}
    assert priced[slider.public_id]["choice"] == {"least": 20, "most": 50, "step": 10, "value_each": "0.10"}
    one = desk.get(f"rewards/{dear.public_id}/?member={desk.member.pk}")
    assert one["member"] == priced[dear.public_id]
    assert [reward["name"] for reward in desk.get("rewards/?page_size=2&page=2")["results"]] == ["Slider"]


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("rewards/?member=999999", 400),
        ("rewards/?member=x", 400),
        ("rewards/?page_size=0", 400),
        ("rewards/rwd_23456789abcdef/", 404),
        ("rewards/%00/", 404),
        ("redemptions/red_23456789abcdef/", 404),
        ("redemptions/%00/", 404),
        ("redemptions/%F0/", 404),
        ("nowhere/", 404),
    ],
)
def test_what_is_not_there_is_said_in_json(desk: Desk, address: str, status: int) -> None:
    answer = desk.api.get(f"/api/v1/{address}")
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/json")


def test_points_are_taken_once_for_a_key(desk: Desk) -> None:
    reward = desk.reward()
    status, made = desk.redeem(reward)
    assert (status, desk.balance) == (201, 10)
    expected = {
        "state": "issued",
        "points": 40,
        "value": "5.00",
        "currency": "EUR",
        "reward": reward.public_id,
    }
    assert expected.items() <= made.items()
    assert made["code"]
    assert made["expires_at"] > made["created_at"]
    assert desk.redeem(reward) == (200, made)
    assert desk.redeem(reward, points=40) == (200, made)
    assert desk.balance == 10

    other = desk.reward(price=10)
    status, told = desk.redeem(other)
    assert (status, told["code"]) == (409, "idempotency_conflict")
    assert desk.get(f"members/{desk.member.pk}/redemptions/")["results"] == [made]
    told = desk.get(f"redemptions/{made['id']}/")
    assert told.items() >= made.items()
    assert (told["uses"], [step["what"] for step in told["steps"]]) == ([], ["reserved", "issued"])


def test_a_page_of_redemptions_costs_the_same_however_many_there_are(desk: Desk) -> None:
    reward = desk.reward(price=1)
    costs = []
    for size in (1, 6):
        for number in range(size):
            desk.redeem(reward, f"{size}-{number}")
        with CaptureQueriesContext(connection) as queries:
            assert len(desk.get(f"members/{desk.member.pk}/redemptions/")["results"]) >= size
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 5


def test_what_cannot_be_had_is_refused_and_takes_nothing(desk: Desk) -> None:
    slider = create_reward(desk.shops.shop, "Slider", SLIDER)
    gone = desk.reward("Gone")
    withdraw_reward(gone)
    foreign = create_reward(desk.shops.other, "Theirs", FIVE_OFF)
    table: list[tuple[Reward | str, dict[str, Any], int, str]] = [
        (desk.reward("Dear", price=60), {}, 409, "not_enough_points"),
        (desk.reward("None left", stock=0), {}, 409, "sold_out"),
        (gone, {}, 409, "withdrawn"),
        (desk.reward("Early", starts="2099-01-01"), {}, 409, "not_open"),
        (desk.reward(), {"points": 1}, 400, "points"),
        (desk.reward(), {"points": -40}, 400, "points"),
        (desk.reward(), {"points": "40"}, 400, "points"),
        (desk.reward(), {"points": 10**30}, 400, "points"),
        (desk.reward(), {"order_total": 5}, 400, "order_total"),
        (desk.reward(), {"price": 1}, 400, "price"),
        (slider, {}, 400, "points"),
        (slider, {"points": 25}, 400, "points"),
        (slider, {"points": 10}, 400, "points"),
        (slider, {"points": 50, "order_total": "0.90"}, 400, "points"),
        (foreign, {}, 404, "There is no such reward."),
        ("\x00", {}, 400, "reward"),
        ("", {}, 400, "reward"),
    ]
    for number, (reward, more, status, why) in enumerate(table):
        found, told = desk.redeem(reward, f"bad-{number}", **more)
        named = told.get("code") or told.get("detail") or next(iter(told))
        assert (found, named) == (status, why), (more, told)
    assert desk.post(f"members/{desk.member.pk}/redemptions/", {"reward": gone.public_id}, None)[0] == 400
    assert desk.post(f"members/{desk.member.pk}/redemptions/", [])[0] == 400
    assert desk.balance == 50
    assert desk.redeem(slider, points=50, order_total="1.00")[1]["value"] == "0.50"


def test_a_redemption_is_revoked_or_handed_over(desk: Desk) -> None:
    code = desk.redeem(desk.reward())[1]
    for key in ("r1", "r2"):
        status, told = desk.post(f"redemptions/{code['id']}/revoke/", key=key)
        assert (status, told["state"], told["ending"], desk.balance) == (200, "returned", "revoked", 50)
    assert [step["what"] for step in told["steps"]].count("revoked") == 1
    assert told["steps"][0].keys() == {"what", "detail", "actor", "at"}
    status, told = desk.post(f"redemptions/{code['id']}/fulfil/")
    assert (status, told["code"]) == (409, "not_possible")

    mug = desk.redeem(create_reward(desk.shops.shop, "Mug", {"kind": "custom", "price": 30}), "k2")[1]
    for _ in range(2):
        status, told = desk.post(f"redemptions/{mug['id']}/fulfil/")
        assert (status, told["state"]) == (200, "used")
    status, told = desk.post(f"redemptions/{mug['id']}/revoke/")
    assert (status, told["code"], desk.balance) == (409, "not_possible", 20)
    assert desk.post(f"redemptions/{mug['id']}/revoke/", key=None)[0] == 400


def test_a_code_that_a_store_has_yet_to_make_is_not_told_nor_what_the_store_answered(desk: Desk) -> None:
    made = desk.redeem(desk.reward())[1]
    with scope(shop=desk.shops.shop):
        redemption = Redemption.objects.get(shop=desk.shops.shop, public_id=made["id"])
        Redemption.objects.filter(shop=desk.shops.shop, pk=redemption.pk).update(state="issuing")
        RedemptionStep.objects.create(
            shop=desk.shops.shop, redemption=redemption, what="failed", detail="Slow", answer="secret-token"
        )
    told = desk.api.get(f"/api/v1/redemptions/{made['id']}/")
    assert told.json()["code"] is None
    assert made["code"] not in told.content.decode()
    assert "secret-token" not in told.content.decode()
