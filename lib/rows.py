"""Many rows in one statement: a list of dicts goes to PostgreSQL as one JSON parameter."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from django.db import DatabaseError, InterfaceError, OperationalError, connection

_encoder = msgspec.json.Encoder()

# SQLSTATE: connection, rollback, disk and connections used up, lock not available, shutting down, input/output.
_PASSING = ("08", "40", "53100", "53300", "55P03", "57P0", "58")


def execute(sql: str, rows: Iterable[Any] | None = None, **more: Any) -> list[tuple[Any, ...]]:
    """Run `sql` with `%(rows)s` as JSON text; returns the rows it gives back, if any.

    `sql` unfolds them with `json_to_recordset(%(rows)s) AS r(name type, …)`. Decimals travel as strings and
    instants as ISO 8601, so nothing passes through a float.
    """
    parameters: dict[str, Any] = dict(more)
    if rows is not None:
        parameters["rows"] = _encoder.encode(rows if isinstance(rows, list) else list(rows)).decode()
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def passing(error: BaseException) -> bool:
    """Whether a database error passes by itself: a lost connection, a restart, a deadlock, a full disk.

    What the statement itself may have caused (a limit, a timeout, the server's memory) does not count: it could
    come back for ever. psycopg2 reports a connection that the server cut as a bare DatabaseError.
    """
    if isinstance(error, OperationalError):
        code = getattr(error.__cause__, "pgcode", None)
        return code is None or code.startswith(_PASSING)
    return isinstance(error, InterfaceError) or type(error) is DatabaseError


def read(sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    """Run a query; once more on a new connection when the kept one was lost with a restart of the database."""
    try:
        return execute(sql, **parameters)
    except (DatabaseError, InterfaceError) as error:
        if connection.in_atomic_block or not passing(error):
            raise
        connection.close()
        return execute(sql, **parameters)


def new_ids(**counts: int) -> dict[str, list[int]]:
    """Take ids for rows to come, `table=count`; returns the ids by table. Ids are unique, not gapless."""
    wanted = {table: count for table, count in counts.items() if count}
    if not wanted:
        return {table: [] for table in counts}
    sql = " UNION ALL ".join(
        f"SELECT '{table}', array_agg(nextval('{table}_id_seq')) FROM generate_series(1, {count})"
        for table, count in wanted.items()
    )
    found: Mapping[str, Sequence[int]] = dict(execute(sql))
    return {table: list(found.get(table, ())) for table in counts}
