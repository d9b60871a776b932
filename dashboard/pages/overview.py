"""The first page: how the program does, and what needs somebody."""

from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext

from dashboard.campaigns import shown_campaigns
from dashboard.chart import chart
from dashboard.coming import expiring_soon, lets_expire
from dashboard.desk import Desk, DeskRequest
from dashboard.figures import last_days, totals, work
from dashboard.redemption_rows import waiting
from dashboard.site import site
from dashboard.tier_figures import tier_counts
from dashboard.words import announcement
from lib.clock import now
from loyalty.versions import timelines
from rewards.models import Reward
from shops.models import Connection


@dataclass(frozen=True)
class Running:
    """A campaign that runs: what shoppers read, and until when."""

    key: str
    text: str
    state_text: str


def overview(request: DeskRequest) -> HttpResponse:
    """Figures, the chart of the last 30 days, what comes, and what to do next."""
    shop = request.desk.shop
    month = last_days(shop, request.desk.zone)
    sums = totals(shop)
    context = {
        "title": gettext("Overview"),
        "totals": sums,
        "work": work(shop),
        "month": month,
        "chart": chart(month),
        "tiers": tier_counts(shop, sums.members),
        "soon": expiring_soon(shop, now()) if lets_expire(shop) else None,
        "running": _running(request.desk),
        "redeemed": waiting(shop, request.desk.zone),
        "has_rewards": Reward.objects.filter(shop=shop).exists(),
        "connection": Connection.objects.filter(shop=shop, active=True).order_by("id").first(),
    }
    return site.show(request, "overview", context)


def _running(desk: Desk) -> list[Running]:
    document = timelines([desk.shop.pk])[desk.shop.pk].at(now()).document
    return [
        Running(one.campaign.key, announcement(one.campaign, document, desk.zone), one.state_text)
        for one in shown_campaigns(document, desk.zone)
        if one.state == "running"
    ]
