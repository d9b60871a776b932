"""Beginning to go through a store's orders. The rows are the queue; `orders.sweeping` works on them."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.bell import sweep_ringer
from lib.clock import now
from lib.rows import execute
from orders.models import Sweep
from shops.models import Connection

INTERVAL = timedelta(minutes=10)
# Stores change an order's time a little before others can read it.
OVERLAP = timedelta(hours=1)
# A change whose webhook may still be on its way is left to the next look.
IN_FLIGHT = timedelta(minutes=2)
KEPT = timedelta(days=35)
# What a history begins with where its choice about points changes what orders of before are worth.
SETTLING = "settle:"


class StillRunning(Exception):
    """Past orders of this store are being imported already."""

    def __init__(self) -> None:
        super().__init__(gettext("Past orders of this store are being imported already."))


def start_history(connection: Connection, since: datetime | None, *, with_points: bool, actor: str) -> Sweep:
    """Import the orders placed since `since` (None: all), in the background. Raises `StillRunning`.

    Without points, orders placed before the store was connected count for tiers and earn nothing, also those that
    are known already; with points every order earns.
    """
    with transaction.atomic(), scope(shop=connection.shop_id):
        found = Connection.objects.select_for_update(no_key=True)
        kept = found.get(shop_id=connection.shop_id, pk=connection.pk)
        points_from = None if with_points else kept.points_from or kept.created_at
        begun = execute(
            _BEGIN,
            shop=kept.shop_id,
            connection=kept.pk,
            since=since,
            until=now(),
            cursor=SETTLING if kept.points_from != points_from else "",
            actor=actor,
        )
        if not begun:
            raise StillRunning
        # With the row that settles what is there: neither is ever without the other.
        Connection.objects.filter(shop_id=kept.shop_id, pk=kept.pk).update(points_from=points_from)
        sweep: Sweep = Sweep.objects.get(shop_id=kept.shop_id, pk=begun[0][0])
    connection.points_from = points_from
    sweep_ringer.soon()
    return sweep


def resume(sweep: Sweep) -> None:
    """Go on with an import that failed, where it stopped. Raises `StillRunning`."""
    if not execute(_RESUME, shop=sweep.shop_id, id=sweep.pk):
        raise StillRunning
    sweep_ringer.soon()


def reconcile(connection: Connection, actor: str = "") -> None:
    """Look at once for orders that changed since the last look, up to this moment."""
    _begin_after_last(connection.shop_id, connection.pk, now(), actor)
    sweep_ringer.soon()


def begin_reconciliations(at: datetime | None = None) -> int:
    """Begin what is due: for every store that can be asked, so long after the last look; returns how many."""
    at = at or now()
    due = execute(_DUE, before=at - INTERVAL)
    for shop_id, connection_id in due:
        _begin_after_last(shop_id, connection_id, at - IN_FLIGHT, "")
        execute(_FORGET, shop=shop_id, connection=connection_id, before=at - KEPT)
    return len(due)


def _begin_after_last(shop_id: int, connection_id: int, until: datetime, actor: str) -> None:
    execute(
        _BEGIN_AFTER_LAST, shop=shop_id, connection=connection_id, overlap=OVERLAP, until=until, actor=actor
    )


_BEGIN = """
    INSERT INTO orders_sweep (shop_id, connection_id, kind, since, until, cursor, requested_by)
    VALUES (%(shop)s, %(connection)s, 'history', %(since)s, %(until)s, %(cursor)s, %(actor)s)
    ON CONFLICT DO NOTHING RETURNING id
"""
_RESUME = """
    UPDATE orders_sweep s SET state = 'queued', due_at = statement_timestamp(), attempts = 0, error = '',
        finished_at = NULL
    WHERE s.shop_id = %(shop)s AND s.id = %(id)s AND s.kind = 'history' AND s.state = 'failed' AND NOT EXISTS (
        SELECT FROM orders_sweep n
        WHERE n.shop_id = s.shop_id AND n.connection_id = s.connection_id AND n.kind = s.kind AND n.id > s.id
    )
    RETURNING s.id
"""
# Of each store only the newest row is read: one that is under way is always the newest.
_DUE = """
    SELECT c.shop_id, c.id FROM shops_connection c
    JOIN shops_storeaccess a ON a.shop_id = c.shop_id AND a.connection_id = c.id AND a.state = 'active'
    LEFT JOIN LATERAL (
        SELECT s.state, s.created_at FROM orders_sweep s
        WHERE s.shop_id = c.shop_id AND s.connection_id = c.id AND s.kind = 'reconcile'
        ORDER BY s.id DESC LIMIT 1
    ) AS last ON TRUE
    WHERE c.active
        AND (last.state IS NULL OR last.state IN ('done', 'failed') AND last.created_at <= %(before)s)
    ORDER BY c.id
"""
# The first look goes back to when the store was connected; one that failed is made good by the next.
_BEGIN_AFTER_LAST = """
    INSERT INTO orders_sweep (shop_id, connection_id, kind, since, until, requested_by)
    SELECT c.shop_id, c.id, 'reconcile', coalesce((
        SELECT s.until FROM orders_sweep s
        WHERE s.shop_id = c.shop_id AND s.connection_id = c.id AND s.kind = 'reconcile' AND s.state = 'done'
        ORDER BY s.id DESC LIMIT 1
    ), c.created_at) - %(overlap)s, %(until)s, %(actor)s
    FROM shops_connection c WHERE c.shop_id = %(shop)s AND c.id = %(connection)s
    ON CONFLICT DO NOTHING
"""
# A few of the oldest with every new one, but never the one that tells where the next look begins.
_FORGET = """
    DELETE FROM orders_sweep WHERE shop_id = %(shop)s AND created_at < %(before)s AND id IN (
        SELECT s.id FROM orders_sweep s
        WHERE s.shop_id = %(shop)s AND s.connection_id = %(connection)s AND s.kind = 'reconcile'
            AND s.state IN ('done', 'failed') AND s.id IS DISTINCT FROM (
                SELECT d.id FROM orders_sweep d
                WHERE d.shop_id = %(shop)s AND d.connection_id = %(connection)s AND d.kind = 'reconcile'
                    AND d.state = 'done'
                ORDER BY d.id DESC LIMIT 1
            )
        ORDER BY s.id LIMIT 10
    )
"""
