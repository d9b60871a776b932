"""The demo store's pages."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from demo import store
from demo.catalogue import FREE_SHIPPING_FROM, NAME, PRODUCTS, SHIPPING, SHOPPER
from demo.deliveries import NotDelivered
from demo.points import earned_by_piece
from shops.models import Connection


@require_GET
@never_cache
@ensure_csrf_cookie
def shop_page(request: HttpRequest, signed_in: bool = True) -> HttpResponse:
    """The shop with its products, as the shopper or as a guest sees it."""
    connection = store.connection()
    points = earned_by_piece(connection) if connection else {}
    context = {
        "name": NAME,
        "products": [(product, points.get(product.sku)) for product in PRODUCTS],
        "shopper": SHOPPER,
        "signed_in": signed_in,
        "connection": connection,
        "shipping": SHIPPING,
        "free_from": FREE_SHIPPING_FROM,
    }
    return render(request, "demo/shop.html", context, status=200 if connection else 503)


@require_GET
@never_cache
def token(request: HttpRequest) -> JsonResponse:
    """A fresh token for the signed-in shopper."""
    connection = store.connection()
    return JsonResponse({"token": store.shopper_token(connection) if connection else None})


@require_GET
@never_cache
def orders(request: HttpRequest) -> JsonResponse:
    """The shopper's last orders."""
    connection = store.connection()
    found = store.newest_orders(connection) if connection else []
    return JsonResponse({"orders": [_order(order) for order in found]})


@require_POST
def buy(request: HttpRequest) -> JsonResponse:
    """Buy `{items: {sku: quantity}}`."""

    def act(connection: Connection, asked: dict[str, Any]) -> dict[str, Any]:
        items = {str(sku): int(count) for sku, count in dict(asked["items"]).items()}
        purchase = store.buy(connection, items)
        return {"id": str(purchase.id), "number": purchase.number}

    return _act(request, act)


@require_POST
def give_back(request: HttpRequest) -> JsonResponse:
    """Return one piece: `{order, line}`."""

    def act(connection: Connection, asked: dict[str, Any]) -> dict[str, Any]:
        return {"title": store.give_back(connection, str(asked["order"]), str(asked["line"])).title}

    return _act(request, act)


def _act(request: HttpRequest, act: Any) -> JsonResponse:
    connection = store.connection()
    if connection is None:
        return JsonResponse({"message": gettext("The demo shop is not prepared yet.")}, status=503)
    try:
        return JsonResponse(act(connection, json.loads(request.body)))
    except NotDelivered as error:
        return JsonResponse({"message": str(error)}, status=502)
    except (store.Nothing, ValueError, TypeError, KeyError) as error:
        return JsonResponse({"message": str(error)}, status=400)


def _order(order: Any) -> dict[str, Any]:
    lines = store.bought(order)
    return {
        "id": order.external_id,
        "number": order.number,
        "placed_at": order.placed_at,
        "cancelled": order.cancelled_at is not None,
        "total": str(store.total(lines)),
        "lines": [
            {
                "id": line.line_id,
                "title": line.product.title,
                "sku": line.product.sku,
                "quantity": line.quantity,
                "returned": line.returned,
            }
            for line in lines
        ],
    }
