"""Codes as BigCommerce coupons."""

import re
from datetime import UTC
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from msgspec import Struct

from lib.clock import now
from platforms.clients import Abilities, CodeFound, CodeWanted, StoreRefused
from platforms.reading import quantity

LONGEST_NAME = 100
ABILITIES = Abilities(kinds=frozenset({"fixed", "percentage", "free_shipping"}), most_code_characters=50)
_TYPES = {
    "fixed": "per_total_discount",
    "percentage": "percentage_discount",
    "free_shipping": "free_shipping",
}
_CODE = re.compile(r"[a-zA-Z0-9_\- ]{1,50}")
_ALL_CATEGORIES = 0


class Coupon(Struct, gc=False):
    """The fields of a coupon that matter here."""

    id: int
    code: str
    name: str
    enabled: bool = True
    num_uses: Any = 0
    max_uses: Any = 0
    expires: str | None = None


def coupon(wanted: CodeWanted, currency: str) -> dict[str, Any]:
    """The body that makes a coupon of what is wanted. Raises `StoreRefused` for what a coupon cannot hold."""
    if wanted.kind not in _TYPES:
        raise StoreRefused("BigCommerce has no codes of this kind.", "kind")
    if wanted.most is not None:
        raise StoreRefused("BigCommerce cannot cap a percentage.", "most")
    if currency and wanted.currency != currency:
        raise StoreRefused(f"The store's currency is {currency}, not {wanted.currency}.", "currency")
    if not _CODE.fullmatch(wanted.code):
        raise StoreRefused("A code of BigCommerce has at most 50 letters, digits, spaces, - and _.", "code")
    body: dict[str, Any] = {
        "name": _name(wanted),
        "code": wanted.code,
        "type": _TYPES[wanted.kind],
        "amount": "0" if wanted.kind == "free_shipping" else f"{wanted.value:f}",
        "applies_to": _applies_to(wanted),
        "enabled": True,
        "max_uses": 1,
    }
    if wanted.minimum is not None:
        body["min_purchase"] = f"{wanted.minimum:f}"
    if wanted.ends_at is not None:
        body["expires"] = format_datetime(wanted.ends_at.astimezone(UTC))
    return body


def found(told: Coupon, wanted: CodeWanted) -> CodeFound:
    """A coupon as the store has it. Raises `Unreadable`."""
    uses, most = quantity(told.num_uses or 0, "num_uses"), quantity(told.max_uses or 0, "max_uses")
    spent = bool(most) and uses >= most
    return CodeFound(
        id=str(told.id),
        code=told.code,
        ours=told.name.endswith(f"({wanted.mark})"),
        uses=uses,
        live=told.enabled and not spent and not _expired(told.expires),
    )


def _name(wanted: CodeWanted) -> str:
    """Names are unique at a store; the mark makes this one so."""
    mark = f"({wanted.mark})"
    return f"{wanted.title[: LONGEST_NAME - len(mark) - 1]} {mark}".strip()


def _applies_to(wanted: CodeWanted) -> dict[str, Any]:
    if wanted.variant_ids:
        raise StoreRefused(
            "A coupon of BigCommerce is for products or categories, not for variants.", "variant_ids"
        )
    if wanted.product_ids:
        return {"entity": "products", "ids": _numbers(wanted.product_ids, "product_ids")}
    return {
        "entity": "categories",
        "ids": _numbers(wanted.collection_ids, "collection_ids") or [_ALL_CATEGORIES],
    }


def _numbers(ids: tuple[str, ...], field: str) -> list[int]:
    for id in ids:
        if not (id.isascii() and id.isdecimal()):
            raise StoreRefused(f"“{id[:80]}” is not a BigCommerce id.", field)
    return [int(id) for id in ids]


def _expired(value: str | None) -> bool:
    try:
        ends_at = parsedate_to_datetime(value) if value else None
    except ValueError:
        return False
    return ends_at is not None and ends_at.replace(tzinfo=ends_at.tzinfo or UTC) <= now()
