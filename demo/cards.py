"""Gift cards at the demo store's checkout: they pay, and take nothing off the price."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext

from demo.discounts import Unusable
from demo.shopify_admin.state import Record, Records


@dataclass(frozen=True)
class Card:
    """A gift card with what is left on it."""

    code: str
    balance: Decimal

    def pays(self, total: Decimal) -> Decimal:
        """What it pays of an order."""
        return min(self.balance, total)


def read_card(record: Record, today: date) -> Card:
    """A card of the store that can pay. Raises `Unusable`."""
    expires = record["expiresOn"]
    if record["deactivatedAt"] or (expires and date.fromisoformat(expires) < today):
        raise Unusable(gettext("This gift card cannot be used any more."), for_good=True)
    if not Decimal(record["balance"]):
        raise Unusable(gettext("Nothing is left on this gift card."), for_good=True)
    return Card(record["code"], Decimal(record["balance"]))


def pay(cards: Records, card: Card, amount: Decimal) -> None:
    """Take an amount off the card. Raises `Unusable` where so much is not left any more."""

    def take(record: Record) -> None:
        left = Decimal(record["balance"]) - amount
        if left < 0:
            raise Unusable(gettext("So much is not left on this gift card any more."))
        record["balance"] = str(left)

    cards.change(card.code.lower(), take)
