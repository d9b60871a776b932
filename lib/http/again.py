"""Asking again, where asking twice does no harm."""

import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypedDict, Unpack

from lib.clock import now
from lib.http.client import TIMEOUT_S, send
from lib.http.reply import NotSent, Reply

RETRIES = 3
TOTAL_S = 30.0
PAUSE_S = 0.5
LONGEST_PAUSE_S = 10.0
PASSING_STATUSES = frozenset({429, 502, 503, 504})
REPEATABLE_METHODS = frozenset({"GET", "HEAD"})


class Sending(TypedDict, total=False):
    """What `send` takes by name, but for its time-out."""

    body: bytes
    headers: dict[str, str]
    most_bytes: int
    allow_private: bool


def send_again(
    method: str,
    url: str,
    *,
    repeatable: bool | None = None,
    retries: int = RETRIES,
    total_s: float = TOTAL_S,
    timeout_s: float = TIMEOUT_S,
    pause_s: float = PAUSE_S,
    **sending: Unpack[Sending],
) -> Reply:
    """`send`, and up to `retries` times again after passing trouble; all of it within `total_s`.

    Only what is `repeatable` is sent again; left out, that is GET and HEAD. The pauses double from `pause_s`
    with full jitter, and last at least as long as Retry-After says, up to `LONGEST_PAUSE_S`. The last answer
    is returned whatever its status. Raises `NotSent`: its `maybe_done` speaks of all the attempts.
    """
    left = retries if (method in REPEATABLE_METHODS if repeatable is None else repeatable) else 0
    ends = time.monotonic() + total_s
    maybe_done = False
    for attempt in range(left + 1):
        wait = random.uniform(0, min(pause_s * 2**attempt, LONGEST_PAUSE_S))
        rest = ends - time.monotonic()
        try:
            reply = send(method, url, timeout_s=min(timeout_s, rest), **sending)
        except NotSent as error:
            error.maybe_done = maybe_done = maybe_done or error.maybe_done
            if not error.passing or attempt == left or time.monotonic() + wait >= ends:
                raise
        else:
            wait += min(retry_after_s(reply, now()) or 0, LONGEST_PAUSE_S)
            final = reply.status not in PASSING_STATUSES or attempt == left
            if final or time.monotonic() + wait >= ends:
                return reply
            maybe_done = True
        time.sleep(wait)
    raise AssertionError("the last attempt returns or raises")


def retry_after_s(reply: Reply, at: datetime) -> float | None:
    """How long the other side asks to be left alone: seconds, or the time until a date; None if it says nothing."""
    asked = reply.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdecimal():
        return float(asked[:9])
    try:
        until = parsedate_to_datetime(asked)
    except ValueError:
        return None
    return max((until.replace(tzinfo=until.tzinfo or UTC) - at).total_seconds(), 0.0)
