"""Public names and secrets, from the system's CSPRNG."""

import secrets

# Without 0, 1, i, l, o, u: readable aloud, and no accidental words.
ALPHABET = "23456789abcdefghjkmnpqrstvwxyz"


def public_id(prefix: str, length: int = 14) -> str:
    """`prefix_` and `length` random characters (14 of them hold 68 bits)."""
    return f"{prefix}_{letters(length)}"


def letters(count: int, alphabet: str = ALPHABET) -> str:
    """Random letters, from one draw: asking the system for each of them takes longer than all the rest."""
    number = secrets.randbelow(len(alphabet) ** count)
    drawn = []
    for _ in range(count):
        number, index = divmod(number, len(alphabet))
        drawn.append(alphabet[index])
    return "".join(drawn)


def token(prefix: str) -> str:
    """A bearer secret of 256 bits."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"
