"""Retries: only what may be repeated, after passing trouble, within a total."""

import socket
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from lib.http import NotSent, Reply, retry_after_s, send_again
from tests.lib.peers import Behaviour, answers, in_turn, peer, status

CUT = answers()
SILENCE = answers(ends=False)
OK = status(200)


@pytest.mark.parametrize(
    ("method", "asked", "behaviours", "expected", "requests"),
    [
        ("GET", {}, [status(503), status(502), OK], 200, 3),
        ("HEAD", {}, [status(504), OK], 200, 2),
        ("POST", {}, [status(503), OK], 503, 1),
        ("POST", {"repeatable": True}, [status(503), OK], 200, 2),
        ("GET", {"repeatable": False}, [status(503), OK], 503, 1),
        ("GET", {}, [status(404), OK], 404, 1),
        ("GET", {}, [status(500), OK], 500, 1),
        ("GET", {"retries": 2}, [status(503)], 503, 3),
        ("GET", {"retries": 0}, [status(503)], 503, 1),
        ("GET", {}, [status(429, Retry_After="0"), OK], 200, 2),
        ("GET", {"total_s": 2}, [status(429, Retry_After="3600"), OK], 429, 1),
        ("GET", {}, [CUT, CUT, OK], 200, 3),
        ("GET", {"timeout_s": 0.2}, [SILENCE, OK], 200, 2),
        ("POST", {}, [CUT, OK], None, 1),
        ("GET", {"retries": 2}, [CUT], None, 3),
        ("GET", {}, [answers(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n")], None, 1),
    ],
)
def test_what_is_repeated(
    method: str, asked: dict[str, Any], behaviours: list[Behaviour], expected: int | None, requests: int
) -> None:
    answered = None
    with peer(in_turn(*behaviours)) as store, suppress(NotSent):
        answered = send_again(method, store.url, allow_private=True, pause_s=0.01, **asked).status
    assert (answered, len(store.requests)) == (expected, requests)


def test_an_earlier_attempt_may_have_done_it() -> None:
    with peer(CUT) as store:

        def cut_and_leave(connection: socket.socket) -> None:
            store.close()
            connection.close()

        store.behave = cut_and_leave
        with pytest.raises(NotSent, match="refused") as error:
            send_again("GET", store.url, allow_private=True, retries=1, pause_s=0.01)
    assert error.value.maybe_done


def test_a_refused_address_is_not_tried_again() -> None:
    with peer(OK) as store, pytest.raises(NotSent) as refused:
        send_again("GET", store.url, pause_s=60)
    assert (store.connections, refused.value.maybe_done) == (0, False)


def test_all_attempts_together_keep_to_the_total() -> None:
    started = time.monotonic()
    with peer(SILENCE) as store, pytest.raises(NotSent):
        send_again("GET", store.url, allow_private=True, retries=50, pause_s=0.01, timeout_s=0.3, total_s=0.8)
    assert 0.6 < time.monotonic() - started < 1.3
    assert 2 <= len(store.requests) <= 4


def test_a_wish_for_patience_is_honoured() -> None:
    with peer(in_turn(status(503, Retry_After="1"), OK)) as store:
        started = time.monotonic()
        assert send_again("GET", store.url, allow_private=True, pause_s=0.01).status == 200
    assert time.monotonic() - started >= 1


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        *((None, None), ("", None), ("soon", None), ("-5", None), ("1.5", None), ("٣", None)),
        *(("0", 0.0), ("120", 120.0), ("9" * 40, 999_999_999.0)),
        ("Mon, 02 Mar 2026 09:15:30 GMT", 30.0),
        ("Monday, 02-Mar-26 09:15:30 GMT", 30.0),
        ("Mon, 02 Mar 2026 10:15:30 +0100", 30.0),
        ("Mon, 02 Mar 2026 09:00:00 GMT", 0.0),
        ("Mon, 99 Mar 2026 09:15:30 GMT", None),
    ],
)
def test_retry_after(said: str | None, seconds: float | None) -> None:
    reply = Reply(429, {} if said is None else {"retry-after": said}, b"")
    assert retry_after_s(reply, datetime(2026, 3, 2, 9, 15, tzinfo=UTC)) == seconds
