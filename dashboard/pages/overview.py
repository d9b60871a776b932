"""The first page: how the program does, and what needs somebody."""

from django.http import HttpResponse
from django.utils.translation import gettext

from dashboard.chart import chart
from dashboard.desk import DeskRequest
from dashboard.figures import last_days, totals, work
from dashboard.site import site
from shops.models import Connection


def overview(request: DeskRequest) -> HttpResponse:
    """Figures, the chart of the last 30 days, and what to do next."""
    shop = request.desk.shop
    month = last_days(shop, request.desk.zone)
    context = {
        "title": gettext("Overview"),
        "totals": totals(shop),
        "work": work(shop),
        "month": month,
        "chart": chart(month),
        "connection": Connection.objects.filter(shop=shop, active=True).order_by("id").first(),
    }
    return site.show(request, "overview", context)
