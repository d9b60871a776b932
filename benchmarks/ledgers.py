"""Large ledgers, made in SQL from one order that went through the pipeline. `ledger verify` finds nothing wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection as django_connection

from benchmarks import bodies, places
from benchmarks.bodies import FIRST_CUSTOMER, FIRST_ORDER, PLACED
from benchmarks.inbox import fill
from benchmarks.places import Store
from orders.inbox import apply_due

MORE_ENTRIES_EACH = 20
_TABLES = (
    "shops_customer",
    "loyalty_account",
    "orders_order",
    "loyalty_award",
    "loyalty_entry",
    "loyalty_lot",
)


def generate(database: str, store: Store, members: int, orders: int, more_entries: int) -> None:
    """Fill a fresh copy of the template database.

    `orders` (a multiple of `members`) are spread over the members in turn, each with award, entry and lot. Other
    accounts have `more_entries` between them: a point taken from nothing, a point given back, in turn, which
    needs no lots. Bodies of deliveries are not made.
    """
    fill(database, ((store, one) for one in bodies.orders(store, 1, first=0, customers=members)))
    django_connection.close()
    django_connection.settings_dict["NAME"] = database
    try:
        apply_due()
    finally:
        django_connection.close()
    more_members = more_entries // MORE_ENTRIES_EACH
    with places.session(database) as cursor:
        # The rows name each other correctly; checking millions of keys would only take minutes.
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        values = _first_ids(cursor) | {
            "members": members,
            "more": more_members,
            "orders": orders,
            "rounds": orders // members,
            "each": MORE_ENTRIES_EACH,
            "customer": FIRST_CUSTOMER,
            "order": FIRST_ORDER,
            "start": PLACED,
        }
        for statement in (_CUSTOMERS, _ACCOUNTS, _FIRST_ACCOUNT, _ORDERS, _AWARDS, _LOTS):
            cursor.execute(statement, values)
        with _without_unique_keys(cursor):
            for statement in (_ENTRIES, _MORE_ENTRIES):
                cursor.execute(statement, values)
        for table in _TABLES:
            cursor.execute(f"SELECT setval('{table}_id_seq', max(id)) FROM {table}")
        cursor.execute("VACUUM ANALYZE")


@contextmanager
def _without_unique_keys(cursor: Any) -> Iterator[None]:
    """Millions of entries first and their unique keys afterwards take half the time."""
    cursor.execute(
        """SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid = 'loyalty_entry'::regclass AND contype = 'u'"""
    )
    keys = cursor.fetchall()
    for name, _ in keys:
        cursor.execute(f"ALTER TABLE loyalty_entry DROP CONSTRAINT {name}")
    yield
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for name, definition in keys:
        cursor.execute(f"ALTER TABLE loyalty_entry ADD CONSTRAINT {name} {definition}")


def _first_ids(cursor: Any) -> dict[str, Any]:
    """The ids of the rows of the one order that was applied."""
    cursor.execute(
        """SELECT o.customer_id, e.account_id, o.id, w.id, e.id, l.id
        FROM orders_order o, loyalty_award w, loyalty_entry e, loyalty_lot l"""
    )
    found = cursor.fetchall()
    if len(found) != 1:
        raise RuntimeError("the order to be copied was not applied")
    return dict(zip(("c0", "a0", "o0", "w0", "e0", "l0"), found[0], strict=True))


# n is the number of a member or an order; number 0 is the one that is copied.
_CUSTOMERS = """
    INSERT INTO shops_customer (id, shop_id, connection_id, external_id, email, email_verified, first_name,
        last_name, tags, as_of)
    SELECT c.id + n, c.shop_id, c.connection_id, (%(customer)s + n)::text,
        'm' || (%(customer)s + n) || '@example.com', true, c.first_name, c.last_name, c.tags, c.as_of
    FROM shops_customer c, generate_series(1, %(members)s + %(more)s - 1) n
"""
_ACCOUNTS = """
    INSERT INTO loyalty_account (id, shop_id, customer_id, balance, lifetime_earned, seq)
    SELECT a.id + n, a.shop_id, %(c0)s + n,
        CASE WHEN n < %(members)s THEN a.balance * %(rounds)s ELSE 0 END,
        CASE WHEN n < %(members)s THEN a.balance * %(rounds)s ELSE 0 END,
        CASE WHEN n < %(members)s THEN %(rounds)s ELSE %(each)s END
    FROM loyalty_account a, generate_series(1, %(members)s + %(more)s - 1) n
