"""Points spent on an order that is sent back piece by piece, through the processes of a whole installation."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
import jwt
import pytest

from demo.catalogue import Person, Product
from demo.deliveries import deliver
from demo.discounts import Discount
from demo.payloads import Purchase, order_body, refund_body
from lib.clock import now
from shops.models import Connection
from tests.live import PLAYED_STORE, Stack

# From the request to a code that can be used: two seconds, and more on a loaded test machine.
SOON_S = 5.0
MAKE_READY = """
from demo.platform import let_in
from rewards.actions.catalogue import create_reward
from shops.models import Connection, Shop
from django_scopes import scopes_disabled
with scopes_disabled():
    connection = Connection.objects.select_related("shop").get(public_id="{connection}")
let_in(connection)
create_reward(connection.shop, "5 off", {{"kind": "fixed", "price": 500, "value": "5.00"}})
"""
CUP = Product(8102001, "cup", "Cup", "", Decimal("10.00"))
ADA = Person(7300009001, "Ada", "Kurz", "Leipzig")


@dataclass(frozen=True)
class Corner:
    """A shop with program version 1, one point for 1 €, and its customer Ada."""

    stack: Stack
    store: Connection
    token: str

    def send(self, topic: str, body: bytes) -> None:
        deliver(self.store, self.stack.url, topic, body, secrets.token_hex(8))

    def ask(self, path: str = "", **content: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        address = f"{self.stack.url}/storefront/v1/me{path}"
        answer = httpx.request(
            "POST" if content else "GET", address, json=content or None, headers=headers, timeout=20
        )
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    def balance(self) -> int:
        return int(self.ask()["balance"])

    def redemption(self) -> dict[str, Any]:
        told: dict[str, Any] = self.ask("/redemptions")["redemptions"][0]
        return told


def until(look: Callable[[], object], wanted: object) -> None:
    """Wait until what is looked at is what is wanted."""
    deadline = time.monotonic() + 20
    while (seen := look()) != wanted:
        assert time.monotonic() < deadline, f"{seen}, not {wanted}"
        time.sleep(0.02)


@pytest.fixture
def corner(live: Stack) -> Corner:
    about = ("--name", "Corner", "--currency", "EUR", "--timezone", "Europe/Berlin")
    shop = json.loads(live.manage("create_shop", *about, "--json"))["shop"]
    platform = ("--platform", "shopify", "--domain", PLAYED_STORE)
    linked = json.loads(live.manage("connect_store", "--shop", shop, *platform, "--json"))
    live.manage("shell", "-c", MAKE_READY.format(connection=linked["connection"]))
    store = Connection(
        public_id=linked["connection"],
        secret=linked["webhook_secret"],
        domain=PLAYED_STORE,
        platform="shopify",
    )
    claims = {"iss": shop, "sub": str(ADA.id), "exp": int(time.time()) + 600}
    return Corner(live, store, jwt.encode(claims, linked["storefront_secret"], algorithm="HS256"))


def test_what_was_spent_and_what_was_earned_go_back_by_piece(corner: Corner) -> None:
    """1000; 500 spent for 5.00 off; 2 × 10.00 bought at 1 per 1; one sent back, then the other."""
    hundred = Purchase(9001, "#1", ADA, ((CUP, 100),), now(), domain=PLAYED_STORE)
    corner.send("orders/paid", order_body(hundred))
    until(corner.balance, 1000)

    reward = corner.ask("/rewards")["rewards"][0]
    began = time.monotonic()
    made = corner.ask("/redemptions", reward=reward["id"], key="one")
    until(lambda: corner.redemption()["state"], "issued")
    took = time.monotonic() - began
    print(f"from points to code: {took:.2f} s")  # noqa: T201
    assert took < SOON_S
    assert (made["balance"], corner.balance()) == (500, 500)

    code = corner.redemption()["code"]
    off = Discount(code.lower(), "amount", Decimal(5), (Decimal(5),))
    pair = Purchase(9002, "#2", ADA, ((CUP, 2),), now(), off, domain=PLAYED_STORE)
    corner.send("orders/paid", order_body(pair))
    until(corner.balance, 515)
    until(lambda: corner.redemption()["state"], "used")

    for refund_id, balance, returned in ((9101, 757, 250), (9102, 1000, 500)):
        corner.send("refunds/create", refund_body(pair.id, refund_id, [pair.first_piece(0)], now()))
        until(corner.balance, balance)
        assert corner.redemption()["returned_points"] == returned
