"""The inbox: claim due deliveries, apply them, mark the outcome, all in one transaction.

A delivery is done exactly when its effects are committed. A worker that dies leaves it waiting.
"""

from collections.abc import Sequence

import structlog
from django.db import DatabaseError, connection, transaction

from lib.rows import execute, passing
from orders import pipeline
from orders.reading import ERROR_LENGTH, Claimed, read

log = structlog.get_logger("regulars.inbox")

BATCH = 500
MAX_ATTEMPTS = 6
FIRST_RETRY_S = 5


def apply_due(limit: int = BATCH, shop_id: int | None = None) -> int:
    """Apply one batch of due deliveries; returns how many were taken, 0 when none is due.

    When a batch fails, its deliveries are tried one by one, so that one bad delivery never holds up others.
    """
    try:
        return _apply_batch(limit=limit, shop_id=shop_id, only=None)
    except _Transient as error:
        log.warning("batch given back", reason=str(error))
        return 0
    except _BatchFailed as error:
        log.warning(
            "batch failed, trying one by one", deliveries=len(error.ids), reason=repr(error.__cause__)
        )
        for id_ in error.ids:
            _apply_alone(id_)
        return len(error.ids)


class _Transient(Exception):
    """The database gave up for now (a deadlock, a restart); the rows wait where they were."""


class _BatchFailed(Exception):
    def __init__(self, ids: list[int]) -> None:
        super().__init__(ids)
        self.ids = ids


def _apply_batch(limit: int, shop_id: int | None, only: int | None) -> int:
    claimed: list[Claimed] = []
    try:
        with transaction.atomic():
            claimed = _claim(limit, shop_id, only)
            if claimed:
                pipeline.apply(read(claimed))
                _mark(claimed)
    except Exception as error:
        if passing(error):
            connection.close()  # it may be from before a restart of the database
            raise _Transient(type(error).__name__) from error
        raise _BatchFailed([delivery.id for delivery in claimed]) from error
    if claimed:
        _log(claimed)
    return len(claimed)


def _apply_alone(id_: int) -> None:
    try:
        _apply_batch(limit=1, shop_id=None, only=id_)
    except _Transient as error:
        log.warning("delivery given back", delivery_id=id_, reason=str(error))
    except _BatchFailed as error:
        log.error("delivery failed", delivery_id=id_, exc_info=error.__cause__)
        try:
            _put_off(id_, error.__cause__)
        except DatabaseError:
            log.exception("delivery could not be put off", delivery_id=id_)


def _claim(limit: int, shop_id: int | None, only: int | None) -> list[Claimed]:
    condition = "" if shop_id is None else " AND d.shop_id = %(shop)s"
    condition += "" if only is None else " AND d.id = %(only)s"
    rows = execute(
        f"""
        SELECT d.id, d.shop_id, d.connection_id, d.topic, d.body, d.attempts, c.platform, c.domain, c.test_mode,
            d.notes ? 'by_header'
        FROM orders_delivery d JOIN shops_connection c ON c.shop_id = d.shop_id AND c.id = d.connection_id
        WHERE d.state = 'new' AND d.due_at <= statement_timestamp(){condition}
        ORDER BY d.due_at, d.id LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
        """,
        limit=limit,
        shop=shop_id,
        only=only,
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


def _put_off(id_: int, cause: BaseException | None) -> None:
    """Try again later, at doubling intervals; after `MAX_ATTEMPTS` the merchant is asked to look."""
    reason = f"Could not be applied ({type(cause).__name__}). It can be replayed once the cause is removed."
    execute(
        """
        UPDATE orders_delivery SET attempts = attempts + 1, error = %(reason)s,
            due_at = statement_timestamp() + make_interval(secs => %(first)s * 2 ^ attempts),
            state = CASE WHEN attempts + 1 >= %(most)s THEN 'dead' ELSE 'new' END
        WHERE id = %(id)s AND state = 'new'
        """,
        reason=reason[:ERROR_LENGTH],
        first=FIRST_RETRY_S,
        most=MAX_ATTEMPTS,
        id=id_,
    )


def _log(claimed: Sequence[Claimed]) -> None:
    states = [delivery.state for delivery in claimed]
    log.info(
        "deliveries applied",
        delivery_ids=[delivery.id for delivery in claimed[:20]],
        **{state: states.count(state) for state in ("done", "ignored", "dead")},
    )
