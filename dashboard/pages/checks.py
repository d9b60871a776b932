"""The proof of the ledger, and accounts that are frozen because their figures differ."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext, ngettext
from kombu.exceptions import OperationalError
from redis import RedisError

from dashboard.coming import lets_expire
from dashboard.desk import DeskRequest, Right
from dashboard.frozen import both_figures
from dashboard.listing import page_of
from dashboard.site import site
from loyalty.models import Account
from loyalty.proving import Proof, last_proof, prove
from loyalty.wording import number


def checks(request: DeskRequest) -> HttpResponse:
    """When the ledger was proved, what a proof looks at, and who is frozen; a POST proves it now."""
    if request.method == "POST":
        _prove(request)
        return redirect("dashboard:checks")
    shop = request.desk.shop
    frozen = Account.objects.filter(shop=shop, customer__shop=shop, frozen_at__isnull=False)
    page = page_of(request, frozen.select_related("customer").order_by("-frozen_at", "-id"))
    context = {
        "title": gettext("Proof"),
        "last": last_proof(shop),
        "checked": _checked(),
        "page": page,
        "frozen": [(account, both_figures(account.frozen_reason)) for account in page],
        "lets_expire": lets_expire(shop),
        "may_prove": request.desk.may(Right.DATA),
    }
    return site.show(request, "checks", context)


def _prove(request: DeskRequest) -> None:
    try:
        proof = prove(request.desk.shop)
    except (RedisError, OperationalError):
        messages.error(request, gettext("The proof could not be started just now. Try again in a minute."))
        return
    if proof is None:
        said = gettext("The proof of the whole ledger is under way. Look here again in a few minutes.")
        messages.info(request, said)
    elif proof.differences:
        messages.error(request, _differing(proof))
    else:
        messages.success(request, _proved(proof))


def _proved(proof: Proof) -> str:
    accounts = ngettext("%(count)s account", "%(count)s accounts", proof.accounts)
    entries = ngettext("%(count)s entry", "%(count)s entries", proof.entries)
    return gettext("Proved: %(accounts)s, %(entries)s. Every figure is right.") % {
        "accounts": accounts % {"count": number(proof.accounts)},
        "entries": entries % {"count": number(proof.entries)},
    }


def _differing(proof: Proof) -> str:
    accounts = len({difference.account_id for difference in proof.differences})
    said = ngettext(
        "%(count)s account differs. It is frozen and listed below.",
        "%(count)s accounts differ. They are frozen and listed below.",
        accounts,
    )
    return said % {"count": number(accounts)}


def _checked() -> list[str]:
    return [
        gettext(
            "Each account: the balance, the points on hold, ever earned and ever spent are the sums of its entries."
        ),
        gettext("Each entry: none is missing, none was changed later, and each states the right balance."),
        gettext("Each lot of points: what is left of it is what came in less what was used of it."),
        gettext("Each award: what was posted for an order or an activity is what its explanation says."),
        gettext(
            "Each release and expiry: it moved the points that were on hold, or that had an end, and no others."
        ),
    ]
