"""The Shopify client against an Admin API that builds itself from the schema, over real sockets, faults and all."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from demo.shopify_admin.discounts import foreign
from demo.shopify_admin.faults import Fault
from lib.clock import now
from platforms.clients import (
    Access,
    AccessRevoked,
    CodeFound,
    CodeKind,
    CodeTaken,
    StoreAway,
    StoreRefused,
)
from platforms.registry import PLATFORMS
from platforms.shopify.client import ShopifyClient
from tests.fakes.http_server import Answer, FakeServer, Request
from tests.platforms.clay import DOMAIN, Clay, found, wanted


def test_what_is_known_of_the_store(clay: Clay) -> None:
    make = PLATFORMS["shopify"].client
    assert make is not None
    assert make(Access(DOMAIN, {"access_token": "shpat_test"}, "EUR")).about() == {
        "name": "Clay & Co",
        "currency": "EUR",
        "id": "1",
        "domain": DOMAIN,
        "website": "clay.example",
        "timezone": "Europe/Berlin",
    }


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("fixed", {"minimum": Decimal(20), "combines": ("order", "shipping")}),
        ("percentage", {"value": Decimal(7), "product_ids": ("1",), "customer_id": ""}),
        ("free_shipping", {"combines": ("product", "shipping"), "ends_at": None}),
        ("free_product", {"variant_ids": ("11",)}),
    ],
)
def test_the_life_of_a_code(clay: Clay, kind: CodeKind, changes: dict[str, Any]) -> None:
    asked = wanted(kind=kind, **changes)
    client = clay.client()
    assert client.find(asked, now()) is None
    made = client.make(asked)
    assert made == CodeFound(made.id, "TEA4M9QXB4TZ", ours=True, uses=0, live=True)
    lower = wanted(code="tea4m9qxb4tz", kind=kind, **changes)
    assert client.find(lower, now()) == made
    assert clay.store.mark_used("tea4M9QXB4TZ")
    assert found(clay, asked).uses == 1
    client.end(asked, made.id)
    client.end(asked, made.id)
    ended = found(clay, asked)
    assert (ended.ours, ended.live) == (True, False)
    clay.store["codes"].remove("tea4m9qxb4tz")
    client.end(asked, made.id)


def test_a_code_that_has_yet_to_start_ends_too(clay: Clay) -> None:
    asked = wanted(starts_at=now() + timedelta(days=1))
    made = clay.client().make(asked)
    assert made.live
    clay.client().end(asked, made.id)
    assert not found(clay, asked).live


def test_exactly_one_item_is_free(clay: Clay) -> None:
    def value(code: str) -> object:
        return next(record for record in clay.store["codes"].all() if record["code"] == code)["value"]

    client = clay.client()
    client.make(wanted(kind="free_product", variant_ids=("12",), code="VARIANT"))
    client.make(wanted(kind="free_product", product_ids=("2",), code="PRODUCT"))
    assert value("VARIANT") == {"amount": "14.00", "each": False}
    assert value("PRODUCT") == {"amount": "9.00", "each": False}
    for goods in ({"product_ids": ("1",)}, {"variant_ids": ("99",)}, {"product_ids": ("99",)}):
        with pytest.raises(StoreRefused, match="free") as refused:
            client.make(wanted(kind="free_product", **goods))
        assert refused.value.field == "variant_ids"
    assert sorted(clay.codes()) == ["PRODUCT", "VARIANT"]


def test_a_code_that_somebody_has(clay: Clay) -> None:
    assert foreign(clay.store, "Tea4m9qxb4tz")
    with pytest.raises(CodeTaken) as taken:
        clay.client().make(wanted())
    assert taken.value.field == "basicCodeDiscount.code"
    assert "TAKEN" in taken.value.answer
    there = found(clay, wanted())
    assert (there.ours, there.code.lower()) == (False, "tea4m9qxb4tz")
    clay.client().make(wanted(code="OTHER9QXB4TZ"))
    assert found(clay, wanted(code="OTHER9QXB4TZ", mark="rdm_11")).ours is False, "the mark is another's"


def test_what_the_store_refuses_is_told_with_its_field(clay: Clay) -> None:
    with pytest.raises(StoreRefused, match="after starts_at") as refused:
        clay.client().make(wanted(ends_at=now() - timedelta(days=1)))
    assert refused.value.field == "basicCodeDiscount.endsAt"
    with pytest.raises(StoreRefused) as foreign_money:
        clay.client().make(wanted(currency="USD"))
    assert foreign_money.value.field == "currency"
    assert clay.codes() == []


@pytest.mark.parametrize(
    ("fault", "maybe_done", "done"),
    [
        ("hang", True, True),
        ("drop", True, True),
        ("500_before", True, False),
        ("500_after", True, True),
        ("malformed", True, True),
        ("throttle", False, False),
    ],
)
def test_a_lost_answer_is_followed_by_a_look(clay: Clay, fault: Fault, maybe_done: bool, done: bool) -> None:
    clay.faults.shares = {"*": {fault: 1.0}}
    with pytest.raises(StoreAway) as away:
        clay.client(timeout_s=0.5).make(wanted())
    assert away.value.maybe_done is maybe_done
    assert away.value.limited is (fault == "throttle")
    clay.faults.shares = {}
    there = clay.client().find(wanted(), now())
    assert (there is not None and there.ours) is done
    if done:
        with pytest.raises(CodeTaken):
            clay.client().make(wanted())
    assert len(clay.codes()) == done


def test_a_slow_store_is_waited_for_and_a_proxys_page_is_no_answer(clay: Clay) -> None:
    clay.faults.shares = {"discountCodeBasicCreate": {"slow": 1.0}}
    assert clay.client().make(wanted()).live
    clay.faults.shares = {"discountCodeBasicCreate": {"502": 1.0}, "shop": {"502": 1.0}}
    with pytest.raises(StoreAway) as writing:
        clay.client().make(wanted(code="OTHER9QXB4TZ"))
    with pytest.raises(StoreAway) as reading:
        clay.client().about()
    assert (writing.value.maybe_done, reading.value.maybe_done) == (True, False)
    assert "502 Bad Gateway" in writing.value.answer


def test_patience_is_asked_for_by_cost_or_by_header(clay: Clay) -> None:
    clay.store.bucket.empty()
    with pytest.raises(StoreAway) as by_cost:
        clay.client().orders_changed(now())
    assert by_cost.value.limited
    assert by_cost.value.retry_after_s == pytest.approx(9, abs=1.5), "some 900 points at 100 a second"
    clay.faults.shares = {"shop": {"throttle": 1.0}}
    waits = set()
    for _ in range(12):
        with pytest.raises(StoreAway) as away:
            clay.client().about()
        waits.add((away.value.limited, away.value.retry_after_s == 2.0))
    assert waits == {(True, True), (True, False)}, "429 with Retry-After, and 200 with the cost"


def test_access_that_is_gone_or_too_small(clay: Clay) -> None:
    with pytest.raises(AccessRevoked, match="Connect the store again"):
        clay.client(token="shpat_other").about()
    with pytest.raises(AccessRevoked):
        ShopifyClient(Access(DOMAIN, {}, "EUR")).about()
    clay.store.grant("read_discounts", token="shpat_small")
    with pytest.raises(AccessRevoked, match="write_discounts"):
        clay.client(token="shpat_small").make(wanted())
    clay.store.frozen = True
    with pytest.raises(StoreRefused, match="frozen") as refused:
        clay.client().find(wanted(), now())
    assert not isinstance(refused.value, AccessRevoked)
    assert clay.codes() == []


class Canned(FakeServer):
    """Answers everything alike."""

    said: Answer = Answer(200)

    def answer(self, request: Request) -> Answer:
        assert request.path == "/admin/api/2026-04/graphql.json"
        return self.said


def errors(code: str, **more: object) -> dict[str, object]:
    return {"errors": [{"message": "So it is.", "extensions": {"code": code}}], **more}


COST = {"requestedQueryCost": 50, "throttleStatus": {"currentlyAvailable": 12, "restoreRate": 20}}
NOT_MADE: dict[str, object] = {
    "data": {"discountCodeBasicCreate": {"codeDiscountNode": None, "userErrors": []}}
}


@pytest.mark.parametrize(
    ("said", "kind", "expected"),
    [
        (Answer(403, {"errors": "Forbidden"}), AccessRevoked, {}),
        (Answer(404, {"errors": "Not Found"}), StoreRefused, {}),
        (Answer(423, {"errors": "Locked"}), StoreRefused, {}),
        (Answer(413, {"errors": "Too large"}), StoreRefused, {}),
        (Answer(301, None, {"Location": "/elsewhere"}), StoreAway, {"maybe_done": True}),
        (
            Answer(429, "slow down", {"Retry-After": "2.5"}),
            StoreAway,
            {"limited": True, "retry_after_s": 2.5},
        ),
        (Answer(429, {}, {"Retry-After": "4"}), StoreAway, {"limited": True, "retry_after_s": 4.0}),
        (Answer(430, errors("X")), StoreAway, {"limited": True, "maybe_done": False}),
        (
            Answer(200, errors("THROTTLED", extensions={"cost": COST})),
            StoreAway,
            {"limited": True, "retry_after_s": 1.9, "maybe_done": False},
        ),
        (Answer(200, errors("THROTTLED")), StoreAway, {"limited": True, "retry_after_s": None}),
        (Answer(200, errors("INTERNAL_SERVER_ERROR")), StoreAway, {"limited": False, "maybe_done": True}),
        (Answer(200, errors("undefinedField")), StoreRefused, {}),
        (Answer(200, {"errors": "in words"}), StoreRefused, {}),
        (Answer(200, errors("odd", data={"discountCodeBasicCreate": {}})), StoreRefused, {}),
        (Answer(200, errors("odd", **NOT_MADE)), StoreAway, {"maybe_done": True}),
        (Answer(200, ["a list"]), StoreAway, {"maybe_done": True}),
        (Answer(200, {"data": {}}), StoreAway, {"maybe_done": True}),
        (Answer(200, {"data": {"discountCodeBasicCreate": None}}), StoreAway, {"maybe_done": True}),
        (Answer(200, NOT_MADE), StoreAway, {"maybe_done": True}),
    ],
)
def test_every_other_answer_has_a_meaning(
    settings: Settings, said: Answer, kind: type[Exception], expected: dict[str, Any]
) -> None:
    with Canned() as server:
        server.said = said
        settings.OUTBOUND_ROUTES = {DOMAIN: server.url}
        with pytest.raises(kind) as raised:
            ShopifyClient(Access(DOMAIN, {"access_token": "shpat_test"}, "EUR")).make(wanted())
    assert type(raised.value) is kind
    assert {name: getattr(raised.value, name) for name in expected} == expected
    assert server.seen[0].headers["x-shopify-access-token"] == "shpat_test"
    assert "shpat" not in f"{raised.value} {raised.value.args}"


def test_a_store_that_nobody_answers_for_has_made_nothing(settings: Settings) -> None:
    settings.OUTBOUND_ROUTES = {DOMAIN: "http://127.0.0.1:9"}
    with pytest.raises(StoreAway, match="could not be reached") as away:
        ShopifyClient(Access(DOMAIN, {"access_token": "shpat_test"}, "EUR")).make(wanted())
    assert (away.value.maybe_done, away.value.limited) == (False, False)


def test_the_life_of_a_gift_card(clay: Clay) -> None:
    asked = wanted(kind="gift_card", value=Decimal(25))
    client = clay.client()
    assert client.find(asked, now()) is None
    made = client.make(asked)
    assert made == CodeFound(made.id, asked.code, ours=True, uses=0, live=True)
    assert found(clay, wanted(kind="gift_card", code=asked.code.lower())) == made._replace(
        code=asked.code.lower()
    )
    with pytest.raises(CodeTaken):
        client.make(asked)
    clay.store["gift_cards"].change(asked.code.lower(), lambda card: card.update(balance="5.00"))
    assert found(clay, asked).uses == 1
    client.end(asked, made.id)
    client.end(asked, made.id)
    client.end(asked, "gid://shopify/GiftCard/404")
    assert not found(clay, asked).live


def test_a_gift_cards_code_has_letters_and_digits(clay: Clay) -> None:
    grouped = wanted(kind="gift_card", code="TEA-4M9QXB4TZ")
    with pytest.raises(StoreRefused, match="letters and digits"):
        clay.client().make(grouped)
    assert clay.client().find(grouped, now()) is None


def test_a_gift_card_whose_answer_was_lost(clay: Clay) -> None:
    clay.faults.shares = {"giftCardCreate": {"drop": 1.0}}
    asked = wanted(kind="gift_card")
    with pytest.raises(StoreAway) as away:
        clay.client().make(asked)
    assert away.value.maybe_done
    assert found(clay, asked).ours
    clay.faults.shares = {"giftCardCreate": {"taken": 1.0}}
    with pytest.raises(CodeTaken):
        clay.client().make(wanted(kind="gift_card", code="OTHER9QXB4TZ"))
    assert not found(clay, wanted(kind="gift_card", code="OTHER9QXB4TZ")).ours


def test_store_credit_is_given_once_and_found_again(clay: Clay) -> None:
    asked = wanted(kind="store_credit", value=Decimal("7.50"))
    client = clay.client()
    assert client.find(asked, now()) is None
    clay.faults.shares = {"storeCreditAccountCredit": {"drop": 1.0}}
    began = now()
    with pytest.raises(StoreAway) as away:
        client.make(asked)
    assert away.value.maybe_done
    clay.faults.shares = {}
    there = client.find(asked, began)
    assert there is not None
    assert (there.ours, there.live) == (True, True)
    assert client.find(asked, began + timedelta(minutes=5)) is None, "what was credited before is another's"
    assert client.find(wanted(kind="store_credit", value=Decimal("7.51")), began) is None
    assert client.find(wanted(kind="store_credit", value=Decimal("7.50"), ends_at=None), began) is None
    other = client.make(wanted(kind="store_credit", value=Decimal(8), ends_at=None))
    assert other.id != there.id
    with pytest.raises(StoreRefused, match="taken back"):
        client.end(asked, there.id)
    nobody = wanted(kind="store_credit", customer_id="")
    with pytest.raises(StoreRefused, match="customer account"):
        client.make(nobody)
    assert client.find(nobody, began) is None
    with pytest.raises(StoreRefused, match="Owner does not exist"):
        client.make(wanted(kind="store_credit", customer_id="404"))
