"""Publishing the draft, the versions published so far, and going back to one."""

from dataclasses import dataclass
from hashlib import sha256

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from dashboard.desk import DeskRequest, Right
from dashboard.listing import page_of
from dashboard.site import site
from loyalty.actions.programs import draft_document, publish, roll_back
from loyalty.diff import diff
from loyalty.documents import decode, encode
from loyalty.errors import NothingToPublish
from loyalty.models import ProgramVersion
from loyalty.queries import live_version, versions

NOTE_MAX = 255


@dataclass(frozen=True)
class Step:
    """A version, and what it changed against the one before; `live`: it is in force."""

    version: ProgramVersion
    changes: list[str]
    live: bool


def publish_draft(request: DeskRequest) -> HttpResponse:
    """What would change for shoppers; a POST makes it so, if the draft is still the one that was shown."""
    shop = request.desk.shop
    draft = draft_document(shop)
    live = live_version(shop)
    seen = sha256(encode(draft)).hexdigest()
    if request.method == "POST":
        if request.POST.get("seen") == seen:
            return _publish(request)
        messages.warning(request, gettext("The draft has changed meanwhile. Please look at it once more."))
    context = {
        "title": gettext("Publish the program"),
        "changes": diff(decode(live.document), draft),
        "live": live,
        "seen": seen,
        "may_edit": request.desk.may(Right.PROGRAM),
    }
    return site.show(request, "publish", context)


def version_list(request: DeskRequest) -> HttpResponse:
    """Who published what and when, the newest first."""
    shop = request.desk.shop
    page = page_of(request, versions(shop), size=20)
    shown = list(page)
    older = versions(shop).filter(number__lt=shown[-1].number).first() if shown else None
    newest = live_version(shop).number
    pairs = zip(shown, [*shown[1:], older], strict=True)
    steps = [Step(version, _changes(former, version), version.number == newest) for version, former in pairs]
    context = {
        "title": gettext("Program versions"),
        "page": page,
        "steps": steps,
        "may_edit": request.desk.may(Right.PROGRAM),
    }
    return site.show(request, "versions", context)


def go_back(request: DeskRequest, number: int) -> HttpResponse:
    """What going back to a version would change; a POST publishes it anew."""
    shop = request.desk.shop
    old = versions(shop).filter(number=number).first()
    if old is None:
        raise Http404
    if request.method == "POST":
        return _go_back(request, number)
    context = {
        "title": gettext("Go back to version %(number)d") % {"number": number},
        "version": old,
        "changes": diff(decode(live_version(shop).document), decode(old.document)),
        "may_edit": request.desk.may(Right.PROGRAM),
    }
    return site.show(request, "roll_back", context)


def _changes(old: ProgramVersion | None, new: ProgramVersion) -> list[str]:
    return diff(decode(old.document), decode(new.document)) if old else []


def _publish(request: DeskRequest) -> HttpResponse:
    note = request.POST.get("note", "").replace("\0", "").strip()[:NOTE_MAX]
    try:
        version = publish(request.desk.shop, request.user.get_username(), note)
    except NothingToPublish:
        messages.info(request, gettext("There is nothing to publish: the draft is already live."))
        return redirect("dashboard:program")
    messages.success(request, gettext("Version %(number)d is live.") % {"number": version.number})
    return redirect("dashboard:versions")


def _go_back(request: DeskRequest, number: int) -> HttpResponse:
    try:
        version = roll_back(request.desk.shop, number, request.user.get_username())
    except NothingToPublish:
        messages.info(request, gettext("That is what is live already."))
        return redirect("dashboard:versions")
    said = gettext("Version %(new)d is live. It says what version %(old)d said.")
    messages.success(request, said % {"new": version.number, "old": number})
    return redirect("dashboard:versions")
