"""`GET /storefront/v1/program`: what a shop's program offers, for everybody."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from lib.clock import now
from loyalty.versions import timelines
from loyalty.wording import one_of
from shops.models import Shop
from storefront_api.connections import KnownShop, by_shop
from storefront_api.storefront.offers import campaigns_for, rules_for, tiers_of, way
from storefront_api.storefront.proxied import is_proxied, proxied_shop
from storefront_api.storefront.road import Refused, reply, road
from storefront_api.storefront.tokens import BadToken


def _shop(request: HttpRequest) -> KnownShop | None:
    """The shop of that public id, or the one whose store's app proxy asks."""
    query = request.META.get("QUERY_STRING", "")
    try:
        return proxied_shop(query) if is_proxied(query) else by_shop(request.GET.get("shop", ""))
    except BadToken:
        return None


@road
def program(request: HttpRequest) -> HttpResponse:
    """`{shop, currency, points_name, point_name, earn, campaigns, tiers}` of `?shop=<public id>`, as `offers` tells."""
    known = _shop(request)
    if known is None:
        message = gettext("There is no shop with this public id.")
        raise Refused(404, "shop_unknown", message, field="shop")
    at = now()
    version = timelines([known.id])[known.id].at(at)
    document = version.document
    content = {
        "shop": Shop.objects.values_list("name", flat=True).get(pk=known.id),
        "currency": document.currency,
        "points_name": document.points_name,
        "point_name": one_of(document.points_name),
        "earn": [way(rule, version, at) for rule in rules_for(version, at)],
        "campaigns": campaigns_for(version, at),
        "tiers": tiers_of(version, at),
    }
    return reply(request, content, known.origins, "public, max-age=60", "Origin")
