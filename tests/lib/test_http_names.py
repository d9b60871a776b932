"""Names and certificates: the address that was judged is the one that is called, under its name."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from lib.clock import now
from lib.http import NotSent, send
from lib.http.wire import pool
from tests.lib.peers import Peer, answers, peer, status

PUBLIC = "93.184.215.14"


class Net:
    """Stands in for the internet: names resolve to `found` in turn, and every address leads to `peer`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.found: list[list[str]] = []
        self.asked: list[str] = []
        self.called: list[str] = []
        self.peer: Peer
        monkeypatch.setattr(socket, "getaddrinfo", self._resolve)
        monkeypatch.setattr(socket, "create_connection", self._connect)

    def _resolve(self, host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        self.asked.append(host)
        return [
            (0, 0, 0, "", (address, 0)) for address in self.found[min(len(self.asked), len(self.found)) - 1]
        ]

    def _connect(self, address: tuple[str, int], timeout: float, **_: object) -> socket.socket:
        self.called.append(address[0])
        if address[0] == "203.0.114.1":
            raise ConnectionRefusedError
        opened = socket.socket()
        opened.settimeout(timeout)
        opened.connect(("127.0.0.1", self.peer.port))
        return opened


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Net:
    return Net(monkeypatch)


@pytest.fixture
def identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ssl.SSLContext]:
    """A server's certificate for shop.example alone, which this process trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now() - timedelta(days=1)).not_valid_after(now() + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), False)
    written = tmp_path / "certificate.pem"
    written.write_bytes(
        builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    monkeypatch.setenv("SSL_CERT_FILE", str(written))
    pool.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(written)
    yield context
    pool.cache_clear()


def test_a_name_is_resolved_once_and_its_judged_address_called(net: Net, identity: ssl.SSLContext) -> None:
    net.found = [[PUBLIC], ["127.0.0.1"]]
    named: list[str | None] = []
    identity.sni_callback = lambda _socket, name, _context: named.append(name)
    with peer(answers(b"HTTP/1.1 200 OK\r\n\r\nhello"), identity) as net.peer:
        assert send("GET", "https://shop.example/").body == b"hello"
        assert (net.asked, net.called, named) == (["shop.example"], [PUBLIC], ["shop.example"])
        with pytest.raises(NotSent, match="not a public address"):
            send("GET", "https://shop.example/")
    assert "Host: shop.example" in net.peer.requests[0].split("\r\n")
    assert net.called == [PUBLIC]


def test_a_certificate_for_another_name_is_refused(net: Net, identity: ssl.SSLContext) -> None:
    net.found = [[PUBLIC]]
    with peer(status(200), identity) as net.peer:
        with pytest.raises(NotSent, match="certificate") as error:
            send("POST", "https://other.example/")
        with pytest.raises(NotSent):
            send("POST", f"https://{PUBLIC}/")
    assert net.peer.requests == []
    assert not error.value.maybe_done


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["::1"], ["fe80::1%eth0"], [PUBLIC, "::1"]]
)
def test_one_private_address_refuses_the_name(net: Net, found: list[str]) -> None:
    net.found = [found]
    with pytest.raises(NotSent, match="not a public address") as refused:
        send("POST", "https://shop.example/")
    assert (net.called, refused.value.maybe_done, refused.value.passing) == ([], False, False)


def test_the_next_address_is_called_when_one_does_not_answer(net: Net) -> None:
    net.found = [["2606:4700::1", "203.0.114.1"]]
    with peer(status(200)) as net.peer:
        assert send("GET", "http://shop.example/").status == 200
    assert net.called == ["203.0.114.1", "2606:4700::1"]


def test_a_handshake_in_drops_ends(net: Net) -> None:
    net.found = [[PUBLIC]]
    over = threading.Event()

    def drips(listening: socket.socket) -> None:
        connection, _ = listening.accept()
        with connection:
            connection.sendall(b"\x16\x03\x03\x40\x00")
            while not over.wait(0.02):
                connection.sendall(b"x")

    with socket.create_server(("127.0.0.1", 0)) as listening, peer(status(200)) as net.peer:
        net.peer.port = listening.getsockname()[1]
        thread = threading.Thread(target=drips, args=(listening,), daemon=True)
        thread.start()
        started = time.monotonic()
        with pytest.raises(NotSent) as error:
            send("POST", "https://shop.example/", timeout_s=0.3)
        over.set()
        thread.join(2)
    assert time.monotonic() - started < 1
    assert (error.value.maybe_done, error.value.passing) == (False, True)
