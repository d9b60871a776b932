"""A statement that the database parses and plans once for each connection."""

import threading
from typing import Any

import psycopg2
import psycopg2.errors
from django.db import connection as database


class Prepared:
    """A statement for the hottest roads, by psycopg2 itself: Django's cursor costs more than the statement.

    `types` are PostgreSQL's, in the order of `$1, $2, …` in `sql`. A lost connection is replaced and the statement
    sent once more, so it must be safe to repeat. Raises psycopg2's errors.
    """

    def __init__(self, name: str, types: str, sql: str) -> None:
        self._prepare = f"PREPARE {name} ({types}) AS {sql}"
        places = ", ".join(["%s"] * len(types.split(",")))
        self._execute = f"EXECUTE {name} ({places})"
        self._thread = threading.local()

    def one(self, *arguments: Any) -> tuple[Any, ...] | None:
        """The first row that the statement gives back, or None."""
        try:
            return self._ask(arguments)
        except (psycopg2.DatabaseError, psycopg2.InterfaceError) as error:
            # The server restarted, or a pooler gave this thread another session.
            if database.in_atomic_block or not _lost(error):
                raise
            database.close()
            return self._ask(arguments)

    def _ask(self, arguments: tuple[Any, ...]) -> tuple[Any, ...] | None:
        database.ensure_connection()
        session = database.connection
        with session.cursor() as cursor:
            if getattr(self._thread, "session", None) is not session:
                self._prepare_in(cursor)
                self._thread.session = session
            cursor.execute(self._execute, arguments)
            row: tuple[Any, ...] | None = cursor.fetchone()
            return row

    def _prepare_in(self, cursor: Any) -> None:
        try:
            cursor.execute(self._prepare)
        except psycopg2.errors.DuplicatePreparedStatement:
            # Behind a pooler: another client of this session has prepared it already.
            if database.in_atomic_block:
                raise


def _lost(error: psycopg2.Error) -> bool:
    """Whether another connection may do better: this one was cut, or does not know the statement."""
    code = error.pgcode
    return code is None or code.startswith(("08", "57P")) or code == "26000"
