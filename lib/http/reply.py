"""What comes of a request: an answer, or none."""

from collections.abc import Mapping
from dataclasses import dataclass


class NotSent(Exception):
    """There is no answer that can be used.

    `maybe_done`: whether the request may have reached the other side, so that repeating it may do it twice.
    `passing`: whether it may go better in a while; a refused address or an oversized answer will not.
    """

    def __init__(self, reason: str, *, maybe_done: bool = False, passing: bool = False) -> None:
        super().__init__(reason)
        self.maybe_done = maybe_done
        self.passing = passing


@dataclass(frozen=True, slots=True)
class Reply:
    """What the other side answered; header names are in lower case, the body is as it was before compression."""

    status: int
    headers: Mapping[str, str]
    body: bytes
