"""Why an account is frozen: what differs, as stored and as proved."""

import re
from typing import NamedTuple

_DIFFERENCE = re.compile(r"(?P<what>.+?) is (?P<stored>-?\d+), should be (?P<proved>-?\d+)")


class Figures(NamedTuple):
    """Something of an account with both of its figures."""

    what: str
    stored: int
    proved: int


def both_figures(reason: str) -> list[Figures]:
    """The differences that `Account.frozen_reason` tells, without one that was cut off at its end."""
    found = (_DIFFERENCE.fullmatch(part.strip()) for part in reason.split(";"))
    return [Figures(one["what"], int(one["stored"]), int(one["proved"])) for one in found if one]
