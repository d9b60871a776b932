"""Standard Webhooks deliveries of shops without an adapter of their own."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from lib.signing import standard_key
from platforms.base import Incoming, Unreadable
from platforms.reading import decode, decoder, text
from platforms.signed import signed_delivery


class _Envelope(Struct, gc=False):
    type: str


_ENVELOPE = decoder(_Envelope)


def verify(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], clock: Callable[[], float] = time.time
) -> Incoming:
    """The id and the time are signed with the body, so the id alone tells a duplicate."""
    signed = signed_delivery(headers, body, _keys(secrets), clock)
    return Incoming(_topic(body), signed.id, signed.notes)


def _keys(secrets: Iterable[str]) -> Iterable[bytes]:
    for secret in secrets:
        try:
            yield standard_key(secret)
        except ValueError:
            continue


def _topic(body: bytes) -> str:
    """The event's type; "" where there is none, which `parse` then explains."""
    try:
        return text(decode(_ENVELOPE, body).type)
    except Unreadable:
        return ""
