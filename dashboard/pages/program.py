"""The draft of the program: the form, and what an example order would earn."""

from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from dashboard.desk import DeskRequest, Right
from dashboard.example import example, usual_amount
from dashboard.forms.program import ProgramForm
from dashboard.site import site
from loyalty.actions.programs import draft_document, load_draft
from loyalty.diff import diff
from loyalty.documents import ProgramDocument, decode
from loyalty.errors import InvalidProgram
from loyalty.queries import live_version
from loyalty.validation import validate

MOST = Decimal(10**9)


def program(request: DeskRequest) -> HttpResponse:
    """The draft; a POST saves it. Nothing is live before it is published."""
    draft = draft_document(request.desk.shop)
    if request.method != "POST":
        return _show(request, draft, ProgramForm.of(draft))
    form = ProgramForm(request.POST)
    if form.is_valid() and _saved(request, draft, form):
        if "publish" in request.POST:
            return redirect("dashboard:publish")
        messages.success(request, gettext("The draft is saved. It counts once you publish it."))
        return redirect("dashboard:program")
    return _show(request, draft, form)


def program_example(request: DeskRequest) -> HttpResponse:
    """JSON: what the form as filled in would give for an order of `?amount=`. Saves nothing."""
    draft = draft_document(request.desk.shop)
    form = ProgramForm(request.GET)
    form.fields["rule_name"].required = False
    if not form.is_valid():
        return JsonResponse({"sentence": gettext("Fill in the rule to see an example.")})
    try:
        document = validate(form.document(draft))
    except InvalidProgram:
        return JsonResponse({"sentence": gettext("Fill in the rule to see an example.")})
    return JsonResponse(example(document, _amount(request, draft.currency)))


def _amount(request: DeskRequest, currency: str) -> Decimal:
    try:
        amount = Decimal(request.GET.get("amount", "").strip().replace(",", "."))
    except InvalidOperation:
        return usual_amount(currency)
    return amount if amount.is_finite() and 0 < amount < MOST else usual_amount(currency)


def _saved(request: DeskRequest, draft: ProgramDocument, form: ProgramForm) -> bool:
    try:
        load_draft(request.desk.shop, form.document(draft))
    except InvalidProgram as invalid:
        form.add_problems(invalid)
        return False
    return True


def _show(request: DeskRequest, draft: ProgramDocument, form: ProgramForm) -> HttpResponse:
    live = live_version(request.desk.shop)
    may_edit = request.desk.may(Right.PROGRAM)
    for field in form.fields.values():
        field.disabled = not may_edit
    amount = usual_amount(draft.currency)
    context = {
        "title": gettext("Program"),
        "form": form,
        "draft": draft,
        "other_rules": draft.rules[1:],
        "live": live,
        "changes": diff(decode(live.document), draft),
        "may_edit": may_edit,
        "amount": amount,
        "example": example(draft, amount),
    }
    return site.show(request, "program", context, status=422 if form.errors else 200)
