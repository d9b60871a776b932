"""Orders read through the Admin API, written as Shopify's webhooks write them.

What is read twice, by webhook and here, then says the same, and one parser reads both.
"""

import time
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from platforms.clients import Fetched, Page, StoreAway, StoreRefused
from platforms.shopify import order_documents as documents
from platforms.shopify.codes import gid, iso, number
from platforms.shopify.graphql import Admin, Json, too_dear

TOPIC: Final = "orders/updated"
# How many orders are asked for at once: many, or as many as no query of them could be too dear.
PAGE_SIZES: Final = (25, 6)
PATIENCE_S: Final = 30.0
SHORTEST_WAIT_S: Final = 0.5

_SEARCHED = {"UPDATED_AT": "updated_at", "CREATED_AT": "created_at"}


def orders(
    admin: Admin,
    sort_key: Literal["UPDATED_AT", "CREATED_AT"],
    since: datetime | None,
    cursor: str | None,
    counted: bool = False,
) -> Page:
    """A page of orders changed or placed at or after `since`, oldest first.

    Without the scope `read_all_orders` Shopify shows those of the last 60 days alone.
    """
    query = f"{_SEARCHED[sort_key]}:>='{iso(since)}'" if since else None
    size, after = _place(cursor)
    size, found = _affordable(admin, size, {"after": after, "query": query, "sortKey": sort_key})
    total = _count(admin, query) if counted and cursor is None else None
    parts = Parts(admin)
    bodies: list[Fetched] = []
    reached = ""
    for edge in found["edges"]:
        try:
            bodies.append(parts.body(edge["node"]))
        except StoreAway as away:
            if away.limited and bodies:
                return Page(bodies, f"{size}:{reached}", total)
            raise
        reached = edge["cursor"]
    following = found["pageInfo"]
    return Page(bodies, f"{size}:{following['endCursor']}" if following["hasNextPage"] else None, total)


def one(admin: Admin, order_id: str) -> list[Fetched]:
    """An order by its number; none where it is gone."""
    order = admin.ask(documents.ORDER, id=gid("Order", order_id))["order"]
    return [Parts(admin).body(order)] if order else []


class Parts:
    """Reads what did not fit on a page of orders: further lines, and refunds.

    Of a store with little left to spend they are waited for, `PATIENCE_S` in all: begun anew, the same page would come
    no further.
    """

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self._patience_s = PATIENCE_S

    def body(self, order: Json) -> Fetched:
        """An order as the body of a webhook."""
        id = order["id"]
        lines = self._whole(order["lineItems"], documents.LINES, id, "lineItems")
        shipping = self._whole(order["shippingLines"], documents.SHIPPING_LINES, id, "shippingLines")
        refunds = [self._refund(refund["id"]) for refund in order["refunds"]]
        written = {
            **_own_fields(order),
            "customer": _customer(order["customer"]),
            "line_items": _lines(lines, _amount(order["totalTipReceivedSet"])),
            "shipping_lines": [_shipping(line) for line in shipping],
            "refunds": [refund for refund in refunds if refund],
        }
        return Fetched(
            topic=TOPIC,
            body=msgspec.json.encode(written),
            order_id=number(id, "Order"),
            updated_at=datetime.fromisoformat(order["updatedAt"]),
        )

    def _refund(self, id: str) -> Json | None:
        refund = self._ask(documents.REFUND, id=id)["refund"]
        if refund is None:
            return None
        lines = self._whole(refund["refundLineItems"], documents.RETURNED_LINES, id, "refundLineItems")
        return _refund(refund, lines)

    def _whole(self, connection: Json, document: str, id: str, field: str) -> list[Json]:
        """All nodes of a connection of which the first page is at hand."""
        nodes = list(connection["nodes"])
        while connection["pageInfo"]["hasNextPage"]:
            parent = next(
                iter(self._ask(document, id=id, after=connection["pageInfo"]["endCursor"]).values())
            )
            if parent is None:  # deleted while it was read: its webhook tells
                break
            connection = parent[field]
            nodes += connection["nodes"]
        return nodes

    def _ask(self, document: str, **variables: Any) -> Json:
        while True:
            try:
                return self._admin.ask(document, **variables)
            except StoreAway as away:
                wait_s = max(SHORTEST_WAIT_S, away.retry_after_s or 0)
                if not away.limited or wait_s > self._patience_s:
                    raise
            self._patience_s -= wait_s
            time.sleep(wait_s)


def _place(cursor: str | None) -> tuple[int, str | None]:
    """How many orders to ask for, and after which: our cursors are Shopify's, behind the size that was not too dear."""
    size, _, after = (cursor or "").partition(":")
    return (int(size), after) if after and size.isdecimal() else (PAGE_SIZES[0], cursor)


def _affordable(admin: Admin, most: int, asked: Json) -> tuple[int, Json]:
    for size in PAGE_SIZES:
        if size > most:
            continue
        try:
            return size, admin.ask(documents.ORDERS, first=size, **asked)["orders"]
        except StoreRefused as error:
            if not too_dear(error) or size == PAGE_SIZES[-1]:
                raise
    raise AssertionError("the last size returns or raises")


def _count(admin: Admin, query: str | None) -> int | None:
    counted = admin.ask(documents.COUNT_ORDERS, query=query)["ordersCount"]
    return int(counted["count"]) if counted else None


