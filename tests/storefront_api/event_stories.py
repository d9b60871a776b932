"""A program that rewards what members do, and what a shop's own server tells of them."""

import json
from datetime import UTC, datetime
from typing import Any

from django.test import Client

from tests.loyalty.activity_stories import rule

LONG_AGO = datetime(2020, 8, 1, tzinfo=UTC)
REVIEW = {"event": "review", "member": {"external_id": "mara"}, "reference": "r1"}
RULES = (
    rule("review", 50),
    rule("newsletter", 30),
    rule("visit", 5),
    rule("birthday", 10),
    rule("social_follow", 15, network="instagram", url="https://instagram.example/tea"),
    rule("custom", 20, event="quiz.done"),
)


def server(key: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {key}"}, raise_request_exception=False)


def tell(api: Client, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
    data = body if isinstance(body, bytes) else json.dumps(body)
    answer = api.post("/api/v1/events/", data, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()
