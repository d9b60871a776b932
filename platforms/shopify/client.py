"""Shopify's Admin API as `platforms.clients.Client` asks for it."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.utils.translation import gettext_noop

from platforms.clients import (
    Abilities,
    Access,
    CodeFound,
    CodeWanted,
    Fetched,
    Page,
    StoreAway,
    StoreRefused,
)
from platforms.shopify import cards, codes, documents, orders_query, subscriptions
from platforms.shopify.graphql import TIMEOUT_S, Admin

FIELDS: Final = {"access_token": gettext_noop("Admin API access token")}

# Eight characters are what a gift card's code must have at least; at most it has 20, and no other signs.
ABILITIES: Final = Abilities(
    kinds=frozenset({"fixed", "percentage", "free_shipping", "free_product", "gift_card", "store_credit"}),
    caps_percentage=False,
    fewest_code_characters=8,
    most_code_characters=255,
    apply_path="/discount/{code}",
)


class ShopifyClient:
    """One store's Admin API. See `platforms.clients.Client` for what each method promises."""

    def __init__(self, access: Access, timeout_s: float = TIMEOUT_S) -> None:
        self._access = access
        self._admin = Admin(access.domain, access.credentials.get("access_token", ""), timeout_s)

    def about(self) -> dict[str, str]:
        """`name`, `currency`, `id`, `domain` (*.myshopify.com), `website` (its host) and `timezone`."""
        shop = self._admin.ask(documents.SHOP)["shop"]
        return {
            "name": shop["name"],
            "currency": shop["currencyCode"],
            "id": codes.number(shop["id"], "Shop"),
            "domain": shop["myshopifyDomain"],
            "website": shop["primaryDomain"]["host"],
            "timezone": shop["ianaTimezone"],
        }

    def make(self, wanted: CodeWanted) -> CodeFound:
        """Make the code; for a free product its price is looked up first."""
        if wanted.currency != self._access.currency:
            raise StoreRefused(
                f"The store sells in {self._access.currency}, the code is in {wanted.currency}.", "currency"
            )
        match wanted.kind:
            case "gift_card":
                return self._make_gift_card(wanted)
            case "store_credit":
                return self._make_credit(wanted)
            case "free_shipping":
                return self._make_discount(documents.MAKE_FREE_SHIPPING, codes.free_shipping(wanted), wanted)
            case "free_product":
                prices = self._prices(wanted)
                return self._make_discount(documents.MAKE_DISCOUNT, codes.basic(wanted, prices), wanted)
            case _:
                return self._make_discount(documents.MAKE_DISCOUNT, codes.basic(wanted), wanted)

    def find(self, wanted: CodeWanted, since: datetime) -> CodeFound | None:
        """The code; for store credit what `cards.find_credit` can tell. None at once for what cannot have been made."""
        if not cards.can_exist(wanted):
            return None
        if wanted.kind == "gift_card":
            listed = self._admin.ask(documents.FIND_GIFT_CARDS, query=wanted.code)
            return cards.find_gift_card(listed["giftCards"]["nodes"], wanted, cards.zone_of(self._access))
        if wanted.kind == "store_credit":
            answer = self._admin.ask(documents.CREDITS, owner=cards.owner(wanted))
            return cards.find_credit(answer["customer"], wanted, since)
        answer = self._admin.ask(documents.FIND_DISCOUNT, code=wanted.code)
        return codes.read(answer["codeDiscountNodeByCode"], wanted)

    def end(self, wanted: CodeWanted, id: str) -> None:
        """Deactivate it, which keeps it visible to the merchant. Store credit cannot be told apart once given."""
        if wanted.kind == "store_credit":
            raise StoreRefused("Store credit that was given cannot be taken back.")
        if wanted.kind == "gift_card":
            self._end_gift_card(id)
        else:
            self._end_discount(wanted, id)

    def orders_changed(self, since: datetime, cursor: str | None = None) -> Page:
        """Orders by their last change."""
        return orders_query.orders(self._admin, "UPDATED_AT", since, cursor)

    def orders_placed(self, since: datetime | None, cursor: str | None = None) -> Page:
        """Orders by their making; the first page says how many there are."""
        return orders_query.orders(self._admin, "CREATED_AT", since, cursor, counted=True)

    def fetch(self, kind: str, external_id: str) -> Iterable[Fetched]:
        """An order by its number. Shopify's webhooks are whole, so they ask for nothing."""
        return orders_query.one(self._admin, external_id) if kind == "order" else []

    def subscribe(self, url: str, secret: str) -> list[str]:
        """All of `subscriptions.TOPICS`. Shopify signs with the app's secret: `secret` is not sent."""
        return subscriptions.subscribe(self._admin, url)

    def unsubscribe(self, url: str) -> None:
        """Delete what sends to `url`."""
        subscriptions.unsubscribe(self._admin, url)

    def _make_discount(self, document: str, discount: dict[str, object], wanted: CodeWanted) -> CodeFound:
        payload = self._admin.change(document, discount=discount)
        return _made(codes.read(payload["codeDiscountNode"], wanted))

    def _make_gift_card(self, wanted: CodeWanted) -> CodeFound:
        zone = cards.zone_of(self._access)
        payload = self._admin.change(documents.MAKE_GIFT_CARD, card=cards.gift_card(wanted, zone))
        card = payload["giftCard"]
        return _made(cards.read_gift_card(card, wanted, zone) if card else None)

    def _make_credit(self, wanted: CodeWanted) -> CodeFound:
        owner, credit = cards.owner(wanted), cards.credit(wanted)
        payload = self._admin.change(documents.CREDIT, owner=owner, credit=credit)
        made = payload["storeCreditAccountTransaction"]
        return _made(CodeFound(made["id"], wanted.code, ours=True, uses=0, live=True) if made else None)

    def _prices(self, wanted: CodeWanted) -> list[Decimal]:
        """The prices of the goods of which one is to be free; those that are gone have none."""
        prices: list[str] = []
        for id in wanted.variant_ids:
            variant = self._admin.ask(documents.VARIANT_PRICE, id=codes.gid("ProductVariant", id))[
                "productVariant"
            ]
            prices += [variant["price"]] if variant else []
        for id in wanted.product_ids:
            product = self._admin.ask(documents.PRODUCT_PRICES, id=codes.gid("Product", id))["product"]
            prices += [variant["price"] for variant in product["variants"]["nodes"]] if product else []
        return [Decimal(price) for price in prices]

    def _end_discount(self, wanted: CodeWanted, id: str) -> None:
        try:
            payload = self._admin.change(documents.DEACTIVATE_DISCOUNT, id=id)
        except StoreRefused:
            left = codes.read(self._admin.ask(documents.DISCOUNT, id=id)["codeDiscountNode"], wanted)
            if left is None or not left.live:
                return
            raise
        ended = codes.read(payload["codeDiscountNode"], wanted)
        if ended is not None and ended.live:
            # Not one that has yet to start, or is of a kind that cannot be read, may be left usable.
            self._admin.change(documents.DELETE_DISCOUNT, id=id)

    def _end_gift_card(self, id: str) -> None:
        try:
            self._admin.change(documents.DEACTIVATE_GIFT_CARD, id=id)
        except StoreRefused:
            card = self._admin.ask(documents.GIFT_CARD, id=id)["giftCard"]
            if card is not None and card["enabled"]:
                raise


def _made(found: CodeFound | None) -> CodeFound:
    """What was made, if the store showed it."""
    if found is None:
        raise StoreAway("Shopify did not show what it made.", maybe_done=True)
    return found
