"""Giving a member a tier by hand, and ending that."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from dashboard.desk import DeskRequest
from dashboard.forms.pin import PinForm
from dashboard.member_tier import levels_of, tier_names
from dashboard.pages.member import find_account, show_member
from loyalty.actions.tiers import pin_tier, unpin
from loyalty.errors import InvalidPin
from loyalty.models import Account


@require_POST
def member_pin(request: DeskRequest, account_id: int) -> HttpResponse:
    """Give the tier that the form names through its day."""
    account = find_account(request, account_id)
    form = PinForm(levels_of(account.shop_id), request.POST)
    if form.is_valid() and _pinned(request, account, form):
        return redirect("dashboard:member", account_id=account.pk)
    return show_member(request, account, pin=form)


@require_POST
def member_unpin(request: DeskRequest, account_id: int) -> HttpResponse:
    """End what was given by hand, so that the member has the tier that they earned."""
    account = find_account(request, account_id)
    if unpin(account, request.user.get_username()):
        messages.success(request, gettext("The member has the tier that they earned again."))
    return redirect("dashboard:member", account_id=account.pk)


def _pinned(request: DeskRequest, account: Account, form: PinForm) -> bool:
    tier, until, reason = (form.cleaned_data[name] for name in ("tier", "until", "reason"))
    try:
        pin_tier(account, tier, until, reason, request.user.get_username())
    except InvalidPin as error:
        form.add_error(error.field if error.field in form.fields else None, str(error))
        return False
    name = tier_names(account.shop_id).get(tier, tier)
    messages.success(request, gettext("Done: the member has %(tier)s now.") % {"tier": name})
    return True
