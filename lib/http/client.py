"""One request and its answer."""

from collections.abc import Mapping, Sequence

import httpcore
import httpx
from django.conf import settings

from lib.http.bodies import read_body, too_much
from lib.http.reply import NotSent, Reply
from lib.http.routes import routed
from lib.http.wire import FAILURES, Call, current_call, pool

TIMEOUT_S = 10.0
MOST_BYTES = 1024 * 1024
MOST_HEADER_BYTES = 64 * 1024
DEFAULTS = {"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": "Regulars"}


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
    """Make one request, which is over after `timeout_s` whatever the other side does. Raises `NotSent`.

    Where `OUTBOUND_LONGEST_S` is less, that is the limit.

    Redirects are not followed, and proxies of the environment are not used. Only public addresses are
    spoken to, unless `allow_private` is set or `OUTBOUND_ROUTES` names the host; the name is resolved once,
    and the connection goes to an address that was judged. A host with a route is told the name in
    X-Forwarded-Host.
    """
    timeout_s = min(timeout_s, settings.OUTBOUND_LONGEST_S)
    target = _target(url)
    there = routed(target)
    wanted = {**DEFAULTS, **(headers or {})}
    if there is not None:
        wanted["X-Forwarded-Host"] = target.host
    request = _request(method, there or target, body, wanted)
    call = Call(timeout_s)
    request.extensions["timeout"] = {"pool": timeout_s}
    before = current_call.set(call)
    try:
        return _exchange(pool(allow_private or there is not None), request, most_bytes)
    except FAILURES as error:
        late = isinstance(error, httpcore.TimeoutException)
        reason = "took too long" if late else str(error) or type(error).__name__
        passing = not isinstance(error, httpcore.LocalProtocolError)
        raise NotSent(f"{target.host}: {reason}", maybe_done=call.left, passing=passing) from error
    finally:
        current_call.reset(before)


def _target(url: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise NotSent(f"not an http address: {error}") from error
    port = 80 if target.port is None else target.port
    if target.scheme not in ("http", "https") or not target.host or not 0 < port < 65536:
        raise NotSent(f"not an http address: {url[:200]}")
    if target.userinfo:
        raise NotSent(f"{target.host}: an address must not hold a user name or password")
    return target


def _request(method: str, target: httpx.URL, body: bytes, headers: Mapping[str, str]) -> httpcore.Request:
    there = httpcore.URL(
        scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path
    )
    lines = [(b"Host", target.netloc), *((name.encode(), value.encode()) for name, value in headers.items())]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append((b"Content-Length", str(len(body)).encode()))
    return httpcore.Request(method, there, headers=lines, content=body, extensions={})


def _exchange(connections: httpcore.ConnectionPool, request: httpcore.Request, most_bytes: int) -> Reply:
    response = connections.handle_request(request)
    try:
        if sum(len(name) + len(value) for name, value in response.headers) > MOST_HEADER_BYTES:
            raise NotSent(f"answered more than {MOST_HEADER_BYTES} bytes of headers", maybe_done=True)
        headers = _by_name(response.headers)
        announced = headers.get("content-length", "")
        if request.method != b"HEAD" and announced.isdecimal() and int(announced) > most_bytes:
            raise too_much(most_bytes)
        body = read_body(response.iter_stream(), headers.get("content-encoding", ""), most_bytes)
        return Reply(response.status, headers, body)
    finally:
        response.close()


def _by_name(lines: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in lines:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