def _own_fields(order: Json) -> Json:
    status = order["displayFinancialStatus"]
    return {
        "id": order["legacyResourceId"],
        "admin_graphql_api_id": order["id"],
        "name": order["name"],
        "created_at": order["createdAt"],
        "updated_at": order["updatedAt"],
        "processed_at": order["processedAt"],
        "cancelled_at": order["cancelledAt"],
        "financial_status": status.lower() if status else None,
        "test": order["test"],
        "source_name": order["sourceName"],
        "taxes_included": order["taxesIncluded"],
        "email": order["email"],
        "currency": order["currencyCode"],
        "discount_codes": [{"code": code} for code in order["discountCodes"]],
        "total_price_set": _money(order["totalPriceSet"]),
    }


def _customer(customer: Json | None) -> Json | None:
    if customer is None:
        return None
    address = customer["defaultEmailAddress"]
    consent = None
    if address:
        state, said_at = address["marketingState"].lower(), address["marketingUpdatedAt"]
        consent = {"state": state, "consent_updated_at": said_at}
    return {
        "id": customer["legacyResourceId"],
        "admin_graphql_api_id": customer["id"],
        "created_at": customer["createdAt"],
        "updated_at": customer["updatedAt"],
        "email": address["emailAddress"] if address else None,
        "verified_email": customer["verifiedEmail"],
        "first_name": customer["firstName"],
        "last_name": customer["lastName"],
        "tags": ", ".join(customer["tags"]),
        "email_marketing_consent": consent,
    }


def _lines(lines: list[Json], tips: Decimal) -> list[Json]:
    tip_ids = {line["id"] for line in _tips(lines, tips)} if tips else set()
    return [_line(line, line["id"] in tip_ids) for line in lines]


def _tips(lines: list[Json], tips: Decimal) -> list[Json]:
    """The lines that are the order's tips. GraphQL does not name them, but tells their sum."""
    bare = [line for line in lines if not (line["product"] or line["variant"] or line["sku"])]
    bare = [line for line in bare if not (line["isGiftCard"] or line["requiresShipping"])]
    if len(bare) == 1 or sum(map(_worth, bare)) == tips:
        return bare
    return [line for line in bare if _worth(line) == tips][:1]


def _worth(line: Json) -> Decimal:
    return _amount(line["originalUnitPriceSet"]) * int(line["quantity"])


def _line(line: Json, tip: bool) -> Json:
    return {
        "id": number(line["id"], "LineItem"),
        "admin_graphql_api_id": line["id"],
        "quantity": line["quantity"],
        "current_quantity": line["currentQuantity"],
        "price_set": _money(line["originalUnitPriceSet"]),
        "title": line["title"],
        "product_id": number(line["product"]["id"], "Product") if line["product"] else None,
        "variant_id": number(line["variant"]["id"], "ProductVariant") if line["variant"] else None,
        "sku": line["sku"],
        "vendor": line["vendor"],
        "gift_card": line["isGiftCard"],
        "tip_payment_method": "" if tip else None,
        "tax_lines": _taxes(line),
        "discount_allocations": [
            {"amount_set": _money(discount["allocatedAmountSet"])} for discount in line["discountAllocations"]
        ],
    }


def _shipping(line: Json) -> Json:
    return {"discounted_price_set": _money(line["discountedPriceSet"]), "tax_lines": _taxes(line)}


def _refund(refund: Json, lines: list[Json]) -> Json:
    shipping = refund["refundShippingLines"]["nodes"]
    return {
        "id": refund["legacyResourceId"],
        "admin_graphql_api_id": refund["id"],
        "created_at": refund["createdAt"],
        "processed_at": refund["processedAt"],
        "refund_line_items": [_returned(line) for line in lines],
        "refund_shipping_lines": [
            _sets(line, subtotal_amount_set="subtotalAmountSet", tax_amount_set="taxAmountSet")
            for line in shipping
        ],
        "order_adjustments": [
            {
                # GraphQL does not name the kind; only a discrepancy has a reason.
                "kind": "refund_discrepancy" if adjustment["reason"] or not shipping else "shipping_refund",
                **_sets(adjustment, amount_set="amountSet", tax_amount_set="taxAmountSet"),
            }
            for adjustment in refund["orderAdjustments"]["nodes"]
        ],
        "transactions": [
            {
                "kind": payment["kind"].lower(),
                "status": payment["status"].lower(),
                "currency": payment["amountSet"]["shopMoney"]["currencyCode"],
                "amount_set": _money(payment["amountSet"]),
            }
            for payment in refund["transactions"]["nodes"]
        ],
    }


def _returned(line: Json) -> Json:
    return {
        "line_item_id": number(line["lineItem"]["id"], "LineItem"),
        "line_item": {"admin_graphql_api_id": line["lineItem"]["id"]},
        "quantity": line["quantity"],
        **_sets(line, subtotal_set="subtotalSet", total_tax_set="totalTaxSet"),
    }


def _sets(source: Json, **names: str) -> dict[str, Any]:
    return {name: _money(source[there]) for name, there in names.items()}


def _taxes(line: Json) -> list[Json]:
    return [{"price_set": _money(tax["priceSet"])} for tax in line["taxLines"]]


def _money(both: Json) -> Json:
    money = both["shopMoney"]
    return {"shop_money": {"amount": money["amount"], "currency_code": money["currencyCode"]}}


def _amount(both: Json) -> Decimal:
    return Decimal(both["shopMoney"]["amount"])
