"""Connecting a Shopify store: to its consent page, and back with its leave."""

import structlog
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext

from dashboard.desk import DeskRequest, Right
from dashboard.forms.shopify import ShopifyStoreForm
from dashboard.installing import Lost, arrive, arrived, begin, finish, settle
from dashboard.site import site
from lib.clock import now
from orders.letting_in import take_up
from platforms.clients import StoreAway, StoreRefused
from platforms.shopify.install import belongs_elsewhere, install, taken
from platforms.shopify.oauth import (
    App,
    BadQuery,
    NotGranted,
    app,
    authorize_url,
    exchange_code,
    parameters,
    verify_query,
)
from platforms.upkeep import look_at
from shops.models import Connection

log = structlog.get_logger("regulars.shopify")


class _Refused(Exception):
    """The page says why the store is not connected, and nothing was changed."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def connect_shopify(request: DeskRequest) -> HttpResponse:
    """Ask which store, and go to its consent page."""
    ours = app()
    came_from = arrived(request)
    form = ShopifyStoreForm(request.POST or None, initial={"domain": came_from})
    if request.method == "POST" and ours is not None and form.is_valid():
        domain = form.cleaned_data["domain"]
        if not belongs_elsewhere(request.desk.shop, domain):
            state = begin(request, request.desk.shop, domain)
            return redirect(authorize_url(ours, domain, state, callback_url()))
        form.add_error("domain", taken(domain))
    context = {
        "title": gettext("Connect with Shopify"),
        "form": form,
        "configured": ours is not None,
        "came_from": came_from,
        "scopes": ours.scopes if ours else (),
        "may_connect": request.desk.may(Right.CONNECTIONS),
    }
    return site.show(request, "shopify_connect", context, status=422 if form.errors else 200)


def shopify_callback(request: DeskRequest) -> HttpResponse:
    """Shopify sends the owner back: verified three times (its signature, our state, the store), then exchanged."""
    try:
        return _finish(request)
    except _Refused as refused:
        log.warning("shopify callback refused", reason=str(refused))
        context = {"title": gettext("The store is not connected"), "reason": str(refused)}
        return site.show(request, "shopify_refused", context, status=refused.status)


def shopify_arrival(request: HttpRequest) -> HttpResponse:
    """`/shopify/install`: from Shopify's app store or admin. Verified, remembered, then signed in and asked."""
    ours = app()
    if ours is None:
        return _turned_away(request, gettext("This installation of Regulars has no Shopify app."))
    try:
        given = verify_query(request.META.get("QUERY_STRING", ""), ours.secrets, now())
    except BadQuery as error:
        return _turned_away(request, str(error))
    arrive(request, given["shop"])
    return redirect("dashboard:shopify_connect")


def callback_url() -> str:
    """The address that Shopify sends owners back to; it must be allowed in the app's settings there."""
    return settings.PUBLIC_URL + reverse("dashboard:shopify_callback")


def _finish(request: DeskRequest) -> HttpResponse:
    if not request.desk.may(Right.CONNECTIONS):
        raise PermissionDenied
    ours = app()
    if ours is None:
        raise _Refused(gettext("This installation of Regulars has no Shopify app."))
    domain, code = _verified(request, ours)
    try:
        installed = install(request.desk.shop, domain, ours, exchange_code(ours, domain, code))
    except NotGranted as error:
        raise _Refused(str(error), 409) from None
    settle(request)
    take_up(installed.connection)
    _greet(request, installed.connection, fresh=installed.fresh)
    return redirect("dashboard:connection", public_id=installed.connection.public_id)


def _verified(request: DeskRequest, ours: App) -> tuple[str, str]:
    """The store and the code of a callback that belongs to this session. Raises `_Refused`."""
    query = request.META.get("QUERY_STRING", "")
    try:
        if parameters(query).get("error"):
            # Shopify does not sign a refusal; nothing follows from it.
            raise _Refused(gettext("The app was not agreed to at Shopify."))
        given = verify_query(query, ours.secrets, now(), ("code", "state"))
        shop_id, domain = finish(request, given["state"])
    except BadQuery as error:
        raise _Refused(str(error)) from None
    except Lost:
        message = gettext("This answer of Shopify was used already, or comes too late. Please begin again.")
        raise _Refused(message) from None
    if given["shop"] != domain:
        raise _Refused(gettext("Shopify answered for another store than you asked for. Please begin again."))
    if shop_id != request.desk.shop.public_id:
        raise _Refused(gettext("You have turned to another shop meanwhile. Please begin again here."))
    return domain, given["code"]


def _greet(request: DeskRequest, connection: Connection, *, fresh: bool) -> None:
    """Say that it is done, and ask the store about itself; that it does not answer now is no obstacle."""
    said = gettext("%(domain)s is connected.") if fresh else gettext("%(domain)s is connected again.")
    messages.success(request, said % {"domain": connection.domain})
    try:
        look_at(connection)
    except (StoreAway, StoreRefused) as error:
        log.warning("store could not be looked at", reason=type(error).__name__)


def _turned_away(request: HttpRequest, reason: str) -> HttpResponse:
    context = {"title": gettext("The store is not connected"), "reason": reason}
    return site.show(request, "shopify_turned_away", context, status=400)
