"""Facts of members, as a shop's own server tells them."""

import json
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope

from loyalty.models import Account
from shops.actions import create_api_key
from shops.models import Connection, Customer, Shop
from tests.conftest import TwoShops
from tests.loyalty.activity_stories import member, reward, store
from tests.storefront_api.event_stories import LONG_AGO, RULES, server


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


def patch(api: Client, account: Account, body: Any) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body)
    answer = api.patch(f"/api/v1/members/{account.pk}/", data, content_type="application/json")
    return answer.status_code, answer.json()


def known(account: Account) -> tuple[int | None, int | None, bool]:
    with scope(shop=account.shop):
        customer = Customer.objects.get(pk=account.customer_id)
        return customer.birth_month, customer.birth_day, customer.subscribed


@pytest.mark.parametrize("birthday", ["06-14", "1988-06-14"])
def test_a_birthday_is_told_and_forgotten(api: Client, mara: Account, birthday: str) -> None:
    status, answer = patch(api, mara, {"birthday": birthday})
    assert (status, answer["id"]) == (200, mara.pk)
    assert known(mara) == (6, 14, False)
    assert patch(api, mara, {})[0] == 200
    assert known(mara) == (6, 14, False)
    assert patch(api, mara, {"birthday": None})[0] == 200
    assert known(mara) == (None, None, False)


def test_subscribing_is_awarded_once(api: Client, mara: Account) -> None:
    assert patch(api, mara, {"subscribed": True})[1]["balance"] == 30
    assert patch(api, mara, {"subscribed": True})[1]["balance"] == 30
    assert patch(api, mara, {"subscribed": False})[1]["balance"] == 30
    assert known(mara) == (None, None, False)
    assert patch(api, mara, {"subscribed": True})[1]["balance"] == 30
    assert known(mara) == (None, None, True)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"birthday": "02-30"}, "birthday"),
        ({"birthday": "14.6."}, "birthday"),
        ({"birthday": ""}, "birthday"),
        ({"birthday": "2999-06-14"}, "birthday"),
        ({"birthday": 614}, "birthday"),
        ({"birthday": ["06-14"]}, "birthday"),
        ({"subscribed": "perhaps"}, "subscribed"),
        ({"subscribed": None}, "subscribed"),
        ({"balance": 5}, "balance"),
        ({"\ud800": 5}, "�"),
        ({"birthday": "\ud800"}, "birthday"),
        ({"subscribed": "\ud800"}, "subscribed"),
        ([], "non_field_errors"),
        (b"{", "detail"),
    ],
)
def test_bad_facts_are_refused_by_field(api: Client, mara: Account, body: Any, field: str) -> None:
    status, problem = patch(api, mara, body)
    assert (status, list(problem)) == (400, [field])
    assert known(mara) == (None, None, False)


def test_facts_of_another_shops_member_are_404(two_shops: TwoShops, mara: Account) -> None:
    assert patch(server(two_shops.other_key), mara, {"birthday": "06-14"})[0] == 404
    assert known(mara) == (None, None, False)
