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
        _copy_members(cursor, values)
        _copy_orders(cursor, values)
        with _without_unique_keys(cursor):
            _copy_entries(cursor, values)
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


def _copy(cursor: Any, table: str, numbers: str, values: dict[str, Any], **columns: str) -> None:
    """Copy the one row of the first order for each `n` of `numbers`; `columns` says in SQL what differs.

    `id` is the first one's plus n, and an entry's seal is made anew, unless `columns` says otherwise.
    """
    cursor.execute(
        """SELECT array_agg(column_name::text ORDER BY ordinal_position) FROM information_schema.columns
        WHERE table_schema = 'public' AND table_name = %s""",
        [table],
    )
    names = cursor.fetchone()[0]
    columns = {"id": "t.id + n"} | columns
    made = ", ".join(f"{columns.get(name, f't.{name}')} AS {name}" for name in names)
    taken = {name: name for name in names}
    if "seal" in taken:
        cursor.execute("SELECT proargnames FROM pg_proc WHERE proname = 'loyalty_entry_seal'")
        taken["seal"] = f"loyalty_entry_seal({', '.join(cursor.fetchone()[0])})"
    cursor.execute(
        f"""INSERT INTO {table} ({", ".join(names)}) SELECT {", ".join(taken.values())}
        FROM (SELECT {made} FROM (SELECT * FROM {table} ORDER BY id LIMIT 1) t, {numbers} n) made""",
        values,
    )


# n is the number of a member or an order; number 0 is the one that is copied.
_MEMBERS = "generate_series(1, %(members)s + %(more)s - 1)"
_ORDERS = "generate_series(1, %(orders)s - 1)"
_MORE = "generate_series(0, %(more)s::bigint * %(each)s - 1)"
_BUYER = "n %% %(members)s"
_PLACED = "%(start)s + n * interval '1 second'"
_EMAIL = "'m' || (%(customer)s + {n}) || '@example.com'"
_EARNED = "CASE WHEN n < %(members)s THEN t.balance * %(rounds)s ELSE 0 END"
_FIRST_ACCOUNT = """
    UPDATE loyalty_account SET balance = balance * %(rounds)s, lifetime_earned = balance * %(rounds)s,
        seq = %(rounds)s WHERE id = %(a0)s
"""


def _copy_members(cursor: Any, values: dict[str, Any]) -> None:
    _copy(
        cursor,
        "shops_customer",
        _MEMBERS,
        values,
        external_id="(%(customer)s + n)::text",
        email=_EMAIL.format(n="n"),
    )
    _copy(
        cursor,
        "loyalty_account",
        _MEMBERS,
        values,
        customer_id="%(c0)s + n",
        balance=_EARNED,
        lifetime_earned=_EARNED,
        seq="CASE WHEN n < %(members)s THEN %(rounds)s ELSE %(each)s END",
    )
    cursor.execute(_FIRST_ACCOUNT, values)


def _copy_orders(cursor: Any, values: dict[str, Any]) -> None:
    _copy(
        cursor,
        "orders_order",
        _ORDERS,
        values,
        external_id="(%(order)s + n)::text",
        customer_id=f"%(c0)s + {_BUYER}",
        number="'#' || (%(order)s + n)",
        email=_EMAIL.format(n=_BUYER),
        placed_at=_PLACED,
        platform_updated_at=_PLACED,
        paid_at=f"CASE WHEN t.paid_at IS NOT NULL THEN {_PLACED} END",
    )
    account, source = f"%(a0)s + {_BUYER}", "'order:' || (%(o0)s + n)"
    _copy(cursor, "loyalty_award", _ORDERS, values, account_id=account, source=source)
    _copy(
        cursor,
        "loyalty_lot",
        _ORDERS,
        values,
        account_id=account,
        entry_id="%(e0)s + n",
        award_id="t.award_id + n",
        earned_at=_PLACED,
        available_at=_PLACED,
    )


def _copy_entries(cursor: Any, values: dict[str, Any]) -> None:
    _copy(
        cursor,
        "loyalty_entry",
        _ORDERS,
        values,
        account_id=f"%(a0)s + {_BUYER}",
        seq="(n / %(members)s + 1)::int",
        balance_after="t.available_delta * (n / %(members)s + 1)",
        award_id="t.award_id + n",
        reference="'order:' || (%(o0)s + n) || '/0'",
        occurred_at=_PLACED,
    )
    if values["more"]:
        _copy(
            cursor,
            "loyalty_entry",
            _MORE,
            values,
            id="%(e0)s + %(orders)s + n",
            account_id="%(a0)s + %(members)s + n %% %(more)s",
            seq="(n / %(more)s + 1)::int",
            kind="'adjust'",
            available_delta="(CASE WHEN n / %(more)s %% 2 = 0 THEN -1 ELSE 1 END)::bigint",
            balance_after="(CASE WHEN n / %(more)s %% 2 = 0 THEN -1 ELSE 0 END)::bigint",
            award_id="NULL::bigint",
            revision="NULL::smallint",
            reference="'adjust:' || n",
            reason="'there and back'",
            actor="'benchmark'",
            occurred_at=_PLACED,
        )
