"""Signed Shopify orders of about 8 kB, ready to be sent.

One body is built and encoded; each order is made from it by replacing ids, so that thousands cost little.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any
from uuid import UUID

from benchmarks.places import Store
from lib.signing import sign

TOPIC = "orders/paid"
FIRST_ORDER = 5_000_000_000_000
FIRST_CUSTOMER = 7_000_000_000_000
PLACED = datetime(2026, 3, 1, tzinfo=UTC)

_LINES = (
    ("24.90", 2, "MUG-BLUE-01", "Blue stoneware mug"),
    ("64.00", 1, "TEAPOT-02", "Cast iron teapot"),
    ("12.50", 3, "SENCHA-100", "Sencha, 100 g"),
)
_TOTAL = "156.20"
_ADDRESS = {
    "first_name": "Mara",
    "last_name": "Lindqvist",
    "name": "Mara Lindqvist",
    "address1": "Lindenstrasse 12",
    "address2": None,
    "city": "Berlin",
    "zip": "10969",
    "province": None,
    "province_code": None,
    "country": "Germany",
    "country_code": "DE",
    "phone": None,
    "company": None,
    "latitude": 52.5024,
    "longitude": 13.3966,
}


@dataclass(frozen=True, slots=True)
class Signed:
    """One delivery: its id as the platform gives it, the raw body and the signature of it."""

    webhook_id: str
    body: bytes
    signature: str


def orders(
    store: Store, count: int, first: int, customers: int, first_customer: int = 0, start: datetime = PLACED
) -> Iterator[Signed]:
    """`count` paid orders with three lines, numbered from `first`, of `customers` members in turn.

    The first is of `start`. Each is a second younger than the one before, and so is what it tells of its customer,
    as with a real store.
    """
    template = _encode(_order(store.domain))
    key = store.secret.encode()
    for number in range(first, first + count):
        at = (start + timedelta(seconds=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = (
            template.replace(b"<order>", b"%d" % (FIRST_ORDER + number))
            .replace(b"<customer>", b"%d" % (FIRST_CUSTOMER + first_customer + number % customers))
            .replace(b"<time>", at.encode())
            .replace(b"<token>", blake2b(b"%d" % number, digest_size=16).hexdigest().encode())
            .replace(b"<note>", blake2b(b"n%d" % number, digest_size=64).hexdigest().encode())
        )
        yield Signed(str(UUID(int=number)), body, sign(key, body).decode())


def requests(store: Store, path: str, signed: Iterable[Signed]) -> list[bytes]:
    """The deliveries as HTTP/1.1 requests to `path`, headers as the platform sends them."""
    head = (
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: Shopify-Captain-Hook\r\nAccept: */*\r\n"
        "Content-Type: application/json\r\nX-Shopify-Topic: {topic}\r\nX-Shopify-Shop-Domain: {domain}\r\n"
        "X-Shopify-Api-Version: 2026-04\r\nX-Shopify-Webhook-Id: {id}\r\nX-Shopify-Event-Id: {id}\r\n"
        "X-Shopify-Triggered-At: 2026-03-02T09:15:01.123456789Z\r\nX-Shopify-Hmac-Sha256: {signature}\r\n"
        "Content-Length: {length}\r\n\r\n"
    )
    return [
        head.format(
            path=path,
            topic=TOPIC,
            domain=store.domain,
            id=one.webhook_id,
            signature=one.signature,
            length=len(one.body),
        ).encode()
        + one.body
        for one in signed
    ]


def _encode(body: object) -> bytes:
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    for name in ("order", "customer"):  # ids are numbers
        text = text.replace(f'"<{name}>"', f"<{name}>")
    return text.encode()


def _money(amount: str) -> dict[str, Any]:
    return {kind: {"amount": amount, "currency_code": "EUR"} for kind in ("shop_money", "presentment_money")}


def _line(number: int, price: str, quantity: int, sku: str, title: str) -> dict[str, Any]:
    return {
        "id": 11071823181 + number,
        "admin_graphql_api_id": f"gid://shopify/LineItem/{11071823181 + number}",
        "attributed_staffs": [],
        "current_quantity": quantity,
        "fulfillable_quantity": quantity,
        "fulfillment_service": "manual",
        "fulfillment_status": None,
        "gift_card": False,
        "grams": 350,
        "name": title,
        "price": price,
        "price_set": _money(price),
        "product_exists": True,
        "product_id": 7632910392 + number,
        "properties": [{"name": "engraving", "value": "<token>"}],
        "quantity": quantity,
        "requires_shipping": True,
        "sku": sku,
        "taxable": True,
        "title": title,
        "total_discount": "0.00",
        "total_discount_set": _money("0.00"),
        "variant_id": 43729076 + number,
        "variant_inventory_management": "shopify",
        "variant_title": None,
        "vendor": "Teahouse",
        "tax_lines": [
            {
                "channel_liable": False,
                "price": "0.00",
                "price_set": _money("0.00"),
                "rate": 0.19,
                "title": "VAT",
            }
        ],
        "duties": [],
        "discount_allocations": [],
    }


def _customer() -> dict[str, Any]:
    return {
        "id": "<customer>",
        "email": "m<customer>@example.com",
        "created_at": "2025-11-20T08:00:00+01:00",
        "updated_at": "<time>",
        "first_name": "Mara",
        "last_name": "Lindqvist",
        "state": "enabled",
        "verified_email": True,
        "note": None,
        "phone": None,
        "currency": "EUR",
        "tax_exempt": False,
        "tax_exemptions": [],
        "multipass_identifier": None,
        "tags": "newsletter, tea club",
        "admin_graphql_api_id": "gid://shopify/Customer/<customer>",
        "default_address": {"id": 8715243470, "default": True, **_ADDRESS},
    }


def _order(domain: str) -> dict[str, Any]:
    return {
        **_facts(domain),
        **_sums(),
        "billing_address": _ADDRESS,
        "shipping_address": _ADDRESS,
        "customer": _customer(),
        "line_items": [_line(number, *line) for number, line in enumerate(_LINES)],
        "refunds": [],
        "shipping_lines": [_shipping()],
    }


def _facts(domain: str) -> dict[str, Any]:
    return {
        "id": "<order>",
        "admin_graphql_api_id": "gid://shopify/Order/<order>",
        "app_id": 580111,
        "browser_ip": "192.0.2.10",
        "buyer_accepts_marketing": True,
        "cancel_reason": None,
        "cancelled_at": None,
        "cart_token": "<token>",
        "checkout_id": 35901414060,
        "client_details": {"accept_language": "de-DE", "user_agent": "Mozilla/5.0 (Macintosh) Safari/605.1"},
        "confirmed": True,
        "contact_email": "m<customer>@example.com",
        "created_at": "<time>",
        "processed_at": "<time>",
        "updated_at": "<time>",
        "currency": "EUR",
        "presentment_currency": "EUR",
        "customer_locale": "de-DE",
        "discount_applications": [],
        "discount_codes": [],
        "email": "m<customer>@example.com",
        "estimated_taxes": False,
        "financial_status": "paid",
        "fulfillment_status": None,
        "fulfillments": [],
        "landing_site": "/collections/teaware?utm_source=newsletter&utm_medium=email",
        "name": "#<order>",
        "note": None,
        "note_attributes": [{"name": "_session", "value": "<note>"}, {"name": "gift_wrap", "value": "no"}],
        "number": 42,
        "order_number": 1042,
        "order_status_url": f"https://{domain}/548380009/orders/b1946ac92492d/authenticate?key=<token>",
        "payment_gateway_names": ["shopify_payments"],
        "source_name": "web",
        "tags": "",
        "tax_lines": [],
        "taxes_included": False,
        "test": False,
        "token": "<token>",
        "total_price": _TOTAL,
        "total_price_set": _money(_TOTAL),
        "total_tip_received": "0.00",
        "user_id": None,
    }


def _sums() -> dict[str, Any]:
    zeros = ("total_discounts", "total_tax", "current_total_discounts", "current_total_tax")
    sums = ("current_subtotal_price", "current_total_price", "subtotal_price", "total_line_items_price")
    return {
        **dict.fromkeys(zeros, "0.00"),
        **{f"{name}_set": _money("0.00") for name in zeros},
        **dict.fromkeys(sums, "151.30"),
        **{f"{name}_set": _money("151.30") for name in sums},
    }


def _shipping() -> dict[str, Any]:
    return {
        "id": 3271878346,
        "code": "Standard",
        "title": "Standard",
        "source": "shopify",
        "is_removed": False,
        "price": "4.90",
        "price_set": _money("4.90"),
        "discounted_price": "4.90",
        "discounted_price_set": _money("4.90"),
        "tax_lines": [],
        "discount_allocations": [],
    }
