"""What a store does when it is told to go wrong: done or not, and what is answered."""

import time
from collections import Counter

import httpx
import pytest

from demo.shopify_admin.admin import AdminStore
from demo.shopify_admin.cost import Bucket
from demo.shopify_admin.faults import Fault, Faults
from demo.shopify_admin.server import serve
from tests.demo_admin.conftest import GRAPHQL, SCHEMA, client_of
from tests.demo_admin.test_discounts import BASIC, basic
from tests.demo_admin.test_money import CARD, card

FIELD = "discountCodeBasicCreate"


def make(client: httpx.Client, code: str = "FAULTY") -> httpx.Response:
    variables = {"discount": basic(code=code)}
    return client.post(GRAPHQL, json={"query": BASIC, "variables": variables})


@pytest.mark.parametrize(
    ("fault", "statuses", "done"),
    [
        ("slow", {200}, {True}),
        ("hang", set(), {True}),
        ("drop", set(), {True}),
        ("500_before", {500}, {False}),
        ("500_after", {500}, {True}),
        ("502", {502}, {True, False}),
        ("throttle", {200, 429}, {False}),
        ("malformed", {200}, {True}),
    ],
)
def test_each_fault(fault: Fault, statuses: set[int], done: set[bool]) -> None:
    faults = Faults({FIELD: {fault: 1}}, seed=5, slow_s=0.05, hang_s=0.2)
    store = AdminStore(schema_path=SCHEMA)
    seen, known = set(), set()
    with serve(store, faults) as base, client_of(store, base) as client:
        for number in range(8):
            began = time.monotonic()
            try:
                seen.add(make(client, f"FAULTY{number}").status_code)
            except httpx.RemoteProtocolError:
                assert fault in ("hang", "drop")
            assert time.monotonic() - began >= {"slow": 0.05, "hang": 0.2}.get(fault, 0)
            known.add(store.use(f"faulty{number}") is not None)
        assert client.post(GRAPHQL, json={"query": "{ shop { name } }"}).status_code == 200
    assert (seen, known) == (statuses, done)
    assert faults.done == {fault: 8}


def test_what_is_answered() -> None:
    store = AdminStore(schema_path=SCHEMA)
    told = {}
    faults: tuple[Fault, ...] = ("502", "malformed", "throttle")
    for fault in faults:
        with (
            serve(store, Faults({"*": {fault: 1}}, seed=2)) as base,
            client_of(store, base) as client,
        ):
            told[fault] = [make(client, f"{fault}{number}") for number in range(6)]
    assert told["502"][0].text.startswith("<html>")
    with pytest.raises(ValueError):
        told["malformed"][0].json()
    for answer in told["throttle"]:
        assert answer.json()["errors"][0]["extensions"]["code"] == "THROTTLED"
        assert ("retry-after" in answer.headers) == (answer.status_code == 429)


def test_somebody_else_made_the_code_just_before() -> None:
    store = AdminStore(schema_path=SCHEMA)
    faults = Faults({"*": {"taken": 1}})
    with serve(store, faults) as base, client_of(store, base) as client:
        made = make(client).json()["data"]["made"]
        assert (made["codeDiscountNode"], made["userErrors"][0]["code"]) == (None, "TAKEN")
        assert [record["foreign"] for record in store["codes"].all()] == [True]
        drawn = client.post(GRAPHQL, json={"query": CARD, "variables": {"card": card()}}).json()
        assert drawn["data"]["giftCardCreate"]["userErrors"][0]["code"] == "TAKEN"
        assert [record["foreign"] for record in store["gift_cards"].all()] == [True]


def test_shares_are_kept_and_the_same_seed_draws_the_same() -> None:
    shares: dict[str, dict[Fault, float]] = {FIELD: {"hang": 0.3, "taken": 0.1}, "giftCardCreate": {}}
    drawn = [Faults(shares, seed=9), Faults(shares, seed=9)]
    rows = [[faults.draw([FIELD], writes=True) for _ in range(2000)] for faults in drawn]
    assert rows[0] == rows[1]
    assert 500 < drawn[0].done["hang"] < 700
    assert 140 < drawn[0].done["taken"] < 260
    assert Counter(row for row in rows[0] if row) == drawn[0].done
    assert {drawn[0].draw(["giftCardCreate"], writes=True) for _ in range(50)} == {None}
    assert {drawn[0].draw(["shop"], writes=False) for _ in range(50)} == {None}


def test_hundreds_of_calls_a_second() -> None:
    store = AdminStore(schema_path=SCHEMA, bucket=Bucket(10**6, 10**6))
    with serve(store) as base, client_of(store, base) as client:
        make(client, "first")
        began = time.process_time()  # of client and server together, whatever else this machine does
        for number in range(200):
            assert make(client, f"code{number}").json()["data"]["made"]["userErrors"] == []
        assert time.process_time() - began < 2
    assert len(list(store["codes"].all())) == 201
