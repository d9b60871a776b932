"""The outbound client: bounded, without redirects, and not into private networks."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lib.http import NotSent, public_address, send


class _Server(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, self.headers["X-Name"].encode() + b":" + body)

    def do_GET(self) -> None:
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "/there")
            self.end_headers()
        elif self.path == "/large":
            self._answer(200, b"x" * 5000)
        elif self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(30):
                self.wfile.write(b"x")
                time.sleep(0.1)
        else:
            self._answer(200, b"there")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        """Nothing: the test says what matters."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_what_is_sent_arrives(url: str) -> None:
    reply = send("POST", url, body=b"body", headers={"X-Name": "Regulars"}, allow_private=True)
    assert (reply.status, reply.body) == (200, b"Regulars:body")


def test_a_redirect_is_an_answer(url: str) -> None:
    reply = send("GET", f"{url}/away", allow_private=True)
    assert (reply.status, reply.headers["location"]) == (302, "/there")


def test_too_much_is_refused(url: str) -> None:
    with pytest.raises(NotSent, match="more than 4999 bytes"):
        send("GET", f"{url}/large", allow_private=True, most_bytes=4999)
    assert len(send("GET", f"{url}/large", allow_private=True, most_bytes=5000).body) == 5000


def test_a_trickle_ends(url: str) -> None:
    started = time.monotonic()
    with pytest.raises(NotSent, match="too long"):
        send("GET", f"{url}/slow", allow_private=True, timeout_s=0.5)
    assert time.monotonic() - started < 2


def test_nobody_there() -> None:
    with pytest.raises(NotSent):
        send("GET", "http://127.0.0.1:1/", allow_private=True)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "0.0.0.0", "10.0.0.8", "172.16.3.1", "192.168.1.1", "169.254.169.254"),
        *("100.64.0.1", "224.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "2130706433", "127.1"),
    ],
)
def test_private_addresses_are_not_spoken_to(host: str) -> None:
    written = f"[{host}]" if ":" in host else host
    with pytest.raises(NotSent):
        send("GET", f"http://{written}/", timeout_s=1)
    with pytest.raises(NotSent, match="public address"):
        public_address(host)


def test_a_public_address_is_fine() -> None:
    assert public_address("93.184.215.14") == "93.184.215.14"


@pytest.mark.parametrize(
    "address",
    ["ftp://example.com/", "file:///etc/passwd", "example.com", "http://", "", "http://[", "http://a\nb"],
)
def test_only_http(address: str) -> None:
    with pytest.raises(NotSent):
        send("GET", address)
