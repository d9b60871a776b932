"""What Shopify signs at an installation, and what its token endpoint answers, read strictly."""

import hmac
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import shopify
from pytest_django.fixtures import Settings

from demo.shopify_admin.oauth import session_token
from lib.clock import now
from platforms.shopify.domains import domain_from, is_domain
from platforms.shopify.oauth import (
    App,
    BadQuery,
    NotGranted,
    exchange_code,
    exchange_session_token,
    missing_scopes,
    signed,
    verify_query,
)
from tests.material import material
from tests.platforms.clay import DOMAIN, SCOPES, Clay

SECRET = "hush"
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
GOOD = {"shop": DOMAIN, "code": "abc", "state": "nonce", "timestamp": str(int(AT.timestamp()))}
APP = App("key", ("now", "before"), ("read_orders", "write_discounts"))


@pytest.fixture
def official() -> Iterator[Any]:
    """Shopify's own Python client, with our secret."""
    shopify.Session.setup(api_key="key", secret=SECRET)
    yield shopify.Session
    shopify.Session.setup(api_key=None, secret=None)


def query(given: dict[str, str], official: Any) -> str:
    return urlencode(given | {"hmac": official.calculate_hmac(given)})


def test_vectors() -> None:
    for case in json.loads(material("vectors/signature_vectors.json").read_bytes())["shopify_oauth_hmac"]:
        if "hmac" in case:
            assert signed(case["params"], case["hmac"], [case["secret"]]) == case["valid"], case


def test_the_official_client_signs_what_we_take(official: Any) -> None:
    awkward = GOOD | {"host": "YWRtaW4=", "x": "1&b=2%", "a b": "c+d é", "empty": ""}
    assert verify_query(query(awkward, official), ["other", SECRET], AT, ("code",))["x"] == "1&b=2%"
    assert official.validate_hmac(awkward | {"hmac": official.calculate_hmac(awkward)})


def test_spaces_may_be_signed_as_percent_20() -> None:
    given = GOOD | {"c": "hello world"}
    pairs = sorted(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in given.items())
    signature = hmac.digest(SECRET.encode(), "&".join(pairs).encode(), "sha256").hex()
    assert signed(given, signature, [SECRET])
    assert not signed(GOOD | {"c": "hello+world"}, signature, [SECRET])


@pytest.mark.parametrize("name", ["shop", "timestamp", "code", "hmac"])
def test_nothing_may_be_missing_or_repeated(official: Any, name: str) -> None:
    whole = query(GOOD, official)
    rest = {key: value for key, value in GOOD.items() if key != name}
    without = urlencode(rest) if name == "hmac" else query(rest, official)
    for bad in (
        without,
        f"{whole}&{name}=twice",
        query(GOOD | {name: ""}, official) if name != "hmac" else "",
    ):
        with pytest.raises(BadQuery):
            verify_query(bad, [SECRET], AT, ("code",))


@pytest.mark.parametrize(
    "changes",
    [
        {"timestamp": str(int(AT.timestamp()) - 91)},
        {"timestamp": str(int(AT.timestamp()) + 91)},
        {"timestamp": "1e9"},
        {"timestamp": "١٢٣"},
        {"shop": "evil.example"},
        {"shop": "clay.myshopify.com.evil.example"},
        {"shop": "clay.myshopify.com/@evil.example"},
        {"shop": "CLAY.myshopify.com"},
        {"shop": "-clay.myshopify.com"},
    ],
)
def test_what_is_signed_and_still_wrong(official: Any, changes: dict[str, str]) -> None:
    with pytest.raises(BadQuery):
        verify_query(query(GOOD | changes, official), [SECRET], AT)


