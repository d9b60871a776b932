"""A store in this process that keeps what it is asked for to the letter, and fails as it is told to."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Literal

from lib.clock import now
from platforms.clients import (
    AccessRevoked,
    CodeFound,
    CodeTaken,
    CodeWanted,
    Fetched,
    Page,
    StoreAway,
    StoreRefused,
)

Fault = Literal["", "lost", "never", "away", "patience", "refused", "taken", "locked"]
FAULTS: tuple[Fault, ...] = ("", "lost", "never", "away", "patience", "refused", "taken", "locked")
_ids = count(1)


@dataclass
class Coupon:
    """A code for one use. `owner` is the redemption that asked for it, `mark` what the store shows of that."""

    id: str
    code: str
    owner: str
    mark: str
    uses: int = 0
    ended: bool = False

    @property
    def usable(self) -> bool:
        return not self.ended and self.uses == 0


@dataclass
class StrictStore:
    """Each call takes the next of the `faults`: lost (done, no answer), never (not done, no answer), away (an error),
    patience, refused, taken (somebody was faster), locked (access taken back). `deletes`: an ended code is gone.
    """

    deletes: bool
    coupons: list[Coupon] = field(default_factory=list)
    credits: list[tuple[str, str, datetime]] = field(default_factory=list)  # id, owner, at
    faults: list[Fault] = field(default_factory=list)

    def usable(self, code: str) -> Coupon | None:
        """The coupon that a shopper may put on an order."""
        return next((one for one in self._named(code) if one.usable), None)

    def make(self, wanted: CodeWanted) -> CodeFound:
        fault = self._fault()
        if fault == "refused":
            raise StoreRefused("The product is gone.")
        if fault == "taken":
            self.coupons.append(Coupon(str(next(_ids)), wanted.code, "", ""))
        if wanted.kind == "store_credit":
            self.credits.append((f"credit-{next(_ids)}", wanted.mark, now()))
            made = CodeFound(self.credits[-1][0], wanted.code, ours=True, uses=0, live=True)
        else:
            if self._named(wanted.code):
                raise CodeTaken("The store has this code already.")
            self.coupons.append(Coupon(str(next(_ids)), wanted.code, wanted.mark, wanted.mark))
            made = _shown(self.coupons[-1], wanted)
        if fault == "lost":
            raise StoreAway("The connection was lost.", maybe_done=True)
        return made

    def find(self, wanted: CodeWanted, since: datetime) -> CodeFound | None:
        self._fault()
        if wanted.kind == "store_credit":
            for id, _, at in self.credits:
                if id not in wanted.not_ids and at >= since - timedelta(seconds=5):
                    return CodeFound(id, wanted.code, ours=True, uses=0, live=True)
            return None
        return next((_shown(one, wanted) for one in self._named(wanted.code)), None)

    def end(self, wanted: CodeWanted, id: str) -> None:
        fault = self._fault()
        if wanted.kind == "store_credit":
            raise StoreRefused("Store credit that was given cannot be taken back.")
        for one in self.coupons:
            one.ended |= one.id == id
        if fault == "lost":
            raise StoreAway("The connection was lost.", maybe_done=True)

    def about(self) -> dict[str, str]:
        raise NotImplementedError

    def orders_changed(self, since: datetime, cursor: str | None = None) -> Page:
        raise NotImplementedError

    def orders_placed(self, since: datetime | None, cursor: str | None = None) -> Page:
        raise NotImplementedError

    def fetch(self, kind: str, external_id: str) -> Iterable[Fetched]:
        raise NotImplementedError

    def subscribe(self, url: str, secret: str) -> list[str]:
        raise NotImplementedError

    def unsubscribe(self, url: str) -> None:
        raise NotImplementedError

    def _named(self, code: str) -> list[Coupon]:
        there = [one for one in self.coupons if not (one.ended and self.deletes)]
        return [one for one in there if one.code.casefold() == code.casefold()]

    def _fault(self) -> Fault:
        fault = self.faults.pop(0) if self.faults else ""
        if fault == "never":
            raise StoreAway("The connection was lost.", maybe_done=True)
        if fault in ("away", "patience"):
            raise StoreAway("An error.", limited=fault == "patience")
        if fault == "locked":
            raise AccessRevoked("This token is not accepted.")
        return fault


def _shown(coupon: Coupon, wanted: CodeWanted) -> CodeFound:
    return CodeFound(coupon.id, coupon.code, coupon.mark == wanted.mark, coupon.uses, coupon.usable)
