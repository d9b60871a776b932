"""Webhooks, the shopper API and the probes skip the middleware that serves people.

They have no session, cookie, form or page: sessions, CSRF, messages and locale would only cost time.
"""

from collections.abc import Callable

from django.core.handlers.exception import response_for_exception
from django.http import HttpRequest, HttpResponse
from django.urls import resolve

ROADS = ("/webhooks/", "/storefront/", "/widget/", "/healthz", "/readyz")

GetResponse = Callable[[HttpRequest], HttpResponse]


def machine_roads(get_response: GetResponse) -> GetResponse:
    """Answer machine roads directly; everything else goes on through the other middleware."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(ROADS):
            return get_response(request)
        try:
            match = resolve(request.path_info)
            request.resolver_match = match
            response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        except Exception as error:
            response = response_for_exception(request, error)
        response["X-Content-Type-Options"] = "nosniff"
        return response

    return middleware
