"""Rewards in the merchant's words: prices, what holds for them, and where they cannot be given."""

from collections.abc import Iterable, Iterator, Mapping
from zoneinfo import ZoneInfo

from django.utils.translation import gettext, ngettext

from lib.clock import now
from loyalty.moments import local_moment
from loyalty.wording import all_of, number, points_text
from platforms.registry import PLATFORMS
from rewards.abilities import unavailable_at
from rewards.queries import Names
from rewards.stores import made_by_store
from rewards.terms import Terms
from rewards.wording import conditions_texts, moment_text, tiers_text, worth_text
from shops.models import Connection, Shop, StoreAccess

Store = tuple[Connection, StoreAccess | None]


def given_text(terms: Terms, currency: str) -> str:
    """What one gets: "5 € off", "5 € off for every 100", "Free shipping"; for something handed over its worth or ""."""
    worth = worth_text(terms, terms.value, currency)
    if terms.kind == "variable":
        return gettext("%(worth)s for every step") % {"worth": worth}
    return worth


def suggested_name(terms: Terms, currency: str) -> str:
    """What shoppers read where the merchant writes no name; "" for what only the merchant knows."""
    if terms.kind == "variable":
        return gettext("Money off your order")
    return "" if terms.kind == "custom" else worth_text(terms, terms.value, currency)


def price_text(terms: Terms, names: Names) -> str:
    """ "500 points", "100 points a step", with the prices of tiers behind: "500 points (Gold: 400)"."""
    price = points_text(terms.price, names.points)
    if terms.kind == "variable":
        price = gettext("%(price)s a step") % {"price": price}
    if not terms.tier_prices:
        return price
    own = ", ".join(
        f"{names.tiers.get(key, key)}: {number(points)}" for key, points in terms.tier_prices.items()
    )
    return f"{price} ({own})"


def terms_lines(terms: Terms, currency: str, names: Names, zone: ZoneInfo) -> list[str]:
    """What holds for it besides price and worth, a sentence each."""
    return [
        *_bounds(terms, names),
        *conditions_texts(terms, currency),
        *_combining(terms),
        *_who(terms, names),
        *_when(terms, zone),
        *_afterwards(terms),
    ]


def unavailable_lines(terms: Terms, stores: Iterable[Store]) -> list[str]:
    """At which stores it cannot be given, and why."""
    found = ((connection, unavailable_at(terms, connection.platform)) for connection, _access in stores)
    return [f"{connection.domain}: {reason}" for connection, reason in found if reason]


def closed_lines(stores: Iterable[Store], terms: Terms | None = None) -> list[str]:
    """Which stores would make codes (of these terms, if given) but have not let us in."""
    said = gettext("%(store)s has not let us in, so it makes no codes. Connect it again.")
    return [
        said % {"store": connection.domain}
        for connection, access in stores
        if PLATFORMS[connection.platform].client is not None
        and (terms is None or _made_there(terms, connection.platform))
        and not (access is not None and access.state == StoreAccess.State.ACTIVE)
    ]


def stores_of(shop: Shop) -> list[Store]:
    """The shop's active stores and how they are reached."""
    connections = Connection.objects.filter(shop=shop, active=True).order_by("id")
    accesses = {one.connection_id: one for one in StoreAccess.objects.filter(shop=shop)}
    return [(one, accesses.get(one.pk)) for one in connections]


def _made_there(terms: Terms, platform: str) -> bool:
    return made_by_store(terms, platform) and not unavailable_at(terms, platform)


def _bounds(terms: Terms, names: Names) -> Iterator[str]:
    if terms.min_points is not None:
        yield gettext("At least %(points)s at once") % {"points": points_text(terms.min_points, names.points)}
    if terms.max_points is not None:
        yield gettext("At most %(points)s at once") % {"points": points_text(terms.max_points, names.points)}


def _combining(terms: Terms) -> Iterator[str]:
    if terms.kind in ("gift_card", "store_credit", "custom") or terms.source == "pool":
        return
    said: Mapping[str, str] = {
        "product": gettext("discounts on products"),
        "order": gettext("discounts on the order"),
        "shipping": gettext("discounts on shipping"),
    }
    if terms.combines:
        yield gettext("Together with %(others)s") % {"others": all_of(said[one] for one in terms.combines)}
    else:
        yield gettext("Not together with other discounts")


def _who(terms: Terms, names: Names) -> Iterator[str]:
    if terms.tiers:
        yield tiers_text(terms.tiers, names.tiers)
    for key, price in terms.tier_prices.items():
        shown = {"tier": names.tiers.get(key, key), "points": points_text(price, names.points)}
        yield gettext("%(tier)s members pay %(points)s") % shown
    if terms.per_member is not None:
        text = ngettext("Once per member", "At most %(count)d times per member", terms.per_member)
        yield text % {"count": terms.per_member} if terms.per_member > 1 else text


def _when(terms: Terms, zone: ZoneInfo) -> Iterator[str]:
    at = now()
    if terms.starts:
        starts = local_moment(terms.starts).replace(tzinfo=zone)
        yield gettext("From %(day)s") % {"day": moment_text(starts, zone, at)}
    if terms.ends:
        ends = local_moment(terms.ends).replace(tzinfo=zone)
        yield gettext("Until %(day)s") % {"day": moment_text(ends, zone, at)}


def _afterwards(terms: Terms) -> Iterator[str]:
    if terms.source == "pool":
        yield gettext("Codes that you upload")
    if terms.validity_days is not None:
        yield (
            gettext("Points come back when a code runs out unused")
            if terms.return_unused
            else gettext("Points do not come back when a code runs out unused")
        )
    if terms.courtesy_days:
        text = ngettext(
            "Points that come back too late can be used for %(count)d day",
            "Points that come back too late can be used for %(count)d days",
            terms.courtesy_days,
        )
        yield text % {"count": terms.courtesy_days}
    if terms.instructions:
        yield terms.instructions


def left_text(left: int | None) -> str:
    """ "88 left", "None left"; "" where there is no end."""
    if left is None:
        return ""
    if left <= 0:
        return gettext("None left")
    return gettext("%(count)s left") % {"count": number(left)}
