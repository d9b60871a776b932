"""What the demo store's points can be redeemed for: one reward of every kind that suits it."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from demo.catalogue import BY_SKU, TIMEZONE
from rewards.actions.catalogue import create_reward
from rewards.models import Reward
from rewards.queries import rewards_of
from shops.models import Shop

FLASH_DAYS = 3
VALID = {"validity_days": 90}
# No store has this product any more: what is redeemed for it cannot be made.
GONE = "81010990"


@dataclass(frozen=True)
class Planned:
    """A reward of the catalogue."""

    name: str
    description: str
    terms: dict[str, Any]
    stock: int | None = field(default=None)


def catalogue(today: date) -> dict[str, Planned]:
    """The rewards by a short name, in the order of the catalogue."""
    return {**_everyday(), **_special(today)}


def ensure(shop: Shop, at: datetime, actor: str) -> dict[str, Reward]:
    """The rewards by their short names; made where the shop has none yet."""
    planned = catalogue(at.astimezone(ZoneInfo(TIMEZONE)).date())
    there = {reward.name: reward for reward in rewards_of(shop, archived=True)}
    if not there:
        for one in planned.values():
            made = create_reward(shop, one.name, one.terms, one.description, one.stock, actor=actor)
            there[made.name] = made
    return {key: there[one.name] for key, one in planned.items() if one.name in there}


def _everyday() -> dict[str, Planned]:
    return {
        "five": Planned(
            _("5 € off"),
            _("Off your next order, whatever it is."),
            {"kind": "fixed", "price": 500, "value": "5.00", **VALID},
        ),
        "slider": Planned(
            _("As much as you like"),
            _("1 € for every 100 points, up to half of an order."),
            {
                "kind": "variable",
                "price": 100,
                "value": "1.00",
                "min_points": 200,
                "max_points": 3000,
                "max_order_percent": 50,
                **VALID,
            },
        ),
        "shipping": Planned(
            _("Free shipping"),
            _("We pay the parcel."),
            {"kind": "free_shipping", "price": 300, "combines": ["order", "product"], **VALID},
        ),
        "tenth": Planned(
            _("10% off"),
            _("For the larger orders."),
            {"kind": "percentage", "price": 800, "value": "10", "minimum_spend": "60.00", **VALID},
        ),
        "mug": Planned(
            _("A Fern mug"),
            _("Put one into your cart; the code pays for it."),
            {
                "kind": "free_product",
                "price": 1800,
                "value": "24.00",
                "variant_ids": [str(BY_SKU["mug"].variant_id)],
                **VALID,
            },
        ),
        "card": Planned(
            _("Gift card of 10 €"),
            _("To keep, or to give away."),
            {"kind": "gift_card", "price": 1200, "value": "10.00", "validity_days": 365},
        ),
    }


def _special(today: date) -> dict[str, Planned]:
    goods = [str(BY_SKU[sku].id) for sku in ("vase", "teapot")]
    return {
        "members": Planned(
            _("15 € off for Silver and Gold"),
            _("A thank-you to our regulars; Gold pays less."),
            {
                "kind": "fixed",
                "price": 1300,
                "tier_prices": {"gold": 1000},
                "value": "15.00",
                "tiers": ["silver", "gold"],
                "minimum_spend": "45.00",
                **VALID,
            },
        ),
        "flash": Planned(
            _("Flash offer: 20% off vases and teapots"),
            _("A few days only, and only a few."),
            {
                "kind": "percentage",
                "price": 400,
                "value": "20",
                "product_ids": goods,
                "per_member": 1,
                "starts": (today - timedelta(days=1)).isoformat(),
                "ends": (today + timedelta(days=FLASH_DAYS)).isoformat(),
                "validity_days": 14,
            },
            stock=25,
        ),
        "workshop": Planned(
            _("An evening at the wheel"),
            _("Throw your own bowl with us in Leipzig: two hours, clay and tea included."),
            {
                "kind": "custom",
                "price": 900,
                "value": "35.00",
                "instructions": _("We write to you with the next dates."),
                "per_member": 2,
            },
            stock=12,
        ),
        "jug": Planned(
            _("Last year's jug"),
            _("The rest of our autumn series."),
            {"kind": "free_product", "price": 600, "variant_ids": [GONE], **VALID},
            stock=3,
        ),
    }
