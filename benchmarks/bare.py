"""The floor under redeeming: the project's own stack, with a view that reads JSON and writes one row, committed."""

import json

import msgspec
from django.http import HttpRequest, HttpResponse

from config.wsgi import django_application
from lib.prepared import Prepared

from config.machine_roads import fast_roads  # isort: skip - its views need the applications to be loaded

TABLE = """
    CREATE TABLE IF NOT EXISTS bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, reward text, key text UNIQUE)
"""


class _Wanted(msgspec.Struct):
    reward: str
    key: str


_decode = msgspec.json.Decoder(_Wanted).decode
_insert = Prepared(
    "bare_insert",
    "text, text",
    "INSERT INTO bare (reward, key) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING id",
)


def bare(request: HttpRequest) -> HttpResponse:
    """Insert `{reward, key}`, answer with the id."""
    wanted = _decode(request.read(2048))
    row = _insert.one(wanted.reward, wanted.key)
    return HttpResponse(json.dumps({"id": row and row[0]}), content_type="application/json")


application = fast_roads(django_application, lambda path: bare)
