"""What is known of customers' tags, joined from full lists and from single tags that came or went.

Of each tag the latest word counts, and a full list has a word on every tag. Of two words of one instant, that the
customer has the tag counts. Words may be joined in any order, and again: the outcome is the same.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import msgspec

from lib.rows import execute
from loyalty.products import folded
from platforms.snapshots import CustomerTagged

Mark = tuple[int, bool, str]  # microseconds since 1970, whether they have it, and, if so, how it is written
Marks = dict[str, Mark]  # by the tag as it is compared; "" is for every tag that is not named

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NEVER: Mark = (-1, False, "")
_decode = msgspec.json.Decoder(Marks).decode


def listed(tags: Iterable[str], as_of: datetime) -> Marks:
    """A full list: the customer has these tags and no other."""
    return {"": (_micros(as_of), False, "")} | _having(tags, as_of)


def changed(change: CustomerTagged) -> Marks:
    """Tags that came or went."""
    lost: Marks = {name: (_micros(change.as_of), False, "") for name in map(folded, change.removed) if name}
    return lost | _having(change.added, change.as_of)


def joined(marks: Marks, more: Marks) -> Marks:
    """Both together, without what a later full list says already. As `orders.customers` does it in SQL."""
    latest = {name: max(marks.get(name, _NEVER), more.get(name, _NEVER)) for name in marks | more}
    floor = latest.get("", _NEVER)
    return {name: mark for name, mark in latest.items() if not name or mark > floor}


def present(marks: Marks) -> list[str]:
    """The tags that the customer has."""
    return [text for _, (_, has, text) in sorted(marks.items()) if has]


def stored(text: str) -> Marks:
    """Marks as a row has them."""
    return _decode(text)


def tags_of(customers: Iterable[tuple[int, int]]) -> dict[tuple[int, int], tuple[str, ...]]:
    """The tags of these customers, (shop id, id), as far as they are known."""
    rows = [{"shop_id": shop_id, "id": id_} for shop_id, id_ in sorted(set(customers))]
    return {(row[0], row[1]): tuple(row[2]) for row in execute(_TAGS, rows)} if rows else {}


def _having(tags: Iterable[str], as_of: datetime) -> Marks:
    return {folded(tag): (_micros(as_of), True, tag) for tag in sorted(tags) if folded(tag)}


def _micros(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


_TAGS = """
    SELECT c.shop_id, c.id, c.tags FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    JOIN shops_customer c ON c.shop_id = r.shop_id AND c.id = r.id
"""
