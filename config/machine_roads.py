"""Webhooks, the shopper API and the probes skip the middleware that serves people.

They have no session, cookie, form or page: sessions, CSRF, messages and locale would only cost time. The
busiest roads also skip Django's handler, with its signals and its walk through all addresses.
"""

import uuid
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.handlers.exception import response_for_exception
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponse
from django.urls import resolve

from storefront_api.storefront.me import me
from storefront_api.storefront.redemptions import redemption, redemptions
from storefront_api.webhooks import receive, receive_shopify

PROBES = ("/healthz", "/readyz")
REDEMPTIONS = "/storefront/v1/me/redemptions"
ROADS = ("/webhooks/", "/storefront/", "/shopify/session", "/widget/", *PROBES)

Respond = Callable[[HttpRequest], HttpResponse]
StartResponse = Callable[..., Any]
Choose = Callable[[str], Respond | None]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]

_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


_HSTS = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains" if settings.SECURE_HSTS_SECONDS else ""


def machine_roads(get_response: Respond) -> Respond:
    """Middleware: answer machine roads directly; everything else goes on through the other middleware."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(ROADS):
            return get_response(request)
        return _answer(_resolved, request)

    return middleware


def fast_roads(application: Application, chosen: Choose | None = None) -> Application:
    """WSGI: answer the busiest roads before `application`, which answers all the others, is asked.

    `chosen` gives the view of a path, instead of our own choice. Their views look after the database connection
    themselves, which the request signals otherwise do.
    """
    choose = chosen or _busiest

    def front(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        view = choose(environ.get("PATH_INFO", ""))
        # Django reads the query by the charset of the body, and falls over one that is not for text.
        if view is None and "charset" not in environ.get("CONTENT_TYPE", "").lower():
            return application(environ, start_response)
        try:
            request = WSGIRequest(environ)
        except Exception:
            start_response("400 Bad Request", [("Content-Length", "0")])
            return [b""]
        if view is None:
            return application(environ, start_response)
        response = _answer(view, request)
        start_response(_STATUS_LINES[response.status_code], list(response.items()))
        return [response.content]

    return front


def _busiest(path: str) -> Respond | None:
    if path == "/storefront/v1/me":
        return me
    if path == REDEMPTIONS:
        return redemptions
    if path.startswith(f"{REDEMPTIONS}/"):
        return partial(redemption, public_id=path[len(REDEMPTIONS) + 1 :])
    if path.startswith("/webhooks/") and path.endswith("/"):
        public_id = path[len("/webhooks/") : -1]
        if public_id == "shopify":
            return receive_shopify
        if public_id and "/" not in public_id:
            return partial(receive, public_id=public_id)
    return None


def _resolved(request: HttpRequest) -> HttpResponse:
    match = resolve(request.path_info)
    request.resolver_match = match
    response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return response


def _must_be_secure(request: HttpRequest) -> bool:
    """Tokens and bodies do not travel in the clear; a machine is told so, where a person would be redirected."""
    return settings.SECURE_SSL_REDIRECT and not request.is_secure() and request.path_info not in PROBES


def _insecure() -> HttpResponse:
    return HttpResponse(b'{"error": "Use https"}', status=403, content_type="application/json")


def _answer(view: Respond, request: HttpRequest) -> HttpResponse:
    request_id = uuid.uuid4().hex
    with structlog.contextvars.bound_contextvars(request_id=request_id):
        try:
            response = _insecure() if _must_be_secure(request) else view(request)
        except Exception as error:
            response = response_for_exception(request, error)
    response["X-Request-Id"] = request_id
    response["X-Content-Type-Options"] = "nosniff"
    if _HSTS:
        response["Strict-Transport-Security"] = _HSTS
    if not response.streaming and response.status_code not in (204, 304):
        response["Content-Length"] = str(len(response.content))
    return response
