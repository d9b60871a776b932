"""Forgetting a customer: who they are goes, what they did stays as figures.

Entries of the ledger cannot be changed: what a person wrote into the reason of an adjustment stays there.
"""

import re
from collections.abc import Sequence
from datetime import datetime

import msgspec

from lib.rows import execute
from orders.privacy.subjects import Subject
from orders.tags import listed

PLACE = "[erased]"


def forget(shop_id: int, subject: Subject, at: datetime) -> None:
    """Blank the customers and their orders and what was written about them; runs in the caller's transaction.

    What the store told before `at` is older than this, and brings nothing back.
    """
    customers, orders = subject.customers, subject.orders
    execute(_LOCK_CUSTOMERS, shop=shop_id, ids=customers)
    execute(_LOCK_ORDERS, shop=shop_id, ids=orders)
    marks = msgspec.json.encode(listed((), at)).decode()
    execute(_CUSTOMERS, shop=shop_id, ids=customers, at=at, marks=marks)
    execute(_ORDERS, shop=shop_id, ids=orders)
    emails = sorted(subject.words.emails)
    for statement in _FILES:
        execute(statement, shop=shop_id, customers=customers, emails=emails, place=PLACE)
    pattern = _pattern([*emails, *sorted(subject.names)])
    if pattern:
        for table, columns, owner in _TEXTS:
            execute(_scrub(table, columns, owner), shop=shop_id, ids=customers, pattern=pattern, place=PLACE)
    _forget_exports(shop_id, subject)


def next_customers(shop_id: int, connection_id: int, after: int, limit: int) -> list[tuple[int, str]]:
    """The next customers of a store beyond the id `after`: (id, the store's id)."""
    rows = execute(_NEXT, shop=shop_id, connection=connection_id, after=after, limit=limit)
    return [(row[0], row[1]) for row in rows]


def _forget_exports(shop_id: int, subject: Subject) -> None:
    """What was written down for them to have is given by now, or was asked for by nobody else."""
    execute(
        _EXPORTS,
        shop=shop_id,
        customer_ids=sorted(subject.words.customer_ids),
        emails=sorted(subject.words.emails),
    )


def _pattern(words: Sequence[str]) -> str:
    """A regular expression of PostgreSQL for any of these texts; the longest first."""
    return "|".join(re.sub(r"([^\w@ -])", r"\\\1", word) for word in sorted(words, key=len, reverse=True))


def _scrub(table: str, columns: Sequence[str], owner: str) -> str:
    """Columns named with ::jsonb hold JSON, in which only texts can match."""
    named = [column.partition("::") for column in columns]
    changes = ", ".join(
        f"{name} = regexp_replace({name}::text, %(pattern)s, %(place)s, 'gi')::{kind or 'text'}"
        for name, _, kind in named
    )
    found = " OR ".join(f"{name}::text ~* %(pattern)s" for name, _, _ in named)
    return f"UPDATE {table} t SET {changes} WHERE t.shop_id = %(shop)s AND ({found}) AND {owner}"


_ACCOUNTS = "(SELECT a.id FROM loyalty_account a WHERE a.shop_id = %(shop)s AND a.customer_id = ANY(%(ids)s))"
_OF_ACCOUNT = f"t.account_id IN {_ACCOUNTS}"
_OF_REDEMPTION = f"""t.redemption_id IN (
    SELECT r.id FROM rewards_redemption r WHERE r.shop_id = %(shop)s AND r.account_id IN {_ACCOUNTS})"""
# In the order in which rows are locked everywhere.
_TEXTS = (
    ("rewards_redemption", ("error", "actor"), _OF_ACCOUNT),
    ("rewards_redemptionstep", ("detail", "answer", "actor"), _OF_REDEMPTION),
    ("loyalty_tierpin", ("reason",), _OF_ACCOUNT),
    ("loyalty_activity", ("properties::jsonb",), _OF_ACCOUNT),
    ("loyalty_account", ("frozen_reason",), f"t.id IN {_ACCOUNTS}"),
    ("loyalty_batchrow", ("reason", "problem", "note"), "t.customer_id = ANY(%(ids)s)"),
)
_LOCK_CUSTOMERS = """
    SELECT id FROM shops_customer WHERE shop_id = %(shop)s AND id = ANY(%(ids)s) ORDER BY id FOR UPDATE
"""
_LOCK_ORDERS = """
    SELECT id FROM orders_order WHERE shop_id = %(shop)s AND id = ANY(%(ids)s) ORDER BY id FOR NO KEY UPDATE
"""
_CUSTOMERS = """
    UPDATE shops_customer SET email = '', email_verified = FALSE, first_name = '', last_name = '', tags = '{}',
        tag_marks = %(marks)s, birth_month = NULL, birth_day = NULL, subscribed = FALSE, subscribed_at = %(at)s,
        as_of = greatest(as_of, %(at)s)
    WHERE shop_id = %(shop)s AND id = ANY(%(ids)s)
"""
_ORDERS = "UPDATE orders_order SET email = '' WHERE shop_id = %(shop)s AND id = ANY(%(ids)s) AND email <> ''"
# A row that waited for somebody of this e-mail can find nobody any more.
_FILES = (
    """
    UPDATE loyalty_batchrow SET state = 'failed', problem = %(place)s
    WHERE shop_id = %(shop)s AND state = 'unclaimed' AND lower(email) = ANY(%(emails)s)
    """,
    """
    UPDATE loyalty_batchrow SET email = '', birth_month = NULL, birth_day = NULL
    WHERE shop_id = %(shop)s AND (customer_id = ANY(%(customers)s)
        OR (email <> '' AND lower(email) = ANY(%(emails)s)))
    """,
)
_EXPORTS = """
    UPDATE shops_privacyrequest SET export = NULL, subject = subject - 'email'
    WHERE shop_id = %(shop)s AND kind = 'export' AND state = 'done'
        AND (subject ->> 'customer_id' = ANY(%(customer_ids)s) OR lower(subject ->> 'email') = ANY(%(emails)s))
"""
_NEXT = """
    SELECT id, external_id FROM shops_customer
    WHERE shop_id = %(shop)s AND connection_id = %(connection)s AND id > %(after)s ORDER BY id LIMIT %(limit)s
"""
