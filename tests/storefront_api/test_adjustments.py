"""Adjusting points by the server API: once per Idempotency-Key, and never below zero."""

import json
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from loyalty.models import Account, Entry
from tests.conftest import TwoShops
from tests.storefront_api.stories import customer, order, store

GIFT = {"points": 25, "reason": "Sorry for the late parcel"}


@pytest.fixture
def member(two_shops: TwoShops) -> Account:
    """A member with 49 points."""
    return order(customer(store(two_shops.shop), "1"), "order:1", "49.95")


@pytest.fixture
def api(two_shops: TwoShops) -> Client:
    return Client(headers={"Authorization": f"Bearer {two_shops.key}"}, raise_request_exception=False)


def post(api: Client, member: Account, body: Any, key: str | None = "k1") -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body)
    answer = api.post(
        f"/api/v1/members/{member.pk}/adjustments/",
        data,
        content_type="application/json",
        headers={} if key is None else {"Idempotency-Key": key},
    )
    return answer.status_code, answer.json()


def moved(member: Account) -> tuple[int, int]:
    """(balance, number of adjustments)"""
    with scope(shop=member.shop):
        adjusted = Entry.objects.filter(shop=member.shop, account=member, kind=Entry.Kind.ADJUST).count()
        return Account.objects.get(shop=member.shop, pk=member.pk).balance, adjusted


def test_points_are_given_and_taken_with_a_reason(api: Client, member: Account) -> None:
    status, entry = post(api, member, GIFT)
    assert status == 201
    assert (entry["kind"], entry["points"], entry["balance_after"]) == ("adjust", 25, 74)
    assert entry["reason"] == entry["explanation"] == GIFT["reason"]

    assert post(api, member, {"points": -74, "reason": "Asked to be deleted"}, "k2")[0] == 201
    assert moved(member) == (0, 2)
    history = api.get(f"/api/v1/members/{member.pk}/entries/").json()["results"]
    assert history[1] == entry


def test_the_same_request_again_gets_the_same_answer_and_moves_nothing(api: Client, member: Account) -> None:
    first = post(api, member, GIFT)
    post(api, member, {"points": 1, "reason": "Something else"}, "k2")
    assert post(api, member, GIFT) == first
    assert moved(member) == (75, 2)


@pytest.mark.parametrize("change", [{"points": 26}, {"points": -25}, {"reason": "Another reason"}])
def test_a_key_that_was_used_for_something_else_is_a_conflict(
    api: Client, member: Account, change: dict[str, Any]
) -> None:
    post(api, member, GIFT)
    status, problem = post(api, member, GIFT | change)
    assert (status, problem["code"]) == (409, "idempotency_conflict")
    assert moved(member) == (74, 1)


def test_a_key_belongs_to_one_member(api: Client, member: Account) -> None:
    with scope(shop=member.shop):
        other = order(customer(member.customer.connection, "2"), "order:2", "5")
    post(api, member, GIFT)
    assert post(api, other, GIFT)[0] == 409
    assert (moved(member), moved(other)) == ((74, 1), (5, 0))


def test_more_than_there_is_cannot_be_taken(api: Client, member: Account) -> None:
    status, problem = post(api, member, {"points": -50, "reason": "Oops"})
    assert (status, problem["code"]) == (409, "not_enough_points")
    assert moved(member) == (49, 0)


@pytest.mark.parametrize("key", [None, "", "two words", "k" * 201, "kéy"])
def test_a_key_is_required(api: Client, member: Account, key: str | None) -> None:
    status, problem = post(api, member, GIFT, key)
    assert (status, list(problem)) == (400, ["Idempotency-Key"])
    assert moved(member) == (49, 0)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": "x"}, "points"),
        ({"points": 1}, "reason"),
        ({"points": 0, "reason": "x"}, "points"),
        ({"points": 1.5, "reason": "x"}, "points"),
        ({"points": True, "reason": "x"}, "points"),
        ({"points": 10**30, "reason": "x"}, "points"),
        ({"points": "many", "reason": "x"}, "points"),
        ({"points": 1, "reason": "  "}, "reason"),
        ({"points": 1, "reason": "x" * 501}, "reason"),
        ({"points": 1, "reason": "\x00"}, "reason"),
        ({"points": 1, "reason": "\ud800"}, "reason"),
        ({"points": 1, "reason": ["x"]}, "reason"),
        ([], "non_field_errors"),
        ({"points": 1, "reason": None}, "reason"),
        (b"{", "detail"),
        (b"\xff", "detail"),
        (b'{"points": NaN, "reason": "x"}', "detail"),
        (b'{"points": ' + b"9" * 5000 + b', "reason": "x"}', "detail"),
        (b"[" * 100_000, "detail"),
    ],
)
def test_bad_content_is_refused_by_field(api: Client, member: Account, body: Any, field: str) -> None:
    status, problem = post(api, member, body)
    assert (status, list(problem)) == (400, [field])
    assert moved(member) == (49, 0)
