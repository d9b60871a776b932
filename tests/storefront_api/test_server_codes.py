"""Codes at a till of the shop's own: what they take off, used once, given back, and nothing to be guessed."""

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from loyalty.actions.points import adjust
from loyalty.models import Account
from rewards.actions.catalogue import create_reward
from rewards.actions.redeem import redeem
from rewards.discounts import discount_of
from rewards.models import Redemption
from rewards.terms import Terms
from shops.models import Shop
from storefront_api.api.codes import UNKNOWN_PER_MINUTE
from tests.conftest import TwoShops
from tests.storefront_api.stories import customer, order, store

FIVE_OFF = {"kind": "fixed", "price": 100, "value": "5.00", "minimum_spend": "20.00"}
NOBODY_HAS = "GOLD-7K3M-9QXW-B4TZ-H2VPC"


@dataclass
class Till:
    """A till of the first shop, where members redeem what they like."""

    shops: TwoShops
    member: Account
    api: Client

    def redeemed(self, shop: Shop | None = None, points: int | None = None, **terms: Any) -> Redemption:
        member = self.member
        if shop:
            member = order(customer(store(shop), "2"), "order:2", "1000")
        reward = create_reward(member.shop, "A reward", FIVE_OFF | terms)
        return redeem(member, reward.public_id, reward.public_id, points)

    def ask(self, what: str, code: str, **more: Any) -> tuple[int, dict[str, Any]]:
        answer = self.api.post(
            f"/api/v1/codes/{what}/", json.dumps({"code": code, **more}), content_type="application/json"
        )
        return answer.status_code, answer.json()

    def change(self, redemption: Redemption, **values: Any) -> None:
        with scope(shop=redemption.shop):
            Redemption.objects.filter(shop=redemption.shop, pk=redemption.pk).update(**values)


@pytest.fixture
def till(two_shops: TwoShops) -> Till:
    member = order(customer(store(two_shops.shop), "1"), "order:1", "50")
    adjust(member, 100_000, "A start", actor="test", reference="start")
    return Till(two_shops, member, Client(headers={"Authorization": f"Bearer {two_shops.key}"}))


def test_a_code_is_checked_used_and_released(till: Till) -> None:
    made = till.redeemed()
    status, told = till.ask("validate", made.code.lower(), order_total="49.95", currency="EUR")
    assert (status, told["valid"], told["reason"]) == (200, True, "")
    expected = {
        "code": made.code,
        "redemption": made.public_id,
        "reward": {"kind": "fixed", "name": "A reward"},
        "value": "5.00",
        "currency": "EUR",
        "minimum": "20.00",
        "discount": "5.00",
        "expires_at": None,
    }
    assert expected.items() <= told.items()
    assert till.ask("validate", made.code)[1]["discount"] is None

    used = till.ask("use", made.code, reference="receipt-1", order_total="49.95")
    assert (used[0], used[1]["state"], used[1]["discount"]) == (200, "used", "5.00")
    assert till.ask("use", made.code, reference="receipt-1", order_total="49.95") == used
    assert till.ask("use", made.code, reference="receipt-2")[1]["code"] == "used"
    assert till.ask("validate", made.code)[1]["reason"] == "used"

    for _ in range(2):
        status, told = till.ask("release", made.code, reference="receipt-1")
        assert (status, told["state"]) == (200, "issued")
    status, told = till.ask("use", made.code, reference="receipt-1")
    assert (status, told["code"]) == (409, "released")
    # Without the slash too.
    answer = till.api.post(
        "/api/v1/codes/use",
        {"code": made.code, "reference": "receipt-2"},
        content_type="application/json",
    )
    assert (answer.status_code, answer.json()["state"]) == (200, "used")


def test_what_cannot_be_used_says_why_and_tells_nothing_else(till: Till) -> None:
    small, gone = till.redeemed(), till.redeemed()
    till.change(gone, state="returned")
    for code, total, reason in [(small.code, "19.99", "minimum"), (gone.code, "50", "ended")]:
        status, told = till.ask("validate", code, order_total=total)
        assert (status, told["valid"], told["reason"]) == (200, False, reason)
        assert told["message"]
        assert told["value"] is told["reward"] is told["discount"] is None
        status, told = till.ask("use", code, order_total=total, reference="1")
        assert (status, told["code"]) == (409, reason)


