"""Who a shopper is when their storefront asks for them: a call through the store's Shopify app proxy."""

from django.utils.translation import gettext

from lib.clock import now
from platforms.shopify.oauth import App, app
from platforms.shopify.proxy import BadProxyCall, ProxyCall, verify_proxy
from storefront_api.connections import KnownConnection, KnownShop, by_shop, shopify_by_domain
from storefront_api.storefront.tokens import BadToken, Shopper

LIFE_S = 90


def is_proxied(query: str) -> bool:
    """Whether a query is to be read as an app proxy's."""
    return "signature=" in query


def proxied_shopper(query: str) -> Shopper:
    """The customer who is signed in at the store. Raises `BadToken`, also for somebody who is not."""
    call, connection, shop = _verified(query)
    if not call.customer_id:
        raise BadToken("signed_out", gettext("Nobody is signed in at the store."))
    return Shopper(shop, connection, call.customer_id, now().timestamp() + LIFE_S)


def proxied_shop(query: str) -> KnownShop:
    """The shop whose store a call comes from, whoever looks at it. Raises `BadToken`."""
    return _verified(query)[2]


def _verified(query: str) -> tuple[ProxyCall, KnownConnection, KnownShop]:
    refused = BadToken(
        "proxy_invalid", gettext("This is not a call of the app proxy of a store that is connected here.")
    )
    ours = app()
    if ours is None:
        raise refused
    try:
        call = verify_proxy(query, ours.secrets, now())
    except BadProxyCall:
        raise refused from None
    connection = _installed(call.shop, ours)
    shop = by_shop(connection.shop_public_id) if connection else None
    if connection is None or shop is None:
        raise refused
    return call, connection, shop


def _installed(domain: str, ours: App) -> KnownConnection | None:
    """The store's connection, if it let the app in; one that somebody made by hand proves nothing."""
    for refetched in (False, True):
        found = shopify_by_domain(domain, refetched=refetched)
        if found is not None and set(found.secrets) & set(ours.secrets):
            return found
    return None
