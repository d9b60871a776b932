"""After a publish: look at every member under the new version, a batch at a time."""

import time
from datetime import datetime

from django.db import transaction

from lib.clock import now
from lib.rows import execute
from loyalty.actions.members import replay_each
from loyalty.versions import timelines

BATCH = 200


def catch_up(at: datetime | None = None, budget_s: float = 30.0) -> int:
    """Replay members whose shop has published since they were looked at; returns how many.

    Goes on where it was left, and ends after about `budget_s`. Two at a time share the shops between them.
    """
    ends = time.monotonic() + budget_s
    replayed = 0
    while time.monotonic() < ends:
        with transaction.atomic():
            shops = execute(_CLAIM)
            if not shops:
                return replayed
            shop_id, number, after = shops[0]
            replayed += _next_batch(shop_id, number, after, at or now())
    return replayed


def _next_batch(shop_id: int, number: int, after: int, at: datetime) -> int:
    if not timelines([shop_id])[shop_id].needs_context:
        execute(_DONE, shop=shop_id, number=number)
        return 0
    accounts = [row[0] for row in execute(_ACCOUNTS, shop=shop_id, after=after, limit=BATCH)]
    replay_each([(shop_id, account_id) for account_id in accounts], at)
    if len(accounts) < BATCH:
        execute(_DONE, shop=shop_id, number=number)
    else:
        execute(_ON, shop=shop_id, after=accounts[-1])
    return len(accounts)


# A publish waits for the batch, and starts the next round from the first member on.
_CLAIM = """
    SELECT p.shop_id, v.number, CASE WHEN p.replaying = v.number THEN p.replayed_to ELSE 0 END
    FROM loyalty_program p
    JOIN LATERAL (
        SELECT v.number FROM loyalty_programversion v WHERE v.shop_id = p.shop_id ORDER BY v.number DESC LIMIT 1
    ) v ON true
    WHERE p.replayed_version < v.number
    ORDER BY p.shop_id LIMIT 1 FOR NO KEY UPDATE OF p SKIP LOCKED
"""
_ACCOUNTS = """
    SELECT a.id FROM loyalty_account a WHERE a.shop_id = %(shop)s AND a.id > %(after)s ORDER BY a.id LIMIT %(limit)s
"""
_ON = """
    UPDATE loyalty_program SET replayed_to = %(after)s, replaying = (
        SELECT max(v.number) FROM loyalty_programversion v WHERE v.shop_id = %(shop)s
    ) WHERE shop_id = %(shop)s
"""
_DONE = "UPDATE loyalty_program SET replayed_version = %(number)s, replayed_to = 0 WHERE shop_id = %(shop)s"
