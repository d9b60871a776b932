"""Redemptions: the list, and the life of one with all that its store answered."""

from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext

from dashboard.code_text import FAILURES, masked, state_label, step_text, use_text
from dashboard.desk import DeskRequest, Right
from dashboard.listing import page_of
from dashboard.redemption_rows import choices, found, narrowed, rows_of
from dashboard.reward_text import terms_lines
from dashboard.site import site
from lib.clock import now
from loyalty.calendar import last_day
from loyalty.models import Entry
from rewards.attention import stuck
from rewards.models import CodeUse, Redemption, RedemptionStep, Reward
from rewards.queries import names_of
from rewards.terms import read_terms
from rewards.wording import worth_text

State = Redemption.State
SEARCH_MAX = 200
MOST_STEPS = 200


def redemptions(request: DeskRequest) -> HttpResponse:
    """The newest first; `?show=` is one of the choices, `?reward=` a reward, `?q=` searches."""
    shop = request.desk.shop
    asked = {name: request.GET.get(name, "").replace("\0", "").strip() for name in ("show", "reward", "q")}
    words = asked["q"][:SEARCH_MAX]
    show = asked["show"] if asked["show"] in dict(choices()) else ""
    catalogue = list(Reward.objects.filter(shop=shop).order_by("archived_at", "position", "id")[:200])
    reward = next((one for one in catalogue if one.public_id == asked["reward"]), None)
    rows = narrowed(shop, show)
    if reward is not None:
        rows = rows.filter(reward=reward)
    if words:
        rows = found(shop, rows, words)
    rows = rows.filter(account__shop=shop, account__customer__shop=shop)
    page = page_of(request, rows.select_related("shop", "account__customer").order_by("-id"))
    context = {
        "title": gettext("Redemptions"),
        "page": page,
        "rows": rows_of(list(page), request.desk.may(Right.POINTS)),
        "show": show,
        "choices": choices(),
        "catalogue": catalogue,
        "reward": reward,
        "words": words,
        "narrowed": bool(show or reward or words),
    }
    return site.show(request, "redemptions", context)


def redemption(request: DeskRequest, public_id: str) -> HttpResponse:
    """One redemption: its terms, its code, what happened, where it was used and what the ledger wrote."""
    one = find_redemption(request, public_id)
    shop, terms = request.desk.shop, read_terms(one.terms)
    sees_codes = request.desk.may(Right.POINTS)
    steps = RedemptionStep.objects.filter(shop=shop, redemption=one).order_by("id")[:MOST_STEPS]
    uses = CodeUse.objects.filter(shop=shop, redemption=one).order_by("at", "id")[:MOST_STEPS]
    references = [f"redemption:{one.pk}/{number}" for number in range(1, one.postings + 1)]
    names = names_of(shop.pk)
    context: dict[str, Any] = {
        "title": one.name,
        "redemption": one,
        "label": state_label(one),
        "code": masked(one.code, sees_codes),
        "sees_codes": sees_codes,
        "gets": "" if terms.kind == "custom" else worth_text(terms, one.value, shop.currency),
        "terms": terms_lines(terms, shop.currency, names, request.desk.zone),
        "points_name": names.points,
        "steps": [(step, step_text(step), step.what in FAILURES) for step in steps],
        "uses": [(use, use_text(use)) for use in uses],
        "entries": Entry.objects.filter(shop=shop, reference__in=references).order_by("id"),
        "valid_through": last_day(request.desk.zone, one.expires_at) if one.expires_at else None,
        "stuck": stuck(shop, now()).filter(pk=one.pk).exists(),
        "free": not one.points,
        **_acts(request, one, terms.kind),
    }
    return site.show(request, "redemption", context)


def find_redemption(request: DeskRequest, public_id: str) -> Redemption:
    """The shop's redemption with its member, reward and store. Raises `Http404`."""
    shop = request.desk.shop
    rows = Redemption.objects.filter(
        shop=shop, account__shop=shop, account__customer__shop=shop, reward__shop=shop, connection__shop=shop
    )
    found_one: Redemption | None = (
        rows.select_related("account__customer", "reward", "connection").filter(public_id=public_id).first()
    )
    if found_one is None:
        raise Http404
    found_one.shop = shop
    return found_one


def _acts(request: DeskRequest, one: Redemption, kind: str) -> dict[str, bool]:
    """Which buttons there are for this person in this state."""
    helps, ends = request.desk.may(Right.POINTS), request.desk.may(Right.REWARDS)
    custom = kind == "custom"
    running = one.state in (State.RESERVED, State.ISSUING, State.CLOSING)
    usable = one.state == State.ISSUED and (one.expires_at is None or one.expires_at > now())
    open_still = one.state in (State.RESERVED, State.ISSUING, State.ISSUED)
    return {
        "can_retry": helps and running,
        "can_resend": helps and not custom and (usable or one.state == State.FAILED),
        "can_fulfil": helps and custom and one.state in (State.RESERVED, State.ISSUED),
        "can_cancel": ends and custom and open_still,
        "can_revoke": ends and not custom and open_still,
    }
