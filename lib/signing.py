"""HMAC-SHA256 signatures as webhooks carry them, and the Standard Webhooks scheme.

The `standardwebhooks` package is not used to verify: it raises ValueError on a signature without a comma,
UnicodeDecodeError on a body that is not UTF-8, parses every body a second time, and reads the system clock.
"""

import base64
import hmac
import secrets
from collections.abc import Iterable

STANDARD_PREFIX = "whsec_"


def sign(key: bytes, content: bytes) -> bytes:
    """base64(HMAC-SHA256(key, content))."""
    return base64.b64encode(hmac.digest(key, content, "sha256"))


def signed_by(given: str, content: bytes, keys: Iterable[bytes]) -> bool:
    """Whether `given` is the base64 signature of `content` by one of `keys`, in constant time.

    Anything that is not exactly the signature (not ASCII, a newline at its end) is simply not it.
    """
    if not given.isascii():
        return False
    sent = given.encode()
    # No early exit: the time taken must not tell which of the secrets was right.
    matches = [hmac.compare_digest(sent, sign(key, content)) for key in keys]
    return any(matches)


def standard_key(secret: str) -> bytes:
    """The key of a Standard Webhooks secret: base64 of 24 to 64 bytes, padded or not, `whsec_` optional.

    Raises ValueError for anything else.
    """
    text = secret.removeprefix(STANDARD_PREFIX).rstrip("=")
    key = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    if not 24 <= len(key) <= 64:
        raise ValueError("A Standard Webhooks secret has 24 to 64 bytes.")
    return key


def standard_secret() -> str:
    """A fresh Standard Webhooks secret of 32 bytes."""
    return STANDARD_PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def standard_content(message_id: str, timestamp: int | str, body: bytes) -> bytes:
    """What a Standard Webhooks signature signs."""
    return f"{message_id}.{timestamp}.".encode() + body


def standard_signature(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: `v1,<base64>`. `timestamp` in whole seconds since 1970."""
    return "v1," + sign(standard_key(secret), standard_content(message_id, timestamp, body)).decode()
