"""What is known of an order, folded from whatever came, in whatever order it came.

Folding is a join: the newest snapshot wins, refunds are merged by id and dropped by a newer complete list, the last
word on a deletion counts. So every permutation and repetition of the same facts ends in the same state. Two things
are history, not facts of the order: which customer had verified a guest's e-mail at the time, and which tags were known
of the customer where the order itself says nothing of them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

import msgspec

from platforms.snapshots import (
    OrderDeleted,
    OrderRestored,
    OrderSnapshot,
    OrderStatus,
    RefundEvent,
    RefundSnapshot,
)

OrderKey = tuple[int, int, str]  # (shop id, connection id, the platform's id)
OrderFact = OrderSnapshot | RefundEvent | OrderDeleted | OrderRestored

# Between two snapshots of one instant the one further along in an order's life is taken for the newer.
_RANK = {
    OrderStatus.PENDING: 0,
    OrderStatus.FAILED: 1,
    OrderStatus.AUTHORIZED: 2,
    OrderStatus.PAID: 3,
    OrderStatus.PARTIALLY_REFUNDED: 4,
    OrderStatus.REFUNDED: 5,
    OrderStatus.VOIDED: 6,
    OrderStatus.CANCELLED: 7,
}

_encode = msgspec.json.Encoder().encode


def digest(snapshot: OrderSnapshot) -> bytes:
    """8 bytes that tell two snapshots apart."""
    return blake2b(_encode(snapshot), digest_size=8).digest()


@dataclass(slots=True)
class OrderState:
    """An order as known. `id` is None until it has a row; `changed` when the row is out of date.

    `guest`: the snapshot names no customer; `customer_id` is then who registered with the same e-mail.
    `customer_tags` are those that the newest snapshot to speak of tags told; where none did, those that were known of
    the customer when the order first had one, and None until then.
    """

    key: OrderKey
    id: int | None = None
    snapshot: OrderSnapshot | None = None
    digest: bytes = b""
    refunds: dict[str, RefundSnapshot] = field(default_factory=dict)
    complete_as_of: datetime | None = None
    deleted_at: datetime | None = None
    restored_at: datetime | None = None
    customer_id: int | None = None
    guest: bool = False
    customer_tags: tuple[str, ...] | None = None
    held: str = ""
    changed: bool = False

    @property
    def deleted(self) -> bool:
        """Whether the last that was told of a deletion is that it happened, not that it was taken back."""
        return self.deleted_at is not None and (
            self.restored_at is None or self.restored_at < self.deleted_at
        )

    def fold(self, fact: OrderFact) -> None:
        """Take in one fact; `changed` turns true when it says something new."""
        if isinstance(fact, OrderSnapshot):
            self._fold_refunds(fact)
            self._fold_snapshot(fact)
        elif isinstance(fact, RefundEvent):
            self._fold_refund(fact.refund)
        elif isinstance(fact, OrderDeleted):
            self.deleted_at = self._later(self.deleted_at, fact.as_of)
        else:
            self.restored_at = self._later(self.restored_at, fact.as_of)

    def changed_at(self) -> datetime:
        """When the newest of what is known happened. Only for a state with a snapshot."""
        assert self.snapshot is not None
        return max([self.snapshot.updated_at, *(refund.as_of for refund in self.refunds.values())])

    def _later(self, old: datetime | None, new: datetime | None) -> datetime | None:
        if new is None or (old is not None and old >= new):
            return old
        self.changed = True
        return new

    def _fold_snapshot(self, new: OrderSnapshot) -> None:
        new_digest = digest(new)
        old = self.snapshot
        if old is not None and (_age(old), self.digest) >= (_age(new), new_digest):
            return
        # Who registered with a guest's e-mail stays the customer, whatever address they have by now.
        same_guest = self.guest and old is not None and old.email.lower() == new.email.lower()
        self.guest = new.customer is None
        if new.customer is not None and new.customer.tags is not None:
            self.customer_tags = new.customer.tags
        if not (self.guest and same_guest):
            self.customer_id = None  # to be named anew
        self.snapshot, self.digest, self.changed = new, new_digest, True

    def _fold_refunds(self, new: OrderSnapshot) -> None:
        """Refunds are merged by id. A complete list drops those it does not hold, unless they are as new."""
        as_of = self.complete_as_of
        if new.refunds_complete and (as_of is None or as_of < new.updated_at):
            self.complete_as_of, self.changed = new.updated_at, True
            listed = {refund.id for refund in new.refunds}
            self.refunds = {
                id_: refund
                for id_, refund in self.refunds.items()
                if id_ in listed or refund.as_of >= new.updated_at
            }
            for refund in new.refunds:
                self._merge(refund)
        else:
            for refund in new.refunds:
                self._fold_refund(refund)

    def _fold_refund(self, new: RefundSnapshot) -> None:
        """Unless a newer complete list did not hold it."""
        if self.complete_as_of is None or new.as_of >= self.complete_as_of or new.id in self.refunds:
            self._merge(new)

    def _merge(self, new: RefundSnapshot) -> None:
        old = self.refunds.get(new.id)
        if old is None or _word(old) < _word(new):
            self.refunds[new.id] = new
            self.changed = True


def _word(refund: RefundSnapshot) -> tuple[bool, datetime, bytes]:
    """What decides between two readings of one refund."""
    return not refund.summary, refund.as_of, _encode(refund)


def _age(snapshot: OrderSnapshot) -> tuple[datetime, int]:
    rank = _RANK[OrderStatus.CANCELLED if snapshot.cancelled_at else snapshot.status]
    return snapshot.updated_at, rank
