"""Giving a member a reward for nothing."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from dashboard.desk import DeskRequest
from dashboard.forms.gift import GiftForm
from dashboard.pages.member import find_account, show_member
from loyalty.models import Account
from rewards.actions.redeem import give
from rewards.errors import KeyConflict, NotRedeemed
from rewards.models import Reward
from rewards.queries import rewards_of


@require_POST
def member_reward(request: DeskRequest, account_id: int) -> HttpResponse:
    """Give the reward that the form names; the member pays no points."""
    account = find_account(request, account_id)
    rewards = rewards_of(request.desk.shop)
    form = GiftForm(rewards, request.POST)
    if form.is_valid():
        chosen = next(one for one in rewards if one.public_id == form.cleaned_data["reward"])
        if _given(request, account, chosen, form):
            return redirect("dashboard:member", account_id=account.pk)
    return show_member(request, account, gift=form)


def _given(request: DeskRequest, account: Account, reward: Reward, form: GiftForm) -> bool:
    once, reason = form.cleaned_data["once"], form.cleaned_data["reason"]
    try:
        given = give(account, reward, once, reason, request.user.get_username())
    except NotRedeemed as error:
        form.add_error("reward", str(error))
        return False
    except KeyConflict:
        form.add_error(None, gettext("This form was sent before with other content. Load the page anew."))
        return False
    if given.state == given.State.RESERVED:
        said = gettext("Given: “%(name)s”. The store is making the code.")
    else:
        said = gettext("Given: “%(name)s”.")
    messages.success(request, said % {"name": reward.name})
    return True
