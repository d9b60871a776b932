"""Discount codes: what is asked of Shopify for each kind, and what a found one says."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

from lib.money import minor_units
from platforms.clients import CodeFound, CodeWanted, StoreRefused
from platforms.shopify.fields import gid_number
from platforms.shopify.graphql import Json

LONGEST_TITLE = 255
LIVE = ("ACTIVE", "SCHEDULED")


def marked(title: str, mark: str) -> str:
    """A title with its mark in brackets, so that no mark is found in a longer one."""
    tail = f"({mark})"
    return f"{title[: LONGEST_TITLE - len(tail) - 1].strip()} {tail}".strip()


def has_mark(text: str | None, mark: str) -> bool:
    """Whether `marked` wrote this text."""
    return f"({mark})" in (text or "")


def gid(kind: str, id: str) -> str:
    """gid://shopify/Kind/123 of 123."""
    return id if id.startswith("gid:") else f"gid://shopify/{kind}/{id}"


def iso(instant: datetime) -> str:
    """An instant as Shopify writes it."""
    return instant.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def money_text(amount: Decimal, currency: str, field: str) -> str:
    """An amount with the currency's decimals. Raises `StoreRefused` for a finer one, and for none at all."""
    exact = amount.quantize(Decimal(1).scaleb(-minor_units(currency)))
    if exact != amount or exact <= 0:
        raise StoreRefused(f"{amount} {currency} is not an amount that can be paid.", field)
    return str(exact)


def share(percent: Decimal) -> Decimal:
    """7 per cent as 0.07. Raises `StoreRefused` outside of 0 to 100."""
    if not 0 < percent <= 100:
        raise StoreRefused("A percentage must be more than 0 and at most 100.", "value")
    return (percent / 100).normalize()


def basic(wanted: CodeWanted, prices: Sequence[Decimal] = ()) -> Json:
    """A DiscountCodeBasicInput. `prices` are those of the goods of which one is to be free."""
    return {
        **_common(wanted),
        "combinesWith": _combines(wanted.combines),
        "customerGets": {"value": _value(wanted, prices), "items": _items(wanted)},
    }


def free_shipping(wanted: CodeWanted) -> Json:
    """A DiscountCodeFreeShippingInput. Shopify ties free shipping to no goods, and to no other shipping discount."""
    if wanted.product_ids or wanted.variant_ids or wanted.collection_ids:
        raise StoreRefused("Shopify cannot tie free shipping to certain products.", "product_ids")
    others = tuple(kind for kind in wanted.combines if kind != "shipping")
    return {**_common(wanted), "combinesWith": _combines(others), "destination": {"all": True}}


def read(node: Json | None, wanted: CodeWanted) -> CodeFound | None:
    """A DiscountCodeNode as the store has it.

    `uses` lags behind: Shopify counts them afterwards. Of discounts that another app or a person made, in kinds that
    are not made here, no more is known than that they are there.
    """
    if node is None:
        return None
    discount = node["codeDiscount"]
    codes = [code["code"] for code in (discount.get("codes") or {}).get("nodes") or ()]
    same = (code for code in codes if code.casefold() == wanted.code.casefold())
    return CodeFound(
        id=node["id"],
        code=next(same, wanted.code),
        ours=has_mark(discount.get("title"), wanted.mark),
        uses=int(discount.get("asyncUsageCount") or 0),
        live=discount.get("status", "ACTIVE") in LIVE,
    )


def _common(wanted: CodeWanted) -> Json:
    return {
        "title": marked(wanted.title, wanted.mark),
        "code": wanted.code,
        "startsAt": iso(wanted.starts_at),
        "endsAt": iso(wanted.ends_at) if wanted.ends_at else None,
        "usageLimit": 1,
        "appliesOncePerCustomer": True,
        "context": _context(wanted),
        "minimumRequirement": _minimum(wanted),
    }


def _context(wanted: CodeWanted) -> Json:
    """Who may use it: Shopify can bind a code to its own customers alone, not to an e-mail address."""
    if not wanted.customer_id:
        return {"all": "ALL"}
    return {"customers": {"add": [gid("Customer", wanted.customer_id)]}}


def _minimum(wanted: CodeWanted) -> Json | None:
    if not wanted.minimum:
        return None
    subtotal = money_text(wanted.minimum, wanted.currency, "minimum")
    return {"subtotal": {"greaterThanOrEqualToSubtotal": subtotal}}


def _combines(kinds: Sequence[str]) -> Json:
    return {f"{kind}Discounts": kind in kinds for kind in ("product", "order", "shipping")}


def _value(wanted: CodeWanted, prices: Sequence[Decimal]) -> Json:
    if wanted.kind == "percentage":
        if wanted.most is not None:
            raise StoreRefused("Shopify cannot cap a percentage.", "most")
        return {"percentage": share(wanted.value)}
    amount = _one_price(prices) if wanted.kind == "free_product" else wanted.value
    field = "variant_ids" if wanted.kind == "free_product" else "value"
    off = money_text(amount, wanted.currency, field)
    return {"discountAmount": {"amount": off, "appliesOnEachItem": False}}


def _one_price(prices: Sequence[Decimal]) -> Decimal:
    """What takes exactly one item off: its price, off the goods together. With several prices there is no such amount.

    The price is the one at the time of making: a code lives on with it when the store's price changes.
    """
    if not prices:
        raise StoreRefused("The product that is to be free is not in the store any more.", "variant_ids")
    if len(set(prices)) > 1:
        raise StoreRefused("The products of which one is to be free have different prices.", "variant_ids")
    return prices[0]


def _items(wanted: CodeWanted) -> Json:
    products = [gid("Product", id) for id in wanted.product_ids]
    variants = [gid("ProductVariant", id) for id in wanted.variant_ids]
    collections = [gid("Collection", id) for id in wanted.collection_ids]
    if collections and (products or variants):
        raise StoreRefused("A code is for products or for collections, not for both.", "collection_ids")
    if collections:
        return {"collections": {"add": collections}}
    if products or variants:
        return {"products": {"productsToAdd": products, "productVariantsToAdd": variants}}
    return {"all": True}


def number(value: str, kind: str) -> str:
    """123 of gid://shopify/Kind/123; the gid where it has no number."""
    return gid_number(value, kind) or value
