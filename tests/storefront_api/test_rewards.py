"""What a shopper can redeem, redeems and has redeemed, over the shopper API."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import jwt
import pytest
from django.test import Client
from django_scopes import scope
from pytest_django.fixtures import Settings

from lib.clock import now
from loyalty.models import Account
from platforms.connect import connect_store
from rewards.actions.catalogue import archive_reward, create_reward, withdraw_reward
from rewards.models import Redemption, Reward
from shops.models import Connection, Shop
from storefront_api import connections as known_connections
from tests.conftest import TwoShops
from tests.rewards.stories import CUSTOMER, Story, story
from tests.storefront_api.stories import customer, order

V1 = "/storefront/v1"
FIVE_OFF: dict[str, Any] = {"kind": "fixed", "price": 500, "value": "5"}
SLIDER: dict[str, Any] = {
    "kind": "variable",
    "price": 50,
    "value": "0.5",
    "min_points": 100,
    "max_points": 800,
}


@dataclass
class Mara:
    """A shopper with 1,240 points, and the client that speaks for her."""

    shop: Shop
    store: Connection
    account: Account
    client: Client

    def reward(self, name: str = "5 € off", stock: int | None = None, **terms: Any) -> Reward:
        return create_reward(self.shop, name, {**FIVE_OFF, **terms}, stock=stock)

    def get(self, path: str) -> Any:
        return self.client.get(f"{V1}/{path}").json()

    def redeem(self, reward: Reward, key: str = "k1", **more: Any) -> tuple[int, Any]:
        return self.post({"reward": reward.public_id, "key": key, **more})

    def post(self, body: Any) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body)
        answer = self.client.post(f"{V1}/me/redemptions", data, content_type="application/json")
        return answer.status_code, answer.json()

    @property
    def standing(self) -> tuple[int, int]:
        """(balance, redemptions)."""
        with scope(shop=self.shop):
            made = Redemption.objects.filter(shop=self.shop).count()
            return Account.objects.get(shop=self.shop, pk=self.account.pk).balance, made


def as_shopper(store: Connection, subject: str) -> Client:
    claims = {"iss": store.shop.public_id, "sub": subject, "exp": int(time.time()) + 600}
    token = jwt.encode(claims, store.storefront_secret, algorithm="HS256")
    return Client(headers={"Authorization": f"Bearer {token}"}, enforce_csrf_checks=True)


@pytest.fixture
def mara(shop: Shop) -> Mara:
    known_connections.forget()
    store = connect_store(shop, "standard", "corner.example")
    account = order(customer(store, "mara"), "order:1", "1240")
    return Mara(shop, store, account, as_shopper(store, "mara"))


@pytest.fixture
def fern(db: None) -> Iterator[Story]:
    known_connections.forget()
    with story() as told:
        yield told


def test_what_is_offered_and_what_is_missing(mara: Mara) -> None:
    mara.reward(minimum_spend="25", validity_days=30)
    mara.reward("A teapot", kind="custom", price=2000, value="40")
    create_reward(mara.shop, "Choose", SLIDER)
    mara.redeem(mara.reward("Gone", stock=1))
    told = mara.get("me/rewards")
    five, teapot, choose, gone = told["rewards"]
    assert told["balance"] == 740
    assert five == {
        "id": five["id"],
        "kind": "fixed",
        "name": "5 € off",
        "description": "",
        "worth": "5 € off",
        "conditions": ["From 25 €", "Can be used for 30 days"],
        "price": 500,
        "left": None,
        "ends_at": None,
        "missing": 0,
        "redeemable": True,
        "obstacle": None,
        "why": "",
        "usual_price": None,
        "slider": None,
    }
    assert (teapot["missing"], teapot["obstacle"], teapot["why"]) == (
        1260,
        "not_enough_points",
        "1,260 points to go",
    )
    assert choose["slider"] == {"least": 100, "most": 700, "step": 50, "value_each": "0.5"}
    assert (choose["price"], choose["worth"]) == (100, "0.50 € off for every 50 points")
    assert (gone["redeemable"], gone["obstacle"], gone["why"], gone["left"]) == (
        False,
        "sold_out",
        "Sold out",
        0,
    )


def test_guests_see_prices_and_nothing_of_anybody(mara: Mara) -> None:
    mara.reward()
    create_reward(mara.shop, "Choose", SLIDER)
    answer = Client().get(
        f"{V1}/rewards?shop={mara.shop.public_id}", headers={"Origin": "https://corner.example"}
    )
    five, choose = answer.json()["rewards"]
    assert (five["price"], five["why"], choose["price"]) == (500, "", 100)
    assert not {"missing", "redeemable", "slider"} & set(five)
    assert (answer["Cache-Control"], answer["Vary"]) == ("public, max-age=60", "Origin")
    assert answer["Access-Control-Allow-Origin"] == "https://corner.example"
    again = Client().get(
        f"{V1}/rewards?shop={mara.shop.public_id}", headers={"If-None-Match": answer["ETag"]}
    )
    assert again.status_code == 304
    assert Client().get(f"{V1}/rewards?shop=shop_nobody").status_code == 404


def test_who_is_not_known_yet_can_look_but_not_redeem(mara: Mara) -> None:
    reward = mara.reward()
    mara.client = as_shopper(mara.store, "nobody")
    told = mara.get("me/rewards")
    assert (told["balance"], told["turn"], told["rewards"][0]["missing"]) == (0, "", 500)
    assert mara.get("me/redemptions") == {"redemptions": [], "next": None}
    status, problem = mara.redeem(reward)
    assert (status, problem["error"]["code"]) == (409, "not_enough_points")


def test_points_become_a_code_once(mara: Mara) -> None:
    reward = mara.reward(validity_days=30, instructions="Show it at the till")
    turn = mara.get("me/rewards")["turn"]
    status, made = mara.redeem(reward, points=500)
    assert status == 200
    assert (made["state"], made["usable"], made["balance"], made["points"]) == ("issued", True, 740, 500)
    assert (made["name"], made["value"], made["worth"]) == ("5 € off", "5", "5 € off")
    assert len(made["code"]) > 17
    last_day = (now() + timedelta(days=30)).astimezone(ZoneInfo(mara.shop.timezone)).date()
    assert made["last_day"] == last_day.isoformat()
    assert made["apply_url"] is None, "a store of any make has no such link"
    assert mara.redeem(reward, points=500) == (200, made)
    assert mara.redeem(reward) == (200, made)
    assert mara.get(f"me/redemptions/{made['id']}") == made
    assert mara.get("me/rewards")["turn"] == made["id"] != turn
    status, problem = mara.redeem(mara.reward("Another"))
    assert (status, problem["error"]["code"], problem["error"]["field"]) == (409, "key_conflict", "key")
    assert mara.standing == (740, 1)


def test_a_slider_takes_whole_steps(mara: Mara) -> None:
    slider = create_reward(mara.shop, "Choose", SLIDER)
    status, made = mara.redeem(slider, points=250, order_total="80.00")
    assert (status, made["value"], made["worth"], made["balance"]) == (200, "2.5", "2.50 € off", 990)
    assert mara.redeem(slider, points=300)[1]["error"]["code"] == "key_conflict"


def test_a_store_prepares_its_code(fern: Story) -> None:
    """Nothing of the code is told before the store has it; then there is a link into the cart."""
    fern.reward()
    mara = Mara(fern.shop, fern.connection, fern.account, as_shopper(fern.connection, CUSTOMER))
    _, made = mara.post({"reward": mara.get("me/rewards")["rewards"][0]["id"], "key": "k"})
    assert (made["state"], made["state_text"], made["usable"]) == ("reserved", "Being prepared", False)
    assert (made["code"], made["apply_url"], made["balance"]) == (None, None, 500)
    fern.issue()
    ready = mara.get(f"me/redemptions/{made['id']}")
    assert (ready["state"], ready["usable"]) == ("issued", True)
    assert [ready["code"]] == fern.codes()
    assert ready["apply_url"] == f"https://{fern.connection.domain}/discount/{ready['code']}"
    with scope(shop=fern.shop):
        Redemption.objects.filter(shop=fern.shop).update(state="used")
    used = mara.get("me/redemptions")["redemptions"][0]
    assert (used["state_text"], used["code"], used["apply_url"]) == ("Used", ready["code"], None)
    with scope(shop=fern.shop):
        Redemption.objects.filter(shop=fern.shop).update(state="returned", closing="expired", posted=0)
    over = mara.get("me/redemptions")["redemptions"][0]
    assert (over["state_text"], over["code"], over["returned_points"]) == ("Expired", None, 500)


def test_what_cannot_be_had_now_takes_no_points(mara: Mara) -> None:
    sold_out = mara.reward("Sold out", stock=1)
    once = mara.reward("Once", price=100, per_member=1)
    withdrawn, archived = mara.reward("Withdrawn"), mara.reward("Archived")
    withdraw_reward(withdrawn)
    archive_reward(archived)
    table: list[tuple[Reward, str]] = [
        (withdrawn, "withdrawn"),
        (archived, "withdrawn"),
        (mara.reward("Dear", price=1241), "not_enough_points"),
        (mara.reward("Later", starts="2099-01-01"), "not_open"),
        (once, "per_member"),
        (sold_out, "sold_out"),
    ]
    mara.redeem(once, key="first")
    with scope(shop=mara.shop):
        Reward.objects.filter(shop=mara.shop, pk=sold_out.pk).update(taken=1)
    before = mara.standing
    for reward, code in table:
        status, problem = mara.redeem(reward, key=f"key {reward.pk}")
        assert (status, problem["error"]["code"]) == (409, code), reward.name
        assert problem["error"]["message"]
    status, problem = mara.redeem(mara.reward("Dearer now"), points=400)
    assert (status, problem["error"]["code"], problem["error"]["field"]) == (409, "price_changed", "points")
    with scope(shop=mara.shop):
        Account.objects.filter(shop=mara.shop).update(frozen_at=now())
    assert mara.redeem(mara.reward("Frozen"), key="f")[1]["error"]["code"] == "frozen"
    assert mara.standing == before


def test_what_is_sent_wrong_is_named(mara: Mara) -> None:
    reward, slider = mara.reward(), create_reward(mara.shop, "Choose", SLIDER)
    fixed = {"reward": reward.public_id, "key": "k"}
    sliding = {"reward": slider.public_id, "key": "k"}
    table: list[tuple[Any, int, str, str | None]] = [
        (b" ", 400, "invalid", None),
        (b"{", 400, "invalid", None),
        (b"[" * 900, 400, "invalid", None),
        (b"\xff", 400, "invalid", None),
        ([], 400, "invalid", None),
        ({}, 400, "invalid", "reward"),
        ({"reward": reward.public_id}, 400, "invalid", "key"),
        (fixed | {"reward": 5}, 400, "invalid", "reward"),
        (fixed | {"state": "issued"}, 400, "invalid", None),
        (fixed | {"reward": "rwd_unknown"}, 404, "unknown_reward", "reward"),
        (fixed | {"reward": "\0"}, 404, "unknown_reward", "reward"),
        (fixed | {"key": ""}, 400, "bad_key", "key"),
        (fixed | {"key": "x" * 181}, 400, "bad_key", "key"),
        (fixed | {"key": "a\0b"}, 400, "bad_key", "key"),
        (fixed | {"key": "given:1"}, 400, "bad_key", "key"),
        (fixed | {"points": -500}, 400, "bad_points", "points"),
        (fixed | {"points": 500.0}, 400, "bad_points", "points"),
        (fixed | {"points": "500"}, 400, "bad_points", "points"),
        (fixed | {"points": True}, 400, "bad_points", "points"),
        (fixed | {"points": 10**30}, 400, "bad_points", "points"),
        (sliding, 400, "bad_points", "points"),
        (sliding | {"points": 0}, 400, "bad_points", "points"),
        (sliding | {"points": 120}, 400, "not_a_step", "points"),
        (sliding | {"points": 50}, 400, "below_minimum", "points"),
        (sliding | {"points": 850}, 400, "above_maximum", "points"),
        (sliding | {"points": 100, "order_total": "-1"}, 400, "bad_order_total", "order_total"),
        (sliding | {"points": 100, "order_total": "NaN"}, 400, "bad_order_total", "order_total"),
        (sliding | {"points": 100, "order_total": "free"}, 400, "invalid", "order_total"),
        (b" " * 3000, 413, "too_large", None),
    ]
    for body, status, code, field in table:
        answered, problem = mara.post(body)
        assert (answered, problem["error"]["code"], problem["error"].get("field")) == (status, code, field), (
            body
        )
    form = mara.client.post(f"{V1}/me/redemptions", json.dumps(fixed), content_type="text/plain")
    assert (form.status_code, form.json()["error"]["code"]) == (415, "not_json")
    assert mara.standing == (1240, 0)


def test_nobody_reaches_what_is_somebody_elses(mara: Mara, two_shops: TwoShops) -> None:
    made = mara.redeem(mara.reward())[1]
    elsewhere = create_reward(two_shops.other, "Elsewhere", FIVE_OFF)
    status, problem = mara.redeem(elsewhere, key="k2")
    assert (status, problem["error"]["code"]) == (404, "unknown_reward")
    store = connect_store(two_shops.other, "standard", "elsewhere.example")
    for stranger in (as_shopper(mara.store, "olga"), as_shopper(store, "mara")):
        for public_id in (made["id"], "red_unknown", "x" * 50, "%00", "a/b"):
            answer = stranger.get(f"{V1}/me/redemptions/{public_id}")
            assert answer.status_code == 404, public_id
    assert Client().post(f"{V1}/me/redemptions", b"{}", content_type="application/json").status_code == 401
    assert mara.standing == (740, 1)


def test_codes_come_in_pages(mara: Mara) -> None:
    reward = mara.reward(price=10)
    made = [mara.redeem(reward, key=f"{number}")[1]["id"] for number in range(22)]
    first = mara.get("me/redemptions")
    second = mara.get(f"me/redemptions?before={first['next']}")
    assert [one["id"] for one in [*first["redemptions"], *second["redemptions"]]] == made[::-1]
    assert (len(first["redemptions"]), second["next"]) == (20, None)
    assert mara.get("me/redemptions?before=red_unknown")["redemptions"] == []
    assert mara.client.get(f"{V1}/me/redemptions?before=%27").status_code == 400


@pytest.mark.parametrize(
    ("path", "methods", "headers"),
    [
        ("me/redemptions", "GET, POST", "Authorization, If-None-Match, Content-Type"),
        ("me/redemptions/red_1", "GET", "Authorization, If-None-Match"),
        ("me/rewards", "GET", "Authorization, If-None-Match"),
        ("rewards", "GET", "Authorization, If-None-Match"),
    ],
)
def test_the_stores_own_pages_may_redeem(
    mara: Mara, settings: Settings, path: str, methods: str, headers: str
) -> None:
    settings.DEMO = settings.DEBUG = False
    known_connections.forget()
    asked = mara.client.options(f"{V1}/{path}", headers={"Origin": "https://corner.example"})
    assert (asked.status_code, asked["Access-Control-Allow-Origin"]) == (204, "https://corner.example")
    assert asked["Access-Control-Allow-Methods"] == methods
    assert asked["Access-Control-Allow-Headers"] == headers
    stranger = mara.client.options(f"{V1}/{path}", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Methods" not in stranger
    refused = mara.client.delete(f"{V1}/{path}")
    assert (refused.status_code, refused["Allow"]) == (405, f"{methods}, OPTIONS")


def test_redeeming_is_limited(mara: Mara, settings: Settings) -> None:
    reward = mara.reward(price=10)
    settings.STOREFRONT_REQUESTS_PER_MINUTE = 1
    assert 429 in [mara.redeem(reward, key=f"{number}")[0] for number in range(4)]
