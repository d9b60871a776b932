"""The server API: members, their histories, and the schema."""

from typing import Any

import pytest
from django.db import connection as database
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from storefront_api.api.access import KeyThrottle
from tests.conftest import TwoShops
from tests.storefront_api.stories import customer, order, store


@pytest.fixture
def api(two_shops: TwoShops) -> Client:
    """A server of the first shop."""
    return Client(headers={"Authorization": f"Bearer {two_shops.key}"})


def test_members_are_listed_with_their_points(api: Client, two_shops: TwoShops) -> None:
    linked = store(two_shops.shop)
    ada = order(customer(linked, "7001", "Ada@Example.com"), "order:1", "49.95")
    order(customer(linked, "7002", "bob@example.com"), "order:2", "10")
    order(customer(store(two_shops.other), "7001", "ada@example.com"), "order:1", "5")

    everybody = api.get("/api/v1/members/").json()
    assert [member["external_id"] for member in everybody["results"]] == ["7001", "7002"]
    assert everybody["count"] == 2
    expected = {
        "id": ada.pk,
        "external_id": "7001",
        "email": "Ada@Example.com",
        "balance": 49,
        "pending": 0,
        "pending_until": None,
        "points_expiring": None,
        "lifetime_earned": 49,
        "lifetime_spent": 0,
        "tier": None,
    }
    for search in ("external_id=7001", "email=ada@example.COM", "external_id=7001&email=ada@example.com"):
        assert api.get(f"/api/v1/members/?{search}").json()["results"] == [expected]
    assert api.get(f"/api/v1/members/{ada.pk}/").json() == expected
    for search in ("external_id=7003", "email=a", "external_id=7002&email=ada@example.com"):
        assert api.get(f"/api/v1/members/?{search}").json()["results"] == []


def test_a_history_explains_each_entry_the_newest_first(api: Client, two_shops: TwoShops) -> None:
    shopper = customer(store(two_shops.shop), "1")
    order(shopper, "order:1", "49.95")
    account = order(shopper, "order:1", "49.95", returned="20.00")

    answer = api.get(f"/api/v1/members/{account.pk}/entries/").json()
    assert [(entry["kind"], entry["points"], entry["balance_after"]) for entry in answer["results"]] == [
        ("reverse", -20, 29),
        ("earn", 49, 49),
    ]
    newest, oldest = answer["results"]
    assert oldest["explanation"] == "49 points: 49.95 € of goods at 1 point per 1 €, rounded down"
    assert newest["explanation"].startswith("−20 points: an item was returned")
    assert (oldest["reason"], oldest["occurred_at"]) == ("", "2026-03-01T12:00:00Z")


def test_pages_are_bounded_and_cost_the_same_number_of_queries(api: Client, two_shops: TwoShops) -> None:
    linked = store(two_shops.shop)
    shopper = customer(linked, "0")
    account = order(shopper, "order:0", "3")
    costs: dict[str, list[int]] = {}
    for size in (1, 8):
        for number in range(size):
            order(shopper, f"order:{size}{number}", "7.50")
            order(customer(linked, f"{size}-{number}"), f"order:9{size}{number}", "7.50")
        for url in ("/api/v1/members/", f"/api/v1/members/{account.pk}/entries/"):
            with CaptureQueriesContext(
                database,
            ) as queries:
                assert len(api.get(url).json()["results"]) >= size
            costs.setdefault(url, []).append(len(queries))
    assert all(few == many for few, many in costs.values()), costs
    assert max(max(counts) for counts in costs.values()) <= 9

    page = api.get("/api/v1/members/?page_size=4&page=2").json()
    assert (page["count"], len(page["results"])) == (10, 4)
    assert api.get("/api/v1/members/?page=99").status_code == 404


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/api/v1/members/?external_id=%00", 400),
        ("/api/v1/members/?email=%00", 400),
        ("/api/v1/members/?external_id=" + "9" * 300, 400),
        ("/api/v1/members/?email=%FF%ED%A0%80", 200),
        ("/api/v1/members/?page=-1", 404),
        ("/api/v1/members/?page=%00", 404),
        ("/api/v1/members/99999999999999999999999999/", 404),
        ("/api/v1/members/99999999999999999999999999/entries/", 404),
    ],
)
def test_odd_input_is_answered_not_crashed_on(api: Client, url: str, status: int) -> None:
    assert api.get(url).status_code == status


def test_a_query_plan_for_a_member_uses_the_shops_keys(api: Client, two_shops: TwoShops) -> None:
    """The keys are (shop_id, id): a join on the id alone would read whole tables."""
    with CaptureQueriesContext(database) as queries:
        api.get("/api/v1/members/?email=ada@example.com")
    member_query = next(query["sql"] for query in queries if 'JOIN "shops_customer"' in query["sql"])
    assert f'"loyalty_account"."shop_id" = {two_shops.shop.pk}' in member_query
    assert f'"shops_customer"."shop_id" = {two_shops.shop.pk}' in member_query


def test_schema_and_docs_are_open_and_name_everything(client: Client, db: None) -> None:
    schema = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    assert {"/api/v1/members/", "/api/v1/members/{member_id}/entries/"} <= set(schema["paths"])
    assert schema["components"]["securitySchemes"] == {"API key": {"type": "http", "scheme": "bearer"}}
    member = schema["components"]["schemas"]["Member"]["properties"]
    assert {"external_id", "balance", "pending", "tier"} <= set(member)

    docs = client.get("/api/docs/")
    assert docs.status_code == 200
    assert b"swagger-ui-bundle.js" in docs.content
    policy = docs.headers["Content-Security-Policy"]
    assert "script-src" not in policy
    assert "default-src 'self'" in policy
    assert client.get("/api/docs/?script").headers["Content-Type"] == "application/javascript"


class Impatient(KeyThrottle):
    requests_per_minute = 2


class Quiet(APIView):
    """Any view: it answers nothing and asks how often it may."""

    throttle_classes = (Impatient,)

    def get(self, request: Request) -> Response:
        return Response({})


def test_each_key_has_its_own_share_of_requests(two_shops: TwoShops) -> None:
    def ask(key: str) -> Any:
        return Quiet.as_view()(RequestFactory().get("/", headers={"Authorization": f"Bearer {key}"}))

    # Five requests fall into two minutes at most, so one minute has three.
    answers = [ask(two_shops.key) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 61
    assert ask(two_shops.other_key).status_code == 200
