"""What all views of the shopper API have in common: methods, origins, limits, errors and revalidation."""

from collections.abc import Callable
from hashlib import blake2b

import msgspec
import psycopg2
import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import activate, gettext

from lib.ratelimit import RateLimiter
from storefront_api.connections import KnownShop, by_shop, origin_known
from storefront_api.storefront.proxied import is_proxied, proxied_shop, proxied_shopper
from storefront_api.storefront.tokens import BadToken, Shopper, shopper_of

View = Callable[..., HttpResponse]

# Behind one address of a mobile carrier there are many shoppers.
SHOPPERS_PER_ADDRESS = 10
PREFLIGHT_S = "600"

# What browsers send with each method, besides the token.
_HEADERS = {"GET": "If-None-Match", "POST": "Content-Type"}

log = structlog.get_logger("regulars.storefront")
limiter = RateLimiter(settings.REDIS_URL, "storefront")
_encode = msgspec.json.Encoder().encode
_DATABASE_AWAY = (DatabaseError, InterfaceError, psycopg2.DatabaseError, psycopg2.InterfaceError)


class Refused(Exception):
    """The request is answered with an error: its status, code, message, and the field at fault."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        field: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers or {}
        self.body = {"code": code, "message": message} | ({"field": field} if field else {})


def road(view: View, method: str = "GET") -> View:
    """A view of the shopper API: one method only, limited by address, every error JSON with CORS headers."""
    return roads(**{method: view})


def roads(**views: View) -> View:
    """`road` for an address with a view for each of several methods."""
    methods = ", ".join(views)

    def answer(request: HttpRequest, **named: str) -> HttpResponse:
        # A page served by this thread before may have left its reader's language.
        activate(settings.LANGUAGE_CODE)
        try:
            if request.method == "OPTIONS":
                return _preflight(request, methods)
            view = views.get(request.method or "")
            if view is None:
                message = gettext("Only %(method)s is known here.") % {"method": methods}
                raise Refused(405, "method_not_allowed", message, headers={"Allow": f"{methods}, OPTIONS"})
            _limit(
                f"ip:{address_of(request)}", SHOPPERS_PER_ADDRESS * settings.STOREFRONT_REQUESTS_PER_MINUTE
            )
            return view(request, **named)
        except Refused as refused:
            return _refusal(request, refused)
        except _DATABASE_AWAY as error:
            log.error("database away", error=type(error).__name__)
            message = gettext("The points cannot be read at the moment. Please try again shortly.")
            return _refusal(request, Refused(503, "unavailable", message, headers={"Retry-After": "2"}))

    return answer


def identified(request: HttpRequest) -> Shopper:
    """The shopper of the request, within their limit. Raises `Refused`."""
    try:
        shopper = _named(request)
    except BadToken as error:
        headers = {"WWW-Authenticate": 'Bearer realm="storefront"'}
        raise Refused(401, error.code, str(error), headers=headers) from None
    _limit(f"sub:{shopper.connection.id}:{shopper.external_id}", settings.STOREFRONT_REQUESTS_PER_MINUTE)
    return shopper


def shop_asked(request: HttpRequest) -> KnownShop:
    """The shop of `?shop=<public id>`, or the one whose store's app proxy asks. Raises `Refused`."""
    query = request.META.get("QUERY_STRING", "")
    try:
        known = proxied_shop(query) if is_proxied(query) else by_shop(request.GET.get("shop", ""))
    except BadToken:
        known = None
    if known is None:
        message = gettext("There is no shop with this public id.")
        raise Refused(404, "shop_unknown", message, field="shop")
    return known


def _named(request: HttpRequest) -> Shopper:
    """By a token of the store, or by its app proxy; never by both, which might disagree."""
    authorization, query = request.META.get("HTTP_AUTHORIZATION", ""), request.META.get("QUERY_STRING", "")
    if not is_proxied(query):
        return shopper_of(authorization)
    if authorization:
        raise BadToken("two_identities", gettext("Send a token, or come through the app proxy, not both."))
    return proxied_shopper(query)


def reply(
    request: HttpRequest, content: object, origins: frozenset[str], cache: str, vary: str
) -> HttpResponse:
    """`content` as JSON with an ETag, readable by browsers on `origins`; 304 when the client has it."""
    body = _encode(content)
    etag = f'"{blake2b(body, digest_size=9).hexdigest()}"'
    if etag in request.META.get("HTTP_IF_NONE_MATCH", ""):
        response = HttpResponse(status=304)
        del response["Content-Type"]
    else:
        response = HttpResponse(body, content_type="application/json")
    response["ETag"] = etag
    response["Cache-Control"] = cache
    response["Vary"] = vary
    origin = request.META.get("HTTP_ORIGIN")
    if origin is not None and origin in origins:
        _allow(response, origin)
    return response


def _allow(response: HttpResponse, origin: str) -> None:
    response["Access-Control-Allow-Origin"] = origin
    response["Access-Control-Expose-Headers"] = "ETag, Retry-After"


def _preflight(request: HttpRequest, methods: str) -> HttpResponse:
    """Before the token is sent nobody knows the shop, so any connected storefront may ask."""
    response = HttpResponse(status=204)
    del response["Content-Type"]
    response["Allow"] = f"{methods}, OPTIONS"
    response["Vary"] = "Origin"
    origin = request.META.get("HTTP_ORIGIN", "")
    if origin_known(origin):
        _allow(response, origin)
        response["Access-Control-Allow-Methods"] = methods
        sent = [name for method, name in _HEADERS.items() if method in methods]
        response["Access-Control-Allow-Headers"] = ", ".join(["Authorization", *sent])
        response["Access-Control-Max-Age"] = PREFLIGHT_S
    return response


def _refusal(request: HttpRequest, refused: Refused) -> HttpResponse:
    response = HttpResponse(
        _encode({"error": refused.body}),
        content_type="application/json",
        status=refused.status,
        headers=refused.headers,
    )
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Origin, Authorization"
    origin = request.META.get("HTTP_ORIGIN")
    if origin is not None and refused.status != 503 and origin_known(origin):
        _allow(response, origin)
    return response


def _limit(key: str, per_minute: int) -> None:
    wait_s = limiter.wait_s(key, per_minute)
    if wait_s:
        message = gettext("Too many requests. Please wait a moment.")
        raise Refused(429, "too_many_requests", message, headers={"Retry-After": str(wait_s)})


def address_of(request: HttpRequest) -> str:
    """The client's address; behind a proxy of ours the one that the proxy saw."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded: str = request.META.get("HTTP_X_FORWARDED_FOR", "")
        if forwarded:
            return forwarded.rpartition(",")[2].strip()
    address: str = request.META.get("REMOTE_ADDR", "")
    return address