def test_a_code_that_is_not_for_here_tells_nothing_by_its_answer_or_its_way(till: Till) -> None:
    """Unknown, another shop's, not handed out yet: the same status, body and statements."""
    waits = till.redeemed()
    till.change(waits, state="issuing")
    foreign = till.redeemed(till.shops.other)
    asked: list[tuple[str, dict[str, str]]] = [
        ("validate", {"order_total": "50"}),
        ("use", {"order_total": "50", "reference": "1"}),
        ("release", {"reference": "1"}),
    ]
    for what, more in asked:
        seen = set()
        for code in (NOBODY_HAS, foreign.code, waits.code):
            with CaptureQueriesContext(connection) as queries:
                status, told = till.ask(what, code, **more)
            way = [re.sub(r" WHERE .*|SAVEPOINT .*", "", query["sql"]) for query in queries]
            body = json.dumps(told).replace(code, "")
            seen.add((status, body, *way))
        assert len(seen) == 1, seen
        assert (status, '"unknown"' in body) == (200 if what == "validate" else 404, True)


def test_who_guesses_has_to_wait_and_everybody_else_goes_on(till: Till) -> None:
    made = till.redeemed()
    # They fall into two minutes at most, so one minute has one more than are allowed.
    for number in range(2 * UNKNOWN_PER_MINUTE + 1):
        answer = till.api.post(
            "/api/v1/codes/validate/", {"code": f"GUESS-{number}"}, content_type="application/json"
        )
        if answer.status_code == 429:
            break
    assert answer.status_code == 429
    assert number <= UNKNOWN_PER_MINUTE * 2
    assert 0 < int(answer.headers["Retry-After"]) <= 61
    assert till.ask("use", "GUESS", reference="1")[0] == 429
    assert till.ask("use", made.code, reference="1")[0] == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "code"),
        ({"code": ""}, "code"),
        ({"code": "x" * 256}, "code"),
        ({"code": "\x00"}, "code"),
        ({"code": 5}, "code"),
        ({"code": "x", "order_total": 49.95}, "order_total"),
        ({"code": "x", "order_total": "-1"}, "order_total"),
        ({"code": "x", "order_total": "1e9"}, "order_total"),
        ({"code": "x", "order_total": "1" * 13}, "order_total"),
        ({"code": "x", "currency": "USD"}, "currency"),
        ({"code": "x", "total": "1"}, "total"),
        ({"code": "x" * 300_000}, "detail"),
    ],
)
def test_a_bad_question_is_refused_by_field(till: Till, body: dict[str, Any], field: str) -> None:
    answer = till.api.post("/api/v1/codes/validate/", json.dumps(body), content_type="application/json")
    assert (answer.status_code, list(answer.json())) == (413 if field == "detail" else 400, [field])


@pytest.mark.parametrize("reference", [None, "", "x" * 201, "a\nb", 5])
def test_a_use_has_a_reference(till: Till, reference: object) -> None:
    more = {} if reference is None else {"reference": reference}
    for what in ("use", "release"):
        status, told = till.ask(what, NOBODY_HAS, **more)
        assert (status, list(told)) == (400, ["reference"])


PERCENT = {"kind": "percentage", "price": 1}


@pytest.mark.parametrize(
    ("terms", "value", "total", "off"),
    [
        ({"kind": "fixed", "price": 1}, "5", "49.95", "5.00"),
        ({"kind": "fixed", "price": 1}, "5", "3.20", "3.20"),
        (PERCENT, "10", "49.95", "5.00"),
        (PERCENT, "12.5", "0.20", "0.03"),
        (PERCENT | {"most_discount": Decimal(4)}, "10", "49.95", "4.00"),
        (PERCENT | {"most_discount": Decimal(4)}, "10", "39.90", "3.99"),
        ({"kind": "variable", "price": 1, "max_order_percent": 50}, "10", "19.90", "9.95"),
        ({"kind": "variable", "price": 1, "max_order_percent": 50}, "10", "20", "10.00"),
        (PERCENT | {"product_ids": ("1",)}, "10", "49.95", None),
        ({"kind": "free_shipping", "price": 1}, "0", "49.95", None),
        ({"kind": "free_product", "price": 1}, "3", "49.95", None),
        ({"kind": "custom", "price": 1}, "3", "49.95", None),
    ],
)
def test_what_a_code_takes_off(terms: dict[str, Any], value: str, total: str, off: str | None) -> None:
    found = discount_of(Terms(**terms), Decimal(value), Decimal(total), "EUR")
    assert found == (None if off is None else Decimal(off))
    if found is not None:
        assert 0 <= found <= Decimal(total)
