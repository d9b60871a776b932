"""Codes that a merchant uploads for a reward."""

from dataclasses import dataclass

from rewards.models import Reward


@dataclass(frozen=True, slots=True)
class PoolCheck:
    """What a file holds: codes that can be added, and problems as (line, message), line 0 of the file as a whole."""

    codes: tuple[str, ...]
    errors: tuple[tuple[int, str], ...]


def check_codes(reward: Reward, data: bytes | str) -> PoolCheck:
    """The dry run: CSV (the first column, or one named "code") or a code a line. Writes nothing."""
    raise NotImplementedError


def add_codes(reward: Reward, data: bytes | str, actor: str) -> int:
    """Add all codes of a file, or none of them; returns how many. Raises `InvalidPool` with every problem."""
    raise NotImplementedError


def remove_unused(reward: Reward, codes: list[str] | None = None) -> int:
    """Remove codes that nobody has got (these, in any letter case, or all); returns how many."""
    raise NotImplementedError


def codes_left(reward: Reward) -> int:
    """How many uploaded codes nobody has got yet."""
    raise NotImplementedError
