"""Asking a store's REST interface, and what becomes of the answers that are none."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import msgspec

from lib.clock import now
from lib.http import NotSent, Reply, retry_after_s, send, send_again
from platforms.base import Unreadable
from platforms.clients import StoreAway, StoreRefused
from platforms.reading import decode

T = TypeVar("T")

MOST_BYTES = 16 * 1024 * 1024  # a page of orders
TIMEOUT_S = 10.0
TOTAL_S = 20.0
RETRIES = 1
SHOWN = 500

_encode = msgspec.json.Encoder(decimal_format="string").encode


def ask(
    method: str, url: str, headers: Mapping[str, str], body: object = None, timeout_s: float = TIMEOUT_S
) -> Reply:
    """The store's answer below 300 or from 400 to 499. GET is tried again once.

    Raises `StoreAway` where there is none, or one that may be another in a while, and `StoreRefused` for a redirect.
    """
    said = {"Accept": "application/json", **headers}
    raw = b""
    if body is not None:
        raw, said["Content-Type"] = _encode(body), "application/json"
    try:
        if method == "GET":
            reply = send_again(
                method,
                url,
                headers=said,
                most_bytes=MOST_BYTES,
                retries=RETRIES,
                total_s=TOTAL_S,
                timeout_s=timeout_s,
            )
        else:
            reply = send(method, url, body=raw, headers=said, most_bytes=MOST_BYTES, timeout_s=timeout_s)
    except NotSent as error:
        raise StoreAway(str(error), maybe_done=error.maybe_done and method != "GET") from error
    _refuse_odd(reply, method)
    return reply


def read(reply: Reply, reader: msgspec.json.Decoder[T], method: str = "GET") -> T:
    """The body of an answer. Raises `StoreAway` where it is not of that shape: something else answered."""
    try:
        return decode(reader, reply.body)
    except Unreadable as error:
        raise StoreAway(
            f"The store's answer cannot be read: {error}",
            maybe_done=method != "GET",
            answer=shown(reply),
        ) from error


def shown(reply: Reply) -> str:
    """The start of an answer, fit to be shown."""
    text = reply.body[: 4 * SHOWN].decode(errors="replace").replace("\0", "")
    return f"{reply.status} {text}"[:SHOWN].strip()


def raw_items(reply: Reply) -> list[msgspec.Raw]:
    """The items of a JSON list, byte for byte. An empty body is an empty list."""
    return read(reply, _RAW_LIST) if reply.body.strip() else []


def read_each(items: Sequence[msgspec.Raw], reader: msgspec.json.Decoder[T]) -> list[T]:
    """Every item as the decoder's shape. Raises `StoreAway`."""
    try:
        return [decode(reader, bytes(item)) for item in items]
    except Unreadable as error:
        raise StoreAway(f"The store's answer cannot be read: {error}") from error


def listed(items: Iterable[msgspec.Raw]) -> msgspec.Raw:
    """A JSON list of these items, byte for byte."""
    return msgspec.Raw(b"[" + b",".join(bytes(item) for item in items) + b"]")


def joined(parts: Mapping[str, msgspec.Raw]) -> bytes:
    """A JSON object of these parts, byte for byte."""
    return _encode(parts)


_RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])


def _refuse_odd(reply: Reply, method: str) -> None:
    if reply.status == 429:
        raise StoreAway(
            "The store wants fewer calls.",
            retry_after_s=_pause_s(reply),
            limited=True,
            answer=shown(reply),
        )
    if reply.status >= 500:
        raise StoreAway(
            f"The store failed ({reply.status}).",
            maybe_done=method != "GET",
            retry_after_s=_pause_s(reply),
            answer=shown(reply),
        )
    if 300 <= reply.status < 400:
        there = reply.headers.get("location", "")[:200]
        message = f"The store's address leads elsewhere ({there}): connect it under that address."
        raise StoreRefused(message, answer=shown(reply))


def _pause_s(reply: Reply) -> float | None:
    """As Retry-After tells, or BigCommerce's time until the quota is full again."""
    left_ms = reply.headers.get("x-rate-limit-time-reset-ms", "")
    if left_ms.isascii() and left_ms.isdecimal():
        return int(left_ms[:9]) / 1000
    return retry_after_s(reply, now())
