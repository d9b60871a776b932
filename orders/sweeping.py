"""Going through a store's orders: those that changed lately, beside what we know of them, or the whole past.

Every order that we do not know as the store has it goes into the same inbox as webhooks. One page at a time, each
ended by a commit that says where to go on. Two workers may come to ask for the same page, when one is slower than its
lease: the first to commit moves the cursor on, and what the other has found is dropped.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scopes_disabled

from lib.bell import ringer
from lib.rows import execute
from orders import pipeline, store
from orders.actions import MOST_AT_ONCE, take_in
from orders.comparing import compared, example, known, unread, unread_example
from orders.models import Sweep
from orders.sweeps import SETTLING
from platforms.base import Ignored, NeedsFetch, Unreadable
from platforms.clients import AccessRevoked, Client, Fetched, Page, StoreAway, StoreRefused
from platforms.reach import speak
from platforms.registry import PLATFORMS
from platforms.snapshots import OrderSnapshot
from shops.models import Connection

log = structlog.get_logger("regulars.sweeping")

LEASE = timedelta(seconds=120)
# So many waiting deliveries of a store are enough: live webhooks come behind them.
ENOUGH_WAITING = 2000
PAUSE = timedelta(seconds=5)
MAX_ATTEMPTS = 20
FIRST_RETRY_S = 5
LONGEST_RETRY_S = 600
MOST_EXAMPLES = 200
FINDINGS = ("missed", "late", "differing", "same")

Told = tuple[Fetched, OrderSnapshot | None]


def advance() -> bool:
    """Take the next page of one sweep that is due; False when none is."""
    claimed = execute(_CLAIM, lease=LEASE)
    if not claimed:
        return False
    shop_id, id_ = claimed[0]
    with scopes_disabled():
        sweep = Sweep.objects.select_related("connection__shop").get(shop_id=shop_id, pk=id_)
    if not sweep.connection.active:
        _end(sweep, gettext("This connection is switched off."))
    elif sweep.attempts > MAX_ATTEMPTS:
        _end(sweep, sweep.error or gettext("It was broken off in the same place again and again."))
    elif sweep.cursor.startswith(SETTLING):
        _settle(sweep)
    elif _inbox_is_busy(sweep):
        _later(sweep, PAUSE, "", counted=False)
    else:
        _turn_page(sweep)
    return True


def _turn_page(sweep: Sweep) -> None:
    try:
        page = speak(sweep.connection, lambda client: _page(client, sweep))
    except StoreAway as error:
        pause = min(FIRST_RETRY_S * 2 ** (sweep.attempts - 1), LONGEST_RETRY_S)
        wait = timedelta(seconds=max(error.retry_after_s or 0, pause))
        # A store that is left alone, or wants patience, was not asked: that is no attempt.
        _later(sweep, wait, str(error), counted=not error.limited)
    except (AccessRevoked, StoreRefused) as error:
        _end(sweep, str(error))
    else:
        _take(sweep, page)


def _page(client: Client, sweep: Sweep) -> Page:
    cursor = sweep.cursor or None
    if sweep.kind == Sweep.Kind.HISTORY:
        return client.orders_placed(sweep.since, cursor)
    return client.orders_changed(sweep.since or sweep.until, cursor)


def _take(sweep: Sweep, page: Page) -> None:
    """Put what is news into the inbox, count, and remember where to go on."""
    told: list[Told] = [(each, _read(sweep.connection, each)) for each in page.orders]
    if sweep.kind == Sweep.Kind.RECONCILE:
        told = [each for each in told if not _later_than(sweep.until, each)]
    # Changes come in their order, so after one that is left to the next look all others are.
    done = page.cursor is None or len(told) < len(page.orders)
    with transaction.atomic():
        if not execute(_LOCK, shop=sweep.shop_id, id=sweep.pk, cursor=sweep.cursor):
            return
        counts, examples = _take_news(sweep, told)
        room = max(0, MOST_EXAMPLES - len(sweep.examples)) if sweep.kind == Sweep.Kind.RECONCILE else 0
        execute(
            _COUNT,
            shop=sweep.shop_id,
            id=sweep.pk,
            seen=len(told),
            **{what: counts[what] for what in FINDINGS},
            rows=examples[:room],
            cursor=page.cursor or "",
            total=page.total,
            done=done,
        )
    if len(told) > counts["same"]:
        ringer.soon()


def _take_news(sweep: Sweep, told: Sequence[Told]) -> tuple[Counter[str], list[dict[str, Any]]]:
    """Counts of the findings, and examples. What an earlier look put into the inbox is not found once more."""
    ours = known(sweep.connection, [order.id if order else each.order_id for each, order in told])
    counts: Counter[str] = Counter()
    examples = []
    for each, order in told:
        what = (
            compared(ours.get(order.id), order) if order else unread(ours.get(each.order_id), each.updated_at)
        )
        fresh = what != "same" and take_in(sweep.connection, each.topic, [each.body], "poll")
        counts[what if fresh else "same"] += 1
        if fresh:
            changed_at = each.updated_at or sweep.until
            examples.append(example(order, what) if order else unread_example(each.order_id, changed_at))
    return counts, examples


def _read(connection: Connection, each: Fetched) -> OrderSnapshot | None:
    """The order that a body tells of; None where it cannot be read: the inbox will say why."""
    try:
        facts = PLATFORMS[connection.platform].parse(each.topic, each.body)
    except NeedsFetch as need:
        facts = need.facts
    except (Unreadable, Ignored):
        return None
    return next((fact for fact in facts if isinstance(fact, OrderSnapshot)), None)


def _later_than(until: datetime, told: Told) -> bool:
    each, order = told
    changed = order.updated_at if order else each.updated_at
    return changed is not None and changed >= until


def _settle(sweep: Sweep) -> None:
    """Settle some of the orders that were known before, by what the import's choice makes of them."""
    after = sweep.cursor.removeprefix(SETTLING)
    with transaction.atomic():
        if not execute(_LOCK, shop=sweep.shop_id, id=sweep.pk, cursor=sweep.cursor):
            return
        keys = store.orders_before(sweep.connection_id, sweep.shop_id, sweep.until, after, MOST_AT_ONCE)
        pipeline.reapply(keys)
        cursor = SETTLING + keys[-1][2] if keys else ""
        execute(_SETTLED, shop=sweep.shop_id, id=sweep.pk, cursor=cursor)


