"""Too many failed log-ins: who is counted, and what they are shown."""

from ipaddress import ip_address
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from dashboard.site import CONTENT_SECURITY, site


def client_address(request: HttpRequest) -> str | None:
    """The address that failed log-ins are counted by.

    Behind a proxy (BEHIND_PROXY) it is the last of X-Forwarded-For, the one that the proxy itself has added:
    all before it is what the client chose to send. Otherwise that header is not read at all.
    """
    if settings.BEHIND_PROXY:
        last = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        if _is_address(last):
            return last
    direct = request.META.get("REMOTE_ADDR", "")
    return direct if _is_address(direct) else None


@csp_update(CONTENT_SECURITY)
def locked_out(
    request: HttpRequest, _response: HttpResponse | None = None, _credentials: dict[str, Any] | None = None
) -> HttpResponse:
    """The page for somebody who has to wait: 429."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    context = {"title": gettext("Please wait a little"), "minutes": minutes, "has_permission": False}
    answer = site.show(request, "locked_out", context, status=429).render()
    answer["Retry-After"] = str(minutes * 60)
    return answer


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
