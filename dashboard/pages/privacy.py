"""People's rights: what was asked for, by when it must be done, and the data to hand out."""

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
from shops.models import PrivacyRequest


def privacy(request: DeskRequest) -> HttpResponse:
    """Every wish about personal data, the newest first."""
    found = PrivacyRequest.objects.filter(shop=request.desk.shop).select_related("connection")
    context = {
        "title": gettext("Privacy requests"),
        "page": page_of(request, found.order_by("-requested_at", "-pk")),
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


def _file(document: object) -> HttpResponse:
    response = JsonResponse(document, json_dumps_params={"indent": 2, "ensure_ascii": False})
    name = f"customer-{localdate().isoformat()}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
