"""What is known of the shopper of a request, besides their points."""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import NamedTuple

from django_scopes import scope

from lib.rows import execute
from loyalty.models import Account
from storefront_api.storefront.offers import Viewer
from storefront_api.storefront.tokens import Shopper


class Use(NamedTuple):
    """What one source took of the limits of a rule, on a day of the shop."""

    day: date
    points: Fraction
    times: int


@dataclass(frozen=True, slots=True)
class Known:
    """A member: their tier's key ("" for none), the `orders` that have a place among those that count, when each
    (kind, network) of activity was last done, and what was used of rules that have limits, by their keys.

    `orders` and `uses` are kept only where a program asks for them.
    """

    account: Account
    tier: str
    orders: int
    last_done: dict[tuple[str, str], datetime]
    uses: dict[str, list[Use]]

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.tier, tuple(self.account.customer.tags))


def account_of(shopper: Shopper) -> Account | None:
    """The shopper's account with its customer, store and shop; None while the store has not told of them."""
    connection = shopper.connection
    with scope(shop=connection.shop_id):
        account: Account | None = (
            Account.objects.select_related("shop", "customer__connection")
            .filter(
                shop_id=connection.shop_id,
                customer__shop_id=connection.shop_id,
                customer__connection_id=connection.id,
                customer__external_id=shopper.external_id,
            )
            .first()
        )
    return account


def known(account: Account) -> Known:
    """What the database tells of a member."""
    shop, id_, zone = account.shop_id, account.pk, account.shop.timezone
    ((tier, orders),) = execute(_STANDING, shop=shop, account=id_)
    done = {(kind, network): at for kind, network, at in execute(_LAST_DONE, shop=shop, account=id_)}
    uses: dict[str, list[Use]] = {}
    for key, day, points, times in execute(_USES, shop=shop, account=id_, zone=zone):
        uses.setdefault(key, []).append(Use(day, Fraction(points), times))
    return Known(account, tier or "", orders, done, uses)


_STANDING = """
    SELECT
        (SELECT tier FROM loyalty_standing WHERE shop_id = %(shop)s AND account_id = %(account)s),
        (SELECT count(*) FROM loyalty_progress WHERE shop_id = %(shop)s AND account_id = %(account)s
            AND (used ->> 'counted')::boolean)
"""
_LAST_DONE = """
    SELECT kind, coalesce(properties ->> 'network', ''), max(occurred_at) FROM loyalty_activity
    WHERE shop_id = %(shop)s AND account_id = %(account)s AND kind <> 'note' GROUP BY 1, 2
"""
_USES = """
    SELECT rule.key, (p.counted_at AT TIME ZONE %(zone)s)::date, rule.value ->> 0, (rule.value ->> 1)::int
    FROM loyalty_progress p, jsonb_each(p.used -> 'rules') AS rule
    WHERE p.shop_id = %(shop)s AND p.account_id = %(account)s
"""
