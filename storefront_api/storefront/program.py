"""`GET /storefront/v1/program`: what a shop's program offers, for everybody."""

from django.http import HttpRequest, HttpResponse

from lib.clock import now
from loyalty.versions import timelines
from loyalty.wording import one_of
from shops.models import Shop
from storefront_api.storefront.offers import campaigns_for, rules_for, tiers_of, way
from storefront_api.storefront.road import reply, road, shop_asked


@road
def program(request: HttpRequest) -> HttpResponse:
    """`{shop, currency, points_name, point_name, earn, campaigns, tiers}` of `?shop=<public id>`, as `offers` tells."""
    known = shop_asked(request)
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
        "tiers": tiers_of(version, at, known.id),
    }
    return reply(request, content, known.origins, "public, max-age=60", "Origin")
