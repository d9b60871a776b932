"""What a store is asked to make for a redemption. Follows from the redemption alone, so every attempt asks the same."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import ROUND_CEILING, Decimal

from lib.money import minor_units
from platforms.clients import CodeKind, CodeWanted
from rewards.models import Redemption
from rewards.terms import Terms, read_terms

# A store's clock may be behind ours by as much: the code is to work at once.
CLOCKS_APART = timedelta(minutes=5)
_KINDS: dict[str, CodeKind] = {
    "fixed": "fixed",
    "variable": "fixed",
    "percentage": "percentage",
    "free_shipping": "free_shipping",
    "free_product": "free_product",
    "gift_card": "gift_card",
    "store_credit": "store_credit",
}


def code_wanted(redemption: Redemption, not_ids: Sequence[str] = ()) -> CodeWanted:
    """The code of a redemption whose `shop` and `account.customer` are loaded. Raises KeyError for a custom reward.

    `not_ids`: store credits of the member's other redemptions.
    """
    terms = read_terms(redemption.terms)
    customer = redemption.account.customer
    currency = redemption.shop.currency
    return CodeWanted(
        code=redemption.code,
        mark=redemption.public_id,
        title=redemption.name,
        kind=_KINDS[terms.kind],
        value=redemption.value if terms.kind == "variable" else terms.value,
        currency=currency,
        most=terms.most_discount,
        minimum=minimum(terms, redemption.value, currency),
        product_ids=terms.product_ids,
        variant_ids=terms.variant_ids,
        collection_ids=terms.collection_ids,
        combines=terms.combines,
        starts_at=redemption.created_at - CLOCKS_APART,
        ends_at=redemption.expires_at,
        customer_id=customer.external_id,
        email=customer.email,
        not_ids=tuple(not_ids),
    )


def minimum(terms: Terms, value: Decimal, currency: str) -> Decimal | None:
    """What must be spent: as the terms say, and enough that `value` is no larger part of it than they allow."""
    if terms.max_order_percent is None:
        return terms.minimum_spend
    unit = Decimal(1).scaleb(-minor_units(currency))
    least = (value * 100 / terms.max_order_percent).quantize(unit, ROUND_CEILING)
    return max(least, terms.minimum_spend or Decimal(0))
