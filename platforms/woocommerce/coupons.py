"""Codes as WooCommerce coupons."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from lib.clock import now
from platforms.base import Unreadable
from platforms.clients import Abilities, CodeFound, CodeWanted, StoreRefused
from platforms.reading import instant, quantity
from platforms.woocommerce.shapes import Meta

MARK = "_regulars"
ABILITIES = Abilities(kinds=frozenset({"fixed", "percentage", "free_shipping", "free_product"}))


class Coupon(Struct, gc=False):
    """The fields of a coupon that matter here."""

    id: int
    code: str
    usage_count: Any = 0
    usage_limit: Any = None
    date_expires_gmt: str | None = None
    status: str = "publish"
    meta_data: list[Meta] | None = None


def coupon(wanted: CodeWanted, currency: str) -> dict[str, Any]:
    """The body that makes a coupon of what is wanted. Raises `StoreRefused` for what a coupon cannot hold."""
    build = _KINDS.get(wanted.kind)
    if build is None:
        raise StoreRefused("WooCommerce has no codes of this kind.", "kind")
    if wanted.most is not None:
        raise StoreRefused("WooCommerce cannot cap a percentage.", "most")
    if currency and wanted.currency != currency:
        raise StoreRefused(f"The store's currency is {currency}, not {wanted.currency}.", "currency")
    body: dict[str, Any] = {
        "code": wanted.code,
        "description": f"{wanted.title} ({wanted.mark})",
        "individual_use": not wanted.combines,
        "usage_limit": 1,
        "product_ids": _numbers(wanted.product_ids + wanted.variant_ids, "product_ids"),
        "product_categories": _numbers(wanted.collection_ids, "product_categories"),
        "meta_data": [{"key": MARK, "value": wanted.mark}],
        **build(wanted),
    }
    if wanted.minimum is not None:
        body["minimum_amount"] = _plain(wanted.minimum)
    if wanted.ends_at is not None:
        # Not `date_expires_gmt`, which is shown but ignored when written; the offset keeps the site's zone out.
        body["date_expires"] = wanted.ends_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if wanted.email:
        body["email_restrictions"] = [wanted.email]
    return body


def found(told: Coupon, wanted: CodeWanted) -> CodeFound:
    """A coupon as the store has it. Raises `Unreadable`."""
    uses = quantity(told.usage_count or 0, "usage_count")
    limit = quantity(told.usage_limit or 0, "usage_limit")
    spent = bool(limit) and uses >= limit
    marks = [meta.value for meta in told.meta_data or () if meta.key == MARK]
    return CodeFound(
        id=str(told.id),
        code=told.code,
        ours=wanted.mark in marks,
        uses=uses,
        live=told.status == "publish" and not spent and not _expired(told.date_expires_gmt),
    )


def _expired(value: str | None) -> bool:
    try:
        ends_at: datetime | None = instant(value, "date_expires_gmt", naive_is_utc=True) if value else None
    except Unreadable:
        return False
    return ends_at is not None and ends_at <= now()


def _fixed(wanted: CodeWanted) -> dict[str, Any]:
    return {"discount_type": "fixed_cart", "amount": _plain(wanted.value)}


def _percentage(wanted: CodeWanted) -> dict[str, Any]:
    return {"discount_type": "percent", "amount": _plain(wanted.value)}


def _free_shipping(wanted: CodeWanted) -> dict[str, Any]:
    return {"discount_type": "fixed_cart", "amount": "0", "free_shipping": True}


def _free_product(wanted: CodeWanted) -> dict[str, Any]:
    """All of the price, of one unit."""
    if not wanted.product_ids and not wanted.variant_ids:
        raise StoreRefused("A free product needs the id of the product.", "product_ids")
    return {"discount_type": "percent", "amount": "100", "limit_usage_to_x_items": 1}


_KINDS: dict[str, Callable[[CodeWanted], dict[str, Any]]] = {
    "fixed": _fixed,
    "percentage": _percentage,
    "free_shipping": _free_shipping,
    "free_product": _free_product,
}


def _numbers(ids: tuple[str, ...], field: str) -> list[int]:
    for id in ids:
        if not (id.isascii() and id.isdecimal()):
            raise StoreRefused(f"“{id[:80]}” is not a WooCommerce id.", field)
    return [int(id) for id in ids]


def _plain(value: Decimal) -> str:
    return f"{value:f}"