def _inbox_is_busy(sweep: Sweep) -> bool:
    """Whether too much waits for a history, or something of before a look, which would only be found to be missed."""
    most = ENOUGH_WAITING if sweep.kind == Sweep.Kind.HISTORY else 1
    until = None if sweep.kind == Sweep.Kind.HISTORY else sweep.until
    waiting = execute(_WAITING, shop=sweep.shop_id, connection=sweep.connection_id, until=until, most=most)
    return len(waiting) >= most


def _later(sweep: Sweep, wait: timedelta, reason: str, *, counted: bool) -> None:
    if counted and sweep.attempts >= MAX_ATTEMPTS:
        _end(sweep, reason)
        return
    execute(
        _PUT_OFF,
        shop=sweep.shop_id,
        id=sweep.pk,
        cursor=sweep.cursor,
        wait=wait,
        attempts=sweep.attempts - (not counted),
        error=reason[:500],
    )


def _end(sweep: Sweep, reason: str) -> None:
    log.warning("sweep failed", sweep_id=sweep.pk)
    execute(_FAIL, shop=sweep.shop_id, id=sweep.pk, cursor=sweep.cursor, error=reason[:500])


# An attempt counts from its beginning, so that one which ends its worker does not come back for ever.
_CLAIM = """
    UPDATE orders_sweep s
    SET due_at = statement_timestamp() + %(lease)s, state = 'running', attempts = attempts + 1
    FROM (
        SELECT shop_id, id FROM orders_sweep
        WHERE state IN ('queued', 'running') AND due_at <= statement_timestamp()
        ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE s.shop_id = due.shop_id AND s.id = due.id
    RETURNING s.shop_id, s.id
"""
_LOCK = """
    SELECT id FROM orders_sweep
    WHERE shop_id = %(shop)s AND id = %(id)s AND state = 'running' AND cursor = %(cursor)s
    FOR NO KEY UPDATE
"""
_COUNT = """
    UPDATE orders_sweep SET seen = seen + %(seen)s, missed = missed + %(missed)s, late = late + %(late)s,
        differing = differing + %(differing)s, same = same + %(same)s, cursor = %(cursor)s,
        examples = examples || %(rows)s::jsonb, total = coalesce(%(total)s, total),
        state = CASE WHEN %(done)s THEN 'done' ELSE 'running' END, attempts = 0, error = '',
        due_at = statement_timestamp(), finished_at = CASE WHEN %(done)s THEN statement_timestamp() END
    WHERE shop_id = %(shop)s AND id = %(id)s
"""
_SETTLED = """
    UPDATE orders_sweep SET cursor = %(cursor)s, attempts = 0, error = '', due_at = statement_timestamp()
    WHERE shop_id = %(shop)s AND id = %(id)s
"""
_PUT_OFF = """
    UPDATE orders_sweep
    SET due_at = statement_timestamp() + %(wait)s, attempts = %(attempts)s, error = %(error)s
    WHERE shop_id = %(shop)s AND id = %(id)s AND state = 'running' AND cursor = %(cursor)s
"""
_FAIL = """
    UPDATE orders_sweep SET state = 'failed', error = %(error)s, finished_at = statement_timestamp()
    WHERE shop_id = %(shop)s AND id = %(id)s AND state = 'running' AND cursor = %(cursor)s
"""
# What failed once may wait long, and holds up no look.
_WAITING = """
    SELECT 1 FROM orders_delivery
    WHERE shop_id = %(shop)s AND connection_id = %(connection)s AND state = 'new'
        AND (%(until)s::timestamptz IS NULL OR received_at < %(until)s AND attempts = 0)
    LIMIT %(most)s
"""
