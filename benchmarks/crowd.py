"""A shop with very many members on the last night of a year, made in SQL. `ledger verify` finds nothing wrong.

Rows of one time lie side by side as in a shop that has grown, so what is due in a night concerns members from
everywhere. Each member has a tier, one award of ten lots, and progress in the year; one in ten has points on hold.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from benchmarks import places, shops
from benchmarks.places import Store
from loyalty.documents import (
    Expiry,
    PerCurrency,
    ProgramDocument,
    Tier,
    Tiers,
)

# Midnight in Berlin: the year 2026 is over.
NIGHT = datetime(2026, 12, 31, 23, tzinfo=UTC)
LOTS_EACH = 10
PROGRESS_EACH = 4
# One member in so many has a lot that expires, or an award that is released, that night.
EXPIRING_ONE_IN = 5
ON_HOLD_ONE_IN = 10
# Spreads neighbours over all members; has no factor in common with any round number of them.
STRIDE = 7_919
_TABLES = (
    "shops_customer",
    "loyalty_account",
    "loyalty_award",
    "loyalty_entry",
    "loyalty_lot",
    "loyalty_progress",
    "loyalty_standing",
    "loyalty_tierspan",
)


@dataclass(frozen=True, slots=True)
class Crowd:
    """How many there are, and how many are due that night."""

    members: int
    lots: int
    expiring: int
    on_hold: int


def document() -> ProgramDocument:
    """Five tiers by the spending of a calendar year, and points that expire by lot."""
    names = ("Bronze", "Silver", "Gold", "Platinum", "Diamond")
    thresholds = (100, 500, 1000, 2000, 4000)
    levels = tuple(
        Tier(key=name.lower(), name=name, threshold=Decimal(threshold))
        for name, threshold in zip(names, thresholds, strict=True)
    )
    return ProgramDocument(
        currency="EUR",
        rules=(PerCurrency(key="spend", name="Spending", points=Decimal(1), per=Decimal(1)),),
        tiers=Tiers(window="calendar_year", term="calendar_year", levels=levels),
        expiry=Expiry(mode="per_lot", months=12),
        hold_days=14,
    )


def generate(database: str, store: Store, members: int) -> Crowd:
    """Fill a fresh copy of the template database."""
    (opened,) = shops.open_many(database, store, 1, document(), NIGHT - timedelta(days=1000))
    values = {
        "members": members,
        "lots": LOTS_EACH,
        "steps": PROGRESS_EACH,
        "held": members // ON_HOLD_ONE_IN,
        "expiring": members // EXPIRING_ONE_IN,
        "stride": STRIDE,
        "night": NIGHT,
        "shop": opened.shop_id,
        "connection": opened.connection_id,
    }
    with places.session(database) as cursor:
        # The rows name each other correctly; checking millions of keys would only take minutes.
        cursor.execute("SET session_replication_role = replica; SET synchronous_commit = off")
        cursor.execute("SET maintenance_work_mem = '512MB'")
        with _without_indexes(cursor, _TABLES):
            for statement in _ROWS:
                cursor.execute(statement, values)
        for table in _TABLES:
            cursor.execute(f"SELECT setval('{table}_id_seq', max(id)) FROM {table}")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    return Crowd(members, members * LOTS_EACH, members // EXPIRING_ONE_IN, members // ON_HOLD_ONE_IN)


@contextmanager
def _without_indexes(cursor: Any, tables: Sequence[str]) -> Iterator[None]:
    """Rows first and their indexes afterwards take half the time; primary keys stay, others refer to them."""
    cursor.execute(_UNIQUE, [list(tables)])
    unique = cursor.fetchall()
    for table, name, _ in unique:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    cursor.execute(_INDEXES, [list(tables)])
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for table, name, definition in unique:
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for _, definition in indexes:
        cursor.execute(definition)


_UNIQUE = """
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid::regclass::text = ANY(%s) AND contype = 'u'
"""
_INDEXES = """
    SELECT i.indexname, i.indexdef FROM pg_indexes i
    WHERE i.tablename = ANY(%s) AND NOT EXISTS (
        SELECT FROM pg_constraint c WHERE c.conindid = quote_ident(i.indexname)::regclass
    )
