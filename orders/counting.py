"""How the orders of a connected store count: a setting of its connection, kept beside none of them."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from lib.rows import execute


class Counting(NamedTuple):
    """`test_mode`: test orders count. Orders placed before `points_from` count for tiers and earn no points."""

    test_mode: bool = False
    points_from: datetime | None = None

    def pointless(self, placed_at: datetime) -> bool:
        """Whether an order was placed before the store's orders began to earn."""
        return self.points_from is not None and placed_at < self.points_from


PLAIN = Counting()


def counting_of(keys: Collection[tuple[int, int]]) -> dict[int, Counting]:
    """How the orders of the connections, (shop id, id), count, by connection id."""
    rows = [{"shop_id": shop_id, "id": id_} for shop_id, id_ in keys]
    return {row[0]: Counting(*row[1:]) for row in execute(_COUNTING, rows)} if rows else {}


_COUNTING = """
    SELECT c.id, c.test_mode, c.points_from FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint)
    JOIN shops_connection c ON c.shop_id = r.shop_id AND c.id = r.id
"""
