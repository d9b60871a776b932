"""What Shopify refuses in a discount code, in its words and with its codes."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from demo.shopify_admin.documents import Json
from demo.shopify_admin.search import number_of
from demo.shopify_admin.state import Record

if TYPE_CHECKING:
    from demo.shopify_admin.admin import AdminStore

LONGEST = 255
Error = tuple[list[str], str, str]


def discount_errors(store: "AdminStore", kind: str, wanted: Json) -> list[Error]:
    """(path below the argument, message, code) of all that is wrong but for a code that is taken."""
    errors = _texts(wanted) + _period(wanted) + _minimum(wanted)
    if (limit := wanted.get("usageLimit")) is not None and limit <= 0:
        errors.append((["usageLimit"], "Usage limit must be greater than 0", "VALUE_OUTSIDE_RANGE"))
    if kind == "DiscountCodeBasic":
        return errors + _value(wanted) + _items(store, wanted)
    if (wanted.get("combinesWith") or {}).get("shippingDiscounts"):
        message = "The combinesWith settings are not valid for the discount class."
        errors.insert(0, (["combinesWith"], message, "INVALID_COMBINES_WITH_FOR_DISCOUNT_CLASS"))
    price = wanted.get("maximumShippingPrice")
    if price is not None and price < 0:
        message = "Maximum shipping price must be greater than or equal to 0"
        errors.append((["maximumShippingPrice"], message, "GREATER_THAN_OR_EQUAL_TO"))
    return errors


def _texts(wanted: Json) -> list[Error]:
    errors: list[Error] = []
    title, code = wanted.get("title"), wanted.get("code")
    if not (title or "").strip():
        errors.append((["title"], "Title can't be blank", "BLANK"))
    elif len(title or "") > LONGEST:
        errors.append((["title"], f"Title is too long (maximum is {LONGEST} characters)", "TOO_LONG"))
    if code is None:
        errors.append((["code"], "Code can't be blank", "BLANK"))
    elif not code.strip():
        errors.append((["code"], "Code is too short (minimum is 1 character)", "TOO_SHORT"))
    elif "\n" in code or "\r" in code:
        errors.append((["code"], "Code cannot contain newline characters.", "INVALID"))
    elif len(code) > LONGEST:
        errors.append((["code"], f"Code is too long (maximum is {LONGEST} characters)", "TOO_LONG"))
    return errors


def _period(wanted: Json) -> list[Error]:
    starts, ends = wanted.get("startsAt"), wanted.get("endsAt")
    if starts is None:
        return [(["startsAt"], "Starts at can't be blank", "BLANK")]
    if ends is not None and ends <= starts:
        return [(["endsAt"], "Ends at needs to be after starts_at", "INVALID")]
    return []


def _minimum(wanted: Json) -> list[Error]:
    minimum = wanted.get("minimumRequirement") or {}
    subtotal, quantity = minimum.get("subtotal"), minimum.get("quantity")
    paths = {
        "subtotal": ["minimumRequirement", "subtotal", "greaterThanOrEqualToSubtotal"],
        "quantity": ["minimumRequirement", "quantity", "greaterThanOrEqualToQuantity"],
    }
    if subtotal and quantity:
        return [
            (paths["subtotal"], "Minimum subtotal cannot be defined when minimum quantity is.", "CONFLICT"),
            (paths["quantity"], "Minimum quantity cannot be defined when minimum subtotal is.", "CONFLICT"),
        ]
    errors: list[Error] = []
    for name, given in (("subtotal", subtotal), ("quantity", quantity)):
        value = next(iter((given or {}).values()), None)
        if value is not None and value <= 0:
            errors.append((paths[name], f"Minimum {name} must be greater than 0", "GREATER_THAN"))
        elif value is not None and value >= 10**18:
            errors.append((paths[name], f"Minimum {name} must be less than 1000000000000000000", "LESS_THAN"))
    return errors


def _value(wanted: Json) -> list[Error]:
    path = ["customerGets", "value"]
    value = (wanted.get("customerGets") or {}).get("value") or {}
    share, off = value.get("percentage"), value.get("discountAmount")
    if share is None and off is None:
        return [(path, "Discount value must be defined.", "BLANK")]
    if share is not None and off is not None:
        message = "A discount can only have one of percentage, discountOnQuantity or discountAmount."
        return [(path, message, "CONFLICT")]
    if share is not None and not 0 < share <= 1:
        message = "Value must be between 0.0 and 1.0"
        return [([*path, "percentage"], message, "VALUE_OUTSIDE_RANGE")]
    if share is not None:
        return []
    amount = off.get("amount") if off else None
    if amount is None:
        return [([*path, "discountAmount", "amount"], "Amount can't be blank", "BLANK")]
    if amount <= 0:
        return [([*path, "discountAmount", "amount"], "Value must be greater than 0", "GREATER_THAN")]
    if amount >= 10**18:
        message = "Value must be less than 1000000000000000000"
        return [([*path, "discountAmount", "amount"], message, "LESS_THAN")]
    return []


def _items(store: "AdminStore", wanted: Json) -> list[Error]:
    path = ["customerGets", "items"]
    items = (wanted.get("customerGets") or {}).get("items") or {}
    goods, collections = items.get("products") or {}, items.get("collections") or {}
    products, variants = goods.get("productsToAdd") or [], goods.get("productVariantsToAdd") or []
    groups = collections.get("add") or []
    if not (items.get("all") or products or variants or groups):
        return [(path, "Items in 'customer get' must be defined", "BLANK")]
    if groups and (products or variants):
        message = "Cannot entitle collections in combination with product variants or products"
        return [([*path, "collections", "add"], message, "CONFLICT")]
    known = (
        {gid for product in store["products"].all() for gid in _with_variants(product)} if variants else set()
    )
    return [
        *_unknown(
            [*path, "collections", "add"], "Collection", groups, lambda gid: store["collections"].get(gid)
        ),
        *_unknown(
            [*path, "products", "productsToAdd"], "Product", products, lambda gid: store["products"].get(gid)
        ),
        *_unknown(
            [*path, "products", "productVariantsToAdd"], "Product variant", variants, lambda gid: gid in known
        ),
    ]


def _unknown(path: list[str], what: str, gids: list[str], known: Callable[[str], object]) -> list[Error]:
    return [
        (path, f"{what} with id: {number_of(gid)} is invalid", "INVALID") for gid in gids if not known(gid)
    ]


def _with_variants(product: Record) -> list[str]:
    return [variant["id"] for variant in product.get("variants", [])]
