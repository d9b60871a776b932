"""Bodies as Shopify writes them, for the demo store's orders and refunds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from demo.cards import Card
from demo.catalogue import CURRENCY, DOMAIN, Person, Product
from demo.discounts import CENT, NOTHING, Discount, goods_of, shipping_for
from lib.money import fraction

# The studio is exempt from VAT as a small business: prices are final, and the tax is zero.
TAX = {"title": "VAT", "rate": 0.0, "channel_liable": False}


@dataclass(frozen=True)
class Purchase:
    """An order of the demo store. `items` are products with their quantities.

    `discount` is what a code takes off; `card` pays as far as it can.
    """

    id: int
    number: str
    customer: Person
    items: tuple[tuple[Product, int], ...]
    placed_at: datetime
    discount: Discount | None = None
    card: Card | None = None
    domain: str = DOMAIN

    @property
    def goods(self) -> Decimal:
        """Before the discount."""
        return goods_of(self.items)

    @property
    def subtotal(self) -> Decimal:
        """The goods after the discount."""
        return self.goods - (self.discount.goods if self.discount else NOTHING)

    @property
    def shipping(self) -> Decimal:
        """Before the discount."""
        return shipping_for(self.subtotal)

    @property
    def total(self) -> Decimal:
        """What it costs."""
        return self.subtotal + self.shipping - (self.discount.shipping if self.discount else NOTHING)

    @property
    def by_card(self) -> Decimal:
        """What the gift card pays of it."""
        return self.card.pays(self.total) if self.card else NOTHING

    @property
    def gateways(self) -> list[str]:
        """Who takes the money."""
        rest = ["shopify_payments"] if self.total > self.by_card or not self.card else []
        return ["gift_card", *rest] if self.card else rest

    def line_id(self, position: int) -> int:
        return self.id * 100 + position

    def first_piece(self, position: int) -> tuple[int, Decimal]:
        """The id of a line, and what is paid back for the first piece of it."""
        product, count = self.items[position]
        paid = product.price * count - (self.discount.by_line[position] if self.discount else NOTHING)
        return self.line_id(position), fraction(paid, 1, count).quantize(CENT)


def order_body(purchase: Purchase, cancelled_at: datetime | None = None) -> bytes:
    """The body of `orders/paid`, or of `orders/cancelled`."""
    changed = _instant(cancelled_at or purchase.placed_at)
    placed = _instant(purchase.placed_at)
    body = {
        **_facts(purchase, placed, changed, cancelled_at is not None),
        **_sums(purchase),
        "billing_address": _address(purchase.customer),
        "shipping_address": _address(purchase.customer),
        "customer": _customer(purchase.customer, placed, changed),
        "discount_applications": _applications(purchase.discount),
        "fulfillments": [],
        "line_items": [_line(purchase, position) for position in range(len(purchase.items))],
        "refunds": [],
        "shipping_lines": [_shipping(purchase)],
    }
    return json.dumps(body).encode()


def refund_body(order_id: int, refund_id: int, lines: Sequence[tuple[int, Decimal]], at: datetime) -> bytes:
    """The body of `refunds/create` for one piece each of these lines: their ids, and what was paid for the piece."""
    body = {
        "id": refund_id,
        "admin_graphql_api_id": f"gid://shopify/Refund/{refund_id}",
        "order_id": order_id,
        "created_at": _instant(at),
        "processed_at": _instant(at),
        "note": "Returned by the customer",
        "user_id": None,
        "duties": [],
        "total_duties_set": _set(NOTHING),
        "restock": True,
        "order_adjustments": [],
        "refund_shipping_lines": [],
        "refund_line_items": [
            _refund_line(refund_id * 100 + at_position, line, price)
            for at_position, (line, price) in enumerate(lines)
        ],
        "transactions": [_transaction(refund_id, order_id, sum((price for _, price in lines), NOTHING), at)],
    }
    return json.dumps(body).encode()


def _facts(purchase: Purchase, placed: str, changed: str, cancelled: bool) -> dict[str, Any]:
    return {
        "id": purchase.id,
        "admin_graphql_api_id": f"gid://shopify/Order/{purchase.id}",
        "app_id": 580111,
        "browser_ip": None,
        "buyer_accepts_marketing": False,
        "cancel_reason": "customer" if cancelled else None,
        "cancelled_at": changed if cancelled else None,
        "confirmation_number": f"FC{purchase.id % 10**7:07d}",
        "confirmed": True,
        "contact_email": purchase.customer.email,
        "created_at": placed,
        "currency": CURRENCY,
        "customer_locale": "en",
        "discount_codes": _codes(purchase.discount),
        "email": purchase.customer.email,
        "estimated_taxes": False,
        "financial_status": "refunded" if cancelled else "paid",
        "fulfillment_status": None,
        "name": purchase.number,
        "note": None,
        "note_attributes": [],
        "order_number": int(purchase.number.lstrip("#")),
        "order_status_url": f"https://{purchase.domain}/72300001/orders/{purchase.id:x}/authenticate",
        "payment_gateway_names": purchase.gateways,
        "presentment_currency": CURRENCY,
        "processed_at": placed,
        "source_name": "web",
        "tags": "",
        "tax_exempt": False,
        "tax_lines": [_tax()],
        "taxes_included": True,
        "test": False,
        "total_outstanding": "0.00",
        "total_tip_received": "0.00",
        "total_weight": 0,
        "updated_at": changed,
    }


def _sums(purchase: Purchase) -> dict[str, Any]:
    off = purchase.discount.amount if purchase.discount else NOTHING
    return {
        **_money("subtotal_price", purchase.subtotal),
        **_money("current_subtotal_price", purchase.subtotal),
        **_money("total_line_items_price", purchase.goods),
        **_money("total_discounts", off),
        **_money("current_total_discounts", off),
        **_money("total_tax", NOTHING),
        **_money("current_total_tax", NOTHING),
        **_money("total_price", purchase.total),
        **_money("current_total_price", purchase.total),
        "total_shipping_price_set": _set(purchase.shipping),
    }


def _codes(discount: Discount | None) -> list[dict[str, Any]]:
    if discount is None:
        return []
    types = {"amount": "fixed_amount", "percentage": "percentage", "free_shipping": "shipping"}
    return [{"code": discount.code, "amount": f"{discount.amount:.2f}", "type": types[discount.kind]}]


def _applications(discount: Discount | None) -> list[dict[str, Any]]:
    if discount is None:
        return []
    ships = discount.kind == "free_shipping"
    return [
        {
            "target_type": "shipping_line" if ships else "line_item",
            "type": "discount_code",
            "value": f"{discount.value:.1f}" if discount.kind != "amount" else f"{discount.value:.2f}",
            "value_type": "fixed_amount" if discount.kind == "amount" else "percentage",
            "allocation_method": "each" if ships else "across",
            "target_selection": "entitled" if discount.entitled else "all",
            "code": discount.code,
        }
    ]


def _allocations(amount: Decimal) -> list[dict[str, Any]]:
    """What the order's only discount takes off one line."""
    return [{**_money("amount", amount), "discount_application_index": 0}] if amount else []


