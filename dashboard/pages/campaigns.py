"""Bonus campaigns: the list, writing one, switching it, deleting it."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from msgspec import structs

from dashboard.campaigns import shown_campaign, shown_campaigns
from dashboard.desk import DeskRequest, Right
from dashboard.drafting import changed, is_preview, not_yet, preview, saved
from dashboard.forms.campaigns import CampaignForm, MultipliersForm, campaign_form
from dashboard.site import site
from dashboard.ways import fresh_key
from dashboard.words import announcement
from loyalty.actions.drafts import draft_as_written
from loyalty.documents import Campaign, ProgramDocument, decode
from loyalty.queries import live_version


def campaign_list(request: DeskRequest) -> HttpResponse:
    """The campaigns; a POST sets what counts where several meet."""
    draft = draft_as_written(request.desk.shop)
    form = MultipliersForm(request.POST or None, initial={"multipliers": draft.multipliers})
    if request.method == "POST" and form.is_valid():
        multipliers = form.cleaned_data["multipliers"]
        if saved(request, form, lambda now: structs.replace(now, multipliers=multipliers), draft):
            messages.success(request, gettext("Saved in the draft. It counts once you publish it."))
            return redirect("dashboard:campaigns")
    may_edit = request.desk.may(Right.PROGRAM)
    if not may_edit:
        form.lock()
    context = {
        "title": gettext("Bonus campaigns"),
        "campaigns": shown_campaigns(draft, request.desk.zone),
        "form": form,
        "may_edit": may_edit,
    }
    return site.show(request, "program_campaigns", context, status=422 if form.errors else 200)


def add_campaign(request: DeskRequest) -> HttpResponse:
    """A new campaign; a POST adds it to the draft."""
    draft = draft_as_written(request.desk.shop)
    live = decode(live_version(request.desk.shop).document)
    return _edit(request, draft, fresh_key("campaign", *draft.campaigns, *live.campaigns), None)


def edit_campaign(request: DeskRequest, key: str) -> HttpResponse:
    """One campaign; a POST changes it in the draft."""
    draft = draft_as_written(request.desk.shop)
    return _edit(request, draft, key, _campaign(draft, key))


def switch_campaign(request: DeskRequest, key: str) -> HttpResponse:
    """A POST switches a campaign on or off."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    active = "on" in request.POST
    campaign = _campaign(draft_as_written(request.desk.shop), key)
    if not changed(
        request, lambda draft: _with(draft, structs.replace(_campaign(draft, key), active=active))
    ):
        return redirect("dashboard:campaign", key)
    said = gettext("“%(name)s” is on in the draft.") if active else gettext("“%(name)s” is off in the draft.")
    messages.success(request, said % {"name": campaign.name})
    return redirect("dashboard:campaigns")


def delete_campaign(request: DeskRequest, key: str) -> HttpResponse:
    """Asks whether to delete a campaign; a POST takes it out of the draft."""
    campaign = _campaign(draft_as_written(request.desk.shop), key)
    if request.method == "POST":
        if not changed(request, lambda draft: _without(draft, key)):
            return redirect("dashboard:campaign", key)
        messages.success(request, gettext("“%(name)s” is no longer in the draft.") % {"name": campaign.name})
        return redirect("dashboard:campaigns")
    context = {
        "title": gettext("Delete “%(name)s”?") % {"name": campaign.name},
        "text": gettext("Members keep what they have earned with it. Nothing changes before you publish."),
        "back": "dashboard:campaign",
        "key": key,
        "may_edit": request.desk.may(Right.PROGRAM),
    }
    return site.show(request, "program_delete", context)


def _campaign(draft: ProgramDocument, key: str) -> Campaign:
    for campaign in draft.campaigns:
        if campaign.key == key:
            return campaign
    raise Http404


def _with(draft: ProgramDocument, campaign: Campaign) -> ProgramDocument:
    """The draft with `campaign` in place of the one of its key, or behind the others."""
    if any(one.key == campaign.key for one in draft.campaigns):
        kept = tuple(campaign if one.key == campaign.key else one for one in draft.campaigns)
    else:
        kept = (*draft.campaigns, campaign)
    return structs.replace(draft, campaigns=kept)


def _without(draft: ProgramDocument, key: str) -> ProgramDocument:
    return structs.replace(draft, campaigns=tuple(one for one in draft.campaigns if one.key != key))


def _edit(request: DeskRequest, draft: ProgramDocument, key: str, former: Campaign | None) -> HttpResponse:
    form = campaign_form(draft, former, request.POST if request.method == "POST" else None)
    keys = [one.key for one in draft.campaigns]
    part = f"campaigns[{keys.index(key) if key in keys else len(keys)}]"

    def change(now: ProgramDocument) -> ProgramDocument:
        return _with(now, form.campaign(key, former))

    if is_preview(request):
        document = preview(form, change, draft, part)
        if document is None:
            return not_yet(form)
        return JsonResponse(_example(_campaign(document, key), document, request))
    if request.method == "POST" and form.is_valid() and saved(request, form, change, draft, part):
        messages.success(request, gettext("Saved in the draft. It counts once you publish it."))
        return redirect("dashboard:campaigns")
    return _show(request, draft, former, form)


def _example(campaign: Campaign, document: ProgramDocument, request: DeskRequest) -> dict[str, Any]:
    shown = shown_campaign(campaign, document, request.desk.zone)
    return {
        "sentence": f"“{announcement(campaign, document, request.desk.zone)}”",
        "why": f"{shown.state_text}. {shown.text}",
    }


def _show(
    request: DeskRequest, draft: ProgramDocument, former: Campaign | None, form: CampaignForm
) -> HttpResponse:
    may_edit = request.desk.may(Right.PROGRAM)
    if not may_edit:
        form.lock()
    nothing = {"sentence": gettext("Fill in the form to see the announcement.")}
    context = {
        "title": former.name if former else gettext("New campaign"),
        "campaign": former,
        "form": form,
        "draft": draft,
        "may_edit": may_edit,
        "example_title": gettext("What your widget says"),
        "example": _example(former, draft, request) if former else nothing,
    }
    return site.show(request, "program_campaign", context, status=422 if form.errors else 200)
