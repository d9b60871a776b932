"""The program as a file, out and in."""

import msgspec
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from dashboard.desk import DeskRequest
from dashboard.forms.program import ImportForm
from dashboard.site import site
from loyalty.actions.programs import draft_document, load_draft
from loyalty.documents import decode, encode
from loyalty.errors import InvalidProgram, Problem
from loyalty.queries import versions
from loyalty.validation import validate
from orders.queries import unknown_products


def export_draft(request: DeskRequest) -> HttpResponse:
    """The draft as a file."""
    return _file(encode(draft_document(request.desk.shop)), "program-draft.json")


def export_version(request: DeskRequest, number: int) -> HttpResponse:
    """A published version as a file."""
    version = versions(request.desk.shop).filter(number=number).first()
    if version is None:
        raise Http404
    return _file(encode(decode(version.document)), f"program-version-{number}.json")


def import_program(request: DeskRequest) -> HttpResponse:
    """Replace the draft by a file's program. Nothing is live before it is published."""
    form = ImportForm(request.POST or None, request.FILES or None)
    unknown: list[Problem] = []
    if request.method == "POST" and form.is_valid():
        try:
            document = validate(form.cleaned_data["file"])
            unknown = unknown_products(request.desk.shop, document)
            if unknown and not form.cleaned_data["allow_unknown"]:
                raise InvalidProgram(unknown)
            load_draft(request.desk.shop, document)
        except InvalidProgram as invalid:
            for field, message in invalid.errors:
                form.add_error("file", f"{field}: {message}")
        else:
            messages.success(request, gettext("The file is now your draft. Have a look, then publish it."))
            return redirect("dashboard:publish")
    context = {"title": gettext("Import a program"), "form": form, "unknown": unknown}
    return site.show(request, "import", context, status=422 if form.errors else 200)


def _file(document: bytes, name: str) -> HttpResponse:
    response = HttpResponse(msgspec.json.format(document, indent=2), content_type="application/json")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
