"""`GET /storefront/v1/me`: the shopper's points. The busiest read of all; one statement by index."""

import threading
from typing import Any

import psycopg2
from django.db import connection as database
from django.http import HttpRequest, HttpResponse

from storefront_api.storefront.road import identified, reply, road

_PREPARE = """
    PREPARE storefront_me (bigint, bigint, text) AS
    SELECT a.balance, a.pending, a.lifetime_earned, c.first_name
    FROM shops_customer c LEFT JOIN loyalty_account a ON a.shop_id = c.shop_id AND a.customer_id = c.id
    WHERE c.shop_id = $1 AND c.connection_id = $2 AND c.external_id = $3
"""
_EXECUTE = "EXECUTE storefront_me (%s, %s, %s)"

_thread = threading.local()


@road
def me(request: HttpRequest) -> HttpResponse:
    """`{balance, pending, lifetime_earned, tier, name}`; zeros for a customer who is not known yet."""
    shopper = identified(request)
    connection = shopper.connection
    row = _row(connection.shop_id, connection.id, shopper.external_id) or (0, 0, 0, "")
    balance, pending, earned, name = row
    content = {
        "balance": balance or 0,
        "pending": pending or 0,
        "lifetime_earned": earned or 0,
        "tier": None,
        "name": name or None,
    }
    return reply(request, content, shopper.shop.origins, "private, no-cache", "Origin, Authorization")


def _row(*arguments: Any) -> tuple[Any, ...] | None:
    try:
        return _ask(arguments)
    except (psycopg2.DatabaseError, psycopg2.InterfaceError):
        # The server restarted, or a pooler gave this thread another session: a read may be asked again.
        _thread.prepared = None
        database.close()
        return _ask(arguments)


def _ask(arguments: tuple[Any, ...]) -> tuple[Any, ...] | None:
    """By psycopg2 itself: Django's cursor costs more than the statement."""
    database.ensure_connection()
    session = database.connection
    with session.cursor() as cursor:
        if getattr(_thread, "prepared", None) is not session:
            cursor.execute(_PREPARE)
            _thread.prepared = session
        cursor.execute(_EXECUTE, arguments)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row
