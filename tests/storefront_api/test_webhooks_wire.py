"""What only a real server shows: bodies in chunks, bytes that are no text, bodies that break off."""

import json
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from tests.bodies import encode, shopify_order, sign_shopify
from tests.live import Stack

DOMAIN = "wire.myshopify.com"
RAW = encode(shopify_order(order_status_url=None))
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def address(live: Stack) -> tuple[str, str]:
    """(webhook address, secret) of a store linked to the running installation."""
    told = live.manage("create_shop", "--name", "Wire", "--currency", "EUR", "--timezone", "UTC", "--json")
    shop = json.loads(told)["shop"]
    told = live.manage("connect_store", "--shop", shop, "--platform", "shopify", "--domain", DOMAIN, "--json")
    linked = json.loads(told)
    return f"{live.url}/webhooks/{linked['connection']}/", linked["webhook_secret"]


def in_chunks(raw: bytes, size: int = 1000) -> Iterator[bytes]:
    return (raw[start : start + size] for start in range(0, len(raw), size))


@pytest.mark.parametrize(("raw", "status"), [(RAW, 200), (RAW.ljust(MIB), 200), (RAW.ljust(MIB + 1), 413)])
def test_a_body_in_chunks(address: tuple[str, str], raw: bytes, status: int) -> None:
    url, secret = address
    headers = sign_shopify(secret, raw, domain=DOMAIN)
    assert httpx.post(url, content=in_chunks(raw, 64_000), headers=headers).status_code == status
    assert httpx.post(url, content=raw, headers=headers).status_code == status


def test_an_endless_body_in_chunks_is_cut_off(address: tuple[str, str]) -> None:
    url, _ = address
    assert httpx.post(url, content=in_chunks(b"x" * 12 * MIB, MIB)).status_code == 413


def test_an_empty_body_is_unsigned(address: tuple[str, str]) -> None:
    assert httpx.post(address[0]).status_code == 401
    assert httpx.post(address[0], content=iter(())).status_code == 401


@pytest.mark.parametrize(
    ("header", "value", "status"),
    [
        ("x-shopify-hmac-sha256", b"\xe9", 401),
        ("x-shopify-hmac-sha256", "подпись".encode(), 401),
        ("x-shopify-topic", "тема".encode(), 400),
        ("x-shopify-webhook-id", b"x" * 20_000, 400),
    ],
)
def test_bytes_that_are_no_header_text(
    address: tuple[str, str], header: str, value: bytes, status: int
) -> None:
    url, secret = address
    headers: dict[str, str | bytes] = {**sign_shopify(secret, RAW, domain=DOMAIN), header: value}
    assert httpx.post(url, content=RAW, headers=headers).status_code == status  # type: ignore[arg-type]


def test_a_body_that_breaks_off_does_no_harm(address: tuple[str, str]) -> None:
    url, secret = address
    parts = urlsplit(url)
    head = "".join(f"{name}: {value}\r\n" for name, value in sign_shopify(secret, RAW).items())
    request = (
        f"POST {parts.path} HTTP/1.1\r\nhost: {parts.netloc}\r\n{head}content-length: {len(RAW)}\r\n\r\n"
    )
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=5) as sent:
        sent.sendall(request.encode() + RAW[:-50])
    headers = sign_shopify(secret, RAW, domain=DOMAIN)
    assert httpx.post(url, content=RAW, headers=headers).status_code == 200
