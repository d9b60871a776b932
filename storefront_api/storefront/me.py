"""`GET /storefront/v1/me`: the shopper's points. The busiest read of all; one statement by index."""

from django.http import HttpRequest, HttpResponse

from lib.prepared import Prepared
from storefront_api.storefront.road import identified, reply, road
from storefront_api.tier_names import tier_name

_read = Prepared(
    "storefront_me",
    "bigint, bigint, text",
    """
    SELECT a.balance, a.pending, a.lifetime_earned, c.first_name, s.tier, s.version_id
    FROM shops_customer c LEFT JOIN loyalty_account a ON a.shop_id = c.shop_id AND a.customer_id = c.id
        LEFT JOIN loyalty_standing s ON s.shop_id = a.shop_id AND s.account_id = a.id
    WHERE c.shop_id = $1 AND c.connection_id = $2 AND c.external_id = $3
    """,
)
_NOBODY = (0, 0, 0, "", "", None)


@road
def me(request: HttpRequest) -> HttpResponse:
    """`{balance, pending, lifetime_earned, tier: {key, name} or null, name}`; zeros for an unknown customer."""
    shopper = identified(request)
    connection = shopper.connection
    row = _read.one(connection.shop_id, connection.id, shopper.external_id) or _NOBODY
    balance, pending, earned, name, tier, version_id = row
    content = {
        "balance": balance or 0,
        "pending": pending or 0,
        "lifetime_earned": earned or 0,
        "tier": {"key": tier, "name": tier_name(connection.shop_id, version_id, tier)} if tier else None,
        "name": name or None,
    }
    return reply(request, content, shopper.shop.origins, "private, no-cache", "Origin, Authorization")
