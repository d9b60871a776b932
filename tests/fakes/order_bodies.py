"""Orders as BigCommerce's interfaces tell them."""

from datetime import datetime
from decimal import Decimal
from email.utils import format_datetime
from typing import Any


def bc_order(id: int, changed_at: datetime, **changes: Any) -> dict[str, Any]:
    """A paid order of `/v2/orders`, in dollars, by customer 11."""
    return {
        "id": id,
        "customer_id": 11,
        "date_created": "Mon, 02 Mar 2026 09:00:00 +0000",
        "date_modified": format_datetime(changed_at),
        "status_id": 11,
        "status": "Awaiting Fulfillment",
        "total_inc_tax": "115.7500",
        "shipping_cost_ex_tax": "10.0000",
        "shipping_cost_tax": "0.7500",
        "refunded_amount": "0.0000",
        "currency_code": "USD",
        "default_currency_code": "USD",
        "order_source": "www",
        "is_deleted": False,
        "billing_address": {"first_name": "Mara", "last_name": "Lindqvist", "email": "mara@example.com"},
        "products": {"url": f"https://api.bigcommerce.com/stores/x/v2/orders/{id}/products"},
    } | changes


def bc_product(id: int, price: str, count: int = 1, discount: str = "0", **changes: Any) -> dict[str, Any]:
    """A line of `/v2/orders/<id>/products`, at 5 per cent tax on what its discount leaves."""
    goods, off = Decimal(price) * count, Decimal(discount)
    tax = (goods - off) * Decimal("0.05")
    return {
        "id": id,
        "order_id": 1,
        "product_id": 93,
        "variant_id": 41,
        "name": "Assam, second flush",
        "sku": "ASSAM",
        "brand": "Tea House",
        "type": "physical",
        "quantity": count,
        "total_ex_tax": f"{goods:.4f}",
        "total_inc_tax": f"{goods * Decimal('1.05'):.4f}",
        "total_tax": f"{tax:.4f}",
        "discounted_total_inc_tax": f"{goods - off + tax:.4f}",
        "applied_discounts": [{"id": "coupon", "amount": f"{off:.4f}", "code": "TEA", "target": "order"}]
        * bool(off),
    } | changes
