"""What staff do with a redemption. Each act says what came of it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from dashboard.desk import DeskRequest
from dashboard.pages.redemptions import find_redemption
from loyalty.errors import AccountFrozen, NotEnoughPoints
from loyalty.wording import points_text
from rewards.actions import redemptions as acts
from rewards.errors import NotPossible
from rewards.models import Redemption
from rewards.queries import names_of

State = Redemption.State


@require_POST
def retry(request: DeskRequest, public_id: str) -> HttpResponse:
    """Try at once what the store did not do."""
    said = gettext("It is being tried again now. Load this page anew in a moment.")
    return _done(request, public_id, acts.retry, lambda _row: said)


@require_POST
def resend(request: DeskRequest, public_id: str) -> HttpResponse:
    """Give the member the code again, or try once more to make one."""

    def said(row: Redemption) -> str:
        if row.state == State.ISSUED:
            return gettext("The code is at the top of the member’s codes again.")
        return gettext("The points were taken once more, and a code is being made.")

    return _done(request, public_id, acts.resend, said)


@require_POST
def fulfil(request: DeskRequest, public_id: str) -> HttpResponse:
    """It was handed over."""
    return _done(request, public_id, acts.fulfil, lambda _row: gettext("Marked as handed over."))


@require_POST
def cancel(request: DeskRequest, public_id: str) -> HttpResponse:
    """It will not be handed over: the points return."""
    return _done(request, public_id, acts.cancel, _taken_back)


@require_POST
def revoke(request: DeskRequest, public_id: str) -> HttpResponse:
    """End the code; then the points return."""
    return _done(request, public_id, acts.revoke, _taken_back)


def _taken_back(row: Redemption) -> str:
    shown = {"points": points_text(row.points, names_of(row.shop_id).points)}
    if row.state == State.RETURNED:
        return gettext("Taken back: %(points)s have gone back to their lots.") % shown
    return gettext("The code is being ended at the store. Then %(points)s go back to their lots.") % shown


def _done(
    request: DeskRequest,
    public_id: str,
    act: Callable[[Redemption, str], Redemption],
    said: Callable[[Redemption], str],
) -> HttpResponse:
    one = find_redemption(request, public_id)
    try:
        row = act(one, request.user.get_username())
    except NotPossible as error:
        messages.error(request, str(error))
    except NotEnoughPoints as error:
        balance = points_text(error.balance, names_of(one.shop_id).points)
        messages.error(request, gettext("The member has only %(balance)s now.") % {"balance": balance})
    except AccountFrozen:
        messages.error(request, gettext("This account is frozen: no points can be taken."))
    else:
        messages.success(request, said(row))
    return redirect("dashboard:redemption", public_id)
