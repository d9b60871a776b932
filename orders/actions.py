"""What staff and commands do with the inbox."""

import time
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import psycopg2
from django.db import OperationalError, transaction
from django.db import connection as database
from django.db.models.functions import Now
from django_scopes import scope

from lib.bell import ringer
from lib.packing import pack
from orders import pipeline, store
from orders.inbox import apply_due
from orders.models import Delivery
from orders.privacy.bodies import ERASED
from shops.models import Connection, Shop

MOST_AT_ONCE = 500
PATIENCE = 30


def replay(delivery_ids: Iterable[int], shop: Shop) -> int:
    """Put deliveries of `shop` back into the queue; returns how many. Applying one again changes no right points."""
    with scope(shop=shop):
        found = Delivery.objects.filter(shop=shop, pk__in=list(delivery_ids)).exclude(error=ERASED)
        count = found.update(state=Delivery.State.NEW, due_at=Now(), attempts=0, error="")
    if count:
        ringer.soon()
    return count


def drain(shop: Shop | None = None) -> int:
    """Apply all that is due now, in this process; returns how many deliveries were taken."""
    total = given_back = 0
    while True:
        taken = apply_due(shop_id=shop.pk if shop else None)
        if taken == 0:
            return total
        total += taken or 0
        given_back += taken is None
        if given_back > PATIENCE:
            raise OperationalError("The database keeps giving deliveries back; they wait in the inbox.")
        if taken is None:
            time.sleep(1)


def set_test_mode(connection: Connection, on: bool) -> None:
    """Count, or do not count, the orders of this store that are flagged as tests; those it has are settled anew."""
    with transaction.atomic(), scope(shop=connection.shop):
        changed = Connection.objects.filter(shop=connection.shop, pk=connection.pk).exclude(test_mode=on)
        if not changed.update(test_mode=on):
            return
    connection.test_mode = on
    after = ""
    while True:
        with transaction.atomic():
            keys = store.test_orders(connection.pk, connection.shop_id, after, MOST_AT_ONCE)
            if not keys:
                return
            pipeline.reapply(keys)
        after = keys[-1][2]


def take_in(connection: Connection, topic: str, bodies: Iterable[bytes], origin: str = "import") -> int:
    """Put bodies from a trusted hand (a file, the store itself) into the inbox; returns how many were new to it."""
    new = 0
    batch: list[tuple[Any, ...]] = []
    for body in bodies:
        key = f"{origin}:{sha256(body).hexdigest()}"
        packed = psycopg2.Binary(pack(body))
        batch.append((connection.shop_id, connection.pk, topic, key, packed))
        if len(batch) == MOST_AT_ONCE:
            new += _insert(batch)
            batch = []
    return new + _insert(batch)


def _insert(batch: list[tuple[Any, ...]]) -> int:
    if not batch:
        return 0
    with database.cursor() as cursor:
        values = ", ".join(["(%s, %s, %s, %s, %s)"] * len(batch))
        cursor.execute(
            f"INSERT INTO orders_delivery (shop_id, connection_id, topic, dedupe_key, body) VALUES {values} "
            "ON CONFLICT (shop_id, connection_id, topic, dedupe_key) DO NOTHING",
            [value for row in batch for value in row],
        )
        return cursor.rowcount
