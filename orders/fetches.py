"""What webhooks only named, noted to be fetched."""

from collections.abc import Collection

from lib.rows import execute
from orders.reading import FetchKey


def want(keys: Collection[FetchKey]) -> None:
    """Note what is to be fetched, inside the transaction of the deliveries that named it."""
    names = ("shop_id", "connection_id", "kind", "external_id")
    if keys:
        execute(_WANT, [dict(zip(names, key, strict=True)) for key in sorted(keys)])


_WANT = """
    INSERT INTO orders_fetch AS f (shop_id, connection_id, kind, external_id)
    SELECT * FROM json_to_recordset(%(rows)s)
        AS r(shop_id bigint, connection_id bigint, kind text, external_id text)
    ON CONFLICT (shop_id, connection_id, kind, external_id) DO UPDATE
    SET state = 'new', asked = f.asked + 1, attempts = 0, error = '', due_at = statement_timestamp()
"""
