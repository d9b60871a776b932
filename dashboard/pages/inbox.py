"""The inbox: deliveries as they came, what became of them, and applying them again."""

import msgspec
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from dashboard.desk import DeskRequest, Right
from dashboard.listing import page_of
from dashboard.site import site
from orders.actions import replay
from orders.models import Delivery, Order

LONGEST_SHOWN = 200_000
MOST_REPLAYED = 500


def inbox(request: DeskRequest) -> HttpResponse:
    """Deliveries, the newest first; `?state=` shows one state only."""
    deliveries = Delivery.objects.filter(shop=request.desk.shop)
    state = request.GET.get("state", "")
    if state in Delivery.State.values:
        deliveries = deliveries.filter(state=state)
    else:
        state = ""
    context = {
        "title": gettext("Inbox"),
        "page": page_of(request, deliveries.defer("body").order_by("-id")),
        "state": state,
        "states": [("", gettext("All")), *Delivery.State.choices],
        "may_replay": request.desk.may(Right.DELIVERIES),
    }
    return site.show(request, "inbox", context)


def delivery(request: DeskRequest, delivery_id: int) -> HttpResponse:
    """One delivery with its raw body."""
    shop = request.desk.shop
    found = Delivery.objects.filter(shop=shop, connection__shop=shop, pk=delivery_id)
    one = found.select_related("connection").first()
    if one is None:
        raise Http404
    body = readable(one.raw)
    context = {
        "title": gettext("Delivery %(id)d") % {"id": one.pk},
        "delivery": one,
        "body": body[:LONGEST_SHOWN],
        "body_cut": len(body) > LONGEST_SHOWN,
        "notes": [(name.replace("_", " ").capitalize(), value) for name, value in sorted(one.notes.items())],
        "may_replay": request.desk.may(Right.DELIVERIES),
    }
    return site.show(request, "delivery", context)


@require_POST
def replay_deliveries(request: DeskRequest) -> HttpResponse:
    """Apply the chosen deliveries again; points never count twice."""
    chosen = {int(text) for text in request.POST.getlist("delivery") if text.isascii() and text.isdigit()}
    ids = sorted(chosen)[:MOST_REPLAYED]
    shop = request.desk.shop
    if not ids:
        messages.warning(request, gettext("Choose at least one delivery."))
        return redirect("dashboard:inbox")
    if max(ids) >= 2**63 or Delivery.objects.filter(shop=shop, pk__in=ids).count() != len(ids):
        raise Http404
    count = replay(ids, shop)
    said = ngettext(
        "%(count)d delivery will be applied again.", "%(count)d deliveries will be applied again.", count
    )
    messages.success(request, said % {"count": count})
    if len(ids) == 1:
        return redirect("dashboard:delivery", delivery_id=ids[0])
    return redirect("dashboard:inbox")


def held(request: DeskRequest) -> HttpResponse:
    """Orders that wait for a decision of the merchant."""
    orders = Order.objects.filter(shop=request.desk.shop).exclude(held="").order_by("-id")
    return site.show(request, "held", {"title": gettext("Held orders"), "page": page_of(request, orders)})


def readable(raw: bytes) -> str:
    """JSON indented, its numbers exactly as they came; anything else as it is."""
    try:
        return msgspec.json.format(raw, indent=2).decode(errors="replace")
    except (msgspec.DecodeError, RecursionError):
        return raw.decode(errors="replace")
