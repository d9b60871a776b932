"""Members whose points expire soon: the warnings that are due."""

from django.http import HttpResponse
from django.utils.translation import gettext

from dashboard.coming import expiring_soon, lets_expire
from dashboard.desk import DeskRequest
from dashboard.listing import page_of
from dashboard.site import site
from lib.clock import now
from loyalty.calendar import local_day
from loyalty.models import ExpiryWarning


def expiries(request: DeskRequest) -> HttpResponse:
    """Every warning that is due and whose day has not passed, the day that comes first before the others."""
    shop, at = request.desk.shop, now()
    today = local_day(request.desk.zone, at)
    # The shops of what is joined are named too, so that the joins go by the primary keys (shop_id, id).
    rows = (
        ExpiryWarning.objects.filter(
            shop=shop, account__shop=shop, account__customer__shop=shop, expires_on__gte=today, points__gt=0
        )
        .select_related("account__customer")
        .order_by("expires_on", "due_at", "id")
    )
    context = {
        "title": gettext("Points that expire"),
        "page": page_of(request, rows),
        "soon": expiring_soon(shop, at),
        "lets_expire": lets_expire(shop),
    }
    return site.show(request, "expiries", context)