@pytest.mark.parametrize("tampered", ["hmac=é", "hmac=00", "%ff=1", "a", "x" * 5000, ""])
def test_garbage_is_a_refusal(tampered: str) -> None:
    with pytest.raises(BadQuery):
        verify_query(tampered, [SECRET, ""], AT)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("clay", DOMAIN),
        (" https://Clay.myshopify.com/admin?x ", DOMAIN),
        ("https://admin.shopify.com/store/clay/orders", DOMAIN),
        ("clay.example", None),
        ("clay.myshopify.com.evil.example", None),
        ("", None),
        ("cläy", None),
    ],
)
def test_stores_as_people_type_them(typed: str, meant: str | None) -> None:
    assert domain_from(typed) == meant
    assert not is_domain(f"{DOMAIN}\n")


def test_leave_to_write_holds_leave_to_read() -> None:
    assert missing_scopes(["read_discounts", "read_orders"], ["write_discounts"]) == ["read_orders"]
    assert missing_scopes(SCOPES, SCOPES) == []


def test_a_session_token_is_exchanged(clay: Clay) -> None:
    ours = App(clay.store.app.client_id, (clay.store.app.client_secret,), SCOPES)
    grant = exchange_session_token(ours, DOMAIN, session_token(clay.store))
    assert set(clay.store.scopes_of(grant.token) or ()) == set(clay.store.app.scopes)
    for bad in (session_token(clay.store, aud="other"), "nonsense"):
        with pytest.raises(NotGranted, match="begin again"):
            exchange_session_token(ours, DOMAIN, bad)
    wrong = App(ours.key, ("wrong",), SCOPES)
    with pytest.raises(NotGranted, match="its secret is wrong"):
        exchange_session_token(wrong, DOMAIN, session_token(clay.store))


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """A token endpoint that always says the same; its address, and what it was sent."""
    asked: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


FULL = {"access_token": "shpat_0123456789", "scope": "read_orders,write_discounts"}


@pytest.mark.parametrize(
    ("status", "body", "told"),
    [
        (200, json.dumps(FULL).encode(), ""),
        (200, json.dumps(FULL | {"scope": "read_orders"}).encode(), "write_discounts is missing"),
        (200, json.dumps(FULL | {"scope": ""}).encode(), "read_orders, write_discounts is missing"),
        (200, json.dumps(FULL | {"expires_in": 3600}).encode(), "ends by itself"),
        (200, json.dumps(FULL | {"associated_user": {"id": 1}}).encode(), "ends by itself"),
        (200, json.dumps(FULL | {"access_token": "a\nb" * 8}).encode(), "no usable access"),
        (200, json.dumps(FULL | {"access_token": ""}).encode(), "no usable access"),
        (200, json.dumps(FULL | {"access_token": 7}).encode(), "could not be read"),
        (200, b'{"access_token": "shpat_0123456789"}', "could not be read"),
        (200, b"<html>", "could not be read"),
        (200, b"[" * 20_000, "could not be read"),
        (400, b'{"error": "invalid_request"}', "begin again"),
        (400, b'{"error": "invalid_client"}', "its secret is wrong"),
        (302, b"", "begin again"),
        (503, b"", "not well"),
    ],
)
def test_answers_of_the_token_endpoint(settings: Settings, status: int, body: bytes, told: str) -> None:
    with answering(status, body) as (base, asked):
        settings.OUTBOUND_ROUTES = {DOMAIN: base}
        if told:
            with pytest.raises(NotGranted, match=told):
                exchange_code(APP, DOMAIN, "code")
        else:
            grant = exchange_code(APP, DOMAIN, "code")
            assert (grant.token, grant.scopes) == ("shpat_0123456789", ("read_orders", "write_discounts"))
            assert "shpat" not in repr(grant)
            assert asked == [b"client_id=key&client_secret=now&code=code"]


def test_a_store_that_does_not_answer(settings: Settings) -> None:
    settings.OUTBOUND_ROUTES = {DOMAIN: "http://127.0.0.1:9"}
    with pytest.raises(NotGranted, match="did not answer"):
        exchange_code(APP, DOMAIN, f"at {now()}")
