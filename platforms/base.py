"""What a platform adapter offers, and how it says no."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from platforms.snapshots import Fact


class Rejected(Exception):
    """A delivery that is not let in: answered with `status` (400, 401 or 404) and a short public `reason`."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Unreadable(Exception):
    """A verified body that cannot be understood; the message tells a merchant why, and names the field."""


class Ignored(Exception):
    """A verified body that changes no points; the message tells a merchant why."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A verified delivery. `dedupe_key` is unique for (connection, topic); `notes`: headers worth keeping."""

    topic: str
    dedupe_key: str
    notes: dict[str, str]


def _says_nothing(_body: bytes) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Platform:
    """One store platform.

    `verify(headers, body, secrets)`: header names in lower case, raw body, the connection's current and
    previous secret → `Incoming`, or None for a ping that is answered 200 and forgotten; raises `Rejected`.
    `parse(topic, body)`: → facts in body order; raises `Unreadable` or `Ignored`, nothing else.
    `secret()`: a fresh webhook secret in the platform's own form.
    `body_domain(body)`: the store's domain as the body states it, lower case, or None; never raises. It
    matters where one secret signs for many stores.
    """

    name: str
    label: str
    verify: Callable[[Mapping[str, str], bytes, Sequence[str]], Incoming | None]
    parse: Callable[[str, bytes], list[Fact]]
    secret: Callable[[], str]
    body_domain: Callable[[bytes], str | None] = _says_nothing
