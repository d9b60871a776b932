"""The only outbound HTTP client: bounded, without redirects, and never into private networks unasked."""

import ipaddress
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import httpx

TIMEOUT_S = 10.0
CONNECT_TIMEOUT_S = 3.0
MOST_BYTES = 1024 * 1024


class NotSent(Exception):
    """There is no answer: a bad or private address, no connection, too slow, or too much was answered."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side answered; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def send(
    method: str,
    url: str,
    *,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    timeout_s: float = TIMEOUT_S,
    most_bytes: int = MOST_BYTES,
    allow_private: bool = False,
) -> Reply:
    """Make one request. Redirects are not followed. Raises `NotSent`.

    Only public addresses are spoken to, unless `allow_private` is set: the name is resolved once, and the
    connection goes to the address that was judged.
    """
    try:
        target = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise NotSent(f"not an http address: {error}") from error
    if target.scheme not in ("http", "https") or not target.host:
        raise NotSent(f"not an http address: {url[:200]}")
    request = _client(allow_private).build_request(
        method,
        target,
        content=body,
        headers=dict(headers or {}),
        timeout=httpx.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S),
    )
    if not allow_private:
        request.extensions["sni_hostname"] = target.host
        request.url = target.copy_with(host=public_address(target.host))
    try:
        return _exchange(_client(allow_private), request, time.monotonic() + timeout_s, most_bytes)
    except httpx.HTTPError as error:
        raise NotSent(f"{target.host}: {error or type(error).__name__}") from error


def public_address(host: str) -> str:
    """An address of `host`, all of whose addresses are public. Raises `NotSent`."""
    try:
        found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError) as error:
        raise NotSent(f"{host}: {error}") from error
    for address in found:
        ip = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(ip, "ipv4_mapped", None) or ip
        if not mapped.is_global or mapped.is_multicast:
            raise NotSent(f"{host} is {address}, which is not a public address")
    return sorted(found, key=lambda address: ":" in address)[0]


def _exchange(client: httpx.Client, request: httpx.Request, deadline: float, most_bytes: int) -> Reply:
    response = client.send(request, stream=True)
    try:
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > most_bytes:
                raise NotSent(f"{request.url.host} answered more than {most_bytes} bytes")
            if time.monotonic() > deadline:
                raise NotSent(f"{request.url.host} took too long")
        return Reply(response.status_code, dict(response.headers), bytes(body))
    finally:
        response.close()


@lru_cache(maxsize=2)
def _client(keep_alive: bool) -> httpx.Client:
    """Connections are kept only where the address is the name: a pool knows addresses, not certificates."""
    limits = httpx.Limits(max_connections=50, max_keepalive_connections=20 if keep_alive else 0)
    return httpx.Client(follow_redirects=False, trust_env=False, limits=limits)
