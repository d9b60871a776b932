"""BigCommerce's thin deliveries: Standard Webhooks whose key is the client secret of the API account, as it is."""

import secrets as randomness
import time
from collections.abc import Callable, Mapping, Sequence

from platforms.base import Incoming, Unreadable
from platforms.bigcommerce.shapes import Thin
from platforms.reading import decode, decoder, text
from platforms.signed import signed_delivery

_THIN = decoder(Thin)


def verify(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], clock: Callable[[], float] = time.time
) -> Incoming:
    """The topic is the body's scope.

    Duplicates are known by their id, not by the body's `hash`: two changes within a second may share that one, and
    what is fetched twice does no harm.
    """
    signed = signed_delivery(headers, body, [secret.encode() for secret in secrets if secret], clock)
    return Incoming(_scope(body), signed.id, signed.notes)


def _scope(body: bytes) -> str:
    """ "" where there is none, which `parse` then explains."""
    try:
        return text(decode(_THIN, body).scope)
    except Unreadable:
        return ""


def secret() -> str:
    """64 letters and digits, as long as a client secret. BigCommerce signs with its own: that one is to be entered."""
    return randomness.token_hex(32)
