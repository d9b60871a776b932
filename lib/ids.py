"""Public names and secrets, from the system's CSPRNG."""

import secrets
from functools import lru_cache

# Without 0, 1, i, l, o, u: readable aloud, and no accidental words.
ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"


def public_id(prefix: str, length: int = 14) -> str:
    """`prefix_` and `length` random characters (14 of them hold 68 bits)."""
    return f"{prefix}_{letters(length)}"


def letters(count: int, alphabet: str = ALPHABET) -> str:
    """Random ASCII letters, each as likely as the others: bytes beyond the last round of the alphabet do not count."""
    table, beyond = _rounds(alphabet)
    drawn = b""
    while len(drawn) < count:
        drawn += secrets.token_bytes(count + 8).translate(table, beyond)
    return drawn[:count].decode()


@lru_cache(maxsize=16)
def _rounds(alphabet: str) -> tuple[bytes, bytes]:
    """What each byte stands for, and the bytes that stand for nothing."""
    size = len(alphabet)
    whole = 256 // size * size
    return bytes(ord(alphabet[byte % size]) for byte in range(256)), bytes(range(whole, 256))


def token(prefix: str) -> str:
    """A bearer secret of 256 bits."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"
