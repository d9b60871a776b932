"""Rewards: the catalogue, choosing a kind, writing one, and the order that members see."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from dashboard.desk import DeskRequest, Right
from dashboard.drafting import is_preview, not_yet
from dashboard.forms.rewards import RewardForm
from dashboard.reward_example import Ground, balance_of, example, ground_of
from dashboard.reward_kinds import GROUPS, KINDS
from dashboard.reward_rows import labels_of, left_of, reward_rows
from dashboard.reward_text import closed_lines, stores_of, suggested_name
from dashboard.site import site
from rewards.actions.catalogue import (
    archive_reward,
    change_reward,
    check_reward,
    create_reward,
    move_reward,
    offer_reward,
    withdraw_reward,
)
from rewards.errors import InvalidReward, StaleReward
from rewards.models import Reward
from rewards.queries import pool_counts
from rewards.terms import Terms, read_terms


@dataclass(frozen=True)
class _Desired:
    """The reward that a page is about: `former` as it is, or None for a new one."""

    ground: Ground
    kind: str
    former: Reward | None

    def form(self, data: Any = None) -> RewardForm:
        return RewardForm(data, self.kind, self.ground.names, self.former)

    def checked(self, form: RewardForm) -> Terms | None:
        """The terms that the form means; None, with the problems in the form, where they make no sense."""
        if not form.is_valid():
            return None
        given = form.cleaned_data
        try:
            return check_reward(
                self.ground.shop,
                given["name"] or "?",
                form.terms(),
                given["description"],
                given["stock"],
                self.former,
            )
        except InvalidReward as invalid:
            form.add_refusals(invalid)
            return None


def rewards(request: DeskRequest) -> HttpResponse:
    """The catalogue in the order that members see, and what is wrong with each reward."""
    archived = Reward.objects.filter(shop=request.desk.shop).exclude(archived_at=None)
    rows = reward_rows(request.desk.shop)
    context = {
        "title": gettext("Rewards"),
        "rows": rows,
        "last": len(rows) - 1,
        "closed": closed_lines(stores_of(request.desk.shop)) if rows else [],
        "archived": archived.order_by("-archived_at", "-id")[:100],
        "may_edit": request.desk.may(Right.REWARDS),
    }
    return site.show(request, "rewards", context)


def choose_kind(request: DeskRequest) -> HttpResponse:
    """Which kind of reward to add."""
    return site.show(request, "reward_kinds", {"title": gettext("Add a reward"), "groups": GROUPS})


def add_reward(request: DeskRequest, kind: str) -> HttpResponse:
    """A new reward; a POST adds it to the catalogue."""
    if kind not in KINDS:
        raise Http404
    return _edit(request, _Desired(ground_of(request.desk.shop), kind, None))


def edit_reward(request: DeskRequest, public_id: str) -> HttpResponse:
    """One reward; a POST changes it for everybody who redeems from now on."""
    reward = find_reward(request, public_id)
    return _edit(request, _Desired(ground_of(request.desk.shop), reward.kind, reward))


@require_POST
def switch_reward(request: DeskRequest, public_id: str) -> HttpResponse:
    """Offer a reward, or withdraw it."""
    reward = find_reward(request, public_id)
    try:
        if "on" in request.POST:
            offer_reward(reward, request.user.get_username())
            said = gettext("“%(name)s” is offered to members now.")
        else:
            withdraw_reward(reward, request.user.get_username())
            said = gettext("“%(name)s” is not offered any more. Codes that members have stay good.")
    except InvalidReward as invalid:
        form = RewardForm(None, reward.kind, ground_of(request.desk.shop).names, reward)
        for path, message in invalid.errors:
            label = form.fields[path].label if path in form.fields else reward.name
            messages.error(request, f"{label}: {message}")
        return redirect("dashboard:reward", public_id)
    messages.success(request, said % {"name": reward.name})
    return redirect("dashboard:rewards")


@require_POST
def move(request: DeskRequest, public_id: str) -> HttpResponse:
    """Put a reward at another place of the catalogue."""
    reward = find_reward(request, public_id)
    place = request.POST.get("place", "")
    if reward.archived_at is not None or not (place.isascii() and place.isdigit() and len(place) < 6):
        raise Http404
    move_reward(reward, int(place))
    return redirect("dashboard:rewards")


def archive(request: DeskRequest, public_id: str) -> HttpResponse:
    """Asks whether to put a reward away for good; a POST does."""
    reward = find_reward(request, public_id)
    if request.method == "POST":
        archive_reward(reward, request.user.get_username())
        messages.success(request, gettext("“%(name)s” is archived.") % {"name": reward.name})
        return redirect("dashboard:rewards")
    context = {
        "title": gettext("Archive “%(name)s”?") % {"name": reward.name},
        "reward": reward,
        "may_edit": request.desk.may(Right.REWARDS),
    }
    return site.show(request, "reward_archive", context)


def find_reward(request: DeskRequest, public_id: str) -> Reward:
    """The shop's reward. Raises `Http404`."""
    found: Reward | None = Reward.objects.filter(shop=request.desk.shop, public_id=public_id).first()
    if found is None:
        raise Http404
    found.shop = request.desk.shop
    return found


