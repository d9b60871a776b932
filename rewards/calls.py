"""One attempt at a store: what is asked, in which order, and what came of it. No database; runs in a thread."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext

from lib.clock import now
from platforms.clients import AccessRevoked, Client, CodeFound, CodeTaken, CodeWanted, StoreAway, StoreRefused


@dataclass(frozen=True, slots=True)
class Made:
    """The code is at the store and ours. `adopted`: by an earlier attempt, whose answer was lost."""

    found: CodeFound
    adopted: bool = False


@dataclass(frozen=True, slots=True)
class Unusable:
    """The store has this code, and it cannot be the member's: somebody else's, or already ended."""

    foreign: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """The store will not make the code, and has none of ours."""

    message: str
    answer: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The code cannot be used at the store any more. `seen`: it was there, so it will not appear later."""

    seen: bool = True


@dataclass(frozen=True, slots=True)
class Spent:
    """The code was used at the store."""


@dataclass(frozen=True, slots=True)
class Away:
    """No usable answer, or not the one that is needed. `fault`: that counts against the store; `limited`: it works
    and asks for patience; `maybe_done`: what was asked for may have happened; `asked`: the store was called at all.
    """

    message: str
    answer: str = ""
    fault: bool = False
    limited: bool = False
    maybe_done: bool = False
    retry_after_s: float | None = None
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Locked:
    """The store does not accept our credentials."""

    message: str
    answer: str
    asked_at: datetime


Outcome = Made | Unusable | Refused | Ended | Spent | Away | Locked


@dataclass(frozen=True, slots=True)
class Asking:
    """What to ask a store. `since`: when it was first asked to make the code; `look_first`: it may have made it.
    `known_id`: what it called the code that it has made, "" before that.

    No further call begins `until` (of `time.monotonic`), so that the last is over before somebody else begins.
    """

    client: Client
    wanted: CodeWanted
    since: datetime
    look_first: bool
    until: float
    known_id: str = ""

    def in_time(self) -> None:
        """Raises `StoreAway` where it is too late to begin another call."""
        if time.monotonic() > self.until:
            raise StoreAway(gettext("The store took too long to answer."))

    def find(self) -> CodeFound | None:
        self.in_time()
        return self.client.find(self.wanted, self.since)


def make(asking: Asking) -> Outcome:
    """Make the code unless it is there already."""
    return _safely(lambda: _make(asking))


def end(asking: Asking, known_uses: int, undone: bool) -> Outcome:
    """Make the code unusable. `Spent` where it was used more often than the `known_uses`, unless that is `undone`.

    Store credit is spent as soon as it is given.
    """
    return _safely(lambda: _end(asking, known_uses, undone))


def _safely(ask: Callable[[], Outcome]) -> Outcome:
    asked_at = now()
    try:
        return ask()
    except StoreAway as away:
        return Away(
            str(away), away.answer, not away.limited, away.limited, away.maybe_done, away.retry_after_s
        )
    except AccessRevoked as locked:
        return Locked(str(locked), locked.answer, asked_at)
    except StoreRefused as refused:
        # A look, or an end, that the store refuses says nothing of the code.
        return Away(str(refused), refused.answer)


def _make(asking: Asking) -> Outcome:
    if asking.look_first and (found := asking.find()) is not None:
        return _known(asking, found)
    asking.in_time()
    try:
        return Made(asking.client.make(asking.wanted))
    except CodeTaken as taken:
        if (found := asking.find()) is None:
            raise StoreAway(str(taken), maybe_done=True, answer=taken.answer) from taken
        return _known(asking, found)
    except AccessRevoked:
        raise
    except StoreRefused as refused:
        if (found := asking.find()) is not None and found.ours:
            return _known(asking, found)
        return Refused(str(refused), refused.answer)


def _known(asking: Asking, found: CodeFound) -> Outcome:
    """A code that is there. One of ours that ran out before we could see it is the member's all the same."""
    ends_at = asking.wanted.ends_at
    if not found.ours:
        return Unusable(foreign=True)
    if found.live or found.uses or (ends_at is not None and ends_at <= now()):
        return Made(found, adopted=True)
    return Unusable(foreign=False)


def _end(asking: Asking, known_uses: int, undone: bool) -> Outcome:
    found = asking.find()
    if found is not None and not found.ours and found.id != asking.known_id:
        found = None
    if asking.wanted.kind == "store_credit":
        return Spent() if found or asking.known_id else Ended(seen=False)
    if found is None:
        if asking.known_id:  # it may have another name by now
            asking.in_time()
            asking.client.end(asking.wanted, asking.known_id)
        return Ended(seen=False)
    if found.uses > known_uses and not undone:
        return Spent()
    # What is only used up would come to life again with the order that used it.
    if found.live or found.uses:
        asking.in_time()
        asking.client.end(asking.wanted, found.id)
    return Ended()
