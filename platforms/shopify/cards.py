"""Gift cards and store credit: what is asked of Shopify, and what a found one says."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from lib.clock import now
from platforms.clients import Access, CodeFound, CodeWanted, StoreRefused
from platforms.shopify.codes import gid, has_mark, iso, marked, money_text
from platforms.shopify.graphql import Json

GIFT_CARD_CODE = re.compile(r"[a-z0-9]{8,20}", re.IGNORECASE | re.ASCII)
# Shopify's clock may be behind ours by as much.
CLOCKS_APART = timedelta(seconds=5)


def can_exist(wanted: CodeWanted) -> bool:
    """Whether Shopify could have made it: not a gift card of any other code, nor store credit of nobody."""
    if wanted.kind == "gift_card":
        return bool(GIFT_CARD_CODE.fullmatch(wanted.code))
    return wanted.kind != "store_credit" or bool(wanted.customer_id)


def gift_card(wanted: CodeWanted, zone: ZoneInfo) -> Json:
    """A GiftCardCreateInput. A card expires with a day of the store's: the one in which `ends_at` comes, or ends."""
    if not GIFT_CARD_CODE.fullmatch(wanted.code):
        raise StoreRefused("A gift card's code has 8 to 20 letters and digits.", "code")
    return {
        "code": wanted.code,
        "initialValue": money_text(wanted.value, wanted.currency, "value"),
        "customerId": gid("Customer", wanted.customer_id) if wanted.customer_id else None,
        "note": marked(wanted.title, wanted.mark),
        "expiresOn": _last_day(wanted.ends_at, zone).isoformat() if wanted.ends_at else None,
    }


def read_gift_card(card: Json, wanted: CodeWanted, zone: ZoneInfo) -> CodeFound:
    """A GiftCard as the store has it. Shopify shows the end of its code only; `uses` is 1 once any of it is spent."""
    balance, initial = (Decimal(card[name]["amount"]) for name in ("balance", "initialValue"))
    expires_on, today = card.get("expiresOn"), now().astimezone(zone).date()
    expired = expires_on is not None and date.fromisoformat(expires_on) < today
    return CodeFound(
        id=card["id"],
        code=wanted.code,
        ours=has_mark(card.get("note"), wanted.mark),
        uses=int(balance < initial),
        live=bool(card["enabled"]) and balance > 0 and not expired,
    )


def find_gift_card(cards: list[Json], wanted: CodeWanted, zone: ZoneInfo) -> CodeFound | None:
    """The card of this code among those that Shopify's search came up with: ours, or one that ends alike."""
    tail = wanted.code[-4:].casefold()
    alike = [card for card in cards if card["lastCharacters"].casefold() == tail]
    found = [read_gift_card(card, wanted, zone) for card in alike]
    return next((card for card in found if card.ours), found[0] if found else None)


def owner(wanted: CodeWanted) -> str:
    """Whose store credit it is. Raises `StoreRefused` where the customer is not known at the store."""
    if not wanted.customer_id:
        raise StoreRefused("Store credit needs a customer account at the store.", "customer_id")
    return gid("Customer", wanted.customer_id)


def credit(wanted: CodeWanted) -> Json:
    """A StoreCreditAccountCreditInput."""
    amount = money_text(wanted.value, wanted.currency, "value")
    return {
        "creditAmount": {"amount": amount, "currencyCode": wanted.currency},
        "expiresAt": iso(wanted.ends_at) if wanted.ends_at else None,
        "notify": False,
    }


def find_credit(customer: Json | None, wanted: CodeWanted, since: datetime) -> CodeFound | None:
    """The first credit since `since` of this amount and end that is not known as another's, among the newest fifty.

    A credit carries no note, and Shopify takes no idempotency key for it. So one that the merchant gave to the same
    customer in the same moments, of the same amount and end, cannot be told apart.
    """
    expires_at = iso(wanted.ends_at) if wanted.ends_at else None
    earliest = since.astimezone(UTC) - CLOCKS_APART
    found = [
        credit
        for credit in _credits(customer)
        if credit["id"] not in wanted.not_ids
        and Decimal(credit["amount"]["amount"]) == wanted.value
        and credit["amount"]["currencyCode"] == wanted.currency
        and _same_instant(credit.get("expiresAt"), expires_at)
        and datetime.fromisoformat(credit["createdAt"]) >= earliest
    ]
    if not found:
        return None
    first = min(found, key=lambda credit: datetime.fromisoformat(credit["createdAt"]))
    return CodeFound(id=first["id"], code=wanted.code, ours=True, uses=0, live=True)


def _credits(customer: Json | None) -> Iterator[Json]:
    for account in ((customer or {}).get("storeCreditAccounts") or {}).get("nodes") or ():
        yield from (entry for entry in account["transactions"]["nodes"] if "id" in entry)


def _same_instant(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return one is other
    return datetime.fromisoformat(one) == datetime.fromisoformat(other)


def _last_day(ends_at: datetime, zone: ZoneInfo) -> date:
    return (ends_at - timedelta(microseconds=1)).astimezone(zone).date()


def zone_of(access: Access) -> ZoneInfo:
    """The store's time zone, as `about` told it; UTC where that is not known here."""
    try:
        return ZoneInfo(access.info.get("timezone", ""))
    except (ValueError, KeyError):
        return ZoneInfo("UTC")
