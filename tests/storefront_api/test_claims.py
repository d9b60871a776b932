"""What shoppers claim themselves."""

import json
import time
from typing import Any

import jwt
import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from loyalty.models import Account
from shops.models import Connection, Shop
from storefront_api import connections as known_connections
from tests.loyalty.activity_stories import activities, balance, member, reward, rule, store
from tests.storefront_api.event_stories import LONG_AGO, RULES


@pytest.fixture
def teahouse(shop: Shop) -> Connection:
    reward(shop, *RULES)
    return store(shop)


@pytest.fixture
def mara(teahouse: Connection) -> Account:
    return member(teahouse, "mara", LONG_AGO, email="Mara@example.com")


@pytest.fixture
def widget(mara: Account, settings: Settings) -> Client:
    settings.DEMO = settings.DEBUG = False
    known_connections.forget()
    return Client(headers={"Authorization": f"Bearer {token(mara)}"}, enforce_csrf_checks=True)


def token(account: Account, subject: str | None = None) -> str:
    connection = account.customer.connection
    claims = {
        "iss": account.shop.public_id,
        "sub": account.customer.external_id if subject is None else subject,
        "exp": int(time.time()) + 600,
    }
    return jwt.encode(claims, connection.storefront_secret, algorithm="HS256")


def claim(widget: Client, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body)
    answer = widget.post("/storefront/v1/me/events", data, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def test_a_visit_is_claimed_once_a_day(widget: Client, mara: Account) -> None:
    status, answer = claim(widget, {"event": "visit"})
    assert (status, answer["points"], answer["balance"]) == (200, 5, 5)
    assert answer["sentence"].startswith("5 points")
    assert claim(widget, {"event": "visit"}) == (
        200,
        {"points": 0, "balance": 5, "sentence": "Today's visit was counted already."},
    )
    assert [kept.kind for kept in activities(mara.shop)] == ["visit"]


def test_a_follow_is_claimed_once_for_each_network(widget: Client, mara: Account) -> None:
    follow = {"event": "social_follow", "network": "instagram"}
    assert [claim(widget, follow)[1]["points"] for _ in range(2)] == [15, 0]
    status, problem = claim(widget, follow | {"network": "x"})
    assert (status, problem["error"]["code"], problem["error"]["field"]) == (400, "not_rewarded", "network")
    assert (balance(mara), len(activities(mara.shop))) == (15, 1)


def test_visits_are_not_kept_where_they_earn_nothing(widget: Client, mara: Account) -> None:
    reward(mara.shop, rule("review", 50))
    status, answer = claim(widget, {"event": "visit"})
    assert (status, answer["points"]) == (200, 0)
    assert activities(mara.shop) == []


@pytest.mark.parametrize(
    "body",
    [
        {"event": "review"},
        {"event": "signup"},
        {"event": "quiz.done"},
        {"event": "newsletter"},
        {"event": "visit", "network": "instagram"},
        {"event": "visit", "occurred_at": "2020-01-01T00:00:00Z"},
        {"event": "social_follow"},
        {"event": "social_follow", "network": "myspace"},
        {},
        [],
        b"{",
        b"\xff",
        b"[" * 900,
        b"",
    ],
)
def test_nothing_else_can_be_claimed(widget: Client, mara: Account, body: Any) -> None:
    status, problem = claim(widget, body)
    assert (status, problem["error"]["code"]) == (400, "invalid")
    assert activities(mara.shop) == []


def test_a_large_body_is_refused(widget: Client) -> None:
    assert claim(widget, b" " * 2000 + b"{}")[0] == 413


def test_a_claim_needs_a_token_and_a_known_customer(widget: Client, mara: Account) -> None:
    assert claim(Client(), {"event": "visit"})[0] == 401
    stranger = {"Authorization": f"Bearer {token(mara, 'nobody')}"}
    status, problem = claim(Client(), {"event": "visit"}, **stranger)
    assert (status, problem["error"]["code"]) == (404, "member_unknown")


def test_only_post_is_known(widget: Client) -> None:
    answer = widget.get("/storefront/v1/me/events")
    assert (answer.status_code, answer["Allow"]) == (405, "POST, OPTIONS")


def test_the_stores_own_pages_may_claim(widget: Client, teahouse: Connection) -> None:
    origin = f"https://{teahouse.domain}"
    asked = widget.options("/storefront/v1/me/events", headers={"Origin": origin})
    assert asked.status_code == 204
    assert asked["Access-Control-Allow-Origin"] == origin
    assert asked["Access-Control-Allow-Methods"] == "POST"
    assert asked["Access-Control-Allow-Headers"] == "Authorization, Content-Type"
    answer = widget.post(
        "/storefront/v1/me/events",
        '{"event": "visit"}',
        content_type="application/json",
        headers={"Origin": origin},
    )
    assert answer["Access-Control-Allow-Origin"] == origin
    other = widget.options("/storefront/v1/me/events", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other


def test_claims_are_limited(widget: Client, settings: Settings) -> None:
    settings.STOREFRONT_REQUESTS_PER_MINUTE = 1
    statuses = [claim(widget, {"event": "visit"})[0] for _ in range(4)]
    assert 429 in statuses
