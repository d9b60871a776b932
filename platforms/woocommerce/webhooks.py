"""WooCommerce's webhook headers, signature and activation ping."""

import hashlib
import html
import re
import secrets as randomness
from collections.abc import Mapping, Sequence

from lib.signing import signed_by
from platforms.base import Incoming
from platforms.headers import optional, required, unsigned

_PING = re.compile(rb"webhook_id=[0-9]{1,20}")
# What WordPress's wp_specialchars_decode(ENT_QUOTES) takes for entities; every other stays as it is.
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|#0*(?:34|38|39|60|62)|#[xX]0*(?:22|26|27));")


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Incoming | None:
    """None for the unsigned ping that WooCommerce sends when the webhook is switched on.

    The delivery id is made of the time in seconds and collides: the same topic and body is the same delivery.
    """
    if _is_ping(headers, body):
        return None
    keys = [key_of(secret) for secret in secrets if secret]
    if not signed_by(headers.get("x-wc-webhook-signature", ""), body, keys):
        raise unsigned()
    topic = required(headers, "x-wc-webhook-topic")
    notes = {
        "source": optional(headers, "x-wc-webhook-source"),
        "webhook_id": optional(headers, "x-wc-webhook-id"),
        "delivery_id": optional(headers, "x-wc-webhook-delivery-id"),
    }
    return Incoming(
        topic=topic,
        dedupe_key=hashlib.sha256(topic.encode() + b"\0" + body).hexdigest(),
        notes={name: value for name, value in notes.items() if value},
    )


def _is_ping(headers: Mapping[str, str], body: bytes) -> bool:
    form = headers.get("content-type", "").lower().startswith("application/x-www-form-urlencoded")
    marked = any(name.startswith("x-wc-webhook-") for name in headers)
    return form and not marked and _PING.fullmatch(body.strip()) is not None


def key_of(secret: str) -> bytes:
    """The signing key: the secret as WordPress decodes it."""
    return _ENTITY.sub(lambda entity: html.unescape(entity[0]), secret).encode()


def secret() -> str:
    """50 letters and digits, in which WordPress finds nothing to escape."""
    return randomness.token_hex(25)
