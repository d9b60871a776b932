"""Programs, orders and refunds to tell stories with; everything is dated after what was published."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from lib.clock import now
from loyalty.actions.programs import draft_document, load_draft, publish
from loyalty.documents import as_dict, decode
from shops.models import Shop
from tests.bodies import line, shopify_order, shopify_refund, shopify_refund_line
from tests.orders.stores import Store

Open = Callable[..., Store]
PAID, REFUND, UPDATED = "orders/paid", "refunds/create", "orders/updated"
ORDER = 5820982911946


def change(shop: Shop, **terms: Any) -> None:
    """Publish the program with these terms; `points` and `per` are of its only rule."""
    document = as_dict(draft_document(shop))
    rule = document["rules"][0]
    rule |= {name: terms.pop(name) for name in ("points", "per", "active") if name in terms}
    document["basis"] |= {name: terms.pop(name) for name in list(terms) if name.startswith("include_")}
    load_draft(shop, decode(document | terms))
    publish(shop, "test")


def when(days: float = 1) -> str:
    """An instant after everything that was published so far; of days from now."""
    return (now() + timedelta(days=days)).isoformat()


def order(*lines: dict[str, Any], days: float = 1, **changes: Any) -> dict[str, Any]:
    """A paid order placed after the program was published."""
    dates = {"created_at": when(days), "updated_at": when(days), "processed_at": when(days)}
    return shopify_order(lines=lines, **{**dates, "order_status_url": None, **changes})


def goods(price: str, id: int = 1, **more: Any) -> dict[str, Any]:
    return line(price, id=id, **more)


def refund(number: int, *lines: dict[str, Any], days: float = 2, **changes: Any) -> dict[str, Any]:
    dates = {"created_at": when(days), "processed_at": when(days)}
    return shopify_refund(number, ORDER, lines, **{**dates, **changes})


def taken(price: str, id: int = 1) -> dict[str, Any]:
    return shopify_refund_line(id, price)


def again(store: Store, number: int, price: str) -> None:
    """Another order of the same shopper."""
    body = order(goods(price))
    store.apply((PAID, {**body, "id": number, "admin_graphql_api_id": None}))
