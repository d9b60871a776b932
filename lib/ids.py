"""Public names and secrets, from the system's CSPRNG."""

import secrets

# Without 0, 1, i, l, o, u: readable aloud, and no accidental words.
ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"


def public_id(prefix: str, length: int = 14) -> str:
    """`prefix_` and `length` random characters (14 of them hold 68 bits)."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"


def token(prefix: str) -> str:
    """A bearer secret of 256 bits."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"
