"""Realistic webhook bodies, and the headers that sign them.

Amounts are strings in the shop's currency; ids are what each platform uses. `line` describes a line alike for
every platform: what one unit costs, how many, what is discounted, and the tax of the whole line.
"""

import json
import time
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any
from uuid import uuid4

from lib.signing import sign, standard_signature

Body = dict[str, Any]
PLACED_AT = "2026-03-02T10:15:00+01:00"


def encode(body: object) -> bytes:
    """As the platforms write JSON: compact, UTF-8."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def line(
    price: str = "24.90",
    quantity: int = 1,
    *,
    id: int = 11071823181,
    discount: str = "0.00",
    tax: str = "0.00",
    sku: str = "MUG-BLUE-01",
    title: str = "Blue stoneware mug",
    **more: object,
) -> Body:
    sold = {"id": id, "price": price, "quantity": quantity, "discount": discount, "tax": tax}
    return {**sold, "sku": sku, "title": title, **more}


THREE_LINES = (
    line("24.90", 2, id=11071823181),
    line("64.00", 1, id=11071823182, sku="TEAPOT-02", title="Cast iron teapot"),
    line("12.50", 3, id=11071823183, sku="TEA-SENCHA-100", title="Sencha, 100 g"),
)


def money_set(amount: str, currency: str) -> Body:
    money = {"amount": amount, "currency_code": currency}
    return {"shop_money": dict(money), "presentment_money": dict(money)}


def shopify_line(item: Body, currency: str) -> Body:
    own = {"discount", "tax", "price", "quantity", "id", "sku", "title"}
    taxed = item["tax"] != "0.00"
    reduced = item["discount"] != "0.00"
    return {
        "id": item["id"],
        "admin_graphql_api_id": f"gid://shopify/LineItem/{item['id']}",
        "current_quantity": item["quantity"],
        "fulfillable_quantity": item["quantity"],
        "fulfillment_service": "manual",
        "fulfillment_status": None,
        "gift_card": False,
        "grams": 350,
        "name": item["title"],
        "price": item["price"],
        "price_set": money_set(item["price"], currency),
        "product_exists": True,
        "product_id": 7632910392,
        "properties": [],
        "quantity": item["quantity"],
        "requires_shipping": True,
        "sku": item["sku"],
        "taxable": True,
        "title": item["title"],
        "total_discount": "0.00",
        "total_discount_set": money_set("0.00", currency),
        "variant_id": 43729076,
        "variant_title": None,
        "vendor": "Teahouse",
        "tax_lines": [
            {
                "channel_liable": False,
                "price": item["tax"],
                "price_set": money_set(item["tax"], currency),
                "rate": 0.19,
                "title": "VAT",
            }
        ]
        if taxed
        else [],
        "discount_allocations": [
            {
                "amount": item["discount"],
                "amount_set": money_set(item["discount"], currency),
                "discount_application_index": 0,
            }
        ]
        if reduced
        else [],
        **{name: value for name, value in item.items() if name not in own},
    }


_ADDRESS = {
    "first_name": "Mara", "address1": "Lindenstrasse 12", "phone": None, "city": "Berlin", "zip": "10969",
    "province": None, "country": "Germany", "last_name": "Lindqvist", "address2": None, "company": None,
    "latitude": 52.5024, "longitude": 13.3966, "name": "Mara Lindqvist", "country_code": "DE",
    "province_code": None,
}  # fmt: skip


def shopify_customer(id: int = 7115310627, **changes: object) -> Body:
    return {
        "id": id,
        "created_at": "2025-11-20T08:00:00+01:00",
        "updated_at": PLACED_AT,
        "first_name": "Mara",
        "last_name": "Lindqvist",
        "state": "enabled",
        "note": None,
        "verified_email": True,
        "tax_exempt": False,
        "email": "mara@example.com",
        "phone": None,
        "currency": "EUR",
        "tags": "newsletter, tea club",
        "tax_exemptions": [],
        "admin_graphql_api_id": f"gid://shopify/Customer/{id}",
        "default_address": {"id": 8715243470, "customer_id": id, "default": True, **_ADDRESS},
        **changes,
    }


def shopify_order(
    id: int = 5820982911946,
    lines: Sequence[Body] = THREE_LINES,
    *,
    currency: str = "EUR",
    customer: Body | None = None,
    guest: bool = False,
    shipping: str = "4.90",
    refunds: Iterable[Body] = (),
    domain: str = "teahouse.myshopify.com",
    **changes: object,
) -> Body:
    """The body of orders/create, paid, updated, cancelled; about 8 kB with three lines."""
    goods = sum(
        (Decimal(item["price"]) * item["quantity"] - Decimal(item["discount"]) for item in lines), Decimal(0)
    )
    total = str(goods + Decimal(shipping))
    zeros = (
        "current_total_discounts_set", "current_total_tax_set",
        "total_cash_rounding_payment_adjustment_set", "total_cash_rounding_refund_adjustment_set",
        "total_discounts_set", "total_tax_set",
    )  # fmt: skip
    sums = (
        "current_subtotal_price_set", "current_total_price_set", "subtotal_price_set",
        "total_line_items_price_set", "total_price_set",
    )  # fmt: skip
    return {
        "id": id,
        "admin_graphql_api_id": f"gid://shopify/Order/{id}",
        "app_id": 580111,
        "browser_ip": "192.0.2.10",
        "buyer_accepts_marketing": True,
        "cancel_reason": None,
        "cancelled_at": None,
        "checkout_id": 35901414060,
        "client_details": {"accept_language": "de-DE", "user_agent": "Mozilla/5.0 (Macintosh) Safari/605.1"},
        "confirmed": True,
        "contact_email": "mara@example.com",
        "created_at": PLACED_AT,
        "currency": currency,
        "current_total_tax": "0.00",
        "customer_locale": "de-DE",
        "discount_codes": [],
        "email": "mara@example.com",
        "financial_status": "paid",
        "fulfillment_status": None,
        "name": "#1042",
        "note": None,
        "order_number": 1042,
        "order_status_url": f"https://{domain}/548380009/orders/b1946ac92492d/authenticate?key=imasecret",
        "payment_gateway_names": ["shopify_payments"],
        "presentment_currency": currency,
        "processed_at": PLACED_AT,
        "source_name": "web",
        "subtotal_price": str(goods),
        "tags": "",
        "tax_lines": [],
        "taxes_included": False,
        "test": False,
        "token": "b1946ac92492d2347c6235b4d2611184",
        "total_price": total,
        "total_tip_received": "0.00",
        "updated_at": PLACED_AT,
        "user_id": None,
        **{name: money_set("0.00", currency) for name in zeros},
        **{name: money_set(total, currency) for name in sums},
        "billing_address": _ADDRESS,
        "customer": None if guest else customer or shopify_customer(),
        "discount_applications": [],
        "fulfillments": [],
        "line_items": [shopify_line(item, currency) for item in lines],
        "refunds": list(refunds),
        "shipping_address": _ADDRESS,
        "shipping_lines": [
            {
                "id": 3271878346,
                "code": "Standard",
                "discounted_price": shipping,
                "discounted_price_set": money_set(shipping, currency),
                "is_removed": False,
                "price": shipping,
                "price_set": money_set(shipping, currency),
                "source": "shopify",
                "title": "Standard",
                "tax_lines": [],
                "discount_allocations": [],
            }
        ],
        **changes,
    }


def shopify_refund_line(line_id: int, subtotal: str, quantity: int = 1, tax: str = "0.00") -> Body:
    return {
        "id": line_id + 1,
        "line_item_id": line_id,
        "quantity": quantity,
        "restock_type": "return",
        "subtotal": subtotal,
        "subtotal_set": money_set(subtotal, "EUR"),
        "total_tax": tax,
        "total_tax_set": money_set(tax, "EUR"),
    }


def shopify_refund(
    id: int = 6509562969,
    order_id: int = 5820982911946,
    lines: Iterable[Body] = (),
    *,
    paid: str = "0.00",
    **changes: object,
) -> Body:
    """The body of refunds/create, and an item of an order's `refunds`. `paid` is the money that moved."""
    payment = {"id": 179259969, "kind": "refund", "status": "success", "amount": paid, "currency": "EUR"}
    return {
        "id": id,
        "admin_graphql_api_id": f"gid://shopify/Refund/{id}",
        "order_id": order_id,
        "created_at": "2026-03-05T09:00:00+01:00",
        "processed_at": "2026-03-05T09:00:00+01:00",
        "note": "arrived broken",
        "restock": True,
        "user_id": 548380009,
        "duties": [],
        "order_adjustments": [],
        "refund_shipping_lines": [],
        "refund_line_items": list(lines),
        "transactions": [payment] if paid != "0.00" else [],
        **changes,
    }


