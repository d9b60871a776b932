"""What staff and commands do with the inbox."""

import zlib
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

import psycopg2
from django.db import connection as database
from django.db.models.functions import Now
from django_scopes import scope

from lib.bell import ringer
from orders.inbox import apply_due
from orders.models import Delivery
from shops.models import Connection, Shop

MOST_AT_ONCE = 500


def replay(delivery_ids: Iterable[int], shop: Shop) -> int:
    """Put deliveries of `shop` back into the queue; returns how many. Applying one again changes no right points."""
    with scope(shop=shop):
        count = Delivery.objects.filter(shop=shop, pk__in=list(delivery_ids)).update(
            state=Delivery.State.NEW, due_at=Now(), attempts=0, error=""
        )
    if count:
        ringer.soon()
    return count


def drain(shop: Shop | None = None) -> int:
    """Apply all that is due now, in this process; returns how many deliveries were taken."""
    total = 0
    while taken := apply_due(shop_id=shop.pk if shop else None):
        total += taken
    return total


def take_in(connection: Connection, topic: str, bodies: Iterable[bytes]) -> int:
    """Put bodies from a trusted hand (a file) into the inbox; returns how many were new to it."""
    new = 0
    batch: list[tuple[Any, ...]] = []
    for body in bodies:
        key = f"import:{sha256(body).hexdigest()}"
        packed = psycopg2.Binary(zlib.compress(body, 1))
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
