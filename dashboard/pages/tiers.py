"""VIP tiers."""

from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from msgspec import structs

from dashboard.desk import DeskRequest, Right
from dashboard.drafting import is_preview, not_yet, preview, saved
from dashboard.forms.tiers import TiersForm, with_row, with_start, without_row
from dashboard.site import site
from dashboard.tier_text import benefits_text, lapse_text, level_text
from loyalty.actions.drafts import draft_as_written
from loyalty.documents import ProgramDocument
from rewards.queries import rewards_of


def tiers(request: DeskRequest) -> HttpResponse:
    """The tiers of the draft; a POST changes them, or only the rows of the form."""
    draft, rewards = draft_as_written(request.desk.shop), rewards_of(request.desk.shop)
    if request.method != "POST":
        return _show(request, draft, TiersForm(None, draft, rewards))
    if (rows := _rows(request)) is not None:
        typed = TiersForm(rows, draft, rewards)
        return _show(request, draft, TiersForm.as_typed(rows, draft, rewards), typed)
    form = TiersForm(request.POST, draft, rewards)

    def change(now: ProgramDocument) -> ProgramDocument:
        return structs.replace(now, tiers=form.tiers())

    if is_preview(request):
        document = preview(form, change, draft, "tiers")
        return _not_yet(form) if document is None else JsonResponse(_example(document, _names(form)))
    if form.is_valid() and saved(request, form, change, draft, "tiers"):
        messages.success(request, gettext("Saved in the draft. It counts once you publish it."))
        return redirect("dashboard:program")
    return _show(request, draft, form)


def _rows(request: DeskRequest) -> dict[str, Any] | None:
    """The form's data with its rows changed as a button says; None when none of these was pressed."""
    if "more" in request.POST:
        return with_row(request.POST)
    if "start" in request.POST:
        return with_start(request.POST)
    if "remove" in request.POST:
        return without_row(request.POST, request.POST["remove"])
    return None


def _not_yet(form: TiersForm) -> JsonResponse:
    for level in form.levels:
        if level.errors:
            return not_yet(level)
    return not_yet(form)


def _names(form: TiersForm) -> dict[str, str]:
    return {reward.public_id: reward.name for reward in form.rewards}


def _example(document: ProgramDocument, rewards: Mapping[str, str]) -> dict[str, Any]:
    """`lines`: a sentence for each tier. `rewards`: names by public id."""
    levels = document.tiers.levels
    if not levels:
        return {"sentence": gettext("No tiers yet."), "lines": []}
    lines = []
    for level in levels:
        benefits = benefits_text(document, level, rewards)
        lines.append(
            f"{level_text(document, level)} {benefits}." if benefits else level_text(document, level)
        )
    return {
        "sentence": ", ".join(level.name for level in levels),
        "lines": lines,
        "note": lapse_text(document.tiers),
    }


def _show(
    request: DeskRequest, draft: ProgramDocument, form: TiersForm, typed: TiersForm | None = None
) -> HttpResponse:
    """`typed`: the same form to be judged for the example alone."""
    may_edit = request.desk.may(Right.PROGRAM)
    if not may_edit:
        form.lock()
    shown = draft
    if typed is not None and typed.is_valid():
        shown = structs.replace(draft, tiers=typed.tiers())
    context = {
        "title": gettext("VIP tiers"),
        "form": form,
        "draft": draft,
        "may_edit": may_edit,
        "unsaved": typed is not None,
        "example_title": gettext("In plain words"),
        "example": _example(shown, _names(form)),
    }
    return site.show(request, "program_tiers", context, status=422 if form.failed else 200)