def sign_shopify(
    secret: str,
    body: bytes,
    topic: str = "orders/paid",
    *,
    domain: str = "teahouse.myshopify.com",
    webhook_id: str | None = None,
) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "x-shopify-topic": topic,
        "x-shopify-hmac-sha256": sign(secret.encode(), body).decode(),
        "x-shopify-shop-domain": domain,
        "x-shopify-api-version": "2026-04",
        "x-shopify-webhook-id": webhook_id or str(uuid4()),
        "x-shopify-event-id": str(uuid4()),
        "x-shopify-triggered-at": "2026-03-02T09:15:01.123456789Z",
    }


def woo_order(
    id: int = 727, lines: Sequence[Body] = THREE_LINES, *, shipping: str = "4.90", **changes: object
) -> Body:
    """The body of order.created and order.updated."""
    nets = [Decimal(item["price"]) * item["quantity"] - Decimal(item["discount"]) for item in lines]
    address = {"first_name": "Mara", "last_name": "Lindqvist", "city": "Berlin", "country": "DE"}
    return {
        "id": id,
        "parent_id": 0,
        "number": str(id),
        "created_via": "checkout",
        "version": "9.1.0",
        "status": "processing",
        "currency": "EUR",
        "date_created": "2026-03-02T10:15:00",
        "date_created_gmt": "2026-03-02T09:15:00",
        "date_modified": "2026-03-02T10:15:05",
        "date_modified_gmt": "2026-03-02T09:15:05",
        "date_paid": "2026-03-02T10:15:05",
        "date_paid_gmt": "2026-03-02T09:15:05",
        "discount_total": "0.00",
        "shipping_total": shipping,
        "total": str(sum(nets, Decimal(0)) + Decimal(shipping)),
        "prices_include_tax": False,
        "customer_id": 26,
        "billing": {**address, "email": "mara@example.com", "phone": ""},
        "shipping": address,
        "payment_method": "stripe",
        "meta_data": [{"id": 13106, "key": "_download_permissions_granted", "value": "yes"}],
        "line_items": [
            {
                "id": item["id"],
                "name": item["title"],
                "product_id": 93,
                "variation_id": 0,
                "quantity": item["quantity"],
                "subtotal": item["price"],
                "total": str(net),
                "total_tax": item["tax"],
                "taxes": [],
                "meta_data": [],
                "sku": item["sku"],
                "price": float(item["price"]),
            }
            for item, net in zip(lines, nets, strict=True)
        ],
        "tax_lines": [],
        "shipping_lines": [{"id": 317, "method_title": "Flat rate", "total": shipping, "total_tax": "0.00"}],
        "fee_lines": [],
        "coupon_lines": [],
        "refunds": [],
        **changes,
    }


