"""The threaded HTTP server under every test platform: it reads requests, answers JSON, and fails when told to."""

import random
import socket
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

_JSON = msgspec.json.Encoder(decimal_format="number")


class Fault(StrEnum):
    """What goes wrong with a call; AFTER means that what was asked for has happened."""

    ERROR_BEFORE = "answers 500 and does nothing"
    ERROR_AFTER = "does it and answers 500"
    HANG_AFTER = "does it and never answers"
    DROP_BEFORE = "drops the connection and does nothing"
    DROP_AFTER = "does it and drops the connection"
    LIMITED = "says that there were too many calls"


@dataclass(frozen=True)
class Request:
    """A request as it came: header names in lower case, the last of repeated query names."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    def json(self) -> Any:
        """The body; None where it is no JSON."""
        try:
            return msgspec.json.decode(self.body)
        except msgspec.DecodeError:
            return None


class Answer(NamedTuple):
    """A reply: `body` becomes JSON, None means no body."""

    status: int
    body: object = None
    headers: Mapping[str, str] = {}


@dataclass
class _Ordered:
    fault: Fault
    method: str
    path: str
    times: int


@dataclass
class FakeServer:
    """A platform to be told apart by `answer`. Use it as a context manager; `url` has no slash at its end.

    `seen` holds every request in the order of coming, those that failed included. Answers are worked out one at a
    time; only faults and `delay_s` overlap.
    """

    hang_s: float = 20.0
    delay_s: float = 0.0
    seen: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._ordered: list[_Ordered] = []
        self._chances: list[tuple[Fault, float, str, str]] = []
        self._dice = random.Random(7)
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.fake = self
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()

    def fail(self, fault: Fault, times: int = 1, method: str = "", path: str = "") -> None:
        """The next `times` calls of this method whose path contains `path` fail so."""
        with self._lock:
            self._ordered.append(_Ordered(fault, method, path, times))

    def fail_sometimes(self, fault: Fault, share: float, method: str = "", path: str = "") -> None:
        """This share (0 to 1) of the calls fails so, from now on."""
        with self._lock:
            self._chances.append((fault, share, method, path))

    def heal(self) -> None:
        """Nothing fails any more."""
        with self._lock:
            self._ordered.clear()
            self._chances.clear()

    def calls(self, method: str, path: str = "") -> list[Request]:
        """The requests seen of this method whose path contains `path`."""
        return [request for request in list(self.seen) if request.method == method and path in request.path]

    def respond(self, request: Request) -> Answer | None:
        """The answer, or None where the connection is to be dropped."""
        with self._lock:
            self.seen.append(request)
            fault = self._fault_of(request)
        self._closing.wait(self.delay_s)
        if fault in (Fault.ERROR_BEFORE, Fault.DROP_BEFORE, Fault.LIMITED):
            return {
                Fault.ERROR_BEFORE: self.broken(),
                Fault.DROP_BEFORE: None,
                Fault.LIMITED: self.limited(),
            }[fault]
        with self._lock:
            answer = self.answer(request)
        if fault is Fault.HANG_AFTER:
            self._closing.wait(self.hang_s)
        return self.broken() if fault is Fault.ERROR_AFTER else answer if fault is None else None

    def answer(self, request: Request) -> Answer:
        """What the platform says to a request; called by one thread at a time."""
        raise NotImplementedError

    def broken(self) -> Answer:
        """How the platform says that it is broken."""
        return Answer(500, {"message": "Internal Server Error"})

    def limited(self) -> Answer:
        """How the platform says that there were too many calls."""
        return Answer(429, {"message": "Too Many Requests"}, {"Retry-After": "1"})

    def _fault_of(self, request: Request) -> Fault | None:
        for ordered in self._ordered:
            if ordered.times and ordered.method in ("", request.method) and ordered.path in request.path:
                ordered.times -= 1
                return ordered.fault
        for fault, share, method, path in self._chances:
            if method in ("", request.method) and path in request.path and self._dice.random() < share:
                return fault
        return None


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    fake: FakeServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a caller that gave up is no news
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 60
    server: _Http

    def do_GET(self) -> None:
        target = urlsplit(self.path)
        length = int(self.headers.get("content-length") or 0)
        answer = self.server.fake.respond(
            Request(
                method=self.command,
                path=unquote(target.path),
                query=dict(parse_qsl(target.query, keep_blank_values=True)),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(length),
            )
        )
        if answer is None:
            self.close_connection = True
            with suppress(OSError):  # the other side may have hung up already
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        body = b"" if answer.body is None else _JSON.encode(answer.body)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if body:
            self.send_header("Content-Type", "application/json; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        pass
