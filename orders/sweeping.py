"""Going through a store's orders: those that changed lately, beside what we know of them, or the whole past.

Every order that we do not know as the store has it goes into the same inbox as webhooks. One page at a time, each
ended by a commit, so that whoever comes after a crash goes on where the last page ended.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from django.db import transaction
from django_scopes import scope, scopes_disabled

from lib.bell import ringer
from lib.clock import now
from lib.rows import execute
from orders.actions import set_points_from, take_in
from orders.models import Sweep
from platforms.base import Ignored, NeedsFetch, Unreadable
from platforms.clients import AccessRevoked, Client, Fetched, Page, StoreAway, StoreRefused
from platforms.reach import speak
from platforms.registry import PLATFORMS
from platforms.snapshots import OrderSnapshot
from shops.models import Connection

log = structlog.get_logger("regulars.sweeping")

INTERVAL = timedelta(minutes=10)
# Stores change an order's time a little before others can read it; and deliveries in flight are not missed yet.
OVERLAP = timedelta(hours=1)
IN_FLIGHT = timedelta(minutes=2)
LEASE = timedelta(seconds=120)
# So many waiting deliveries of a store are enough: live webhooks come behind them.
ENOUGH_WAITING = 2000
PAUSE = timedelta(seconds=5)
MAX_ATTEMPTS = 20
FIRST_RETRY_S = 5
LONGEST_RETRY_S = 600
MOST_EXAMPLES = 100


class _Known(NamedTuple):
    updated_at: datetime | None
    status: str
    total: Any
    cancelled: bool


def start_history(connection: Connection, since: datetime | None, *, with_points: bool, actor: str) -> Sweep:
    """Import the orders placed since `since` (None: all), in the background.

    Without points the orders from before this moment count for tiers and earn nothing. One that is under way is the
    one that is returned.
    """
    at = now()
    set_points_from(connection, None if with_points else connection.points_from or at)
    with scope(shop=connection.shop):
        execute(
            _BEGIN,
            shop=connection.shop_id,
            connection=connection.pk,
            kind=Sweep.Kind.HISTORY,
            since=since,
            until=at,
            actor=actor,
        )
        return Sweep.objects.filter(
            shop=connection.shop, connection=connection, kind=Sweep.Kind.HISTORY
        ).latest("id")


def reconcile(connection: Connection, actor: str = "") -> None:
    """Look at once for orders that changed since the last look."""
    _begin([(connection.shop_id, connection.pk)], now(), actor)


def begin_reconciliations(at: datetime | None = None) -> int:
    """Begin what is due: for every store that can be asked, so long after the last look; returns how many."""
    at = at or now()
    due = execute(_DUE, kind=Sweep.Kind.RECONCILE, before=at - INTERVAL)
    _begin([(row[0], row[1]) for row in due], at, "")
    return len(due)


def advance() -> bool:
    """Take the next page of one sweep that is due; False when none is."""
    claimed = execute(_CLAIM, lease=LEASE)
    if not claimed:
        return False
    shop_id, id_, attempts = claimed[0]
    with scopes_disabled():
        sweep = Sweep.objects.select_related("connection__shop").get(shop_id=shop_id, pk=id_)
    if _waiting(sweep.connection) >= ENOUGH_WAITING:
        _later(sweep, PAUSE, "", counted=False)
        return True
    try:
        page = speak(sweep.connection, lambda client: _page(client, sweep))
    except StoreAway as error:
        wait = max(error.retry_after_s or 0, min(FIRST_RETRY_S * 2**attempts, LONGEST_RETRY_S))
        _later(sweep, timedelta(seconds=wait), str(error), counted=not error.limited)
    except (AccessRevoked, StoreRefused) as error:
        _end(sweep, Sweep.State.FAILED, str(error))
    else:
        _take(sweep, page)
    return True


def repaired(sweep: Sweep) -> dict[str, bool]:
    """Of the examples' orders, by the platform's id, whether we know them now as the store had them then."""
    known = _known(sweep.connection, [each["order_id"] for each in sweep.examples])
    return {
        each["order_id"]: _as_new(known.get(each["order_id"]), each["updated_at"]) for each in sweep.examples
    }


def _as_new(known: _Known | None, updated_at: str) -> bool:
    seen = known.updated_at if known else None
    return seen is not None and seen >= datetime.fromisoformat(updated_at)


def _begin(keys: Sequence[tuple[int, int]], at: datetime, actor: str) -> None:
    for shop_id, connection_id in keys:
        execute(
            _BEGIN_AFTER_LAST,
            shop=shop_id,
            connection=connection_id,
            overlap=OVERLAP,
            until=at - IN_FLIGHT,
            actor=actor,
        )


def _page(client: Client, sweep: Sweep) -> Page:
    cursor = sweep.cursor or None
    if sweep.kind == Sweep.Kind.HISTORY:
        return client.orders_placed(sweep.since, cursor)
    return client.orders_changed(sweep.since or sweep.until, cursor)


def _take(sweep: Sweep, page: Page) -> None:
    """Put what is news into the inbox, count, and remember where to go on."""
    told = [(each, _read(sweep.connection, each)) for each in page.orders]
    known = _known(sweep.connection, [order.id for _, order in told if order])
    counts: Counter[str] = Counter()
    examples: list[dict[str, str]] = []
    with transaction.atomic():
        for each, order in told:
            what = _compared(known.get(order.id), order) if order else "missed"
            counts[what] += 1
            if what == "same":
                continue
            take_in(sweep.connection, each.topic, [each.body], "poll")
            if order:
                examples.append(_example(order, what))
        done = page.cursor is None
        execute(
            _COUNT,
            shop=sweep.shop_id,
            id=sweep.pk,
            seen=len(told),
            **{what: counts[what] for what in ("missed", "late", "differing", "same")},
            rows=[{"examples": examples[: max(0, MOST_EXAMPLES - len(sweep.examples))]}],
            cursor=page.cursor or "",
            total=page.total,
            state=Sweep.State.DONE if done else Sweep.State.RUNNING,
            done=done,
        )
    if len(told) > counts["same"]:
        ringer.soon()


def _read(connection: Connection, each: Fetched) -> OrderSnapshot | None:
    """The order that a body tells of; None where it cannot be read: the inbox will say why."""
    try:
        facts = PLATFORMS[connection.platform].parse(each.topic, each.body)
    except NeedsFetch as need:
        facts = need.facts
    except (Unreadable, Ignored):
        return None
    return next((fact for fact in facts if isinstance(fact, OrderSnapshot)), None)


def _compared(known: _Known | None, order: OrderSnapshot) -> str:
    if known is None or known.updated_at is None:
        return "missed"
    if known.updated_at < order.updated_at:
        return "late"
    told = (order.status.value, order.total, order.cancelled_at is not None)
    ours = (known.status, known.total, known.cancelled)
    return "differing" if known.updated_at == order.updated_at and ours != told else "same"


def _example(order: OrderSnapshot, what: str) -> dict[str, str]:
    return {
        "order_id": order.id,
        "number": order.number or order.id,
        "what": what,
        "updated_at": order.updated_at.isoformat(),
    }


def _known(connection: Connection, ids: Sequence[str]) -> dict[str, _Known]:
    rows = execute(_KNOWN, shop=connection.shop_id, connection=connection.pk, ids=list(ids))
    return {row[0]: _Known(*row[1:]) for row in rows}


def _waiting(connection: Connection) -> int:
    sql = """
        SELECT count(*) FROM (
            SELECT FROM orders_delivery WHERE shop_id = %(shop)s AND connection_id = %(connection)s
                AND state = 'new' LIMIT %(most)s
        ) AS waiting
    """
    found = execute(sql, shop=connection.shop_id, connection=connection.pk, most=ENOUGH_WAITING)
    return int(found[0][0])


def _later(sweep: Sweep, wait: timedelta, reason: str, *, counted: bool) -> None:
    if counted and sweep.attempts + 1 >= MAX_ATTEMPTS:
        _end(sweep, Sweep.State.FAILED, reason)
        return
    with scope(shop=sweep.shop_id):
        Sweep.objects.filter(shop_id=sweep.shop_id, pk=sweep.pk).update(
            due_at=now() + wait, attempts=sweep.attempts + counted, error=reason[:500]
        )


def _end(sweep: Sweep, state: Sweep.State, reason: str) -> None:
    log.warning("sweep ended", sweep_id=sweep.pk, state=str(state))
    with scope(shop=sweep.shop_id):
        Sweep.objects.filter(shop_id=sweep.shop_id, pk=sweep.pk).update(
            state=state, error=reason[:500], finished_at=now()
        )


_DUE = """
    SELECT c.shop_id, c.id FROM shops_connection c
    JOIN shops_storeaccess a ON a.shop_id = c.shop_id AND a.connection_id = c.id AND a.state = 'active'
    WHERE c.active AND NOT EXISTS (
        SELECT FROM orders_sweep s
        WHERE s.shop_id = c.shop_id AND s.connection_id = c.id AND s.kind = %(kind)s
            AND (s.state IN ('queued', 'running') OR s.created_at > %(before)s)
    )
    ORDER BY c.id
