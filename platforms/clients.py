"""What a store's own interface is asked for, the same for every platform, and how it says no.

Every call is a network call: never inside a transaction. What was made is found again by its code, so that a call
whose answer was lost can be followed by a look instead of a second making.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple, Protocol

from msgspec import Struct

CodeKind = Literal["fixed", "percentage", "free_shipping", "free_product", "gift_card", "store_credit"]


class StoreAway(Exception):
    """No usable answer: a time-out, a lost connection, a fault of the store, a limit of calls.

    `maybe_done`: what was asked for may have happened. `retry_after_s`: how long the store wants to be left alone.
    `limited`: the store works and asks for patience; that opens no circuit breaker. `answer`: the start of what it
    said, fit to be shown to the merchant.
    """

    def __init__(
        self,
        message: str,
        *,
        maybe_done: bool = False,
        retry_after_s: float | None = None,
        limited: bool = False,
        answer: str = "",
    ) -> None:
        super().__init__(message)
        self.maybe_done = maybe_done
        self.retry_after_s = retry_after_s
        self.limited = limited
        self.answer = answer


class StoreRefused(Exception):
    """The store understood and says no for good, in words for the merchant. `field` as the store names it."""

    def __init__(self, message: str, field: str = "", answer: str = "") -> None:
        super().__init__(message)
        self.field = field
        self.answer = answer


class CodeTaken(StoreRefused):
    """The store has this code already: perhaps by the call whose answer was lost."""


class AccessRevoked(StoreRefused):
    """The credentials are not accepted any more, or lack a permission: the merchant must connect again."""


@dataclass(frozen=True, slots=True)
class Access:
    """How a store is reached: `credentials` as its platform's `client.FIELDS` names them, `domain` of the connection.

    `info` is what was learnt of the store (currency, the shop's id), kept with the connection.
    """

    domain: str
    credentials: dict[str, str]
    currency: str
    info: dict[str, str] = field(default_factory=dict)


class CodeWanted(Struct, frozen=True, kw_only=True):
    """A code to be made, complete: what the store does with it follows from this alone.

    `mark` names the redemption and stands in the title, note or description, so that a found code is known as ours.
    `value`: an amount of `currency`, or per cent (0 < value ≤ 100) of a percentage; `most` caps a percentage's
    discount. `minimum`: of the goods after other discounts. Ids are the platform's own, as its orders carry them.
    A code can be used once, by the customer it is bound to where `customer_id` or `email` is known. `not_ids`: of store
    credit, which has no code, what is known to be others' of the same customer.
    """

    code: str
    mark: str
    title: str
    kind: CodeKind
    value: Decimal
    currency: str
    most: Decimal | None = None
    minimum: Decimal | None = None
    product_ids: tuple[str, ...] = ()
    variant_ids: tuple[str, ...] = ()
    collection_ids: tuple[str, ...] = ()
    combines: tuple[Literal["product", "order", "shipping"], ...] = ()
    starts_at: datetime
    ends_at: datetime | None = None
    customer_id: str = ""
    email: str = ""
    not_ids: tuple[str, ...] = ()


class CodeFound(NamedTuple):
    """A code as the store has it. `uses`: how often it was used, as far as the store tells; `ours`: it has our mark.

    `live`: it could still be used. `id` is what `end` is told.
    """

    id: str
    code: str
    ours: bool
    uses: int
    live: bool


class Fetched(NamedTuple):
    """A body for the inbox, in the shape that the platform's `parse` reads under this topic."""

    topic: str
    body: bytes
    order_id: str = ""
    updated_at: datetime | None = None


class Page(NamedTuple):
    """Orders in the order of their change, and where to go on; `cursor` is None on the last page."""

    orders: Sequence[Fetched]
    cursor: str | None
    total: int | None = None


class Client(Protocol):
    """A store, spoken to. Every method raises `StoreAway`, `StoreRefused` or `AccessRevoked`, and nothing else.

    A client is made for a few calls, by one thread.
    """

    def about(self) -> dict[str, str]:
        """What is to be known of the store: at least `currency` and `name`. A cheap call that proves the access."""

    def make(self, wanted: CodeWanted) -> CodeFound:
        """Make the code at the store. Raises `CodeTaken` where it is there already, whoever made it.

        For store credit, which has no code: credit the customer once; `id` is the transaction.
        """

    def find(self, wanted: CodeWanted, since: datetime) -> CodeFound | None:
        """The code as the store has it, in whatever letter case, or None. `since`: when we first tried to make it."""

    def end(self, wanted: CodeWanted, id: str) -> None:
        """Make the code unusable for ever. Fine when it is gone already. Raises `StoreRefused` where that cannot be."""

    def orders_changed(self, since: datetime, cursor: str | None = None) -> Page:
        """Orders changed at or after `since`, oldest change first."""

    def orders_placed(self, since: datetime | None, cursor: str | None = None) -> Page:
        """All orders placed at or after `since`, oldest first; `total` where the store counts them."""

    def fetch(self, kind: str, external_id: str) -> Iterable[Fetched]:
        """What a thin webhook spoke of (`platforms.base.NeedsFetch`), as bodies for the inbox; none when it is gone."""

    def subscribe(self, url: str, secret: str) -> list[str]:
        """Make the store send its webhooks to `url`, once each, however often this is called; the topics that were new.

        Where the store signs with a secret per webhook, `secret` is the connection's.
        """

    def unsubscribe(self, url: str) -> None:
        """Take back what `subscribe` made."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a platform's own codes can do. `kinds` that it can make, and terms that it cannot hold."""

    kinds: frozenset[CodeKind]
    caps_percentage: bool = False  # a percentage can have a highest amount
    fewest_code_characters: int = 1
    most_code_characters: int = 255
    apply_path: str = ""  # "/discount/{code}" where a link puts the code into the cart
