"""The inbox: claim due deliveries, apply them, mark the outcome, all in one transaction.

A delivery is done exactly when its effects are committed. A worker that dies leaves it waiting.
"""

from collections.abc import Callable, Sequence

import structlog
from django.db import DatabaseError, connection, transaction

from lib.bell import fetch_ringer, privacy_ringer
from lib.rows import execute, passing
from orders import pipeline
from orders.fetches import want
from orders.privacy.asked import note
from orders.reading import ERROR_LENGTH, Claimed, Facts, read

log = structlog.get_logger("regulars.inbox")

BATCH = 500
# Of compressed bodies; at least one delivery is always taken.
BATCH_BYTES = 4 * 1024 * 1024
MAX_ATTEMPTS = 6
FIRST_RETRY_S = 5

Key = tuple[int, int]  # (shop id, delivery id)


def apply_due(limit: int = BATCH, shop_id: int | None = None) -> int | None:
    """Apply one batch of due deliveries; returns how many were taken, 0 when none is due.

    None means that the database gave up for now (a deadlock, a restart) and the batch waits where it was. When a
    batch fails for another reason its deliveries are tried one by one, so that a bad one never holds up others.
    """
    try:
        return _apply_batch(lambda: _claim(limit, shop_id))
    except _Transient as error:
        log.warning("batch given back", reason=str(error))
        return None
    except _BatchFailed as error:
        log.warning("batch failed, trying one by one", deliveries=len(error.keys), **_about(error.__cause__))
        for key in error.keys:
            _apply_alone(key)
        return len(error.keys)


class _Transient(Exception):
    """The database gave up for now; the rows wait where they were."""


class _BatchFailed(Exception):
    def __init__(self, keys: list[Key]) -> None:
        super().__init__(keys)
        self.keys = keys


def _apply_batch(claim: Callable[[], list[Claimed]]) -> int:
    claimed: list[Claimed] = []
    facts: Facts | None = None
    try:
        with transaction.atomic():
            claimed = claim()
            if claimed:
                facts = read(claimed)
                pipeline.apply(facts)
                want(facts.fetches)
                note(facts.stores)
                _mark(claimed)
    except Exception as error:
        if passing(error):
            connection.close()  # it may be from before a restart of the database
            raise _Transient(type(error).__name__) from error
        if not claimed:
            raise
        raise _BatchFailed([(delivery.shop_id, delivery.id) for delivery in claimed]) from error
    if facts and facts.fetches:
        fetch_ringer.soon()
    if facts and facts.stores:
        privacy_ringer.soon()
    if claimed:
        _log(claimed)
    return len(claimed)


def _apply_alone(key: Key) -> None:
    try:
        _apply_batch(lambda: _claim_one(key))
    except _Transient as error:
        log.warning("delivery given back", delivery_id=key[1], reason=str(error))
    except _BatchFailed as error:
        log.error("delivery failed", delivery_id=key[1], exc_info=error.__cause__, **_about(error.__cause__))
        try:
            _put_off(key, error.__cause__)
        except DatabaseError:
            log.exception("delivery could not be put off", delivery_id=key[1])


def _about(error: BaseException | None) -> dict[str, str | None]:
    """What may be logged of an error: a database's message can hold a shopper's data."""
    database_error = getattr(error, "__cause__", None)
    diagnosis = getattr(database_error, "diag", None)
    return {
        "reason": type(error).__name__,
        "sqlstate": getattr(database_error, "pgcode", None),
        "constraint": getattr(diagnosis, "constraint_name", None),
    }


_COLUMNS = """
    d.id, d.shop_id, d.connection_id, d.topic, d.body, d.received_at, c.platform, c.domain, c.test_mode,
    c.points_from, d.notes ? 'by_header'
"""


# Connections are locked against changes, so that a switch of test mode waits for the batch and sees its orders; in the
# order of their ids, as a publish locks them.
def _claim(limit: int, shop_id: int | None) -> list[Claimed]:
    condition = "" if shop_id is None else " AND d.shop_id = %(shop)s"
    rows = execute(
        f"""
        WITH locked AS MATERIALIZED (
            SELECT d.shop_id, d.id, d.due_at, octet_length(d.body) AS size FROM orders_delivery d
            WHERE d.state = 'new' AND d.due_at <= statement_timestamp(){condition}
            ORDER BY d.due_at, d.id LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
        ), measured AS (
            SELECT shop_id, id, due_at, sum(size) OVER (ORDER BY due_at, id) - size AS before FROM locked
        )
        SELECT {_COLUMNS}
        FROM measured m JOIN orders_delivery d ON d.shop_id = m.shop_id AND d.id = m.id
        JOIN shops_connection c ON c.shop_id = d.shop_id AND c.id = d.connection_id
        WHERE m.before < %(bytes)s ORDER BY c.id, m.due_at, m.id FOR SHARE OF c
        """,
        limit=limit,
        shop=shop_id,
        bytes=BATCH_BYTES,
    )
    return [Claimed(*row) for row in rows]


def _claim_one(key: Key) -> list[Claimed]:
    rows = execute(
        f"""
        SELECT {_COLUMNS} FROM orders_delivery d
        JOIN shops_connection c ON c.shop_id = d.shop_id AND c.id = d.connection_id
        WHERE d.shop_id = %(shop)s AND d.id = %(id)s AND d.state = 'new'
        FOR UPDATE OF d SKIP LOCKED FOR SHARE OF c
        """,
        shop=key[0],
        id=key[1],
    )
    return [Claimed(*row) for row in rows]


def _mark(claimed: Sequence[Claimed]) -> None:
    execute(
        """
        UPDATE orders_delivery d SET state = r.state, error = r.error, attempts = d.attempts + 1
        FROM json_to_recordset(%(rows)s) AS r(shop_id bigint, id bigint, state text, error text)
        WHERE d.shop_id = r.shop_id AND d.id = r.id
        """,
        [{"shop_id": d.shop_id, "id": d.id, "state": d.state, "error": d.error} for d in claimed],
    )


def _put_off(key: Key, cause: BaseException | None) -> None:
    """Try again later, at doubling intervals; after `MAX_ATTEMPTS` the merchant is asked to look."""
    reason = f"Could not be applied ({type(cause).__name__}). It can be replayed once the cause is removed."
    execute(
        """
        UPDATE orders_delivery SET attempts = attempts + 1, error = %(reason)s,
            due_at = statement_timestamp() + make_interval(secs => %(first)s * 2 ^ attempts),
            state = CASE WHEN attempts + 1 >= %(most)s THEN 'dead' ELSE 'new' END
        WHERE shop_id = %(shop)s AND id = %(id)s AND state = 'new'
        """,
        reason=reason[:ERROR_LENGTH],
        first=FIRST_RETRY_S,
        most=MAX_ATTEMPTS,
        shop=key[0],
        id=key[1],
    )


def _log(claimed: Sequence[Claimed]) -> None:
    states = [delivery.state for delivery in claimed]
    log.info(
        "deliveries applied",
        delivery_ids=[delivery.id for delivery in claimed[:20]],
        **{state: states.count(state) for state in ("done", "ignored", "dead")},
    )
