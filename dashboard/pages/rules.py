"""Ways to earn: choosing one, writing it, switching it, deleting it."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from msgspec import structs

from dashboard.desk import DeskRequest, Right
from dashboard.drafting import amount_of, changed, is_preview, not_yet, preview, saved
from dashboard.example import usual_amount, worked
from dashboard.forms.rules import RuleForm, rule_form
from dashboard.site import site
from dashboard.ways import GROUPS, WAYS, Way, fresh_key
from loyalty.actions.drafts import draft_as_written
from loyalty.documents import ORDER_RULES, ProgramDocument, Rule, decode
from loyalty.queries import live_version


@dataclass(frozen=True)
class _Desired:
    """The rule that a page is about: `former` as the draft has it, or None for a new one."""

    draft: ProgramDocument
    way: Way
    key: str
    former: Rule | None

    @property
    def part(self) -> str:
        keys = [rule.key for rule in self.draft.rules]
        return f"rules[{keys.index(self.key) if self.key in keys else len(keys)}]"

    def form(self, data: Any = None) -> RuleForm:
        form = rule_form(self.way.kind, self.draft, self.former, data)
        if self.former is None:
            form.initial["name"] = str(self.way.title)
        return form


def choose_way(request: DeskRequest) -> HttpResponse:
    """Which way to earn to add."""
    context = {"title": gettext("Add a way to earn"), "groups": GROUPS}
    return site.show(request, "program_ways", context)


def add_rule(request: DeskRequest, kind: str) -> HttpResponse:
    """A new way to earn; a POST adds it to the draft."""
    if kind not in WAYS:
        raise Http404
    draft = draft_as_written(request.desk.shop)
    live = decode(live_version(request.desk.shop).document)
    # A key that is live keeps its meaning for what it has awarded, even when the draft has dropped it.
    key = fresh_key(kind, *draft.rules, *live.rules)
    return _edit(request, _Desired(draft, WAYS[kind], key, None))


def edit_rule(request: DeskRequest, key: str) -> HttpResponse:
    """One way to earn; a POST changes it in the draft."""
    draft = draft_as_written(request.desk.shop)
    rule = _rule(draft, key)
    return _edit(request, _Desired(draft, WAYS[kind_of(rule)], key, rule))


def switch_rule(request: DeskRequest, key: str) -> HttpResponse:
    """A POST switches a way to earn on or off."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    active = "on" in request.POST
    rule = _rule(draft_as_written(request.desk.shop), key)
    if not changed(
        request, lambda draft: with_rule(draft, structs.replace(_rule(draft, key), active=active))
    ):
        return redirect("dashboard:rule", key)
    said = gettext("“%(name)s” is on in the draft.") if active else gettext("“%(name)s” is off in the draft.")
    messages.success(request, said % {"name": rule.name})
    return redirect("dashboard:program")


def delete_rule(request: DeskRequest, key: str) -> HttpResponse:
    """Asks whether to delete a way to earn; a POST takes it out of the draft."""
    rule = _rule(draft_as_written(request.desk.shop), key)
    if request.method == "POST":
        if not changed(request, lambda draft: _without(draft, key)):
            return redirect("dashboard:rule", key)
        messages.success(request, gettext("“%(name)s” is no longer in the draft.") % {"name": rule.name})
        return redirect("dashboard:program")
    context = {
        "title": gettext("Delete “%(name)s”?") % {"name": rule.name},
        "text": gettext("Members keep what they have earned with it. Nothing changes before you publish."),
        "back": "dashboard:rule",
        "key": key,
        "may_edit": request.desk.may(Right.PROGRAM),
    }
    return site.show(request, "program_delete", context)


def kind_of(rule: Rule) -> str:
    """ "per_currency" and the like."""
    return str(rule.__struct_config__.tag)


def with_rule(draft: ProgramDocument, rule: Rule) -> ProgramDocument:
    """The draft with `rule` in place of the one of its key, or behind the others."""
    if any(one.key == rule.key for one in draft.rules):
        rules = tuple(rule if one.key == rule.key else one for one in draft.rules)
    else:
        rules = (*draft.rules, rule)
    return structs.replace(draft, rules=rules)


def _without(draft: ProgramDocument, key: str) -> ProgramDocument:
    return structs.replace(draft, rules=tuple(rule for rule in draft.rules if rule.key != key))


def _rule(draft: ProgramDocument, key: str) -> Rule:
    for rule in draft.rules:
        if rule.key == key:
            return rule
    raise Http404


def _edit(request: DeskRequest, desired: _Desired) -> HttpResponse:
    if request.method != "POST":
        return _show(request, desired, desired.form())
    form = desired.form(request.POST)

    def change(draft: ProgramDocument) -> ProgramDocument:
        return with_rule(draft, form.rule(desired.way.kind, desired.key, desired.former))

    if is_preview(request):
        document = preview(form, change, desired.draft, desired.part)
        if document is None:
            return not_yet(form)
        shown = worked(document, desired.key, amount_of(request, document.currency), request.desk.zone)
        return JsonResponse(shown)
    if form.is_valid() and saved(request, form, change, desired.draft, desired.part):
        messages.success(request, gettext("Saved in the draft. It counts once you publish it."))
        return redirect("dashboard:program")
    return _show(request, desired, form)


def _show(request: DeskRequest, desired: _Desired, form: RuleForm) -> HttpResponse:
    may_edit = request.desk.may(Right.PROGRAM)
    if not may_edit:
        form.lock()
    currency = desired.draft.currency
    shown = {"sentence": gettext("Fill in the form to see an example.")}
    if desired.former is not None:
        shown = worked(desired.draft, desired.key, usual_amount(currency), request.desk.zone)
    context = {
        "title": desired.former.name if desired.former else desired.way.title,
        "way": desired.way,
        "rule": desired.former,
        "form": form,
        "draft": desired.draft,
        "may_edit": may_edit,
        "example": shown,
        "amount": usual_amount(currency) if is_for_orders(desired.way.kind) else None,
    }
    return site.show(request, "program_rule", context, status=422 if form.errors else 200)


def is_for_orders(kind: str) -> bool:
    """Whether rules of this kind are met by orders."""
    return any(rule.__struct_config__.tag == kind for rule in ORDER_RULES)
