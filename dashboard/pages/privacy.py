"""People's rights: what was asked for, by when it must be done, and the data to hand out."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.timezone import localdate
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from dashboard.desk import DeskRequest, Right
from dashboard.listing import page_of
from dashboard.pages.member import find_account
from dashboard.site import site
from lib.bell import privacy_ringer
from orders.privacy.asked import ask_to_erase
from orders.privacy.exporting import document_of_customer
from shops.models import Customer, PrivacyRequest


def privacy(request: DeskRequest) -> HttpResponse:
    """Every wish about personal data, the newest first."""
    found = PrivacyRequest.objects.filter(shop=request.desk.shop).select_related("connection")
    page = page_of(request, found.order_by("-requested_at", "-pk"))
    context = {
        "title": gettext("Privacy requests"),
        "page": page,
        "returned": _returned(page.object_list),
        "may_export": request.desk.may(Right.DATA),
    }
    return site.show(request, "privacy", context)


@require_POST
def privacy_download(request: DeskRequest, request_id: int) -> HttpResponse:
    """The answer to a data request, as a file."""
    one = PrivacyRequest.objects.filter(shop=request.desk.shop, pk=request_id).exclude(export=None).first()
    if one is None:
        raise Http404
    return _file(one.export)


@require_POST
def member_data(request: DeskRequest, account_id: int) -> HttpResponse:
    """All that is kept of a member, as a file."""
    account = find_account(request, account_id)
    return _file(document_of_customer(account.customer))


@require_POST
def member_erase(request: DeskRequest, account_id: int) -> HttpResponse:
    """Have a member forgotten; the points stay as figures."""
    account = find_account(request, account_id)
    ask_to_erase(account.customer)
    privacy_ringer.soon()
    messages.success(request, gettext("The member is being erased. Their points stay, without a name."))
    return redirect("dashboard:privacy")


def _returned(requests: Iterable[PrivacyRequest]) -> set[int]:
    """Those erased customers of whom the store has told anew since."""
    erased = {
        (one.connection_id, one.subject.get("customer_id")): one
        for one in requests
        if one.kind == PrivacyRequest.Kind.ERASE and one.done_at is not None
    }
    shops = {one.shop_id for one in erased.values()}
    customers = Customer.objects.filter(shop__in=shops, external_id__in=[key[1] for key in erased])
    told = ((erased.get((each.connection_id, each.external_id)), each.as_of) for each in customers)
    return {one.pk for one, as_of in told if one and one.done_at and as_of > one.done_at}


def _file(document: object) -> HttpResponse:
    response = JsonResponse(document, json_dumps_params={"indent": 2, "ensure_ascii": False})
    name = f"customer-{localdate().isoformat()}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
