"""Webhooks in: verified over the raw bytes, stored, committed, answered. Nothing is parsed here.

A delivery is answered 2xx only after its body is committed; the bell comes after that and may be lost.
"""

from collections.abc import Callable
from hashlib import blake2b

import msgspec
import psycopg2
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from lib.bell import ringer
from lib.packing import pack
from lib.prepared import Prepared
from platforms.base import Incoming, Rejected
from platforms.headers import unsigned
from platforms.registry import PLATFORMS
from platforms.shopify.oauth import app
from platforms.shopify.subscriptions import COMPLIANCE_TOPICS as COMPLIANCE
from platforms.shopify.webhooks import claimed_domain, claimed_topic, verify
from storefront_api.connections import KnownConnection, by_public_id, shopify_by_domain, shopify_ever

log = structlog.get_logger("regulars.webhooks")

TOPIC_LENGTH = 64
KEY_LENGTH = 255
Find = Callable[[bool], KnownConnection | None]

# Repeating it is safe: what is stored already is not stored again.
_insert = Prepared(
    "delivery_in",
    "bigint, bigint, text, text, bytea, jsonb",
    """
    INSERT INTO orders_delivery (shop_id, connection_id, topic, dedupe_key, body, notes)
    VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (shop_id, connection_id, topic, dedupe_key) DO NOTHING RETURNING id
    """,
)


def receive(request: HttpRequest, public_id: str) -> HttpResponse:
    """`POST /webhooks/<connection>/`: the connection's address names the store."""
    return _receive(request, lambda refetched: by_public_id(public_id, refetched=refetched))


def receive_shopify(request: HttpRequest) -> HttpResponse:
    """`POST /webhooks/shopify/`: one address for every store of an app, told apart by the domain header.

    The header is not signed; a body that names another store is not applied (see `orders.reading`).
    """
    domain = claimed_domain(_headers(request))
    if domain is None:
        return _answer(405 if request.method != "POST" else 400, "X-Shopify-Shop-Domain is missing")
    return _receive(
        request, lambda refetched: shopify_by_domain(domain, refetched=refetched), by_header=domain
    )


def _receive(request: HttpRequest, find: Find, *, by_header: str = "") -> HttpResponse:
    if request.method != "POST":
        return _answer(405, "Send a POST request")
    try:
        body, headers = _body(request), _headers(request)
    except OSError:
        return _answer(400, "The body broke off")
    if body is None:
        return _answer(413, f"The body is larger than {settings.WEBHOOK_BODY_MAX_BYTES} bytes")
    try:
        if by_header and (complied := _comply(by_header, headers, body)):
            return complied
        known = find(False)
        if known is None:
            # Whether a store is connected is nobody's business at the shared address.
            raise unsigned() if by_header else Rejected(404, "No such connection")
        incoming = _verify(known, find, headers, body)
        if incoming is None:
            return _answer(200, "ping")
        _check(incoming)
        if by_header:
            incoming.notes["by_header"] = known.domain
        return _store(known, incoming, body)
    except Rejected as error:
        log.warning("delivery rejected", status=error.status, reason=error.reason, path=request.path_info)
        return _answer(error.status, error.reason)
    except (DatabaseError, InterfaceError, psycopg2.Error) as error:
        # Not stored, so not acknowledged: the platform sends it again.
        log.error("delivery not stored", reason=type(error).__name__)
        response = _answer(503, "The delivery could not be stored; send it again")
        response["Retry-After"] = "5"
        return response


def _comply(domain: str, headers: dict[str, str], body: bytes) -> HttpResponse | None:
    """Take what the law asks of the app; None where this is nothing of that kind, or not signed by the app.

    It is owed to stores that left, too: each connection that the store ever let in gets it, switched off or not. Of a
    store that nothing is kept of there is nothing to do.
    """
    ours = app() if claimed_topic(headers) in COMPLIANCE else None
    if ours is None:
        return None
    try:
        incoming = verify(headers, body, ours.secrets)
    except Rejected as error:
        if error.status != 401:
            raise
        return None
    _check(incoming)
    incoming.notes["by_header"] = domain
    for known in shopify_ever(domain):
        if set(known.secrets) & set(ours.secrets):
            _store(known, incoming, body)
    return _answer(200, "accepted")


def _verify(known: KnownConnection, find: Find, headers: dict[str, str], body: bytes) -> Incoming | None:
    platform = PLATFORMS[known.platform]
    try:
        return platform.verify(headers, body, known.secrets)
    except Rejected as error:
        # The secret may have been rotated a moment ago.
        newer = find(True) if error.status == 401 else None
        if newer is None or newer.secrets == known.secrets:
            raise
        return platform.verify(headers, body, newer.secrets)


def _check(incoming: Incoming) -> None:
    if not (incoming.topic.isprintable() and len(incoming.topic) <= TOPIC_LENGTH):
        raise Rejected(400, f"The topic is longer than {TOPIC_LENGTH} characters, or not printable")
    if not (incoming.dedupe_key.isprintable() and len(incoming.dedupe_key) <= KEY_LENGTH):
        raise Rejected(400, f"The delivery id is longer than {KEY_LENGTH} characters, or not printable")


def _store(known: KnownConnection, incoming: Incoming, body: bytes) -> HttpResponse:
    told = structlog.contextvars.get_contextvars()  # the request's id
    notes = msgspec.json.encode(incoming.notes | told).decode()
    # An id that came with other content before names another delivery: not every store's ids are signed, or unique.
    key = f"{incoming.dedupe_key}:{blake2b(body, digest_size=8).hexdigest()}"
    packed = psycopg2.Binary(pack(body))
    row = _insert.one(known.shop_id, known.id, incoming.topic, key, packed, notes)
    stored = row[0] if row else None
    ringer.soon()
    log.info(
        "delivery",
        delivery_id=stored,
        connection=known.public_id,
        topic=incoming.topic,
    )
    return _answer(200, "accepted" if stored else "duplicate")


def _body(request: HttpRequest) -> bytes | None:
    """The raw body; None when it is too large.

    A body sent in chunks has no length, and Django takes it for empty. It is read up to the limit where the
    server marks its end.
    """
    most = settings.WEBHOOK_BODY_MAX_BYTES
    length = request.META.get("CONTENT_LENGTH")
    if length or not request.META.get("wsgi.input_terminated"):
        return request.body if _number(length) <= most else None
    stream, body = request.META["wsgi.input"], b""
    while len(body) <= most and (piece := stream.read(most + 1 - len(body))):
        body += piece
    return body if len(body) <= most else None


def _number(length: str | None) -> int:
    try:
        return int(length or 0)
    except ValueError as error:
        raise OSError("the length is not a number") from error


def _headers(request: HttpRequest) -> dict[str, str]:
    """The request's headers, names in lower case."""
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in request.META.items()
        if name[:5] == "HTTP_"
    }
    headers["content-type"] = request.META.get("CONTENT_TYPE", "")
    return headers


def _answer(status: int, what: str) -> HttpResponse:
    key = b"status" if status == 200 else b"error"
    response = HttpResponse(
        b'{"%s": %s}' % (key, msgspec.json.encode(what)), status=status, content_type="application/json"
    )
    if status == 405:
        response["Allow"] = "POST"
    return response
