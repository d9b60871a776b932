"""What webhooks only named, noted to be fetched."""

from collections.abc import Collection

from lib.bell import fetch_ringer
from lib.rows import execute
from orders.reading import FetchKey
from shops.models import Connection


def want(keys: Collection[FetchKey]) -> None:
    """Note what is to be fetched, inside the transaction of the deliveries that named it."""
    names = ("shop_id", "connection_id", "kind", "external_id")
    if keys:
        execute(_WANT, [dict(zip(names, key, strict=True)) for key in sorted(keys)])


def try_again(connection: Connection, fetch_ids: Collection[int] = ()) -> int:
    """Fetch at once what was given up, all of it or these ids; returns how many."""
    found = execute(
        _TRY_AGAIN, shop=connection.shop_id, connection=connection.pk, ids=list(fetch_ids) or None
    )
    if found:
        fetch_ringer.soon()
    return len(found)


_WANT = """
    INSERT INTO orders_fetch AS f (shop_id, connection_id, kind, external_id)
    SELECT * FROM json_to_recordset(%(rows)s)
        AS r(shop_id bigint, connection_id bigint, kind text, external_id text)
    ON CONFLICT (shop_id, connection_id, kind, external_id) DO UPDATE
    SET state = 'new', asked = f.asked + 1, attempts = 0, error = '', due_at = statement_timestamp()
"""
_TRY_AGAIN = """
    UPDATE orders_fetch SET state = 'new', attempts = 0, error = '', due_at = statement_timestamp()
    WHERE shop_id = %(shop)s AND connection_id = %(connection)s AND state = 'dead'
        AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]))
    RETURNING id
"""
