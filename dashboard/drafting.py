"""Saving a part of the draft from a page's form, and showing what the form would mean before that."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext

from dashboard.desk import DeskRequest
from dashboard.example import usual_amount
from dashboard.forms.part import PartForm
from loyalty.actions.drafts import Change, change_draft
from loyalty.documents import ProgramDocument
from loyalty.errors import InvalidProgram
from loyalty.validation import validate

MOST = Decimal(10**9)


def saved(
    request: DeskRequest, form: PartForm, change: Change, draft: ProgramDocument, part: str = ""
) -> bool:
    """Whether the draft was changed; if not, each problem is shown at its field. `part` as in `add_problems`."""
    try:
        change_draft(request.desk.shop, change)
    except InvalidProgram as invalid:
        form.add_problems(invalid, part, draft)
        return False
    return True


def changed(request: DeskRequest, change: Change) -> bool:
    """Whether the draft was changed by a button without a form; if not, the person is told why."""
    try:
        change_draft(request.desk.shop, change)
    except InvalidProgram as invalid:
        for path, message in invalid.errors:
            messages.error(request, f"{path}: {message}")
        return False
    return True


def is_preview(request: HttpRequest) -> bool:
    """Whether the page's script only asks what the form as filled in would mean."""
    return request.method == "POST" and "preview" in request.POST


def preview(form: PartForm, change: Change, draft: ProgramDocument, part: str = "") -> ProgramDocument | None:
    """The draft as it would be, saved nowhere; None, with the problems in the form, where it makes no sense."""
    if not form.is_valid():
        return None
    try:
        return validate(change(draft))
    except InvalidProgram as invalid:
        form.add_problems(invalid, part, draft)
        return None


def not_yet(form: PartForm) -> JsonResponse:
    """What a preview says while the form is not right yet: what is wrong, except fields that are still empty."""
    for name, errors in form.errors.items():
        if name not in form.fields:
            return JsonResponse({"sentence": gettext("Not right yet."), "why": str(errors[0])})
        if form[name].value():
            why = f"{form.fields[name].label}: {errors[0]}"
            return JsonResponse({"sentence": gettext("Not right yet."), "why": why})
    return JsonResponse({"sentence": gettext("Fill in the form to see an example.")})


def amount_of(request: HttpRequest, currency: str) -> Decimal:
    """The amount of the example order, as typed in; the usual one where it is none."""
    data = request.POST if request.method == "POST" else request.GET
    try:
        amount = Decimal(data.get("amount", "").strip().replace(",", "."))
    except InvalidOperation:
        return usual_amount(currency)
    return amount if amount.is_finite() and 0 < amount < MOST else usual_amount(currency)