"""
_FIRST_ACCOUNT = """
    UPDATE loyalty_account SET balance = balance * %(rounds)s, lifetime_earned = balance * %(rounds)s,
        seq = %(rounds)s WHERE id = %(a0)s
"""
_ORDERS = """
    INSERT INTO orders_order (id, shop_id, connection_id, external_id, customer_id, number, email, currency, status,
        placed_at, platform_updated_at, digest, paid_at, deleted, test, channel, shipping_net, shipping_tax, total,
        lines, refunds, discount_codes, held)
    SELECT o.id + n, o.shop_id, o.connection_id, (%(order)s + n)::text, %(c0)s + n %% %(members)s,
        '#' || (%(order)s + n), 'm' || (%(customer)s + n %% %(members)s) || '@example.com', o.currency, o.status,
        %(start)s + n * interval '1 second', %(start)s + n * interval '1 second', o.digest,
        CASE WHEN o.paid_at IS NOT NULL THEN %(start)s + n * interval '1 second' END, false, false, o.channel,
        o.shipping_net, o.shipping_tax, o.total, o.lines, o.refunds, o.discount_codes, o.held
    FROM orders_order o, generate_series(1, %(orders)s - 1) n
"""
_AWARDS = """
    INSERT INTO loyalty_award (id, shop_id, account_id, source, program_version_id, target, posted, postings,
        breakdown)
    SELECT w.id + n, w.shop_id, %(a0)s + n %% %(members)s, 'order:' || (%(o0)s + n), w.program_version_id, w.target,
        w.posted, w.postings, w.breakdown
    FROM loyalty_award w, generate_series(1, %(orders)s - 1) n
"""
_COLUMNS = """shop_id, id, account_id, seq, kind, pending_delta, available_delta, balance_after, award_id, revision,
    reverses_id, reference, reason, actor, occurred_at"""
_ENTRIES = f"""
    INSERT INTO loyalty_entry ({_COLUMNS}, seal)
    SELECT {_COLUMNS}, loyalty_entry_seal({_COLUMNS}) FROM (
        SELECT e.shop_id, e.id + n AS id, %(a0)s + n %% %(members)s AS account_id,
            (n / %(members)s + 1)::int AS seq, e.kind, e.pending_delta, e.available_delta,
            e.available_delta * (n / %(members)s + 1) AS balance_after, e.award_id + n AS award_id, e.revision,
            e.reverses_id, 'order:' || (%(o0)s + n) || '/0' AS reference, e.reason, e.actor,
            %(start)s + n * interval '1 second' AS occurred_at
        FROM loyalty_entry e, generate_series(1, %(orders)s - 1) n
    ) made
"""
_LOTS = """
    INSERT INTO loyalty_lot (shop_id, id, account_id, entry_id, points, remaining, earned_at, available_at)
    SELECT l.shop_id, l.id + n, %(a0)s + n %% %(members)s, %(e0)s + n, l.points, l.points,
        %(start)s + n * interval '1 second', %(start)s + n * interval '1 second'
    FROM loyalty_lot l, generate_series(1, %(orders)s - 1) n
"""
_MORE_ENTRIES = f"""
    INSERT INTO loyalty_entry ({_COLUMNS}, seal)
    SELECT {_COLUMNS}, loyalty_entry_seal({_COLUMNS}) FROM (
        SELECT e.shop_id, %(e0)s + %(orders)s + n AS id, %(a0)s + %(members)s + n %% %(more)s AS account_id,
            (n / %(more)s + 1)::int AS seq, 'adjust' AS kind, 0::bigint AS pending_delta,
            (CASE WHEN n / %(more)s %% 2 = 0 THEN -1 ELSE 1 END)::bigint AS available_delta,
            (CASE WHEN n / %(more)s %% 2 = 0 THEN -1 ELSE 0 END)::bigint AS balance_after,
            NULL::bigint AS award_id, NULL::smallint AS revision, NULL::bigint AS reverses_id,
            'adjust:' || n AS reference, 'there and back' AS reason, 'benchmark' AS actor,
            %(start)s + n * interval '1 second' AS occurred_at
        FROM (SELECT * FROM loyalty_entry WHERE id = %(e0)s) e,
            generate_series(0, %(more)s::bigint * %(each)s - 1) n WHERE %(more)s > 0
    ) made
"""
