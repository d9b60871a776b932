"""A load generator that costs little: ready-made requests on kept-alive connections, one process, epoll-like.

Whatever server is measured, the same client sends the same bytes, so its own cost falls out of the ratios.
"""

import json
import selectors
import socket
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

PATIENCE_S = 30.0


@dataclass(slots=True)
class Load:
    """What came of a load: answers by status, and how long it took in seconds."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)

    @property
    def ok(self) -> int:
        return self.statuses[200]

    @property
    def rate(self) -> float:
        """Answers 200 a second."""
        return self.ok / self.seconds


class _Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = b""

    def answer(self) -> tuple[int, bytes] | None:
        """Read what is there; (status, body) once the answer is complete. Raises ConnectionError."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed a connection")
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        if not _complete(head.lower(), body):
            return None
        self._received = b""
        return int(head[9:12]), body


def drive(port: int, requests: Iterator[bytes], connections: int = 32, seconds: float | None = None) -> Load:
    """Send requests, one at a time on each connection, until they or the seconds run out.

    Raises ConnectionError when the server goes away, TimeoutError when it answers nothing for long.
    """
    load = Load()
    selector = selectors.DefaultSelector()
    started = time.perf_counter()
    ends = started + seconds if seconds else float("inf")
    waiting = 0
    for request in _first(requests, connections):
        connection = _Connection(port)
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.socket.sendall(request)
        waiting += 1
    while waiting:
        ready = selector.select(PATIENCE_S)
        if not ready:
            raise TimeoutError(f"no answer within {PATIENCE_S:.0f} s")
        for key, _ in ready:
            answer = key.data.answer()
            if answer is None:
                continue
            load.statuses[answer[0]] += 1
            following = next(requests, None) if time.perf_counter() < ends else None
            if following is not None:
                key.data.socket.sendall(following)
            else:
                selector.unregister(key.fileobj)
                key.data.socket.close()
                waiting -= 1
    load.seconds = time.perf_counter() - started
    return load


def ask(port: int, request: bytes) -> tuple[int, bytes]:
    """One request on a connection of its own: (status, body)."""
    connection = _Connection(port)
    with connection.socket:
        connection.socket.sendall(request)
        while True:
            answer = connection.answer()
            if answer is not None:
                return answer


def burst(port: int, requests: Sequence[bytes]) -> list[tuple[int, float]]:
    """All requests at the same moment, each on a connection of its own: (status, seconds until it was answered)."""
    selector = selectors.DefaultSelector()
    for request in requests:
        connection = _Connection(port)
        selector.register(connection.socket, selectors.EVENT_READ, (connection, request))
    waiting = list(selector.get_map().values())
    started = time.perf_counter()
    for key in waiting:
        connection, request = key.data
        connection.socket.sendall(request)
    answers: list[tuple[int, float]] = []
    while len(answers) < len(requests):
        ready = selector.select(PATIENCE_S)
        if not ready:
            raise TimeoutError(f"no answer within {PATIENCE_S:.0f} s")
        for key, _ in ready:
            connection, _ = key.data
            answer = connection.answer()
            if answer is not None:
                answers.append((answer[0], time.perf_counter() - started))
                selector.unregister(key.fileobj)
                connection.socket.close()
    return answers


def post(path: str, content: object, token: str) -> bytes:
    """A POST request with JSON; `token` goes into the Authorization header."""
    body = json.dumps(content, separators=(",", ":")).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def get(path: str, token: str | None = None) -> bytes:
    """A GET request; `token` goes into the Authorization header."""
    bearer = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n{bearer}\r\n".encode()


def _complete(head: bytes, body: bytes) -> bool:
    if b"\r\ntransfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    _, _, length = head.partition(b"\r\ncontent-length:")
    return len(body) >= int(length.split(b"\r\n", 1)[0] or 0)


def _first(requests: Iterator[bytes], count: int) -> list[bytes]:
    return [request for _, request in zip(range(count), requests, strict=False)]
