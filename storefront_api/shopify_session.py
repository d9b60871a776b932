"""`POST /shopify/session`: the app's page inside a store's admin renews the access of its store."""

import msgspec
import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from lib.ratelimit import RateLimiter
from orders.letting_in import take_up
from platforms.reach import access_of
from platforms.shopify.install import connection_of, renew
from platforms.shopify.oauth import NotGranted, app, exchange_session_token
from platforms.shopify.session_tokens import BadSessionToken, shop_of
from shops.models import Connection, StoreAccess
from storefront_api.storefront.road import address_of

PER_MINUTE = 30

log = structlog.get_logger("regulars.shopify")
limiter = RateLimiter(settings.REDIS_URL, "shopify-session")


def session(request: HttpRequest) -> HttpResponse:
    """`{"status": "connected"}`, or `{"error": {code, message}}`; nothing is connected that no person connected."""
    if request.method != "POST":
        response = _refusal(405, "method_not_allowed", gettext("Send a POST request."))
        response["Allow"] = "POST"
        return response
    if wait_s := limiter.wait_s(address_of(request), PER_MINUTE):
        response = _refusal(429, "too_many_requests", gettext("Too many requests. Please wait a moment."))
        response["Retry-After"] = str(wait_s)
        return response
    ours = app()
    if ours is None:
        return _refusal(404, "no_app", gettext("This installation of Regulars has no Shopify app."))
    try:
        domain, token = shop_of(ours, request.META.get("HTTP_AUTHORIZATION", ""))
    except BadSessionToken as error:
        response = _refusal(401, "token_invalid", str(error))
        # Asks Shopify's page for a newer token.
        response["X-Shopify-Retry-Invalid-Session-Request"] = "1"
        return response
    connection = connection_of(domain)
    # One that somebody made by hand is no proof that the store is theirs: it gets no access to it.
    if connection is None or connection.secret not in ours.secrets:
        message = gettext("A person must connect this store: open the dashboard, Connections.")
        return _refusal(409, "not_connected", message)
    if _open(connection):
        return _answer(200, {"status": "connected"})
    try:
        renew(connection, ours, exchange_session_token(ours, domain, token))
    except NotGranted as error:
        log.warning("access not renewed", connection=connection.public_id, reason=str(error))
        return _refusal(409, "not_granted", str(error))
    take_up(connection)
    return _answer(200, {"status": "connected"})


def _open(connection: Connection) -> bool:
    access = access_of(connection)
    return access is not None and access.state == StoreAccess.State.ACTIVE


def _refusal(status: int, code: str, message: str) -> HttpResponse:
    return _answer(status, {"error": {"code": code, "message": message}})


def _answer(status: int, content: object) -> HttpResponse:
    response = HttpResponse(msgspec.json.encode(content), content_type="application/json", status=status)
    response["Cache-Control"] = "no-store"
    return response
