"""Many small shops: copies of the template's shop, its store and its program."""

import itertools
import time
from dataclasses import replace
from datetime import datetime

from benchmarks import bodies, places
from benchmarks.bench import OURS_QUEUE, Bench
from benchmarks.inbox import fill, ring, wait_until_applied
from benchmarks.places import Store
from loyalty.documents import ProgramDocument, encode

_SHOPS = """
    INSERT INTO shops_shop (public_id, name, currency, timezone, created_at)
    SELECT 'shop_bench' || n, 'Shop ' || n, s.currency, s.timezone, s.created_at
    FROM shops_shop s, generate_series(1, %(count)s) n WHERE s.id = %(shop)s
"""
_CONNECTIONS = """
    INSERT INTO shops_connection (shop_id, public_id, platform, domain, storefront_domains, secret, previous_secret,
        storefront_secret, test_mode, active, created_at)
    SELECT s.id, 'conn_bench' || s.id, c.platform, 's' || s.id || '.myshopify.com', c.storefront_domains, c.secret,
        c.previous_secret, c.storefront_secret, c.test_mode, true, c.created_at
    FROM shops_connection c, shops_shop s WHERE c.id = %(connection)s AND s.id <> %(shop)s
    RETURNING shop_id, id, public_id, domain
"""
_VERSIONS = """
    INSERT INTO loyalty_programversion (shop_id, number, document, published_at, published_by, note)
    SELECT s.id, v.number, coalesce(%(document)s::jsonb, v.document), coalesce(%(since)s, v.published_at),
        v.published_by, v.note
    FROM loyalty_programversion v, shops_shop s WHERE v.shop_id = %(shop)s AND s.id <> v.shop_id
"""


def open_many(
    database: str,
    store: Store,
    count: int,
    document: ProgramDocument | None = None,
    since: datetime | None = None,
) -> list[Store]:
    """Open `count` shops with a store each; their program is the template's, or `document` published at `since`."""
    values = {
        "count": count,
        "shop": store.shop_id,
        "connection": store.connection_id,
        "document": encode(document).decode() if document else None,
        "since": since,
    }
    with places.session(database) as cursor:
        cursor.execute(_SHOPS, values)
        cursor.execute(_VERSIONS, values)
        cursor.execute(_CONNECTIONS, values)
        return [
            replace(store, shop_id=shop_id, connection_id=id_, public_id=public_id, domain=domain)
            for shop_id, id_, public_id, domain in cursor.fetchall()
        ]


class Many:
    """Rounds in which each shop has one order. `cold` is the rate of the first."""

    def __init__(self, bench: Bench, database: str, pid: int, stores: list[Store]) -> None:
        self.database, self.pid, self.stores = database, pid, stores
        self.rates: list[float] = []
        self.cold = 0.0
        self._numbers = itertools.count()

    def run(self, *, warm_up: bool = False) -> None:
        """One order for each shop: fill, ring, wait."""
        number = next(self._numbers)
        orders = (
            (store, one) for store in self.stores for one in bodies.orders(store, 1, number, customers=1)
        )
        fill(self.database, orders)
        places.settle_down(self.database)
        started = time.perf_counter()
        ring(OURS_QUEUE)
        wait_until_applied(self.database, "ours")
        rate = len(self.stores) / (time.perf_counter() - started)
        if warm_up:
            self.cold = rate
        else:
            self.rates.append(rate)
