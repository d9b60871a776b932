"""A store's admin on a port of its own, for tests and for runs with faults."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from demo.shopify_admin.answers import Answer, ConnectionLost
from demo.shopify_admin.endpoints import Request, Stores, respond
from demo.shopify_admin.faults import Faults
from demo.shopify_admin.schema import API_VERSION

MOST_BYTES = 1024 * 1024
IDLE_S = 60
LOOK_AGAIN_S = 0.2


class _Server(ThreadingHTTPServer):
    request_queue_size = 512
    daemon_threads = True

    def __init__(self, stores: Stores, faults: Faults) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.stores, self.faults = stores, faults

    def handle_error(self, request: object, client_address: object) -> None:
        """A caller that goes away is no news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave together: two writes would wait for each other's acknowledgement
    timeout = IDLE_S
    server: _Server

    def do_GET(self) -> None:
        self._respond()

    do_POST = do_DELETE = do_PUT = do_GET

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _respond(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        if size > MOST_BYTES:
            self.close_connection = True
            return self._send(Answer(413, {}, {"errors": "Payload Too Large"}))
        path, _, query = self.path.partition("?")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, path, query, headers, self.rfile.read(size))
        try:
            self._send(respond(self.server.stores, request, self.server.faults))
        except ConnectionLost as lost:
            self._hold(lost.held_s)
            self.close_connection = True

    def _hold(self, seconds: float) -> None:
        """Say nothing, until the time is over, the caller has gone or the server ends."""
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0 and not self.server.faults.released.is_set():
            self.connection.settimeout(min(left, LOOK_AGAIN_S))
            with suppress(TimeoutError):
                if not self.connection.recv(1):
                    return

    def _send(self, answer: Answer) -> None:
        raw, headers = answer.raw()
        self.send_response(answer.status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("X-Shopify-API-Version", API_VERSION)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)


@contextmanager
def serve(stores: Stores, faults: Faults | None = None, certificate: Path | None = None) -> Iterator[str]:
    """Serve a store, or several by their domains, on a free port of 127.0.0.1; the base address.

    `certificate`: a file with a certificate and its key, for https. At the end held connections are let go.
    """
    given = faults or Faults()
    server = _Server(stores, given)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        # The handshake belongs to the connection's own thread: accepting must not wait for it.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"{'https' if certificate else 'http'}://127.0.0.1:{server.server_port}"
    finally:
        given.released.set()
        server.shutdown()
        with suppress(OSError):
            server.server_close()
        thread.join(5)