"""
_BEGIN = """
    INSERT INTO orders_sweep (shop_id, connection_id, kind, since, until, requested_by)
    VALUES (%(shop)s, %(connection)s, %(kind)s, %(since)s, %(until)s, %(actor)s)
    ON CONFLICT DO NOTHING
"""
# The first look goes back to when the store was connected; one that failed is made good by the next.
_BEGIN_AFTER_LAST = """
    INSERT INTO orders_sweep (shop_id, connection_id, kind, since, until, requested_by)
    SELECT c.shop_id, c.id, 'reconcile', coalesce((
        SELECT max(s.until) FROM orders_sweep s
        WHERE s.shop_id = c.shop_id AND s.connection_id = c.id AND s.kind = 'reconcile' AND s.state = 'done'
    ), c.created_at) - %(overlap)s, %(until)s, %(actor)s
    FROM shops_connection c WHERE c.shop_id = %(shop)s AND c.id = %(connection)s
    ON CONFLICT DO NOTHING
"""
_CLAIM = """
    UPDATE orders_sweep s SET due_at = statement_timestamp() + %(lease)s, state = 'running'
    FROM (
        SELECT shop_id, id FROM orders_sweep
        WHERE state IN ('queued', 'running') AND due_at <= statement_timestamp()
        ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
    ) AS due
    WHERE s.shop_id = due.shop_id AND s.id = due.id
    RETURNING s.shop_id, s.id, s.attempts
"""
_COUNT = """
    UPDATE orders_sweep SET seen = seen + %(seen)s, missed = missed + %(missed)s, late = late + %(late)s,
        differing = differing + %(differing)s, same = same + %(same)s, cursor = %(cursor)s,
        examples = examples || (%(rows)s::jsonb -> 0 -> 'examples'), total = coalesce(%(total)s, total),
        state = %(state)s, attempts = 0, error = '', due_at = statement_timestamp(),
        finished_at = CASE WHEN %(done)s THEN statement_timestamp() END
    WHERE shop_id = %(shop)s AND id = %(id)s
"""
_KNOWN = """
    SELECT o.external_id, o.platform_updated_at, o.status, o.total, o.cancelled_at IS NOT NULL FROM orders_order o
    WHERE o.shop_id = %(shop)s AND o.connection_id = %(connection)s AND o.external_id = ANY(%(ids)s)
"""
