"""Events told by a shop's own server."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from lib.clock import now
from loyalty.actions.programs import open_shop
from loyalty.models import Account
from shops.actions import create_api_key
from shops.models import Connection, Shop
from tests.conftest import TwoShops
from tests.loyalty.activity_stories import activities, balance, member, reward, rule, store
from tests.storefront_api.event_stories import LONG_AGO, REVIEW, RULES, server, tell


@pytest.fixture
def teahouse(shop: Shop) -> Connection:
    reward(shop, *RULES)
    return store(shop)


@pytest.fixture
def mara(teahouse: Connection) -> Account:
    return member(teahouse, "mara", LONG_AGO, email="Mara@example.com")


@pytest.fixture
def api(shop: Shop) -> Client:
    return server(create_api_key(shop, "till")[1])


def test_an_event_is_kept_and_awarded(api: Client, mara: Account) -> None:
    status, answer = tell(api, REVIEW | {"properties": {"stars": 5}})
    assert status == 201
    assert (answer["event"], answer["member"], answer["points"]) == ("review", mara.pk, 50)
    assert "50" in answer["explanation"]
    (kept,) = activities(mara.shop)
    assert (kept.kind, kept.reference, kept.properties) == ("review", "api:r1", {"stars": 5})
    assert balance(mara) == 50
    again = tell(api, REVIEW | {"properties": {"stars": 5}})
    assert again == (200, answer)
    assert balance(mara) == 50


@pytest.mark.parametrize(
    "change",
    [
        {"event": "quiz.done"},
        {"properties": {"a": 1}},
        {"event": "social_follow", "network": "x"},
        {"event": "visit"},
    ],
)
def test_a_reference_that_was_used_for_something_else_is_a_conflict(
    api: Client, mara: Account, change: dict[str, Any]
) -> None:
    tell(api, REVIEW)
    status, problem = tell(api, REVIEW | change)
    assert (status, problem["code"]) == (409, "reference_conflict")
    assert balance(mara) == 50


@pytest.mark.parametrize("name", ["id", "external_id", "email"])
def test_a_member_is_named_in_three_ways(api: Client, mara: Account, name: str) -> None:
    given = {"id": mara.pk, "external_id": "mara", "email": "mara@EXAMPLE.com"}[name]
    assert tell(api, REVIEW | {"member": {name: given}})[0] == 201
    assert balance(mara) == 50


def test_an_email_of_several_members_names_none(api: Client, mara: Account) -> None:
    member(mara.customer.connection, "mara2", LONG_AGO, email="mara@example.com")
    status, problem = tell(api, REVIEW | {"member": {"email": "mara@example.com"}})
    assert (status, list(problem["member"])) == (400, ["email"])
    assert activities(mara.shop) == []


@pytest.mark.parametrize("name", [{"id": 2**62}, {"external_id": "nobody"}, {"email": "no@example.com"}])
def test_an_unknown_member_is_404(api: Client, mara: Account, name: dict[str, Any]) -> None:
    assert tell(api, REVIEW | {"member": name})[0] == 404


def test_another_shops_member_is_404(two_shops: TwoShops, mara: Account) -> None:
    outsider = server(two_shops.other_key)
    assert tell(outsider, REVIEW | {"member": {"id": mara.pk}})[0] == 404
    assert tell(Client(), REVIEW)[0] == 401
    assert activities(mara.shop) == []


def test_what_no_rule_rewards_is_kept_and_says_so(api: Client, mara: Account) -> None:
    status, answer = tell(api, REVIEW | {"event": "quiz.lost"})
    assert (status, answer["points"]) == (201, 0)
    assert answer["explanation"] == "No points: nothing in the program rewards this."
    assert activities(mara.shop)[0].name == "quiz.lost"


def test_the_idempotency_key_serves_where_there_is_no_reference(api: Client, mara: Account) -> None:
    unnamed = {name: value for name, value in REVIEW.items() if name != "reference"}
    assert tell(api, unnamed, **{"Idempotency-Key": "k1"})[0] == 201
    assert tell(api, unnamed, **{"Idempotency-Key": "k1"})[0] == 200
    assert tell(api, REVIEW | {"reference": "k1"}, **{"Idempotency-Key": "k9"})[0] == 200
    assert balance(mara) == 50
    status, problem = tell(api, unnamed)
    assert (status, list(problem)) == (400, ["reference"])
    assert list(tell(api, unnamed, **{"Idempotency-Key": "two words"})[1]) == ["Idempotency-Key"]


def test_a_visit_counts_once_a_day_whatever_its_reference(api: Client, mara: Account) -> None:
    visit = {"event": "visit", "member": {"id": mara.pk}}
    first = tell(api, visit | {"reference": "v1"})
    second = tell(api, visit | {"reference": "v2"})
    assert (first[0], first[1]["points"]) == (201, 5)
    assert (second[0], second[1]["points"]) == (201, 0)
    assert second[1]["explanation"] == "No points: this was counted already."
    assert tell(api, visit | {"reference": "v1"}) == (200, first[1])
    assert tell(api, visit | {"reference": "v2"}) == (200, second[1])
    yesterday = (now() - timedelta(days=1)).isoformat()
    assert (
        tell(api, visit | {"reference": "v3", "occurred_at": yesterday})[1]["points"] == 0
    )  # before the rule
    assert balance(mara) == 5


def test_a_follow_and_the_newsletter_count_once(api: Client, mara: Account) -> None:
    follow = {"event": "social_follow", "member": {"id": mara.pk}, "network": "instagram"}
    assert [tell(api, follow | {"reference": f"f{n}"})[1]["points"] for n in range(2)] == [15, 0]
    assert tell(api, follow | {"reference": "f9", "network": "x"})[1]["points"] == 0
    letter = {"event": "newsletter", "member": {"id": mara.pk}}
    assert [tell(api, letter | {"reference": f"n{n}"})[1]["points"] for n in range(2)] == [30, 0]
    assert balance(mara) == 45


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"event": None}, "event"),
        ({"event": ""}, "event"),
        ({"event": "signup"}, "event"),
        ({"event": "birthday"}, "event"),
        ({"event": "two words"}, "event"),
        ({"event": "x" * 81}, "event"),
        ({"member": None}, "member"),
        ({"member": {}}, "member"),
        ({"member": {"id": 1, "email": "a@b.example"}}, "member"),
        ({"member": {"id": "many"}}, "member"),
        ({"member": {"id": 10**30}}, "member"),
        ({"member": {"external_id": "\x00"}}, "member"),
        ({"member": "mara"}, "member"),
        ({"reference": ""}, "reference"),
        ({"reference": "x" * 201}, "reference"),
        ({"reference": "a\nb"}, "reference"),
        ({"reference": "\ud800"}, "reference"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"occurred_at": (now() + timedelta(days=2)).isoformat()}, "occurred_at"),
        ({"occurred_at": (now() - timedelta(days=732)).isoformat()}, "occurred_at"),
        ({"event": "social_follow"}, "network"),
        ({"event": "social_follow", "network": "myspace"}, "network"),
        ({"network": "x"}, "network"),
        ({"event": "social_follow", "network": "\ud800"}, "network"),
        ({"event": "social_follow", "network": ["x"]}, "network"),
        ({"occurred_at": "2026-03-05T08:00:00"}, "occurred_at"),
        ({"occurred_at": "2026-03-05"}, "occurred_at"),
        ({"occurred_at": "0001-01-01T00:00:00+14:00"}, "occurred_at"),
        ({"occurred_at": "9999-12-31T23:59:59-14:00"}, "occurred_at"),
        ({"occured_at": "2026-03-05T08:00:00Z"}, "occured_at"),
        ({"a\ud800": 1}, "a�"),
        ({"member": {"id": True}}, "member"),
        ({"member": {"external_id": "mara", "mail": "m@x.example"}}, "member"),
        ({"member": {"email": "\ud800"}}, "member"),
        ({"properties": "much"}, "properties"),
        ({"properties": [1]}, "properties"),
        ({"properties": {"text": "x" * 4096}}, "properties"),
        ({"properties": {"text": "\x00"}}, "properties"),
        ({"properties": {"text": "\ud800"}}, "properties"),
        ({"properties": {"\x00": 1}}, "properties"),
    ],
)
def test_bad_content_is_refused_by_field(
    api: Client, mara: Account, change: dict[str, Any], field: str
) -> None:
    status, problem = tell(api, REVIEW | change)
    assert (status, list(problem)) == (400, [field])
    assert activities(mara.shop) == []


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff", b"[]", b"[" * 100_000, b'{"event": NaN}', b'{"event":"review","properties":{"n":1e999}}'],
)
def test_bodies_that_are_no_event(api: Client, mara: Account, body: bytes) -> None:
    assert tell(api, body)[0] == 400


def test_only_post(api: Client) -> None:
    assert api.get("/api/v1/events/").status_code == 405


def test_the_same_event_twice_at_once_counts_once(committed: None) -> None:
    shop = open_shop("Side by side", "EUR", "Europe/Berlin")
    reward(shop, rule("review", 50))
    mara = member(store(shop), "mara", LONG_AGO)
    key = create_api_key(shop, "till")[1]

    def run(_: int) -> int:
        try:
            return tell(server(key), REVIEW)[0]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(run, range(4))) == [200, 200, 200, 201]
    assert balance(mara) == 50
