"""The demo store's pages."""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, ensure_csrf_cookie
from django.views.decorators.http import require_GET, require_POST

from demo import platform, store
from demo.catalogue import FREE_SHIPPING_FROM, NAME, PRODUCTS, SHIPPING, SHOPPER
from demo.deliveries import NotDelivered
from demo.discounts import Items, Unusable
from demo.points import earned_by_piece
from demo.shopify_admin.endpoints import Request, respond
from demo.shopify_admin.schema import API_VERSION
from shops.models import Connection

# As on Shopify: a link puts the code there, and the next cart has it.
CODE_COOKIE = "discount_code"
LONGEST_CODE = 255


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
        "code": request.COOKIES.get(CODE_COOKIE, "")[:LONGEST_CODE],
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


@require_GET
@never_cache
def apply_code(request: HttpRequest, code: str) -> HttpResponse:
    """Keep the code for the next order, and go to the cart."""
    response = HttpResponseRedirect(f"{reverse('demo')}#cart-card")
    if code.isascii() and code.isprintable():
        response.set_cookie(CODE_COOKIE, code[:LONGEST_CODE], samesite="Lax")
    return response


@require_POST
def cart(request: HttpRequest) -> JsonResponse:
    """What `{items: {sku: quantity}, code}` costs: see `_cart`. The code is kept for the next order."""

    def act(connection: Connection, asked: dict[str, Any]) -> dict[str, Any]:
        return _cart(store.chosen(_items(asked)), _code(asked))

    response = _act(request, act)
    if response.status_code == 200:
        code = json.loads(response.content)["code"]
        if code:
            response.set_cookie(CODE_COOKIE, code, samesite="Lax")
        else:
            response.delete_cookie(CODE_COOKIE, samesite="Lax")
    return response


@require_POST
def buy(request: HttpRequest) -> JsonResponse:
    """Buy `{items: {sku: quantity}, code}`."""

    def act(connection: Connection, asked: dict[str, Any]) -> dict[str, Any]:
        purchase = store.buy(connection, store.chosen(_items(asked)), _code(asked))
        return {"id": str(purchase.id), "number": purchase.number, "total": str(purchase.total)}

    response = _act(request, act)
    if response.status_code == 200:
        response.delete_cookie(CODE_COOKIE, samesite="Lax")
    return response


@require_POST
def give_back(request: HttpRequest) -> JsonResponse:
    """Return one piece: `{order, line}`."""

    def act(connection: Connection, asked: dict[str, Any]) -> dict[str, Any]:
        order, line = (_printable(asked.get(name)) for name in ("order", "line"))
        return {"title": store.give_back(connection, order, line).title}

    return _act(request, act)


@csrf_exempt
def admin_api(request: HttpRequest, rest: str) -> HttpResponse:
    """The Admin API of the store, as Shopify answers."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    query = request.META.get("QUERY_STRING", "")
    asked = Request(request.method or "GET", f"/admin/api/{rest}", query, headers, request.body)
    answer = respond(platform.admin(), asked)
    content, answered = answer.raw()
    return HttpResponse(
        content, status=answer.status, headers=answered | {"X-Shopify-API-Version": API_VERSION}
    )


def _asked(body: bytes) -> dict[str, Any]:
    """The object that was sent. Raises `store.Nothing`."""
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise store.Nothing(gettext("Send a JSON object."))
    return asked


def _items(asked: dict[str, Any]) -> dict[str, int]:
    items = asked.get("items")
    if not (isinstance(items, dict) and all(type(count) is int for count in items.values())):
        raise store.Nothing(gettext("“items” says how many of each product, in whole numbers."))
    return items


def _code(asked: dict[str, Any]) -> str:
    return _printable(asked.get("code"))


def _printable(given: object) -> str:
    """What was typed; nothing where no code, order or line can be called so."""
    text = given.strip()[:LONGEST_CODE] if isinstance(given, str) else ""
    return text if text.isprintable() else ""


def _cart(items: Items, code: str) -> dict[str, Any]:
    """`{subtotal, discount, shipping, card, total, code, problem}`: `problem` tells why the code does nothing.

    `code` is empty where it is no use whatever else is in the cart. `shipping` is before the discount, `card` what
    a gift card pays, and `total` what is left to pay.
    """
    problem = ""
    try:
        purchase = store.priced(items, code)
    except Unusable as error:
        purchase = store.priced(items)
        problem, code = str(error), "" if error.for_good else code
    found, card = purchase.discount, purchase.card
    return {
        "subtotal": f"{purchase.goods:.2f}",
        "discount": f"{found.amount:.2f}" if found else "",
        "shipping": f"{purchase.shipping:.2f}",
        "card": f"{purchase.by_card:.2f}" if card and items else "",
        "total": f"{purchase.total - purchase.by_card:.2f}",
        "code": found.code if found else card.code if card else code,
        "problem": problem,
    }


def _act(request: HttpRequest, act: Any) -> JsonResponse:
    connection = store.connection()
    if connection is None:
        return JsonResponse({"message": gettext("The demo shop is not prepared yet.")}, status=503)
    try:
        return JsonResponse(act(connection, _asked(request.body)))
    except NotDelivered as error:
        return JsonResponse({"message": str(error)}, status=502)
    except (store.Nothing, Unusable) as error:
        return JsonResponse({"message": str(error)}, status=400)


def _order(order: Any) -> dict[str, Any]:
    lines = store.bought(order)
    return {
        "id": order.external_id,
        "number": order.number,
        "placed_at": order.placed_at,
        "cancelled": order.cancelled_at is not None,
        "total": f"{order.total:.2f}",
        "codes": order.discount_codes,
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
