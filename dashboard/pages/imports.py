"""Points by a file: upload, see what it would do, apply, undo."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from dashboard.desk import DeskRequest, Right
from dashboard.forms.imports import UploadForm
from dashboard.listing import page_of
from dashboard.site import site
from loyalty.actions.batches import (
    SMALL,
    AppliedBefore,
    BadRows,
    BatchRefused,
    apply,
    call_worker,
    carry_on,
    check,
    outcome,
    same_file,
    undo,
)
from loyalty.models import Batch, BatchRow
from loyalty.sheets.formats import FORMATS
from loyalty.sheets.reading import InvalidSheet

REFRESH_S = 3
UNDER_WAY = (Batch.State.APPLYING, Batch.State.UNDOING)


def imports(request: DeskRequest) -> HttpResponse:
    """Earlier files, and a form for a new one; a POST checks the file and shows what it would do."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            batch = check(request.desk.shop, form.upload(request.user.get_username()))
        except InvalidSheet as invalid:
            form.add_error("file", str(invalid))
        else:
            return redirect("dashboard:batch", batch_id=batch.pk)
    batches = Batch.objects.filter(shop=request.desk.shop).order_by("-id")
    context = {
        "title": gettext("Import and export"),
        "form": form,
        "page": page_of(request, batches, 10),
        "may_import": request.desk.may(Right.DATA),
    }
    return site.show(request, "imports", context, status=422 if form.errors else 200)


def batch(request: DeskRequest, batch_id: int) -> HttpResponse:
    """What a file would do, is doing or has done, with its rows; `?show=problems` only those with something amiss."""
    found = _batch(request, batch_id)
    done = outcome(found)
    rows = BatchRow.objects.filter(shop=request.desk.shop, batch=found).order_by("line")
    amiss = rows.exclude(problem="")
    count = amiss.count()
    show = request.GET.get("show", "problems" if count else "all")
    context: dict[str, Any] = {
        "title": str(found),
        "batch": found,
        "source": FORMATS[found.format].title if found.format in FORMATS else found.format,
        "done": done,
        "dealt_with": _dealt_with(found, done),
        "under_way": found.state in UNDER_WAY,
        "page": page_of(request, amiss if show == "problems" else rows),
        "show": show,
        "tabs": [
            ("problems", gettext("Problems"), count),
            ("all", gettext("All rows"), found.totals["rows"]),
        ],
        "same_file": same_file(found) if found.state == Batch.State.CHECKED else None,
        "may_import": request.desk.may(Right.DATA),
    }
    response = site.show(request, "imports_batch", context)
    if context["under_way"]:
        response["Refresh"] = str(REFRESH_S)
    return response


@require_POST
def apply_batch(request: DeskRequest, batch_id: int) -> HttpResponse:
    """Apply a checked file."""
    found = _batch(request, batch_id)
    skip_bad, again = "skip_bad" in request.POST, "again" in request.POST
    try:
        apply(found, request.user.get_username(), skip_bad=skip_bad, again=again)
    except BadRows:
        messages.error(request, gettext("Nothing was written: tick that the bad rows are to be left out."))
    except AppliedBefore:
        messages.error(
            request, gettext("Nothing was written: tick that the file is to be applied once more.")
        )
    except BatchRefused as refused:
        messages.error(request, str(refused))
    else:
        _work(found)
    return redirect("dashboard:batch", batch_id=found.pk)


@require_POST
def undo_batch(request: DeskRequest, batch_id: int) -> HttpResponse:
    """Undo an applied file."""
    found = _batch(request, batch_id)
    try:
        undo(found, request.user.get_username())
    except BatchRefused as refused:
        messages.error(request, str(refused))
    else:
        _work(found)
    return redirect("dashboard:batch", batch_id=found.pk)


def _work(found: Batch) -> None:
    """A small file is done before the page is shown; a worker does a large one."""
    if found.totals["rows"] <= SMALL:
        carry_on(found)
    else:
        call_worker()


def _batch(request: DeskRequest, batch_id: int) -> Batch:
    batches = Batch.objects.filter(shop=request.desk.shop).select_related("shop")
    found = batches.filter(pk=batch_id).first() if batch_id < 2**63 else None
    if found is None:
        raise Http404
    return found


def _dealt_with(found: Batch, done: dict[str, int]) -> int:
    """How many of the good rows the work under way has behind it."""
    if found.state == Batch.State.UNDOING:
        return done[BatchRow.State.UNDONE]
    return found.totals["good"] - done[BatchRow.State.WAITING]
