"""Deliveries signed as Standard Webhooks: id, time and body under one signature."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from lib.signing import signed_by, standard_content
from platforms.base import Rejected
from platforms.headers import optional, required, unsigned

TOLERANCE_S = 300
_VERSION = "v1,"


class Signed(NamedTuple):
    """A delivery that is what its sender signed; `notes` are headers worth keeping."""

    id: str
    notes: dict[str, str]


def signed_delivery(
    headers: Mapping[str, str], body: bytes, keys: Iterable[bytes], clock: Callable[[], float] = time.time
) -> Signed:
    """Raises `Rejected`: 400 for what is malformed, 401 for what is not signed by one of `keys` just now."""
    given = headers.get("webhook-signature", "")
    if not given:
        raise unsigned()
    message_id = required(headers, "webhook-id")
    sent_at = required(headers, "webhook-timestamp")
    if not _is_utf8(body):
        raise Rejected(400, "The body is not UTF-8.")
    content = standard_content(message_id, sent_at, body)
    known = list(keys)
    if not any(signed_by(signature, content, known) for signature in _signatures(given)):
        raise unsigned()
    if not _is_recent(sent_at, clock()):
        raise Rejected(401, f"The webhook-timestamp is not within {TOLERANCE_S} seconds of now.")
    notes = {"sent_at": sent_at, "user_agent": optional(headers, "user-agent")}
    return Signed(message_id, {name: value for name, value in notes.items() if value})


def _signatures(header: str) -> list[str]:
    """The version 1 signatures; other versions and words without a comma are skipped."""
    return [word[len(_VERSION) :] for word in header.split(" ") if word.startswith(_VERSION)]


def _is_recent(sent_at: str, now: float) -> bool:
    return sent_at.isdecimal() and len(sent_at) <= 12 and abs(now - int(sent_at)) <= TOLERANCE_S


def _is_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return False
    return True
