"""The program at a glance: a card for each part of the draft, and what an example order would earn."""

from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from dashboard.campaigns import campaigns_text
from dashboard.desk import DeskRequest, Right
from dashboard.drafting import amount_of, is_preview, not_yet, preview, saved
from dashboard.example import example, usual_amount
from dashboard.forms.program import SettingsForm
from dashboard.life_text import expiry_text, hold_text
from dashboard.settings_text import setting_rows
from dashboard.site import site
from dashboard.tier_text import tiers_text
from dashboard.ways import WAYS
from dashboard.words import rule_details, rule_words
from loyalty.actions.drafts import draft_as_written
from loyalty.diff import diff
from loyalty.documents import ProgramDocument, decode
from loyalty.queries import live_version


def program(request: DeskRequest) -> HttpResponse:
    """The draft in cards, each with a link to change it. Nothing is live before it is published."""
    draft = draft_as_written(request.desk.shop)
    live = live_version(request.desk.shop)
    amount = usual_amount(draft.currency)
    zone = request.desk.zone
    context = {
        "title": gettext("Program"),
        "draft": draft,
        "rules": _rules(draft, zone),
        "campaigns": campaigns_text(draft, zone),
        "tiers": tiers_text(draft),
        "hold": hold_text(draft),
        "expiry": expiry_text(draft.expiry),
        "settings": setting_rows(draft),
        "live": live,
        "changes": diff(decode(live.document), draft),
        "may_edit": request.desk.may(Right.PROGRAM),
        "amount": amount,
        "example": example(draft, amount, zone),
    }
    return site.show(request, "program", context)


def program_example(request: DeskRequest) -> HttpResponse:
    """JSON: what an order of `?amount=` would earn under the draft."""
    draft = draft_as_written(request.desk.shop)
    return JsonResponse(example(draft, amount_of(request, draft.currency), request.desk.zone))


def program_settings(request: DeskRequest) -> HttpResponse:
    """What counts, rounding, bounds, returns and names; a POST changes them in the draft."""
    draft = draft_as_written(request.desk.shop)
    form = SettingsForm(request.POST if request.method == "POST" else None, draft)
    if is_preview(request):
        document = preview(form, form.changed, draft)
        if document is None:
            return not_yet(form)
        return JsonResponse(example(document, amount_of(request, draft.currency), request.desk.zone))
    if request.method == "POST" and form.is_valid() and saved(request, form, form.changed, draft):
        messages.success(request, gettext("Saved in the draft. It counts once you publish it."))
        return redirect("dashboard:program")
    may_edit = request.desk.may(Right.PROGRAM)
    if not may_edit:
        form.lock()
    amount = usual_amount(draft.currency)
    context = {
        "title": gettext("More settings"),
        "form": form,
        "draft": draft,
        "may_edit": may_edit,
        "amount": amount,
        "example": example(draft, amount, request.desk.zone),
    }
    return site.show(request, "program_settings", context, status=422 if form.errors else 200)


def _rules(draft: ProgramDocument, zone: ZoneInfo) -> list[dict[str, object]]:
    """The ways to earn: each with its icon and its sentences."""
    return [
        {
            "rule": rule,
            "way": WAYS[str(rule.__struct_config__.tag)],
            "text": rule_words(rule, draft),
            "details": rule_details(rule, draft, zone),
        }
        for rule in draft.rules
    ]
