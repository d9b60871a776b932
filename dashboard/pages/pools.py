"""Codes that a merchant uploads for a reward: check, add, see what is left, remove what nobody has."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from django.views.decorators.http import require_POST

from dashboard.code_text import masked
from dashboard.desk import DeskRequest, Right
from dashboard.forms.pools import PoolForm
from dashboard.listing import page_of
from dashboard.pages.rewards import find_reward
from dashboard.reward_rows import FEW
from dashboard.site import site
from rewards.actions.pools import PoolCheck, add_codes, check_codes, codes_left, remove_unused
from rewards.errors import InvalidPool
from rewards.models import PoolCode, Reward
from rewards.terms import read_terms

# So many characters of codes are kept in the page from the check to the confirmation.
MOST_KEPT = 4_000_000
EXAMPLES = 5


def pool(request: DeskRequest, public_id: str) -> HttpResponse:
    """The codes of a reward; a POST checks codes, or adds them ("add")."""
    reward = find_reward(request, public_id)
    if request.method != "POST":
        return _show(request, reward, PoolForm())
    if "add" in request.POST:
        return _added(request, reward, PoolForm(), request.POST.get("good", ""))
    form = PoolForm(request.POST, request.FILES)
    if not form.is_valid():
        return _show(request, reward, form)
    content = form.content()
    if form.cleaned_data["at_once"]:
        return _added(request, reward, form, content)
    return _show(request, reward, form, check_codes(reward, content))


@require_POST
def pool_remove(request: DeskRequest, public_id: str) -> HttpResponse:
    """Remove the codes that nobody has."""
    count = remove_unused(find_reward(request, public_id))
    said = ngettext("%(count)d unused code was removed.", "%(count)d unused codes were removed.", count)
    messages.success(request, said % {"count": count})
    return redirect("dashboard:pool", public_id)


def _added(request: DeskRequest, reward: Reward, form: PoolForm, content: bytes | str) -> HttpResponse:
    try:
        count = add_codes(reward, content, request.user.get_username())
    except InvalidPool as invalid:
        return _show(request, reward, form, PoolCheck((), tuple(invalid.errors)))
    messages.success(
        request,
        ngettext("%(count)d code was added.", "%(count)d codes were added.", count) % {"count": count},
    )
    return redirect("dashboard:pool", reward.public_id)


def _show(
    request: DeskRequest, reward: Reward, form: PoolForm, checked: PoolCheck | None = None
) -> HttpResponse:
    sees_codes = request.desk.may(Right.POINTS)
    codes: QuerySet[PoolCode] = PoolCode.objects.filter(shop=reward.shop, reward=reward)
    page = page_of(request, codes.select_related("redemption").order_by("-id"))
    good = "\n".join(checked.codes) if checked else ""
    left, added = codes_left(reward), codes.count()
    context: dict[str, Any] = {
        "title": gettext("Codes of “%(name)s”") % {"name": reward.name},
        "reward": reward,
        "pooled": read_terms(reward.terms).source == "pool",
        "form": form,
        "checked": checked,
        "good": good if len(good) <= MOST_KEPT else "",
        "good_examples": [masked(code, sees_codes) for code in checked.codes[:EXAMPLES]] if checked else [],
        "left": left,
        "taken": added - left,
        "few": 0 < left < FEW,
        "page": page,
        "rows": [(one, masked(one.code, sees_codes)) for one in page],
        "may_edit": request.desk.may(Right.REWARDS),
    }
    failed = bool(form.errors or (checked and checked.errors))
    return site.show(request, "pool", context, status=422 if failed else 200)
