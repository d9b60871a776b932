"""Stores that are played by a server at hand, in development and in tests."""

import httpx
from django.conf import settings


def routed(target: httpx.URL) -> httpx.URL | None:
    """Where a request to `target` really goes; None where no route is set for its host.

    With `OUTBOUND_ROUTES` = {"fern.example": "http://127.0.0.1:8000/demo/fern"} a request to
    https://fern.example/admin?page=2 goes to http://127.0.0.1:8000/demo/fern/admin?page=2.
    """
    base = settings.OUTBOUND_ROUTES.get(target.host)
    if base is None:
        return None
    there = httpx.URL(base)
    path = there.raw_path.rstrip(b"/") + target.raw_path
    return there.copy_with(raw_path=path)