def _edit(request: DeskRequest, desired: _Desired) -> HttpResponse:
    if request.method != "POST":
        return _show(request, desired, desired.form())
    if desired.former is not None and desired.former.archived_at is not None:
        messages.error(request, gettext("An archived reward cannot be changed."))
        return redirect("dashboard:reward", desired.former.public_id)
    form = desired.form(request.POST)
    terms = desired.checked(form)
    if is_preview(request):
        if terms is None:
            return not_yet(form)
        return JsonResponse(example(desired.ground, terms, form.cleaned_data["name"], balance_of(request)))
    if terms is not None and (reward := _saved(request, desired, form, terms)):
        messages.success(request, gettext("Saved: “%(name)s”.") % {"name": reward.name})
        if terms.source == "pool" and desired.former is None:
            return redirect("dashboard:pool", reward.public_id)
        return redirect("dashboard:rewards")
    return _show(request, desired, form)


def _saved(request: DeskRequest, desired: _Desired, form: RewardForm, terms: Terms) -> Reward | None:
    """The reward made or changed; None, with the reason in the form, where it was not."""
    given, actor = form.cleaned_data, request.user.get_username()
    name = given["name"] or suggested_name(terms, desired.ground.shop.currency)
    try:
        if desired.former is None:
            return create_reward(
                desired.ground.shop, name, terms, given["description"], given["stock"], given["active"], actor
            )
        return change_reward(
            desired.former,
            revision=given["revision"] or 0,
            name=name,
            terms=terms,
            description=given["description"],
            stock=given["stock"],
            endless=given["stock"] is None,
            active=given["active"],
            actor=actor,
        )
    except InvalidReward as invalid:
        form.add_refusals(invalid)
    except StaleReward as stale:
        form.add_error(None, str(stale))
    return None


def _show(request: DeskRequest, desired: _Desired, form: RewardForm) -> HttpResponse:
    former = desired.former
    may_edit = request.desk.may(Right.REWARDS) and (former is None or former.archived_at is None)
    if not may_edit:
        form.lock()
    shown: dict[str, Any] = {"sentence": gettext("Fill in the form to see an example.")}
    context: dict[str, Any] = {}
    if former is not None:
        terms = read_terms(former.terms)
        shown = example(desired.ground, terms, former.name)
        left = left_of(former, terms, pool_counts(former.shop))
        context = {
            "labels": labels_of(former, terms, left, request.desk.zone),
            "pooled": terms.source == "pool",
        }
    context |= {
        "title": former.name if former else KINDS[desired.kind].title,
        "kind": KINDS[desired.kind],
        "reward": former,
        "form": form,
        "currency": desired.ground.shop.currency,
        "may_edit": may_edit,
        "example": shown,
        "amount_label": gettext("Try another balance"),
    }
    return site.show(request, "reward", context, status=422 if form.errors else 200)
