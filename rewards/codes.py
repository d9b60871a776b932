"""Codes of our own: enough chance not to be guessed, and letters that can be read aloud."""

from lib.ids import ALPHABET, letters
from platforms.clients import Abilities
from rewards.terms import Terms

# 17 characters out of 30 hold 83 bits.
LENGTH = 17
GROUPS = (4, 4, 4, 5)
MOST_OF_GIFT_CARD = 20
_LETTERS = ALPHABET.upper()


def new_code(terms: Terms, abilities: Abilities | None = None) -> str:
    """A fresh code in capitals: GOLD-7K3M-9QXW-B4TZ-H2VPC, or in one piece where a store or a gift card wants that.

    The prefix is cut where the whole would become too long for the store.
    """
    drawn = letters(LENGTH, _LETTERS)
    prefix = terms.prefix.upper()
    grouped = "-".join([*([prefix] if prefix else []), *_groups(drawn)])
    most = abilities.most_code_characters if abilities else 255
    if terms.kind == "gift_card":
        most = min(most, MOST_OF_GIFT_CARD)
    elif len(grouped) <= most:
        return _at_least(grouped, abilities)
    plain = prefix.replace("-", "")
    return _at_least(plain[: max(0, most - LENGTH)] + drawn, abilities)


def _groups(drawn: str) -> list[str]:
    ends = [sum(GROUPS[: number + 1]) for number in range(len(GROUPS))]
    return [drawn[end - size : end] for size, end in zip(GROUPS, ends, strict=True)]


def _at_least(code: str, abilities: Abilities | None) -> str:
    """The code, longer where the store wants more characters."""
    missing = (abilities.fewest_code_characters if abilities else 1) - len(code)
    return code + letters(max(0, missing), _LETTERS)
