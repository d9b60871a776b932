"""Connections that keep to the deadline of the call they serve, and go to the addresses that were judged."""

import os
import ssl
import time
from collections.abc import Iterable
from contextvars import ContextVar
from functools import lru_cache
from typing import Any

import httpcore
import httpx

from lib.http.addresses import addresses_of, public_addresses

CONNECT_TIMEOUT_S = 3.0
# A peer that takes little at a time gets its next piece only while the deadline has not passed.
PIECE_BYTES = 4096
# Short, because a connection that the peer is about to close makes it unknown whether a request arrived.
KEEP_S = 2.0
FAILURES = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)


class Call:
    """One request under way: when it must be over, and whether a byte of it may have left."""

    def __init__(self, timeout_s: float) -> None:
        self.deadline = time.monotonic() + timeout_s
        self.left = False

    def remaining_s(self) -> float:
        """Seconds until the deadline. Raises `httpcore.TimeoutException` when it has passed."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise httpcore.TimeoutException
        return remaining


# A connection outlives its call, and a call stays in its thread.
current_call: ContextVar[Call] = ContextVar("current_call")


class Stream(httpcore.NetworkStream):
    """A connection whose every wait ends with the deadline of the current call."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, current_call.get().remaining_s())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        call = current_call.get()
        for start in range(0, len(buffer), PIECE_BYTES):
            remaining = call.remaining_s()
            call.left = True
            self._inner.write(buffer[start : start + PIECE_BYTES], remaining)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        limit = min(CONNECT_TIMEOUT_S, current_call.get().remaining_s())
        return Stream(self._inner.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class Backend(httpcore.NetworkBackend):
    """Resolves a name once, judges all its addresses, and connects to one of those.

    The pool above speaks of names alone, so the certificate is checked against the name.
    """

    def __init__(self, allow_private: bool) -> None:
        self._addresses = addresses_of if allow_private else public_addresses
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        ends = time.monotonic() + min(CONNECT_TIMEOUT_S, current_call.get().remaining_s())
        failure: Exception = httpcore.ConnectTimeout()
        for address in self._addresses(host, ends - time.monotonic()):
            if (remaining := ends - time.monotonic()) <= 0:
                break
            try:
                return Stream(self._inner.connect_tcp(address, port, remaining, None, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure


@lru_cache(maxsize=2)
def pool(allow_private: bool) -> httpcore.ConnectionPool:
    """This process's connections; those into private networks are kept apart."""
    return httpcore.ConnectionPool(
        ssl_context=httpx.create_ssl_context(),
        max_connections=50,
        max_keepalive_connections=50,
        keepalive_expiry=KEEP_S,
        network_backend=Backend(allow_private),
    )


# Two processes on one connection would read each other's answers.
os.register_at_fork(after_in_child=pool.cache_clear)
