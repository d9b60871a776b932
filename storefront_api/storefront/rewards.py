"""`GET /storefront/v1/me/rewards` and `/rewards`: what points can be redeemed for, and what is missing."""

from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django_scopes import scope

from lib.rows import execute
from loyalty.models import Account
from loyalty.moments import local_moment
from loyalty.tiers.ladder import plain
from loyalty.versions import timelines
from loyalty.wording import points_text
from rewards.offers import Offer
from rewards.queries import catalogue
from rewards.terms import Terms
from rewards.wording import conditions_texts, worth_text
from shops.models import Connection, Shop
from storefront_api.connections import KnownConnection, KnownShop
from storefront_api.storefront.road import identified, reply, road, shop_asked
from storefront_api.storefront.shoppers import account_of

# A stock is told when it is nearly gone.
FEW_LEFT = 10


@road
def my_rewards(request: HttpRequest) -> HttpResponse:
    """`{balance, turn, rewards}`: each reward as `_told`, with how it stands for this shopper.

    `turn` is another after each redemption: a request key made of it names what was asked for on the same ground.
    """
    shopper = identified(request)
    account = account_of(shopper)
    connection = _store(shopper.connection)
    content = {
        "balance": account.balance if account else 0,
        "turn": _turn(account) if account else "",
        "rewards": [
            _told(offer, connection.shop) | _standing(offer) for offer in catalogue(connection, account)
        ],
    }
    return reply(request, content, shopper.shop.origins, "private, no-cache", "Origin, Authorization")


@road
def rewards(request: HttpRequest) -> HttpResponse:
    """`{rewards}` of `?shop=<public id>`, for everybody: of the store whose page asks, else its first."""
    known = shop_asked(request)
    connection = _asking(known, request.META.get("HTTP_ORIGIN", ""))
    store = _store(connection) if connection else None
    content = {"rewards": [_told(offer, store.shop) for offer in catalogue(store, None)] if store else []}
    return reply(request, content, known.origins, "public, max-age=60", "Origin")


def _asking(shop: KnownShop, origin: str) -> KnownConnection | None:
    own = [connection for connection in shop.connections if origin in connection.origins]
    return next(iter([*own, *shop.connections]), None)


def _store(known: KnownConnection) -> Connection:
    with scope(shop=known.shop_id):
        connection: Connection = Connection.objects.select_related("shop").get(
            shop_id=known.shop_id, pk=known.id
        )
    return connection


def _turn(account: Account) -> str:
    newest = execute(_NEWEST, shop=account.shop_id, account=account.pk)
    return str(newest[0][0]) if newest else ""


def _told(offer: Offer, shop: Shop) -> dict[str, Any]:
    """What holds for everybody; of a variable reward `price` is the least, `worth` and `slider` tell of one step."""
    listed = offer.listed
    terms = listed.terms
    return {
        "id": listed.public_id,
        "kind": terms.kind,
        "name": listed.name,
        "description": listed.description,
        "worth": _worth(offer, shop),
        "conditions": conditions_texts(terms, shop.currency),
        "price": offer.price,
        "left": listed.left if listed.left is not None and listed.left <= FEW_LEFT else None,
        "ends_at": _end(terms, shop),
        # Not to redeem yet, or not for everybody: a lack of points is no news to a guest.
        "why": "" if offer.obstacle == "not_enough_points" else offer.why,
    }


def _standing(offer: Offer) -> dict[str, Any]:
    """What it is to this shopper: `obstacle` is null, or why not in a word, and `why` in a sentence."""
    slide = offer.slide
    usual = offer.listed.terms.price
    return {
        "missing": offer.missing,
        "redeemable": offer.redeemable,
        "obstacle": offer.obstacle or None,
        "why": offer.why,
        "usual_price": usual if slide is None and usual != offer.price else None,
        "slider": {
            "least": slide.least,
            "most": slide.most,
            "step": slide.step,
            "value_each": plain(slide.value_each),
        }
        if slide
        else None,
    }


def _worth(offer: Offer, shop: Shop) -> str:
    terms, slide = offer.listed.terms, offer.slide
    text = worth_text(terms, terms.value, shop.currency)
    if slide is None:
        return text
    name = timelines([shop.pk])[shop.pk].versions[-1].document.points_name
    points = points_text(slide.step, name)
    return gettext("%(worth)s for every %(points)s") % {"worth": text, "points": points}


def _end(terms: Terms, shop: Shop) -> Any:
    """The instant at which the offer ends, or None."""
    if not terms.ends:
        return None
    return local_moment(terms.ends).replace(tzinfo=ZoneInfo(shop.timezone)).astimezone(UTC)


_NEWEST = """
    SELECT public_id FROM rewards_redemption
    WHERE shop_id = %(shop)s AND account_id = %(account)s ORDER BY id DESC LIMIT 1
"""
