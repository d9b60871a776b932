"""What a reward is and what holds for it, as one document; a redemption keeps a copy of the one it was made under."""

from decimal import Decimal
from typing import Any, Literal

import msgspec
from msgspec import Struct

Kind = Literal[
    "fixed", "percentage", "free_shipping", "free_product", "gift_card", "store_credit", "variable", "custom"
]
Source = Literal["store", "pool"]
Combines = Literal["product", "order", "shipping"]


class Terms(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """The terms of a reward. Amounts are in the shop's currency, points whole.

    `price`: points; of a variable reward, points of one step. `tier_prices`: {tier key: price}, what a tier pays
    instead. `value`: the amount, the per cent, or the amount of one step; of a free product what it is worth.
    `most_discount` caps a percentage. `min_points`, `max_points` and `max_order_percent` bound a variable reward.

    `starts` (inclusive) and `ends` (exclusive) are dates or date-times on the shop's own clock. `tiers`: who may
    redeem it (empty: everybody). `per_member`: how often, returned redemptions not counted. `validity_days`: how long
    a code can be used. `source`: where codes come from; a "pool" was uploaded. `return_unused`: points of a code that
    expires unused come back. `courtesy_days`: points that come back to a lot that has expired live on so long.
    """

    kind: Kind
    price: int
    value: Decimal = Decimal(0)
    tier_prices: dict[str, int] = {}
    most_discount: Decimal | None = None
    min_points: int | None = None
    max_points: int | None = None
    max_order_percent: int | None = None
    minimum_spend: Decimal | None = None
    product_ids: tuple[str, ...] = ()
    variant_ids: tuple[str, ...] = ()
    collection_ids: tuple[str, ...] = ()
    combines: tuple[Combines, ...] = ()
    validity_days: int | None = None
    per_member: int | None = None
    starts: str = ""
    ends: str = ""
    tiers: tuple[str, ...] = ()
    prefix: str = ""
    source: Source = "store"
    return_unused: bool = True
    courtesy_days: int = 0
    instructions: str = ""


def read_terms(stored: Any) -> Terms:
    """The terms as a jsonb column holds them (decoded or text)."""
    if isinstance(stored, str | bytes):
        return msgspec.json.decode(stored, type=Terms)
    return msgspec.convert(stored, Terms)


def plain_terms(terms: Terms) -> dict[str, Any]:
    """The terms as a jsonb column gives them back: amounts are strings, lists are lists."""
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(terms))
    return plain
