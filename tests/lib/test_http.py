"""The outbound client: what is sent, to whom it speaks, and how its connections are used."""

import os
import socket
import subprocess
import sys
import threading
import time

import pytest
from pytest_django.fixtures import Settings

from config.embedded import CHECKOUT
from lib.http import NotSent, public_address, send
from tests.lib.peers import answers, in_turn, peer, status

CLOSED = [
    *("127.0.0.1", "127.8.8.8", "localhost", "localhost.", "0.0.0.0", "0.1.2.3", "10.0.0.8", "172.16.3.1"),
    *("172.31.255.255", "192.168.1.1", "169.254.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200"),
    *("192.0.0.8", "192.0.2.1", "192.88.99.1", "198.18.0.1", "198.51.100.7", "203.0.113.7", "224.0.0.1"),
    *("240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::8.8.8.8", "::ffff:127.0.0.1"),
    *("::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b::808:808", "64:ff9b:1::a00:1", "100::1", "2001::1"),
    *("2001:0:4136:e378:8000:63bf:3fff:fdd2", "2001:db8::1", "2002:7f00:1::", "2002:808:808::1", "3fff::1"),
    *("5f00::1", "fc00::1", "fd00:ec2::254", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1"),
    *("2130706433", "127.1", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "127.0.0.1.", "8.8.8"),
    *("1.2.3.4.5", "a b", "a%00b", "..", "a..b", "shop.example/"),
]
OPEN = ["93.184.215.14", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700:4700::1111"]


def test_what_is_sent_arrives_and_what_is_answered_comes_back() -> None:
    told = status(201, b"made", X_One="1", X_Two="a\r\nX-Two: b", Content_Type="text/plain")
    with peer(told) as store:
        url = f"{store.url}/orders?page=2&name=%C3%A9#part"
        reply = send("POST", url, body=b"body" * 10_000, headers={"X-Name": "Zoë"}, allow_private=True)
    head, _, body = store.requests[0].partition("\r\n\r\n")
    lines = head.split("\r\n")
    assert (reply.status, reply.body) == (201, b"made")
    assert (reply.headers["x-one"], reply.headers["x-two"]) == ("1", "a, b")
    assert lines[0] == "POST /orders?page=2&name=%C3%A9 HTTP/1.1"
    assert {f"Host: 127.0.0.1:{store.port}", "X-Name: Zoë", "Content-Length: 40000"} <= set(lines)
    assert body == "body" * 10_000


def test_a_redirect_is_an_answer_and_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with peer(status(302, Location="/there")) as store:
        reply = send("GET", f"{store.url}/away", allow_private=True)
    assert (reply.status, reply.headers["location"], len(store.requests)) == (302, "/there", 1)


def test_a_connection_is_kept_until_the_other_side_ends_it() -> None:
    ending = answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    with peer(in_turn(status(200), ending, status(200))) as store:
        for _ in range(2):
            send("POST", store.url, allow_private=True)
        assert store.connections == 1
        time.sleep(0.05)
        assert send("POST", store.url, allow_private=True).status == 200
    assert (store.connections, len(store.requests)) == (2, 3)


@pytest.mark.parametrize("host", CLOSED)
def test_only_public_addresses_are_spoken_to(host: str) -> None:
    written = f"[{host}]" if ":" in host else host
    with pytest.raises(NotSent) as refused:
        send("GET", f"http://{written}/", timeout_s=1)
    assert not refused.value.maybe_done
    with pytest.raises(NotSent):
        public_address(host)


def test_an_address_in_another_notation_is_no_way_in() -> None:
    with peer(status(200)) as store:
        for host in ("localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"):
            with pytest.raises(NotSent):
                send("GET", f"http://{host}:{store.port}/")
        assert store.connections == 0


@pytest.mark.parametrize("address", OPEN)
def test_public_addresses_are_fine(address: str) -> None:
    assert public_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        *("ftp://127.0.0.1/", "file:///etc/passwd", "127.0.0.1", "//127.0.0.1/", "http://", "", "http://["),
        *("http://a\nb", "http://user@127.0.0.1/", "https://user:secret@127.0.0.1/", "http:///path"),
        *("http://127.0.0.1:0/", "http://127.0.0.1:99999/", "http://8.8.8.8\\@127.0.0.1/"),
    ],
)
def test_only_http_without_credentials(address: str) -> None:
    with pytest.raises(NotSent, match=r"not an http address|user name|neither a name") as refused:
        send("GET", address, allow_private=True)
    assert (refused.value.maybe_done, refused.value.passing) == (False, False)


def test_what_cannot_be_written_into_a_request_is_not_sent() -> None:
    with peer(status(200)) as store:
        for headers in ({"X-Name": "a\r\nX-Evil: 1"}, {"X Name": "a"}):
            with pytest.raises(NotSent) as refused:
                send("GET", store.url, headers=headers, allow_private=True)
            assert (refused.value.maybe_done, refused.value.passing) == (False, False)
    assert store.requests == []


def test_nobody_there_and_no_such_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(NotSent, match="refused") as gone:
        send("GET", "http://127.0.0.1:1/", allow_private=True)
    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(NotSent, match="not known") as nameless:
        send("GET", "http://shop.example/")
    for error in (gone.value, nameless.value):
        assert (error.maybe_done, error.passing) == (False, True)


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def hangs(*_: object, **__: object) -> list[object]:
        over.wait(5)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    started = time.monotonic()
    with pytest.raises(NotSent, match="in time") as late:
        send("GET", "https://shop.example/", timeout_s=0.2)
    over.set()
    assert time.monotonic() - started < 1
    assert (late.value.maybe_done, late.value.passing) == (False, True)


def test_a_store_can_be_played_by_a_server_at_hand(settings: Settings) -> None:
    with peer(status(200, b"played")) as store:
        settings.OUTBOUND_ROUTES = {"fern.example": f"{store.url}/demo/fern/"}
        reply = send("GET", "https://FERN.example/admin/api.json?page=2")
        with pytest.raises(NotSent):
            send("GET", f"http://127.0.0.1:{store.port}/")
    lines = store.requests[0].split("\r\n")
    assert reply.body == b"played"
    assert lines[0] == "GET /demo/fern/admin/api.json?page=2 HTTP/1.1"
    assert {f"Host: 127.0.0.1:{store.port}", "X-Forwarded-Host: fern.example"} <= set(lines)
    assert len(store.requests) == 1


START = """
import os
from django.core.exceptions import ImproperlyConfigured
for url, routes in [("https://a.example", '{"b": "http://c"}'), ("http://a", '["b"]'), ("https://a.example", "{}")]:
    os.environ.update(PUBLIC_URL=url, OUTBOUND_ROUTES=routes)
    try:
        import config.settings
        print("starts")
    except ImproperlyConfigured as error:
        print(error)
"""


def test_routes_are_not_for_production() -> None:
    variables = os.environ | {"SECRET_KEY": "x" * 50, "SECRET_ENCRYPTION_KEYS": "x"}
    command = [sys.executable, "-c", START]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=variables, capture_output=True, text=True, timeout=30, check=True
    )
    production, shape, started = done.stdout.splitlines()
    assert "OUTBOUND_ROUTES is for development" in production
    assert "OUTBOUND_ROUTES is not of the form" in shape
    assert started == "starts"
