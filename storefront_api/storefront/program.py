"""`GET /storefront/v1/program`: what a shop's program offers, for everybody."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext

from loyalty.documents import ProgramDocument, Rule, decode
from loyalty.queries import live_version
from loyalty.wording import money, one_of, points_text
from shops.models import Shop
from storefront_api.connections import by_shop
from storefront_api.storefront.road import Refused, reply, road


@road
def program(request: HttpRequest) -> HttpResponse:
    """`{shop, currency, points_name, point_name, earn: [{key, name, sentence}]}` of `?shop=<public id>`."""
    known = by_shop(request.GET.get("shop", ""))
    if known is None:
        message = gettext("There is no shop with this public id.")
        raise Refused(404, "shop_unknown", message, field="shop")
    shop = Shop.objects.get(pk=known.id)
    document = decode(live_version(shop).document)
    content = {
        "shop": shop.name,
        "currency": document.currency,
        "points_name": document.points_name,
        "point_name": one_of(document.points_name),
        "earn": [
            {"key": rule.key, "name": rule.name, "sentence": how_to_earn(rule, document)}
            for rule in document.rules
            if rule.active
        ],
    }
    return reply(request, content, known.origins, "public, max-age=60", "Origin")


def how_to_earn(rule: Rule, document: ProgramDocument) -> str:
    """One rule for shoppers: "1 point for every 1 € you spend"."""
    return gettext("%(points)s for every %(amount)s you spend") % {
        "points": points_text(rule.points, document.points_name),
        "amount": money(rule.per, document.currency, short=True),
    }