def _refund_line(id_: int, line_id: int, price: Decimal) -> dict[str, Any]:
    return {
        "id": id_,
        "line_item_id": line_id,
        "location_id": None,
        "quantity": 1,
        "restock_type": "return",
        **_money("subtotal", price),
        **_money("total_tax", NOTHING),
    }


def _transaction(id_: int, order_id: int, amount: Decimal, at: datetime) -> dict[str, Any]:
    return {
        "id": id_ + 1,
        "admin_graphql_api_id": f"gid://shopify/OrderTransaction/{id_ + 1}",
        "order_id": order_id,
        "kind": "refund",
        "status": "success",
        "gateway": "shopify_payments",
        "amount": f"{amount:.2f}",
        "currency": CURRENCY,
        "created_at": _instant(at),
        "processed_at": _instant(at),
        "test": False,
    }


def _line(purchase: Purchase, position: int) -> dict[str, Any]:
    product, count = purchase.items[position]
    line_id = purchase.line_id(position)
    return {
        "id": line_id,
        "admin_graphql_api_id": f"gid://shopify/LineItem/{line_id}",
        "current_quantity": count,
        "fulfillable_quantity": count,
        "fulfillment_service": "manual",
        "fulfillment_status": None,
        "gift_card": False,
        "grams": 400,
        "name": product.title,
        **_money("price", product.price),
        "product_exists": True,
        "product_id": product.id,
        "properties": [],
        "quantity": count,
        "requires_shipping": True,
        "sku": product.sku,
        "taxable": True,
        "title": product.title,
        **_money("total_discount", NOTHING),
        "variant_id": product.variant_id,
        "variant_title": None,
        "vendor": "Fern & Clay",
        "tax_lines": [_tax()],
        "duties": [],
        "discount_allocations": _allocations(
            purchase.discount.by_line[position] if purchase.discount else NOTHING
        ),
    }


def _shipping(purchase: Purchase) -> dict[str, Any]:
    off = purchase.discount.shipping if purchase.discount else NOTHING
    return {
        "id": purchase.line_id(99),
        "carrier_identifier": None,
        "code": "Parcel",
        **_money("discounted_price", purchase.shipping - off),
        **_money("price", purchase.shipping),
        "is_removed": False,
        "phone": None,
        "source": "shopify",
        "title": "Parcel" if purchase.shipping else "Free shipping",
        "tax_lines": [_tax()],
        "discount_allocations": _allocations(off),
    }


def customer_body(person: Person, joined_at: datetime, subscribed: bool) -> bytes:
    """The body of `customers/create`; `subscribed`: they agree to marketing as they join."""
    joined = _instant(joined_at)
    consent = {
        "state": "subscribed" if subscribed else "not_subscribed",
        "opt_in_level": "single_opt_in",
        "consent_updated_at": joined if subscribed else None,
    }
    return json.dumps(_customer(person, joined, joined) | {"email_marketing_consent": consent}).encode()


def _customer(person: Person, placed: str, changed: str) -> dict[str, Any]:
    return {
        "id": person.id,
        "admin_graphql_api_id": f"gid://shopify/Customer/{person.id}",
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "created_at": _instant(person.joined_at) if person.joined_at else placed,
        "updated_at": changed,
        "verified_email": True,
        "state": "enabled",
        "note": None,
        "tags": "",
        "tax_exempt": False,
        "currency": CURRENCY,
        "default_address": {"id": person.id + 1, "customer_id": person.id, "default": True}
        | _address(person),
    }


def _address(person: Person) -> dict[str, Any]:
    return {
        "first_name": person.first_name,
        "last_name": person.last_name,
        "name": f"{person.first_name} {person.last_name}",
        "company": None,
        "address1": f"Gartenstraße {person.id % 90 + 1}",
        "address2": None,
        "city": person.city,
        "zip": "10115",
        "province": None,
        "country": "Germany",
        "country_code": "DE",
        "phone": None,
    }


def _tax() -> dict[str, Any]:
    return TAX | _money("price", NOTHING)


def _money(name: str, amount: Decimal) -> dict[str, Any]:
    return {name: f"{amount:.2f}", f"{name}_set": _set(amount)}


def _set(amount: Decimal) -> dict[str, Any]:
    money = {"amount": f"{amount:.2f}", "currency_code": CURRENCY}
    return {"shop_money": money, "presentment_money": money}


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
