"""A store against the ledger: what webhooks failed to tell, and what became of it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from dashboard.desk import DeskRequest, Right
from dashboard.pages.connections import can_be_asked, find_connection
from dashboard.site import site
from dashboard.store_text import finding_text, look_text
from lib.clock import now
from orders.fetches import try_again
from orders.models import Fetch, Sweep
from orders.store_report import report
from orders.sweeps import INTERVAL, reconcile
from platforms.reach import access_of
from shops.models import StoreAccess

MOST_FETCHES = 50
UNDER_WAY = (Sweep.State.QUEUED, Sweep.State.RUNNING)
REFRESH_S = 3


def store_orders(request: DeskRequest, public_id: str) -> HttpResponse:
    """What the looks of the last weeks have found, and what waits for attention."""
    one = find_connection(request, public_id)
    access = access_of(one)
    found = report(one, now())
    fetches = Fetch.objects.filter(shop=request.desk.shop, connection=one, state=Fetch.State.DEAD)
    under_way = found.last is not None and found.last.state in UNDER_WAY
    context = {
        "title": gettext("Store against ledger"),
        "connection": one,
        "can_be_asked": can_be_asked(one),
        "can_ask": access is not None and access.state == StoreAccess.State.ACTIVE,
        "report": found,
        "last_look": look_text(found.last_done) if found.last_done else "",
        "failed": found.last if found.last and found.last.state == Sweep.State.FAILED else None,
        "under_way": under_way,
        "next_at": found.last.created_at + INTERVAL if found.last else None,
        "findings": [(each, finding_text(each.what)) for each in found.findings],
        "fetches": fetches.order_by("-id")[:MOST_FETCHES],
        "may_reconcile": request.desk.may(Right.CONNECTIONS),
    }
    response = site.show(request, "store_orders", context)
    if under_way:
        response["Refresh"] = str(REFRESH_S)
    return response


@require_POST
def reconcile_now(request: DeskRequest, public_id: str) -> HttpResponse:
    """Look at the store's orders at once."""
    one = find_connection(request, public_id)
    reconcile(one, request.user.get_username())
    messages.success(request, gettext("The store's orders are being compared."))
    return redirect("dashboard:store_orders", public_id=one.public_id)


@require_POST
def retry_fetches(request: DeskRequest, public_id: str) -> HttpResponse:
    """Fetch once more what could not be fetched: the one named in the form, or all."""
    one = find_connection(request, public_id)
    given = request.POST.get("fetch", "")
    ids = [int(given)] if given.isascii() and given.isdecimal() and len(given) < 19 else []
    count = try_again(one, ids)
    said = ngettext("%(count)d is fetched once more.", "%(count)d are fetched once more.", count)
    messages.success(request, said % {"count": count})
    return redirect("dashboard:store_orders", public_id=one.public_id)
