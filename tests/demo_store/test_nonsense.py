"""What the demo store's pages answer to bodies that no page of theirs sends."""

import json

import pytest
from django.test import Client

from demo.catalogue import DOMAIN
from loyalty.actions.programs import open_shop
from platforms.connect import connect_store


@pytest.fixture
def visitor(db: None) -> Client:
    connect_store(open_shop("Fern & Clay", "EUR", "Europe/Berlin"), "shopify", DOMAIN)
    return Client(raise_request_exception=False)


@pytest.mark.urls("demo.urls")
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "Send a JSON object."),
        (b"null", "Send a JSON object."),
        (b"\xff", "Send a JSON object."),
        (b"[" * 100_000, "Send a JSON object."),
        (b"{}", "“items” says how many of each product, in whole numbers."),
        (b'{"items": [1]}', "“items” says how many of each product, in whole numbers."),
        (b'{"items": {"vase": 1e400}}', "“items” says how many of each product, in whole numbers."),
        (b'{"items": {"vase": -1}}', "There is no such product."),
    ],
)
def test_a_cart_that_makes_no_sense(visitor: Client, body: bytes, said: str) -> None:
    for page in ("/demo/cart", "/demo/buy"):
        answer = visitor.post(page, body, content_type="application/json")
        assert (answer.status_code, answer.json()["message"]) == (400, said)


@pytest.mark.urls("demo.urls")
def test_nothing_to_return(visitor: Client) -> None:
    bodies: tuple[object, ...] = (
        {},
        {"order": None, "line": []},
        {"order": "\0", "line": "\0"},
        {"order": "9" * 50, "line": "1"},
    )
    for asked in bodies:
        answer = visitor.post("/demo/return", json.dumps(asked), content_type="application/json")
        assert (answer.status_code, answer.json()["message"]) == (400, "There is no such item to return.")
