"""Gift cards: made, looked for, deactivated."""

import re
import secrets
import string
from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from demo.shopify_admin.documents import Json
from demo.shopify_admin.search import found, number_of, page
from demo.shopify_admin.state import Record

if TYPE_CHECKING:
    from demo.shopify_admin.admin import AdminStore

SHORTEST, LONGEST = 8, 20
MADE_UP = 16
MOST_VALUE = Decimal(3000)
CODE_PART = re.compile(r"(?:last_characters:)?['\"]?([A-Za-z0-9]+)['\"]?", re.ASCII)


def fields(store: "AdminStore") -> dict[str, Callable[..., Any]]:
    """The fields at the top that are about gift cards."""
    cards = store["gift_cards"]

    def node(record: Record | None) -> Json | None:
        return _node(store, record) if record else None

    def listed(info: Any, **given: Any) -> Json:
        matching = found(_candidates(store, given.get("query")), given.get("query"), _words)
        nodes = [_node(store, record) for record in matching]
        return page(nodes, given, rank=lambda card: [number_of(card["id"])])

    def end(info: Any, id: str) -> Json:
        card = cards.by_id(id)
        now = store.now()
        ended = cards.change(card["code"].lower(), lambda record: _end(record, now)) if card else None
        error = {
            "field": ["id"],
            "message": "The gift card could not be found.",
            "code": "GIFT_CARD_NOT_FOUND",
        }
        return {"giftCard": node(ended), "userErrors": [] if ended else [error]}

    return {
        "giftCard": lambda info, id: node(cards.by_id(id)),
        "giftCards": listed,
        "giftCardCreate": lambda info, input: _create(store, input),
        "giftCardDeactivate": end,
    }


def foreign(store: "AdminStore", code: str) -> bool:
    """Somebody else makes a gift card with this code; False where it is taken."""
    record = _record(store, {"code": code, "initialValue": Decimal(1)})
    return store["gift_cards"].add(code.lower(), record | {"foreign": True})


def _create(store: "AdminStore", wanted: Json) -> Json:
    alphabet = string.ascii_lowercase + string.digits
    wanted = {"code": "".join(secrets.choice(alphabet) for _ in range(MADE_UP))} | wanted
    error = _error(store, wanted)
    record = _record(store, wanted)
    if error is None and not store["gift_cards"].add(record["code"].lower(), record):
        error = ("code", "Code has already been taken", "TAKEN")
    if error is not None:
        field, message, code = error
        told = {"field": ["input", field], "message": message, "code": code}
        return {"giftCard": None, "giftCardCode": None, "userErrors": [told]}
    return {"giftCard": _node(store, record), "giftCardCode": record["code"], "userErrors": []}


def _error(store: "AdminStore", wanted: Json) -> tuple[str, str, str] | None:
    code, value, owner = wanted["code"] or "", wanted["initialValue"], wanted.get("customerId")
    if value <= 0:
        return "initialValue", "must be greater than 0", "GREATER_THAN"
    if value > MOST_VALUE:
        return "initialValue", f"can't exceed {MOST_VALUE} {store.shop.currency}", "GIFT_CARD_LIMIT_EXCEEDED"
    if len(code) < SHORTEST:
        return "code", f"Code must be at least {SHORTEST} characters long", "TOO_SHORT"
    if len(code) > LONGEST:
        return "code", f"Code must be at most {LONGEST} characters long", "TOO_LONG"
    if not (code.isascii() and code.isalnum()):
        return "code", "Code can only contain letters(a-z) and numbers(0-9)", "INVALID"
    if owner and store["customers"].get(owner) is None:
        return "customerId", "The customer could not be found.", "CUSTOMER_NOT_FOUND"
    return None


def _record(store: "AdminStore", wanted: Json) -> Record:
    expires = wanted.get("expiresOn")
    return {
        "id": store.new_id("GiftCard"),
        "code": wanted["code"] or "",
        "initialValue": str(wanted["initialValue"]),
        "balance": str(wanted["initialValue"]),
        "customer": wanted.get("customerId"),
        "expiresOn": expires.isoformat() if expires else None,
        "note": wanted.get("note"),
        "templateSuffix": wanted.get("templateSuffix"),
        "deactivatedAt": None,
        "createdAt": store.now(),
        "updatedAt": store.now(),
    }


def _node(store: "AdminStore", record: Record) -> Json:
    last = record["code"][-4:].lower()
    owner = record["customer"]
    return record | {
        "__typename": "GiftCard",
        "initialValue": store.money(record["initialValue"]),
        "balance": store.money(record["balance"]),
        "customer": store["customers"].get(owner) if owner else None,
        "enabled": record["deactivatedAt"] is None,
        "lastCharacters": last,
        "maskedCode": f"•••• •••• •••• {last}",
    }


def _candidates(store: "AdminStore", query: str | None) -> list[Record]:
    """All cards, or the one whose whole code is asked for: that need not look at every card."""
    whole = CODE_PART.fullmatch(query or "")
    if whole and (record := store["gift_cards"].get(whole[1].lower())):
        return [record]
    return [card | {"lastCharacters": card["code"][-4:]} for card in store["gift_cards"].all()]


def _words(card: Record) -> list[str]:
    return [card["code"], card["code"][-4:]]


def _end(record: Record, now: str) -> None:
    record["deactivatedAt"] = record["deactivatedAt"] or now
    record["updatedAt"] = now
