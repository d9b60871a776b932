"""Which platform's stores can give which reward."""

from django.utils.translation import gettext

from platforms.base import Platform
from platforms.registry import PLATFORMS
from rewards.terms import Terms


def unavailable_at(terms: Terms, platform: str) -> str:
    """Why stores of this platform cannot give the reward, in a sentence; "" where they can."""
    known = PLATFORMS.get(platform)
    return lacking(terms, known) if known else gettext("This platform is not known.")


def lacking(terms: Terms, platform: Platform) -> str:
    """`unavailable_at` of a platform itself. What staff hand over and uploaded codes can be given everywhere."""
    if terms.kind == "custom" or terms.source == "pool":
        return ""
    if platform.client is None or platform.abilities is None:
        if terms.kind in ("gift_card", "store_credit"):
            return gettext("%(what)s need a store platform that makes them.") % {"what": _plural(terms.kind)}
        return ""
    if ("fixed" if terms.kind == "variable" else terms.kind) not in platform.abilities.kinds:
        shown = {"platform": platform.label, "what": _plural(terms.kind)}
        return gettext("%(platform)s cannot make this: %(what)s.") % shown
    if terms.most_discount is not None and not platform.abilities.caps_percentage:
        return gettext("%(platform)s cannot cap a percentage.") % {"platform": platform.label}
    return ""


def _plural(kind: str) -> str:
    return {
        "fixed": gettext("Amounts off"),
        "percentage": gettext("Percentages off"),
        "free_shipping": gettext("Free shipping"),
        "free_product": gettext("Free products"),
        "gift_card": gettext("Gift cards"),
        "store_credit": gettext("Store credits"),
        "variable": gettext("Amounts off"),
    }[kind]
