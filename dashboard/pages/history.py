"""Importing a store's past orders: what for, how far it is, and what came of it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from dashboard.desk import DeskRequest, Right
from dashboard.forms.history import COUNT, POINTS, HistoryForm
from dashboard.pages.connections import can_be_asked, find_connection
from dashboard.site import site
from loyalty.wording import number
from orders.models import Delivery, Sweep
from orders.sweeps import SETTLING, StillRunning, resume, start_history
from platforms.reach import access_of
from shops.models import Connection, StoreAccess

UNDER_WAY = (Sweep.State.QUEUED, Sweep.State.RUNNING)


def history(request: DeskRequest, public_id: str) -> HttpResponse:
    """The import that is under way or was the last, and a form for another; a POST starts one."""
    one = find_connection(request, public_id)
    form = HistoryForm(request.POST or None, initial={"points": _holding(one)})
    if request.method == "POST" and form.is_valid():
        return _start(request, one, form)
    return _show(request, one, form, status=422 if form.errors else 200)


def history_progress(request: DeskRequest, public_id: str) -> HttpResponse:
    """JSON for the progress bar: `finished`, `percent` (null while nobody knows of how many) and a sentence."""
    sweep = _latest(find_connection(request, public_id))
    if sweep is None:
        raise Http404
    return JsonResponse(_progress(sweep))


@require_POST
def resume_history(request: DeskRequest, public_id: str) -> HttpResponse:
    """Go on with an import that failed."""
    one = find_connection(request, public_id)
    sweep = _latest(one)
    try:
        if sweep is None:
            raise Http404
        resume(sweep)
    except StillRunning:
        messages.warning(request, gettext("There is no import to go on with."))
    return redirect("dashboard:history", public_id=one.public_id)


def _start(request: DeskRequest, one: Connection, form: HistoryForm) -> HttpResponse:
    if not _may_ask(one):
        form.add_error(None, gettext("This store does not let Regulars in: connect it first."))
        return _show(request, one, form, status=422)
    try:
        start_history(
            one,
            form.since_in(request.desk.zone),
            with_points=form.cleaned_data["points"] == POINTS,
            actor=request.user.get_username(),
        )
    except StillRunning as error:
        form.add_error(None, str(error))
        return _show(request, one, form, status=409)
    return redirect("dashboard:history", public_id=one.public_id)


def _show(request: DeskRequest, one: Connection, form: HistoryForm, status: int) -> HttpResponse:
    sweep = _latest(one)
    under_way = sweep is not None and sweep.state in UNDER_WAY
    context = {
        "title": gettext("Past orders"),
        "connection": one,
        "form": form,
        "chosen": form["points"].value(),
        "can_be_asked": can_be_asked(one),
        "can_ask": _may_ask(one),
        "sweep": sweep,
        "under_way": under_way,
        "progress": _progress(sweep) if sweep else None,
        "waiting": _waiting(one) if sweep and not under_way else 0,
        "may_import": request.desk.may(Right.CONNECTIONS),
    }
    return site.show(request, "history", context, status=status)


def _holding(one: Connection) -> str:
    """The choice that holds for the store's orders; at first none was made, and the careful one is offered."""
    return POINTS if one.points_from is None and _latest(one) else COUNT


def _latest(one: Connection) -> Sweep | None:
    found = Sweep.objects.filter(shop_id=one.shop_id, connection=one, kind=Sweep.Kind.HISTORY)
    sweep: Sweep | None = found.order_by("-id").first()
    return sweep


def _may_ask(one: Connection) -> bool:
    access = access_of(one)
    return one.active and access is not None and access.state == StoreAccess.State.ACTIVE


def _waiting(one: Connection) -> int:
    """How many deliveries of the store have yet to be applied."""
    waiting = Delivery.objects.filter(shop_id=one.shop_id, connection=one, state=Delivery.State.NEW)
    return waiting.count()


def _progress(sweep: Sweep) -> dict[str, Any]:
    percent = min(99, 100 * sweep.seen // sweep.total) if sweep.total else None
    if sweep.cursor.startswith(SETTLING):
        said = gettext("Settling the orders that are here already.")
    elif not sweep.seen:
        said = gettext("Asking the store.")
    elif sweep.total:
        words = {"seen": number(min(sweep.seen, sweep.total)), "total": number(sweep.total)}
        said = gettext("%(seen)s of %(total)s orders") % words
    else:
        said = ngettext("%(seen)s order so far", "%(seen)s orders so far", sweep.seen) % {
            "seen": number(sweep.seen)
        }
    if sweep.error and sweep.state in UNDER_WAY:
        said = f"{said} {gettext('It waits a moment: %(why)s') % {'why': sweep.error}}"
    return {"finished": sweep.state not in UNDER_WAY, "percent": percent, "said": said}
