"""Linked stores: their addresses and secrets."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from dashboard.desk import DeskRequest, Right
from dashboard.forms.connection import ConnectionSettingsForm, CredentialsForm, SecretForm, StoreForm
from dashboard.guides import credentials_guide, guide, widget_guide, widget_tag
from dashboard.shown_once import keep, take
from dashboard.site import site
from dashboard.store_text import access_label, last_look, not_answering
from lib.clock import now
from orders.actions import set_test_mode
from platforms.connect import connect_store, rotate_secret, webhook_url
from platforms.reach import access_of
from platforms.registry import PLATFORMS
from platforms.shopify.oauth import app as shopify_app
from platforms.upkeep import foreign_currency
from shops.models import Connection, StoreAccess


def connections(request: DeskRequest) -> HttpResponse:
    """Every linked store, the active ones first."""
    found = Connection.objects.filter(shop=request.desk.shop).order_by("-active", "domain", "id")
    accesses = StoreAccess.objects.filter(shop=request.desk.shop, connection__in=found)
    known = {access.connection_id: access for access in accesses}
    rows = [
        (
            one,
            _label(one),
            webhook_url(one),
            can_be_asked(one),
            *access_label(one, known.get(one.pk)),
            _silence(known.get(one.pk)),
        )
        for one in found
    ]
    context = {
        "title": gettext("Connections"),
        "rows": rows,
        "may_connect": request.desk.may(Right.CONNECTIONS),
    }
    return site.show(request, "connections", context)


def add_connection(request: DeskRequest) -> HttpResponse:
    """Link a store."""
    form = StoreForm(request.POST or None, initial={"platform": "shopify"})
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = connect_store(
                request.desk.shop,
                given["platform"],
                given["domain"],
                given["secret"] or None,
                given["storefront_domains"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            keep(request, made, {"webhook": made.secret, "storefront": made.storefront_secret})
            messages.success(request, gettext("%(domain)s is connected.") % {"domain": made.domain})
            return redirect("dashboard:connection", public_id=made.public_id)
    context = {
        "title": gettext("Connect a store"),
        "form": form,
        "shopify_app": shopify_app() is not None,
        "may_connect": request.desk.may(Right.CONNECTIONS),
    }
    return site.show(request, "connection_add", context, status=422 if form.errors else 200)


def connection(request: DeskRequest, public_id: str) -> HttpResponse:
    """One store: where it sends its webhooks, how to set that up, and its settings."""
    return show_connection(request, find_connection(request, public_id))


@require_POST
def rotate(request: DeskRequest, public_id: str) -> HttpResponse:
    """Give the store a new webhook secret; the one before stays valid beside it."""
    one = find_connection(request, public_id)
    form = SecretForm(request.POST)
    if not form.is_valid():
        return show_connection(request, one, form)
    try:
        rotate_secret(one, form.cleaned_data["secret"] or None)
    except ValidationError as error:
        form.add_error(None, error)
        return show_connection(request, one, form)
    keep(request, one, {"webhook": one.secret})
    messages.success(
        request, gettext("The secret is changed. The one before stays valid until you change it again.")
    )
    return redirect("dashboard:connection", public_id=one.public_id)


@require_POST
def show_storefront_secret(request: DeskRequest, public_id: str) -> HttpResponse:
    """Show the secret that signs shoppers' tokens on the next page, and only there."""
    one = find_connection(request, public_id)
    keep(request, one, {"storefront": one.storefront_secret})
    return redirect("dashboard:connection", public_id=one.public_id)


@require_POST
def change_settings(request: DeskRequest, public_id: str) -> HttpResponse:
    """Switch a store on or off, and its test mode."""
    one = find_connection(request, public_id)
    form = ConnectionSettingsForm(request.POST)
    form.full_clean()
    try:
        with transaction.atomic():
            one.active = form.cleaned_data["active"]
            Connection.objects.filter(shop=request.desk.shop, pk=one.pk).update(active=one.active)
        set_test_mode(one, form.cleaned_data["test_mode"])
    except IntegrityError:
        said = gettext("%(domain)s is connected elsewhere already, so this connection stays off.")
        messages.error(request, said % {"domain": one.domain})
    else:
        messages.success(request, gettext("The settings are saved."))
    return redirect("dashboard:connection", public_id=one.public_id)


def find_connection(request: DeskRequest, public_id: str) -> Connection:
    """The connection of that public id. Raises `Http404`."""
    found = Connection.objects.filter(shop=request.desk.shop, public_id=public_id)
    one: Connection | None = found.select_related("shop").first()
    if one is None:
        raise Http404
    return one


def can_be_asked(one: Connection) -> bool:
    """Whether stores of this platform have an interface that a merchant can let us into."""
    return bool(PLATFORMS[one.platform].credentials)


def _label(one: Connection) -> str:
    platform = PLATFORMS.get(one.platform)
    return platform.label if platform else one.platform


def _silence(access: StoreAccess | None) -> str:
    return not_answering(access, now()) if access else ""


def show_connection(
    request: DeskRequest,
    one: Connection,
    form: SecretForm | None = None,
    credentials: CredentialsForm | None = None,
) -> HttpResponse:
    """The page of one store, with what is wrong in a form."""
    may_connect = request.desk.may(Right.CONNECTIONS)
    access = access_of(one)
    settings_form = ConnectionSettingsForm(initial={"active": one.active, "test_mode": one.test_mode})
    for field in settings_form.fields.values():
        field.disabled = not may_connect
    form = form or SecretForm()
    credentials = credentials or CredentialsForm(one.platform)
    label, kind = access_label(one, access)
    context = {
        "title": one.domain,
        "connection": one,
        "platform": _label(one),
        "address": webhook_url(one),
        "steps": guide(one.platform),
        "widget_tag": widget_tag(request.desk.shop),
        "widget_steps": widget_guide(),
        "secrets": take(request, one),
        "form": form,
        "settings_form": settings_form,
        "may_connect": may_connect,
        "reconnect": one.platform == "shopify" and shopify_app() is not None,
        "access": access,
        "access_label": label,
        "access_kind": kind,
        "silence": _silence(access),
        "last_look": last_look(one),
        "credentials": credentials,
        "credentials_help": credentials_guide(one.platform),
        "foreign_currency": foreign_currency(access, request.desk.shop.currency) if access else "",
    }
    failed = bool(form.errors or credentials.errors)
    return site.show(request, "connection", context, status=422 if failed else 200)
