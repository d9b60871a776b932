"""Customers as the deliveries tell of them, in set-wise SQL."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from lib.rows import execute
from platforms.snapshots import CustomerSnapshot

CustomerKey = tuple[int, int, str]  # (shop id, connection id, the platform's id)
EmailKey = tuple[int, int, str]  # (shop id, connection id, lower-cased e-mail)

EMAIL_LOCK_KIND = 0x656D  # apart from other advisory locks
EMAIL_LOCKS = 512


@dataclass(slots=True)
class Remembered:
    """`ids` of every customer told of; `verified`: the e-mails that became theirs, and verified, just now."""

    ids: dict[CustomerKey, int]
    verified: set[EmailKey]


def remember(told: Iterable[tuple[CustomerKey, CustomerSnapshot]], guests: Iterable[EmailKey]) -> Remembered:
    """Keep the newest of what was told of each customer.

    Takes a lock on each e-mail of `guests` and on each newly verified one until the transaction ends: a guest's
    order and the registration of that guest, applied side by side, would otherwise not see each other.
    """
    newest = _newest(told)
    known = _known(newest)
    changed = {key: new for key, new in newest.items() if key not in known or known[key][1] < _content(new)}
    verified = {
        (shop_id, connection_id, new.email.lower())
        for (shop_id, connection_id, external_id), new in changed.items()
        if new.email
        and new.email_verified
        and _email(known.get((shop_id, connection_id, external_id))) != new.email.lower()
    }
    _lock_emails(verified | set(guests))
    ids = {key: row[0] for key, row in known.items()}
    if changed:
        rows = [_row(key, changed[key]) for key in sorted(changed)]
        ids |= {(row[0], row[1], row[2]): row[3] for row in execute(_UPSERT, rows)}
        missing = changed.keys() - ids.keys()  # a newer state came from another transaction meanwhile
        if missing:
            ids |= {key: row[0] for key, row in _known({key: changed[key] for key in missing}).items()}
    return Remembered(ids, verified)


def registered(emails: Iterable[EmailKey]) -> dict[EmailKey, int]:
    """The id of the customer who owns each verified e-mail."""
    rows = [{"shop_id": s, "connection_id": c, "email": e} for s, c, e in sorted(set(emails))]
    found = execute(_BY_EMAIL, rows) if rows else []
    return {(row[0], row[1], row[2]): row[3] for row in found if row[3] is not None}


def _newest(told: Iterable[tuple[CustomerKey, CustomerSnapshot]]) -> dict[CustomerKey, CustomerSnapshot]:
    newest: dict[CustomerKey, CustomerSnapshot] = {}
    for key, new in told:
        old = newest.get(key)
        if old is None or _content(old) < _content(new):
            newest[key] = new
    return newest


def _content(told: CustomerSnapshot) -> tuple[Any, ...]:
    return told.as_of, told.email_verified, told.email, told.first_name, told.last_name, list(told.tags)


def _email(known: tuple[int, tuple[Any, ...]] | None) -> str | None:
    """The verified e-mail of a customer that is known."""
    return str(known[1][2]).lower() if known and known[1][1] else None


def _known(keys: Iterable[CustomerKey]) -> dict[CustomerKey, tuple[int, tuple[Any, ...]]]:
    rows = [{"shop_id": s, "connection_id": c, "external_id": e} for s, c, e in keys]
    if not rows:
        return {}
    return {(row[0], row[1], row[2]): (row[3], row[4:]) for row in execute(_KNOWN, rows)}


def _lock_emails(emails: set[EmailKey]) -> None:
    """By one of a fixed number of locks each: PostgreSQL has room for so many and no more."""
    if emails:
        buckets = sorted(
            {
                crc32(f"{shop}/{connection}/{email}".encode()) % EMAIL_LOCKS
                for shop, connection, email in emails
            }
        )
        sql = "SELECT pg_advisory_xact_lock(%(kind)s, n) FROM unnest(%(buckets)s) AS n"
        execute(sql, kind=EMAIL_LOCK_KIND, buckets=buckets)


def _row(key: CustomerKey, told: CustomerSnapshot) -> dict[str, Any]:
    return {
        "shop_id": key[0],
        "connection_id": key[1],
        "external_id": key[2],
        "as_of": told.as_of,
        "email": told.email,
        "email_verified": told.email_verified,
        "first_name": told.first_name,
        "last_name": told.last_name,
        "tags": told.tags,
    }


_KNOWN = """
    SELECT c.shop_id, c.connection_id, c.external_id, c.id,
        c.as_of, c.email_verified, c.email, c.first_name, c.last_name, c.tags
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, connection_id bigint, external_id text)
    JOIN shops_customer c USING (shop_id, connection_id, external_id)
"""
_UPSERT = """
    INSERT INTO shops_customer AS c
        (shop_id, connection_id, external_id, as_of, email, email_verified, first_name, last_name, tags)
    SELECT r.shop_id, r.connection_id, r.external_id, r.as_of, r.email, r.email_verified, r.first_name, r.last_name,
        r.tags
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, connection_id bigint, external_id text,
        as_of timestamptz, email text, email_verified boolean, first_name text, last_name text, tags text[])
    ON CONFLICT (shop_id, connection_id, external_id) DO UPDATE SET as_of = excluded.as_of, email = excluded.email,
        email_verified = excluded.email_verified, first_name = excluded.first_name,
        last_name = excluded.last_name, tags = excluded.tags
    WHERE c.as_of <= excluded.as_of
    RETURNING shop_id, connection_id, external_id, id
"""
_BY_EMAIL = """
    SELECT r.shop_id, r.connection_id, r.email, (
        SELECT c.id FROM shops_customer c
        WHERE c.shop_id = r.shop_id AND c.connection_id = r.connection_id AND lower(c.email) = r.email
            AND c.email_verified
        ORDER BY c.external_id LIMIT 1
    ) AS customer_id
    FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, connection_id bigint, email text)
"""
