"""Filling inboxes without HTTP, and waiting until workers have emptied them."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import psutil
from celery import Celery
from psycopg2 import Binary
from psycopg2.extras import execute_values

from benchmarks.bodies import TOPIC, Signed
from benchmarks.places import Store, redis_url, session
from config.embedded import celery_url
from lib.packing import pack

POLL_S = 0.005
LONGEST_S = 180.0
WAITING = {
    "ours": "SELECT EXISTS (SELECT FROM orders_delivery WHERE state = 'new')",
    "textbook": "SELECT EXISTS (SELECT FROM textbook_webhook WHERE state = 'new')",
}


def fill(database: str, deliveries: Iterable[tuple[Store, Signed]]) -> None:
    """Store deliveries as the webhook road does, many in a statement."""
    rows = (
        (
            store.shop_id,
            store.connection_id,
            TOPIC,
            one.webhook_id,
            Binary(pack(one.body)),
            _notes(store, one),
        )
        for store, one in deliveries
    )
    with session(database) as cursor:
        execute_values(
            cursor,
            "INSERT INTO orders_delivery (shop_id, connection_id, topic, dedupe_key, body, notes) VALUES %s",
            rows,
            page_size=500,
        )


def fill_textbook(database: str, signed: Iterable[Signed]) -> list[int]:
    """Store webhooks as the textbook does; returns their ids."""
    rows = [(one.webhook_id, TOPIC, one.body.decode()) for one in signed]
    with session(database) as cursor:
        found = execute_values(
            cursor,
            """INSERT INTO textbook_webhook (delivery_id, topic, body, state, received_at) VALUES %s
            RETURNING id""",
            rows,
            template="(%s, %s, %s, 'new', now())",
            page_size=500,
            fetch=True,
        )
    return [row[0] for row in found]


def ring(number: int) -> None:
    """The bell, as beat rings it."""
    with Celery(broker=celery_url(redis_url(number))) as app:
        app.send_task("orders.apply_deliveries", ignore_result=True)


def send(number: int, webhook_ids: Iterable[int]) -> None:
    """The textbook's message for each webhook."""
    with Celery(broker=celery_url(redis_url(number))) as app, app.producer_pool.acquire() as producer:
        for id_ in webhook_ids:
            name = "benchmarks.textbook.tasks.apply_webhook"
            app.send_task(name, args=[id_], ignore_result=True, producer=producer)


def wait_until_applied(database: str, whose: str) -> None:
    """Return as soon as nothing waits any more. Raises TimeoutError."""
    deadline = time.monotonic() + LONGEST_S
    with session(database) as cursor:
        while _waiting(cursor, whose):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{database}: not applied within {LONGEST_S:.0f} s")
            time.sleep(POLL_S)


@contextmanager
def paused(pid: int) -> Iterator[None]:
    """Hold a worker while its queue is filled."""
    root = psutil.Process(pid)
    family = [root, *root.children(recursive=True)]
    for process in family:
        process.suspend()
    try:
        yield
    finally:
        for process in family:
            process.resume()


def _waiting(cursor: Any, whose: str) -> bool:
    cursor.execute(WAITING[whose])
    return bool(cursor.fetchone()[0])


def _notes(store: Store, one: Signed) -> str:
    return json.dumps({"domain": store.domain, "api_version": "2026-04", "event_id": one.webhook_id})