def sign_woo(secret: str, body: bytes, topic: str = "order.updated") -> dict[str, str]:
    return {
        "content-type": "application/json",
        "x-wc-webhook-source": "https://teahouse.example/",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-resource": topic.partition(".")[0],
        "x-wc-webhook-event": topic.partition(".")[2],
        "x-wc-webhook-signature": sign(secret.encode(), body).decode(),
        "x-wc-webhook-id": "142",
        "x-wc-webhook-delivery-id": "2a5c0f6f5b2e4a3cbd0b7a8e3b1f7f10",
    }


def standard_order(id: object = "A-1042", lines: Sequence[Body] = THREE_LINES, **changes: object) -> Body:
    """The `data` of order.updated."""
    nets = [Decimal(item["price"]) * item["quantity"] - Decimal(item["discount"]) for item in lines]
    return {
        "id": id,
        "number": id,
        "currency": "EUR",
        "status": "paid",
        "placed_at": "2026-03-02T10:15:00+01:00",
        "updated_at": "2026-03-02T10:15:05+01:00",
        "paid_at": "2026-03-02T10:15:05+01:00",
        "customer": {"id": "c-26", "email": "mara@example.com", "email_verified": True, "tags": ["tea club"]},
        "email": "mara@example.com",
        "lines": [
            {
                "id": str(item["id"]),
                "net": str(net),
                "tax": item["tax"],
                "quantity": item["quantity"],
                "title": item["title"],
                "sku": item["sku"],
            }
            for item, net in zip(lines, nets, strict=True)
        ],
        "total": str(sum(nets, Decimal(0))),
        **changes,
    }


def standard_event(type: str, data: Body) -> Body:
    return {"type": type, "timestamp": "2026-03-02T09:15:06Z", "data": data}


def sign_standard(
    secret: str, body: bytes, *, message_id: str | None = None, timestamp: int | None = None
) -> dict[str, str]:
    message_id = message_id or f"msg_{uuid4().hex}"
    sent_at = int(time.time()) if timestamp is None else timestamp
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(sent_at),
        "webhook-signature": standard_signature(secret, message_id, sent_at, body),
    }
