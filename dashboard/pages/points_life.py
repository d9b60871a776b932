"""When points can be used and when they expire."""

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from dashboard.desk import DeskRequest, Right
from dashboard.drafting import is_preview, not_yet, preview, saved
from dashboard.forms.expiry import MODES, LifeForm
from dashboard.life_text import expiry_text, hold_text, life_example, mode_example
from dashboard.site import site
from lib.clock import now
from loyalty.actions.drafts import draft_as_written
from loyalty.documents import ExpiryMode, ProgramDocument


def points_life(request: DeskRequest) -> HttpResponse:
    """Hold and expiry of the draft; a POST changes them."""
    draft = draft_as_written(request.desk.shop)
    form = LifeForm(request.POST if request.method == "POST" else None, draft)
    if is_preview(request):
        document = preview(form, form.changed, draft)
        return not_yet(form) if document is None else JsonResponse(_example(document, request))
    if request.method == "POST" and form.is_valid() and saved(request, form, form.changed, draft):
        messages.success(request, gettext("Saved in the draft. It counts once you publish it."))
        return redirect("dashboard:program")
    may_edit = request.desk.may(Right.PROGRAM)
    if not may_edit:
        form.lock()
    example = _example(draft, request)
    context = {
        "title": gettext("When points can be used and expire"),
        "form": form,
        "draft": draft,
        "may_edit": may_edit,
        "example": example,
    }
    return site.show(request, "program_life", context, status=422 if form.errors else 200)


def _example(document: ProgramDocument, request: DeskRequest) -> dict[str, object]:
    """`say`: an example for each of the modes, by its key."""
    at, zone = now(), request.desk.zone
    modes: list[ExpiryMode] = [mode for mode, _label in MODES]  # type: ignore[misc]
    return {
        "sentence": life_example(document, zone, at),
        "why": f"{hold_text(document)} {expiry_text(document.expiry)}",
        "say": {mode: mode_example(document, mode, zone, at) for mode in modes},
    }
