"""What a rule gives, in words."""

from django.contrib.humanize.templatetags.humanize import ordinal
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from loyalty.documents import (
    Anniversary,
    Birthday,
    Custom,
    FirstOrder,
    Limit,
    Newsletter,
    NthOrder,
    OrderRule,
    PerCurrency,
    PerUnit,
    ProductSet,
    Review,
    Rule,
    SignUp,
    SocialFollow,
    Visit,
)
from loyalty.wording.amounts import any_of, points_text, rate_text

NETWORKS = {
    "facebook": "Facebook",
    "instagram": "Instagram",
    "kakaotalk": "KakaoTalk",
    "line": "LINE",
    "linkedin": "LinkedIn",
    "pinterest": "Pinterest",
    "tiktok": "TikTok",
    "x": "X",
    "youtube": "YouTube",
}
_ACTIVITIES = {
    SignUp: _("%(points)s for signing up"),
    Birthday: _("%(points)s on each birthday"),
    Anniversary: _("%(points)s on each anniversary of joining"),
    Newsletter: _("%(points)s for subscribing to the newsletter"),
    Review: _("%(points)s for each product review"),
    Visit: _("%(points)s for a visit, once a day"),
}
_PERIODS = {
    "day": _("%(what)s a day"),
    "week": _("%(what)s a week"),
    "month": _("%(what)s a month"),
    "year": _("%(what)s a year"),
    "ever": _("%(what)s in all"),
}
# Longer lists are told by their count.
_MOST_NAMED = 3


def rule_text(rule: Rule, currency: str, points_name: str = "points") -> str:
    """What a rule gives, as one sentence without a full stop: "50 points for every 5th order".

    The products of a rule for orders are told; `conditions_text` and `limit_text` tell the rest.
    """
    points = points_text(rule.points, points_name)
    if isinstance(rule, SocialFollow):
        return gettext("%(points)s for following us on %(network)s") % {
            "points": points,
            "network": NETWORKS[rule.network],
        }
    if isinstance(rule, Custom):
        return gettext("%(points)s for each event “%(event)s”") % {"points": points, "event": rule.event}
    if isinstance(rule, OrderRule):
        return _order_rule_text(rule, points, currency, points_name)
    return _ACTIVITIES[type(rule)] % {"points": points}


def _order_rule_text(rule: OrderRule, points: str, currency: str, points_name: str) -> str:
    products = products_text(rule.conditions.products)
    if isinstance(rule, PerCurrency):
        text = rate_text(rule.points, rule.per, currency, points_name)
        return (
            gettext("%(text)s on %(products)s") % {"text": text, "products": products} if products else text
        )
    if isinstance(rule, PerUnit):
        if products:
            return gettext("%(points)s for each item of %(products)s") % {
                "points": points,
                "products": products,
            }
        return gettext("%(points)s for each item") % {"points": points}
    if isinstance(rule, FirstOrder):
        text = gettext("%(points)s for the first order") % {"points": points}
    elif isinstance(rule, NthOrder):
        text = gettext("%(points)s for every %(nth)s order") % {"points": points, "nth": ordinal(rule.every)}
    else:
        text = gettext("%(points)s for each order") % {"points": points}
    return gettext("%(text)s with %(products)s") % {"text": text, "products": products} if products else text


def products_text(products: ProductSet) -> str:
    """A set of products in a few words: "3 products", "Acme or 7 SKUs", "products tagged sale"; "" for all."""
    counts = {field: len(getattr(products, field)) for field in products.__struct_fields__}
    names = {
        field: any_of(getattr(products, field)) for field, count in counts.items() if count <= _MOST_NAMED
    }
    told = {
        "product_ids": ngettext("%d product", "%d products", counts["product_ids"]) % counts["product_ids"],
        "variant_ids": ngettext("%d variant", "%d variants", counts["variant_ids"]) % counts["variant_ids"],
        "skus": ngettext("%d SKU", "%d SKUs", counts["skus"]) % counts["skus"],
        "vendors": names.get("vendors") or gettext("%d vendors") % counts["vendors"],
        "product_types": names.get("product_types") or gettext("%d product types") % counts["product_types"],
        "tags": gettext("products tagged %s") % (names.get("tags") or counts["tags"]),
    }
    return any_of(text for field, text in told.items() if counts[field])


def limit_text(limit: Limit, points_name: str = "points") -> str:
    """A limit of a rule or a program: "at most 100 points a day", "at most once in all"."""
    if limit.times == 1:
        what = gettext("once")
    elif limit.times is not None:
        what = ngettext("%(count)d time", "%(count)d times", limit.times) % {"count": limit.times}
    else:
        what = points_text(limit.points or 0, points_name)
    return gettext("at most %(amount)s") % {"amount": _PERIODS[limit.period] % {"what": what}}
