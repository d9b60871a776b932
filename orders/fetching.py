"""What webhooks only named is fetched from its store into the inbox. The rows are the queue."""

from datetime import timedelta

import structlog
from django.db import transaction
from django_scopes import scopes_disabled

from lib.bell import ringer
from lib.clock import now
from lib.rows import execute
from orders.actions import take_in
from platforms.clients import AccessRevoked, StoreAway, StoreRefused
from platforms.reach import speak
from shops.models import Connection

log = structlog.get_logger("regulars.fetching")

BATCH = 5
# Longer than such a batch takes: whoever comes back later finds that the row was claimed anew.
LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 12
FIRST_RETRY_S = 2
LONGEST_RETRY_S = 900
WITHOUT_ACCESS_S = 300


def fetch_due(limit: int = BATCH) -> int:
    """Fetch what is due, one after the other; returns how many were tried."""
    claimed = execute(_CLAIM, limit=limit, lease=LEASE)
    for row in claimed:
        _fetch(*row)
    return len(claimed)


def _fetch(
    shop_id: int, id_: int, connection_id: int, kind: str, external_id: str, asked: int, attempts: int
) -> None:
    with scopes_disabled():
        connection = Connection.objects.select_related("shop").get(shop_id=shop_id, pk=connection_id)
    try:
        found = list(speak(connection, lambda client: list(client.fetch(kind, external_id))))
    except StoreAway as error:
        wait = max(error.retry_after_s or 0, min(FIRST_RETRY_S * 2**attempts, LONGEST_RETRY_S))
        # A store that is left alone, or wants patience, was not asked: that is no attempt.
        _put_off(shop_id, id_, wait, str(error), counted=not error.limited)
    except AccessRevoked as error:
        _put_off(shop_id, id_, WITHOUT_ACCESS_S, str(error), counted=False)
    except StoreRefused as error:
        _put_off(shop_id, id_, LONGEST_RETRY_S, str(error), counted=True)
    else:
        with transaction.atomic():
            for each in found:
                take_in(connection, each.topic, [each.body], "fetch")
            execute(_DONE, shop=shop_id, id=id_, asked=asked)
        ringer.soon()


def _put_off(shop_id: int, id_: int, wait_s: float, reason: str, *, counted: bool) -> None:
    log.warning("fetch put off", fetch_id=id_, wait_s=wait_s)
    execute(
        _PUT_OFF,
        shop=shop_id,
        id=id_,
        due=now() + timedelta(seconds=wait_s),
        reason=reason[:500],
        counted=int(counted),
        most=MAX_ATTEMPTS,
    )


_CLAIM = """
    UPDATE orders_fetch f SET due_at = statement_timestamp() + %(lease)s
    FROM (
        SELECT shop_id, id FROM orders_fetch WHERE state = 'new' AND due_at <= statement_timestamp()
        ORDER BY due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE f.shop_id = due.shop_id AND f.id = due.id
    RETURNING f.shop_id, f.id, f.connection_id, f.kind, f.external_id, f.asked, f.attempts
"""
# Asked for again while it was being fetched: what came may be older than that wish, so it stays due.
_DONE = """
    UPDATE orders_fetch SET attempts = 0, error = '',
        state = CASE WHEN asked = %(asked)s THEN 'done' ELSE 'new' END,
        due_at = CASE WHEN asked = %(asked)s THEN due_at ELSE statement_timestamp() END
    WHERE shop_id = %(shop)s AND id = %(id)s
"""
_PUT_OFF = """
    UPDATE orders_fetch SET due_at = %(due)s, error = %(reason)s, attempts = attempts + %(counted)s,
        state = CASE WHEN attempts + %(counted)s >= %(most)s THEN 'dead' ELSE 'new' END
    WHERE shop_id = %(shop)s AND id = %(id)s AND state = 'new'
"""
