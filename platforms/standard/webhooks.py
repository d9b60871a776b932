"""Standard Webhooks headers and signature."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from msgspec import Struct

from lib.signing import signed_by, standard_content, standard_key
from platforms.base import Incoming, Rejected, Unreadable
from platforms.headers import optional, required, unsigned
from platforms.reading import decode, decoder, text

TOLERANCE_S = 300
_VERSION = "v1,"


class _Envelope(Struct, gc=False):
    type: str


_ENVELOPE = decoder(_Envelope)


def verify(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], clock: Callable[[], float] = time.time
) -> Incoming:
    """The id and the time are signed with the body, so the id alone tells a duplicate."""
    given = headers.get("webhook-signature", "")
    if not given:
        raise unsigned()
    message_id = required(headers, "webhook-id")
    sent_at = required(headers, "webhook-timestamp")
    if not _is_utf8(body):
        raise Rejected(400, "The body is not UTF-8.")
    content = standard_content(message_id, sent_at, body)
    keys = list(_keys(secrets))
    if not any(signed_by(signature, content, keys) for signature in _signatures(given)):
        raise unsigned()
    if not _is_recent(sent_at, clock()):
        raise Rejected(401, f"The webhook-timestamp is not within {TOLERANCE_S} seconds of now.")
    notes = {"sent_at": sent_at, "user_agent": optional(headers, "user-agent")}
    return Incoming(_topic(body), message_id, {name: value for name, value in notes.items() if value})


def _signatures(header: str) -> list[str]:
    """The version 1 signatures; other versions and words without a comma are skipped."""
    return [word[len(_VERSION) :] for word in header.split(" ") if word.startswith(_VERSION)]


def _keys(secrets: Iterable[str]) -> Iterable[bytes]:
    for secret in secrets:
        try:
            yield standard_key(secret)
        except ValueError:
            continue


def _is_recent(sent_at: str, now: float) -> bool:
    return sent_at.isdecimal() and len(sent_at) <= 12 and abs(now - int(sent_at)) <= TOLERANCE_S


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True


def _topic(body: bytes) -> str:
    """The event's type; "" where there is none, which `parse` then explains."""
    try:
        return text(decode(_ENVELOPE, body).type)
    except Unreadable:
        return ""
