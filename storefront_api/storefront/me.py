"""`GET /storefront/v1/me`: the shopper's points. The busiest read of all; one statement by index."""

from django.http import HttpRequest, HttpResponse

from lib.prepared import Prepared
from storefront_api.storefront.road import identified, reply, road

_read = Prepared(
    "storefront_me",
    "bigint, bigint, text",
    """
    SELECT a.balance, a.pending, a.lifetime_earned, c.first_name
    FROM shops_customer c LEFT JOIN loyalty_account a ON a.shop_id = c.shop_id AND a.customer_id = c.id
    WHERE c.shop_id = $1 AND c.connection_id = $2 AND c.external_id = $3
    """,
)


@road
def me(request: HttpRequest) -> HttpResponse:
    """`{balance, pending, lifetime_earned, tier, name}`; zeros for a customer who is not known yet."""
    shopper = identified(request)
    connection = shopper.connection
    row = _read.one(connection.shop_id, connection.id, shopper.external_id) or (0, 0, 0, "")
    balance, pending, earned, name = row
    content = {
        "balance": balance or 0,
        "pending": pending or 0,
        "lifetime_earned": earned or 0,
        "tier": None,
        "name": name or None,
    }
    return reply(request, content, shopper.shop.origins, "private, no-cache", "Origin, Authorization")
