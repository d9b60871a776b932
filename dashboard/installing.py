"""What a browser carries from the beginning of a store's installation to its end: kept in its session, used once."""

import secrets
import time

from django.http import HttpRequest

from shops.models import Shop

BEGUN = "shopify_begun"
ARRIVED = "shopify_arrived"
LIFE_S = 600


class Lost(Exception):
    """There is no such beginning in this session: used already, too old, or somebody else's."""


def begin(request: HttpRequest, shop: Shop, domain: str) -> str:
    """Remember that `domain` is being connected to `shop`; the state that must come back with the callback.

    A session has one at a time: who begins again gives the other up.
    """
    state = secrets.token_urlsafe(32)
    request.session[BEGUN] = [state, shop.public_id, domain, time.time()]
    return state


def finish(request: HttpRequest, state: str) -> tuple[str, str]:
    """(the shop's public id, the store's domain) that began with `state`; it is used up by this. Raises `Lost`."""
    begun = request.session.get(BEGUN)
    if not begun or not secrets.compare_digest(begun[0].encode(), state.encode()):
        raise Lost
    del request.session[BEGUN]
    # Saved before anything is asked of Shopify: a second callback finds it gone.
    request.session.save()
    if not 0 <= time.time() - begun[3] <= LIFE_S:
        raise Lost
    return begun[1], begun[2]


def arrive(request: HttpRequest, domain: str) -> None:
    """Remember a store that Shopify sent somebody from, across signing in."""
    request.session[ARRIVED] = [domain, time.time()]


def arrived(request: HttpRequest) -> str:
    """The store that this browser came from lately, else ""."""
    domain, at = request.session.get(ARRIVED) or ("", 0)
    return str(domain) if time.time() - at <= LIFE_S else ""


def settle(request: HttpRequest) -> None:
    """The arrival is dealt with."""
    request.session.pop(ARRIVED, None)