"""
# n is the number of a row, m that of the member it belongs to; ids begin with 1.
_SPREAD = "(n * %(stride)s::bigint) %% %(members)s"
_ROWS = (
    """
    INSERT INTO shops_customer (shop_id, connection_id, id, external_id, email, email_verified, first_name,
        last_name, tags, as_of, joined_at)
    SELECT %(shop)s, %(connection)s, n + 1, (7000000000000 + n)::text, 'm' || n || '@example.com', true,
        'Mara', 'Lindqvist', '{}', %(night)s - interval '2 years', %(night)s - interval '2 years'
    FROM generate_series(0, %(members)s - 1) n
    """,
    """
    INSERT INTO loyalty_account (shop_id, id, customer_id, balance, pending, lifetime_earned, seq, active_at)
    SELECT %(shop)s, n + 1, n + 1, 1000, 0, 1000, 1, %(night)s - interval '100 days'
    FROM generate_series(0, %(members)s - 1) n
    """,
    """
    INSERT INTO loyalty_award (shop_id, id, account_id, source, program_version_id, target, posted, postings, breakdown)
    SELECT %(shop)s, n + 1, n + 1, 'order:' || n, v.id, 1000, 1000, 1, '{"v": 1, "target": 1000}'
    FROM generate_series(0, %(members)s - 1) n, loyalty_programversion v WHERE v.shop_id = %(shop)s
    """,
    f"""
    INSERT INTO loyalty_award (shop_id, id, account_id, source, program_version_id, target, posted, pending, postings,
        release_at, expires_at, breakdown)
    SELECT %(shop)s, %(members)s + n + 1, {_SPREAD} + 1, 'order:' || %(members)s + n, v.id, 50, 50, 50, 1,
        %(night)s - n %% 86400 * interval '1 second', %(night)s + interval '1 year', '{{"v": 1, "target": 50}}'
    FROM generate_series(0, %(held)s - 1) n, loyalty_programversion v WHERE v.shop_id = %(shop)s
    """,
    """
    UPDATE loyalty_account a SET pending = 50, lifetime_earned = 1050, seq = 2
    FROM loyalty_award w WHERE w.shop_id = a.shop_id AND w.account_id = a.id AND w.id > %(members)s
    """,
    """
    INSERT INTO loyalty_entry (shop_id, id, account_id, seq, kind, pending_delta, available_delta, balance_after,
        award_id, revision, reference, occurred_at, reason, actor, seal)
    SELECT e.*, '', '', loyalty_entry_seal(e.shop_id, e.id, e.account_id, e.seq, e.kind, e.pending, e.available,
        e.balance_after, e.award_id, e.revision, NULL, e.reference, '', '', e.occurred_at)
    FROM (
        SELECT w.shop_id, w.id, w.account_id, CASE WHEN w.pending > 0 THEN 2 ELSE 1 END AS seq, 'earn'::text AS kind,
            w.pending, w.posted - w.pending AS available, 1000::bigint AS balance_after, w.id AS award_id,
            0::smallint AS revision, 'award:' || w.id || '/0' AS reference,
            coalesce(w.release_at - interval '14 days', %(night)s - interval '100 days') AS occurred_at
        FROM loyalty_award w WHERE w.shop_id = %(shop)s ORDER BY w.id
    ) e
    """,
    f"""
    INSERT INTO loyalty_lot (shop_id, id, account_id, entry_id, award_id, points, remaining, earned_at, available_at,
        expires_at)
    SELECT %(shop)s, n + 1, m + 1, m + 1, m + 1, 100, 100, %(night)s - interval '100 days',
        %(night)s - interval '100 days',
        CASE WHEN n < %(expiring)s THEN %(night)s ELSE %(night)s + (1 + n %% 300) * interval '1 day' END
    FROM (
        SELECT n, {_SPREAD} AS m FROM generate_series(0, %(members)s::bigint * %(lots)s - 1) n
    ) numbered
    """,
    f"""
    INSERT INTO loyalty_progress (shop_id, id, account_id, award_id, counted_at, effective_at, place, number, orders,
        spend, used, context)
    SELECT %(shop)s, n + 1, m + 1, m + 1, at, at, 'order:' || m, step, CASE WHEN step = 0 THEN 1 ELSE 0 END,
        m %% 50 * 25, CASE WHEN step = 0 THEN '{{"gross": 1000, "counted": true}}'::jsonb END,
        CASE WHEN step = 0 THEN '{{}}'::jsonb END
    FROM (
        SELECT n, {_SPREAD} AS m, (n / %(members)s)::smallint AS step,
            %(night)s - (300 - n / %(members)s * 60) * interval '1 day' AS at
        FROM generate_series(0, %(members)s::bigint * %(steps)s - 1) n
    ) numbered
    """,
    """
    INSERT INTO loyalty_standing (shop_id, id, account_id, tier, since, kept_until, review_at, review_from, simple,
        version_id)
    SELECT %(shop)s, n + 1, n + 1, (ARRAY['bronze', 'silver', 'gold', 'platinum', 'diamond'])[1 + n %% 5],
        %(night)s - interval '18 months', %(night)s, %(night)s, %(night)s - interval '1 year', true, v.id
    FROM generate_series(0, %(members)s - 1) n, loyalty_programversion v WHERE v.shop_id = %(shop)s
    """,
    """
    INSERT INTO loyalty_tierspan (shop_id, id, account_id, number, tier, name, since, kept_until, reason, details,
        version_id)
    SELECT s.shop_id, s.id, s.account_id, 0, s.tier, initcap(s.tier), s.since, s.kept_until, 'reached', '{}',
        s.version_id
    FROM loyalty_standing s WHERE s.shop_id = %(shop)s ORDER BY s.id
    """,
)
