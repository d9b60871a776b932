"""The outbound client against peers that are slow, endless, broken, or not who they say."""

import gzip
import itertools
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Iterable

import pytest

from lib.http import NotSent, send
from tests.lib.peers import Behaviour, answers, peer

OK = b"HTTP/1.1 200 OK\r\n"
ZIPPED = OK + b"Content-Encoding: gzip\r\n\r\n"
TIMEOUT_S = 0.3


def bomb(mebibytes: int) -> bytes:
    packer = zlib.compressobj(9, wbits=zlib.MAX_WBITS | 16)
    zeros = bytes(1024 * 1024)
    return b"".join(packer.compress(zeros) for _ in range(mebibytes)) + packer.flush()


def forever(start: bytes, part: bytes, every_s: float = 0.0) -> Behaviour:
    """`start`, then `part` until the client has had enough."""

    def behave(connection: socket.socket) -> None:
        answers(start, *itertools.repeat(part, 2000), every_s=every_s)(connection)

    return behave


BOMB = bomb(32)
HALF = gzip.compress(b"x" * 1000)[:-9]
PEERS: list[tuple[str, Behaviour, str | None]] = [
    ("silence", answers(ends=False), "too long"),
    ("headers in drops", forever(OK + b"X-A: ", b"x", 0.02), "too long"),
    ("a body in drops", forever(OK + b"\r\n", b"x", 0.02), "too long"),
    ("chunks in drops", forever(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n", 0.02), "too long"),
    ("go on, go on", forever(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.02), "too long"),
    ("an endless body", forever(OK + b"\r\n", b"x" * 65536), "more than 100000 bytes"),
    ("an announced one", answers(OK + b"Content-Length: 999999999999\r\n\r\n"), "more than 100000 bytes"),
    ("a bomb", answers(ZIPPED, BOMB), "more than 100000 bytes"),
    ("bombs in a row", answers(ZIPPED, gzip.compress(b"") * 1000, BOMB), "more than 100000 bytes"),
    ("an endless header", forever(OK + b"X-A: ", b"x" * 10_000), None),
    ("endless headers", forever(OK, b"X-A: 1\r\n" * 1000), None),
    ("many headers", answers(OK + b"X-A: " + b"x" * 70_000 + b"\r\n\r\n"), "bytes of headers"),
    ("cut at once", answers(), None),
    ("cut in the head", answers(OK + b"X-A"), None),
    ("cut in the body", answers(OK + b"Content-Length: 9\r\n\r\nhalf"), None),
    ("half a gzip", answers(ZIPPED + HALF), "half a gzip"),
    ("a broken gzip", answers(ZIPPED + b"no gzip at all"), "broken gzip"),
    ("another encoding", answers(OK + b"Content-Encoding: br\r\n\r\nx"), "not asked for: br"),
    ("not HTTP", answers(b"SSH-2.0-OpenSSH_9.6\r\n"), None),
]
NOT_PASSING = ("more than", "bytes of headers", "gzip", "not asked for")


@pytest.mark.parametrize(("behave", "said"), [one[1:] for one in PEERS], ids=[one[0] for one in PEERS])
def test_every_request_ends_in_time_and_in_bounds(behave: Behaviour, said: str | None) -> None:
    with peer(behave) as store:
        started = time.monotonic()
        with pytest.raises(NotSent, match=said) as error:
            send("POST", store.url, allow_private=True, timeout_s=TIMEOUT_S, most_bytes=100_000)
        took = time.monotonic() - started
    assert took < TIMEOUT_S + 0.5
    assert len(store.requests) == 1
    assert error.value.maybe_done
    assert error.value.passing == (not any(words in str(error.value) for words in NOT_PASSING))


def test_a_bomb_does_not_go_off_in_memory() -> None:
    with peer(answers(ZIPPED, BOMB)) as store:
        tracemalloc.start()
        with pytest.raises(NotSent):
            send("GET", store.url, allow_private=True, timeout_s=5)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8 * 1024 * 1024


@pytest.mark.parametrize(
    ("parts", "body"),
    [
        ([ZIPPED, gzip.compress(b"x" * 100_000)], b"x" * 100_000),
        ([ZIPPED, gzip.compress(b"one, "), gzip.compress(b"two")], b"one, two"),
        ([ZIPPED], b""),
        ([OK + b"Content-Length: 100000\r\n\r\n", b"x" * 100_000], b"x" * 100_000),
        ([OK + b"Transfer-Encoding: chunked\r\n\r\n", b"3\r\nabc\r\n0\r\n\r\n"], b"abc"),
        ([b"HTTP/1.1 204 No Content\r\n\r\n"], b""),
    ],
)
def test_what_is_within_bounds_arrives_whole(parts: Iterable[bytes], body: bytes) -> None:
    with peer(answers(*parts)) as store:
        assert send("GET", store.url, allow_private=True, most_bytes=100_000).body == body


def test_a_peer_that_reads_slowly_is_not_waited_for() -> None:
    over = threading.Event()

    def reads_slowly(connection: socket.socket) -> None:
        while not over.wait(0.002):
            connection.recv(100_000)

    with peer(reads_slowly) as store:
        started = time.monotonic()
        with pytest.raises(NotSent) as error:
            send("POST", store.url, body=bytes(64 * 1024 * 1024), allow_private=True, timeout_s=TIMEOUT_S)
        over.set()
    assert time.monotonic() - started < TIMEOUT_S + 0.5
    assert error.value.maybe_done
