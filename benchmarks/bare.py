"""The floor under redeeming: the project's own stack, with views that read JSON and write one row, committed.

/bare does only that; /shopper looks at limits and at the token before, and answers as the shopper API does.
"""

import json

import msgspec
from django.http import HttpRequest, HttpResponse

from config.wsgi import django_application  # isort: skip - loads the applications, which the others need
from config.machine_roads import fast_roads
from lib.prepared import Prepared
from storefront_api.storefront.road import identified, reply, road

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


def _row(request: HttpRequest) -> dict[str, object]:
    wanted = _decode(request.read(2048))
    row = _insert.one(wanted.reward, wanted.key)
    return {"id": row and row[0]}


def bare(request: HttpRequest) -> HttpResponse:
    """Insert `{reward, key}`, answer with the id."""
    return HttpResponse(json.dumps(_row(request)), content_type="application/json")


def _shopper(request: HttpRequest) -> HttpResponse:
    shopper = identified(request)
    return reply(request, _row(request), shopper.shop.origins, "no-store", "Origin, Authorization")


VIEWS = {"/bare": bare, "/shopper": road(_shopper, "POST")}
application = fast_roads(django_application, VIEWS.get)
