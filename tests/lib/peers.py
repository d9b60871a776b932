"""The other side of an outbound request, as a raw socket that a test makes behave."""

import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

Behaviour = Callable[[socket.socket], None]


class Peer:
    """Listens on 127.0.0.1 and lets `behave` answer each request; keeps what was asked in `requests`.

    `behave` returns to read the next request of the connection, and closes it to end it. `connections` counts.
    """

    def __init__(self, behave: Behaviour, context: ssl.SSLContext | None = None) -> None:
        self.behave = behave
        self._context = context
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.requests: list[str] = []
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, plain: socket.socket) -> None:
        # The client gives up, closes, and does not trust us: all of that is what the tests are about.
        with suppress(OSError), plain:
            connection = self._context.wrap_socket(plain, server_side=True) if self._context else plain
            with connection:
                while request := self._request(connection):
                    self.requests.append(request)
                    self.behave(connection)

    def _request(self, connection: socket.socket) -> str:
        request = b""
        while b"\r\n\r\n" not in request:
            if not (read := connection.recv(65536)):
                return ""
            request += read
        length = re.search(rb"Content-Length: (\d+)", request)
        missing = int(length[1]) - len(request.partition(b"\r\n\r\n")[2]) if length else 0
        # A large body is left to the behaviour.
        while 0 < missing < 65536:
            read = connection.recv(missing)
            request, missing = request + read, missing - len(read)
        return request.decode()


@contextmanager
def peer(behave: Behaviour, context: ssl.SSLContext | None = None) -> Iterator[Peer]:
    """A `Peer` for the length of a test."""
    opened = Peer(behave, context)
    try:
        yield opened
    finally:
        opened.close()


def answers(*parts: bytes, every_s: float = 0.0, ends: bool = True) -> Behaviour:
    """Send the parts, with pauses; then close the connection, or keep it."""

    def behave(connection: socket.socket) -> None:
        for part in parts:
            connection.sendall(part)
            time.sleep(every_s)
        if ends:
            connection.close()

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """The first behaviour for the first request, and so on; the last one for all that follow."""
    left = list(behaviours)

    def behave(connection: socket.socket) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(connection)

    return behave


def status(code: int, body: bytes = b"", **headers: str) -> Behaviour:
    """A well-behaved answer on a connection that is kept."""
    lines = [f"HTTP/1.1 {code} Whatever", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return answers("\r\n".join([*lines, "", ""]).encode() + body, ends=False)
