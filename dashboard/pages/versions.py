"""Publishing the draft, the versions published so far, and going back to one."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from dashboard.desk import DeskRequest, Right
from dashboard.listing import page_of
from dashboard.site import site
from dashboard.touched_text import redating_text, touched_lines
from loyalty.actions.programs import draft_document, publish, roll_back
from loyalty.diff import affects, diff
from loyalty.documents import ProgramDocument, decode, encode
from loyalty.errors import InvalidProgram, NothingToPublish
from loyalty.impact import touched
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
    """What would change, and for whom; a POST makes it so, if the draft is still the one that was shown.

    A change that touches what members have already must be confirmed on its own.
    """
    shop = request.desk.shop
    try:
        draft = draft_document(shop)
    except InvalidProgram as invalid:
        return _show_problems(request, invalid)
    live = live_version(shop)
    seen = sha256(encode(draft)).hexdigest()
    unconfirmed = False
    if request.method == "POST":
        touches = affects(decode(live.document), draft)
        unconfirmed = bool(touches) and "understood" not in request.POST
        if request.POST.get("seen") != seen:
            messages.warning(
                request, gettext("The draft has changed meanwhile. Please look at it once more.")
            )
        elif not unconfirmed:
            return _publish(request)
    context = {
        "title": gettext("Publish the program"),
        "live": live,
        "seen": seen,
        "note": request.POST.get("note", ""),
        "unconfirmed": unconfirmed,
        **_compared(request, decode(live.document), draft),
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
    live, wanted = decode(live_version(shop).document), decode(old.document)
    unconfirmed = bool(affects(live, wanted)) and "understood" not in request.POST
    if request.method == "POST" and not unconfirmed:
        return _go_back(request, number)
    context = {
        "title": gettext("Go back to version %(number)d") % {"number": number},
        "version": old,
        "unconfirmed": request.method == "POST",
        **_compared(request, live, wanted),
    }
    return site.show(request, "roll_back", context)


def _compared(request: DeskRequest, live: ProgramDocument, wanted: ProgramDocument) -> dict[str, Any]:
    """What the pages say of a program that is about to replace the live one."""
    found = touched(request.desk.shop, live, wanted)
    return {
        "changes": diff(live, wanted),
        "touched": touched_lines(found, wanted),
        "redating": redating_text(found, wanted, request.desk.zone),
        "may_edit": request.desk.may(Right.PROGRAM),
    }


def _show_problems(request: DeskRequest, invalid: InvalidProgram) -> HttpResponse:
    """A draft that cannot be published as it is."""
    problems = [f"{path}: {message}" for path, message in invalid.errors]
    context = {"title": gettext("Publish the program"), "problems": problems}
    return site.show(request, "publish_problems", context, status=409)


def _changes(old: ProgramVersion | None, new: ProgramVersion) -> list[str]:
    return diff(decode(old.document), decode(new.document)) if old else []


def _publish(request: DeskRequest) -> HttpResponse:
    note = request.POST.get("note", "").replace("\0", "").strip()[:NOTE_MAX]
    try:
        redate = "redate" in request.POST
        version = publish(request.desk.shop, request.user.get_username(), note, redate=redate)
    except NothingToPublish:
        messages.info(request, gettext("There is nothing to publish: the draft is already live."))
        return redirect("dashboard:program")
    messages.success(request, gettext("Version %(number)d is live.") % {"number": version.number})
    return redirect("dashboard:versions")


def _go_back(request: DeskRequest, number: int) -> HttpResponse:
    try:
        redate = "redate" in request.POST
        version = roll_back(request.desk.shop, number, request.user.get_username(), redate=redate)
    except NothingToPublish:
        messages.info(request, gettext("That is what is live already."))
        return redirect("dashboard:versions")
    except InvalidProgram as invalid:
        # It was published when less was asked of a program.
        for path, message in invalid.errors:
            messages.error(request, f"{path}: {message}")
        return redirect("dashboard:versions")
    said = gettext("Version %(new)d is live. It says what version %(old)d said.")
    messages.success(request, said % {"new": version.number, "old": number})
    return redirect("dashboard:versions")
