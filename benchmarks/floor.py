"""The floor under taking in a webhook: a bare WSGI callable that stores the body with one INSERT."""

import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

import psycopg2

TABLE = "CREATE TABLE IF NOT EXISTS floor (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body bytea NOT NULL)"

_thread = threading.local()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Read the body, insert it, answer 200."""
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH", 0)))
    with _session().cursor() as cursor:
        cursor.execute("INSERT INTO floor (body) VALUES (%s)", [psycopg2.Binary(body)])
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]


def _session() -> Any:
    """This thread's connection, kept."""
    if not hasattr(_thread, "session"):
        _thread.session = psycopg2.connect(os.environ["DATABASE_URL"])
        _thread.session.autocommit = True
    return _thread.session
