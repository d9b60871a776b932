"""Discount codes: made, looked up, ended, deleted; and what a checkout needs to know of one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from demo.shopify_admin.discount_checks import discount_errors
from demo.shopify_admin.documents import Json
from demo.shopify_admin.schema import instant, iso
from demo.shopify_admin.state import Record, Records

if TYPE_CHECKING:
    from demo.shopify_admin.admin import AdminStore

BASIC, SHIPPING = "DiscountCodeBasic", "DiscountCodeFreeShipping"
GONE = {"field": ["id"], "message": "Code discount does not exist.", "code": "INVALID", "extraInfo": None}


@dataclass(frozen=True)
class Use:
    """A code at the checkout.

    `value`: a share of 1 for a percentage, an amount in the store's currency for an amount. `items`: `all`, or the
    gids that it is for. `customers`: the gids that may use it, None for everybody. `left`: uses, None for any number.
    """

    code: str
    title: str
    kind: Literal["percentage", "amount", "free_shipping"]
    value: Decimal
    minimum_subtotal: Decimal | None
    minimum_quantity: int | None
    items: Literal["all"] | frozenset[str]
    customers: frozenset[str] | None
    once_per_customer: bool
    most_shipping: Decimal | None
    combines_with: dict[str, bool]
    left: int | None
    status: Literal["ACTIVE", "SCHEDULED", "EXPIRED"]

    @property
    def usable(self) -> bool:
        return self.status == "ACTIVE" and self.left != 0


def fields(store: "AdminStore") -> dict[str, Callable[..., Any]]:
    """The fields at the top that are about discount codes."""
    codes = store["codes"]

    def node(record: Record | None) -> Json | None:
        return _node(store, record) if record else None

    def end(info: Any, id: str) -> Json:
        found = codes.by_id(id)
        now = store.now()
        ended = codes.change(found["code"].lower(), lambda record: _end(record, now)) if found else None
        return {"codeDiscountNode": node(ended), "userErrors": [] if ended else [GONE]}

    def delete(info: Any, id: str) -> Json:
        found = codes.by_id(id)
        gone = codes.remove(found["code"].lower()) if found else None
        return {"deletedCodeDiscountId": id if gone else None, "userErrors": [] if gone else [GONE]}

    return {
        "codeDiscountNode": lambda info, id: node(codes.by_id(id)),
        "codeDiscountNodeByCode": lambda info, code: node(codes.get(code.strip().lower())),
        "discountCodeBasicCreate": lambda info, **given: _create(store, BASIC, "basicCodeDiscount", given),
        "discountCodeFreeShippingCreate": lambda info, **given: _create(
            store, SHIPPING, "freeShippingCodeDiscount", given
        ),
        "discountCodeDeactivate": end,
        "discountCodeDelete": delete,
    }


def foreign(store: "AdminStore", code: str) -> bool:
    """Somebody else makes a code of this name; False where it is taken."""
    given: Json = {"code": code, "title": "Somebody else's", "startsAt": store.clock()}
    given["customerGets"] = {"value": {"percentage": 0.05}, "items": {"all": True}}
    return store["codes"].add(code.lower(), _record(store, BASIC, given) | {"foreign": True})


def use_of(record: Record, now: datetime) -> Use:
    """A stored code as a checkout sees it."""
    value = record["value"]
    share, amount = value.get("percentage"), value.get("amount")
    items: Any = [gid for gids in record["items"].values() if isinstance(gids, list) for gid in gids]
    limit = record["usageLimit"]
    return Use(
        code=record["code"],
        title=record["title"],
        kind="percentage" if share is not None else "amount" if amount is not None else "free_shipping",
        value=Decimal(share or amount or 0),
        minimum_subtotal=_decimal(record["minimumSubtotal"]),
        minimum_quantity=record["minimumQuantity"],
        items=frozenset(items) if items else "all",
        customers=frozenset(record["customers"]) if record["customers"] is not None else None,
        once_per_customer=record["appliesOncePerCustomer"],
        most_shipping=_decimal(record["maximumShippingPrice"]),
        combines_with=record["combinesWith"],
        left=None if limit is None else max(0, limit - record["used"]),
        status=status(record, now),
    )


def mark_used(codes: Records, key: str, now: datetime) -> bool:
    """Count one use, unless the code cannot be used any more."""
    counted = False

    def count(record: Record) -> None:
        nonlocal counted
        counted = use_of(record, now).usable
        record["used"] += counted

    codes.change(key, count)
    return counted


def status(record: Record, now: datetime) -> Literal["ACTIVE", "SCHEDULED", "EXPIRED"]:
    """The state that follows from the period."""
    if instant(record["startsAt"]) > now:
        return "SCHEDULED"
    return "EXPIRED" if record["endsAt"] and instant(record["endsAt"]) <= now else "ACTIVE"


def _create(store: "AdminStore", kind: str, argument: str, given: Json) -> Json:
    wanted = given[argument]
    errors = discount_errors(store, kind, wanted)
    record = None
    if not errors:
        record = _record(store, kind, wanted)
        if not store["codes"].add(wanted["code"].strip().lower(), record):
            errors = [(["code"], "Code must be unique. Please try a different code.", "TAKEN")]
    told = [
        {"field": [argument, *path], "message": message, "code": code, "extraInfo": None}
        for path, message, code in errors
    ]
    return {"codeDiscountNode": None if told or record is None else _node(store, record), "userErrors": told}


def _record(store: "AdminStore", kind: str, wanted: Json) -> Record:
    gets = wanted.get("customerGets") or {}
    minimum = wanted.get("minimumRequirement") or {}
    customers = (wanted.get("context") or {}).get("customers")
    combines = wanted.get("combinesWith") or {}
    subtotal = (minimum.get("subtotal") or {}).get("greaterThanOrEqualToSubtotal")
    return {
        "id": store.new_id("DiscountCodeNode"),
        "code_id": store.new_id("DiscountRedeemCode"),
        "kind": kind,
        "code": wanted["code"].strip(),
        "title": wanted["title"],
        "startsAt": iso(wanted["startsAt"]),
        "endsAt": iso(wanted["endsAt"]) if wanted.get("endsAt") else None,
        "usageLimit": wanted.get("usageLimit"),
        "used": 0,
        "appliesOncePerCustomer": bool(wanted.get("appliesOncePerCustomer")),
        "tags": wanted.get("tags") or [],
        "value": _value(gets.get("value") or {}) if kind == BASIC else {},
        "items": _items(gets.get("items") or {}),
        "customers": (customers.get("add") or []) if customers is not None else None,
        "minimumSubtotal": None if subtotal is None else str(subtotal),
        "minimumQuantity": (minimum.get("quantity") or {}).get("greaterThanOrEqualToQuantity"),
        "combinesWith": {
            name: bool(combines.get(name))
            for name in ("orderDiscounts", "productDiscounts", "shippingDiscounts")
        },
        "maximumShippingPrice": _text(wanted.get("maximumShippingPrice")),
        "createdAt": store.now(),
        "updatedAt": store.now(),
    }


def _value(value: Json) -> Json:
    if value.get("percentage") is not None:
        return {"percentage": str(Decimal(str(value["percentage"])))}
    off = value["discountAmount"]
    return {"amount": str(off["amount"]), "each": bool(off.get("appliesOnEachItem"))}


def _items(items: Json) -> Json:
    products, collections = items.get("products") or {}, items.get("collections") or {}
    found = {
        "products": products.get("productsToAdd"),
        "variants": products.get("productVariantsToAdd"),
        "collections": collections.get("add"),
    }
    return {name: gids for name, gids in found.items() if gids}


def _node(store: "AdminStore", record: Record) -> Json:
    known = {
        name: record[name] for name in ("title", "startsAt", "endsAt", "usageLimit", "tags", "combinesWith")
    }
    code = {"id": record["code_id"], "code": record["code"], "asyncUsageCount": record["used"]}
    most = record["maximumShippingPrice"]
    discount = known | {
        "__typename": record["kind"],
        "status": status(record, store.clock()),
        "asyncUsageCount": record["used"],
        "appliesOncePerCustomer": record["appliesOncePerCustomer"],
        "codes": [code],
        "codesCount": {"count": 1, "precision": "EXACT"},
        "context": _context(store, record),
        "customerGets": _gets(store, record),
        "minimumRequirement": _minimum(store, record),
        "destinationSelection": {"__typename": "DiscountCountryAll", "allCountries": True},
        "maximumShippingPrice": None if most is None else store.money(most),
        "discountClasses": ["SHIPPING" if record["kind"] == SHIPPING else "ORDER"],
        "summary": record["title"],
        "shortSummary": record["title"],
        "createdAt": record["createdAt"],
        "updatedAt": record["updatedAt"],
    }
    return {"__typename": "DiscountCodeNode", "id": record["id"], "codeDiscount": discount}


def _context(store: "AdminStore", record: Record) -> Json:
    if record["customers"] is None:
        return {"__typename": "DiscountBuyerSelectionAll", "all": "ALL"}
    known = [store["customers"].get(gid) or {"id": gid} for gid in record["customers"]]
    return {"__typename": "DiscountCustomers", "customers": known}


def _gets(store: "AdminStore", record: Record) -> Json:
    value, items = record["value"], record["items"]
    if "percentage" in value:
        off: Json = {"__typename": "DiscountPercentage", "percentage": float(value["percentage"])}
    else:
        off = {
            "__typename": "DiscountAmount",
            "amount": store.money(value.get("amount", "0")),
            "appliesOnEachItem": value.get("each", False),
        }
    if "collections" in items:
        scope: Json = {
            "__typename": "DiscountCollections",
            "collections": _known(store, "collections", items),
        }
    elif items:
        scope = {
            "__typename": "DiscountProducts",
            "products": _known(store, "products", items),
            "productVariants": [{"id": gid} for gid in items.get("variants", [])],
        }
    else:
        scope = {"__typename": "AllDiscountItems", "allItems": True}
    return {"value": off, "items": scope, "appliesOnOneTimePurchase": True, "appliesOnSubscription": False}


def _known(store: "AdminStore", kind: str, items: Json) -> list[Record]:
    return [store[kind].get(gid) or {"id": gid} for gid in items.get(kind, [])]


def _minimum(store: "AdminStore", record: Record) -> Json | None:
    if record["minimumSubtotal"] is not None:
        money = store.money(record["minimumSubtotal"])
        return {"__typename": "DiscountMinimumSubtotal", "greaterThanOrEqualToSubtotal": money}
    if record["minimumQuantity"] is not None:
        quantity = str(record["minimumQuantity"])
        return {"__typename": "DiscountMinimumQuantity", "greaterThanOrEqualToQuantity": quantity}
    return None


def _end(record: Record, now: str) -> None:
    if record["endsAt"] is None or instant(record["endsAt"]) > instant(now):
        record["endsAt"] = now
    if instant(record["startsAt"]) > instant(now):
        record["startsAt"] = now
    record["updatedAt"] = now


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
