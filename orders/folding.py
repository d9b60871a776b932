"""What is known of an order, folded from whatever came, in whatever order it came.

Folding is a join: the newest snapshot wins, refunds are merged by id, a deletion stays. So every permutation and
repetition of the same facts ends in the same state.
"""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b

import msgspec

from platforms.snapshots import OrderDeleted, OrderSnapshot, OrderStatus, RefundEvent, RefundSnapshot

OrderKey = tuple[int, int, str]  # (shop id, connection id, the platform's id)
OrderFact = OrderSnapshot | RefundEvent | OrderDeleted

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
    """An order as known. `id` is None until it has a row; `changed` when the row is out of date."""

    key: OrderKey
    id: int | None = None
    snapshot: OrderSnapshot | None = None
    digest: bytes = b""
    refunds: dict[str, RefundSnapshot] = field(default_factory=dict)
    deleted: bool = False
    customer_id: int | None = None
    held: str = ""
    changed: bool = False

    def fold(self, fact: OrderFact) -> None:
        """Take in one fact; `changed` turns true when it says something new."""
        if isinstance(fact, OrderSnapshot):
            self._fold_snapshot(fact)
        elif isinstance(fact, RefundEvent):
            self._fold_refund(fact.refund)
        elif not self.deleted:
            self.deleted = self.changed = True

    def changed_at(self) -> datetime:
        """When the newest of what is known happened. Only for a state with a snapshot."""
        assert self.snapshot is not None
        return max([self.snapshot.updated_at, *(refund.as_of for refund in self.refunds.values())])

    def _fold_snapshot(self, new: OrderSnapshot) -> None:
        new_digest = digest(new)
        if self.snapshot is None or (_age(self.snapshot), self.digest) < (_age(new), new_digest):
            self.snapshot, self.digest, self.changed = new, new_digest, True
            self.customer_id = None  # to be named anew: this snapshot may name another customer, or none
            if new.refunds_complete:
                self.refunds = {refund.id: refund for refund in new.refunds}
        if not new.refunds_complete:
            for refund in new.refunds:
                self._fold_refund(refund)

    def _fold_refund(self, new: RefundSnapshot) -> None:
        old = self.refunds.get(new.id)
        if old is None or (old.as_of, _encode(old)) < (new.as_of, _encode(new)):
            self.refunds[new.id] = new
            self.changed = True


def _age(snapshot: OrderSnapshot) -> tuple[datetime, int]:
    rank = _RANK[OrderStatus.CANCELLED if snapshot.cancelled_at else snapshot.status]
    return snapshot.updated_at, rank
