"""What a platform adapter offers, and how it says no."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from platforms.clients import Abilities, Access, Client
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


class NeedsFetch(Exception):
    """A verified body that only names something: `facts` are what it says already, the rest is to be fetched.

    `kind` and `external_id` are what the platform's client is asked to `fetch`.
    """

    def __init__(self, kind: str, external_id: str, facts: Sequence[Fact] = ()) -> None:
        super().__init__(f"{kind} {external_id} is to be fetched")
        self.kind = kind
        self.external_id = external_id
        self.facts = list(facts)


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
    `parse(topic, body)`: → facts in body order; raises `Unreadable`, `Ignored` or `NeedsFetch`, nothing else.
    `secret()`: a fresh webhook secret in the platform's own form.
    `body_domain(body)`: the store's domain as the body states it, lower case, or None; never raises. It
    matters where one secret signs for many stores.
    `client(access)`: speaks to the store; None for platforms that have no interface of their own. `credentials`:
    the names and labels of what a person enters to let us in, none where that goes another way. `abilities`: what
    its codes can do.
    """

    name: str
    label: str
    verify: Callable[[Mapping[str, str], bytes, Sequence[str]], Incoming | None]
    parse: Callable[[str, bytes], list[Fact]]
    secret: Callable[[], str]
    body_domain: Callable[[bytes], str | None] = _says_nothing
    client: Callable[[Access], Client] | None = None
    credentials: Mapping[str, str] = field(default_factory=dict)
    abilities: Abilities | None = None
