"""Letting Regulars into a store, trying whether it answers, and ending it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from dashboard.desk import DeskRequest
from dashboard.forms.connection import CredentialsForm
from dashboard.pages.connections import find_connection, show_connection
from orders.letting_in import let_in, shut_out, subscribe_again
from platforms.clients import StoreAway, StoreRefused
from platforms.reach import access_of
from platforms.upkeep import look_at
from shops.models import Connection


@require_POST
def give_access(request: DeskRequest, public_id: str) -> HttpResponse:
    """Keep a store's credentials, once they have opened it."""
    one = find_connection(request, public_id)
    form = CredentialsForm(one.platform, request.POST.dict())
    if form.is_valid():
        try:
            access = let_in(one, form.cleaned_data)
        except ValidationError as error:
            _explain(form, error)
        else:
            said = gettext("%(store)s lets Regulars in. Its webhooks are being set up.")
            messages.success(request, said % {"store": access.info.get("name") or one.domain})
            return _back(one)
    return show_connection(request, one, credentials=form)


@require_POST
def check_access(request: DeskRequest, public_id: str) -> HttpResponse:
    """Ask the store about itself."""
    one = find_connection(request, public_id)
    try:
        told = look_at(one)
    except (StoreAway, StoreRefused) as error:
        messages.error(request, str(error))
    else:
        said = gettext("%(store)s answers. It sells in %(currency)s.")
        messages.success(request, said % {"store": told["name"] or one.domain, "currency": told["currency"]})
    return _back(one)


@require_POST
def renew_webhooks(request: DeskRequest, public_id: str) -> HttpResponse:
    """Have the store's webhooks set up anew."""
    one = find_connection(request, public_id)
    if access_of(one) is None:
        messages.error(request, gettext("Let Regulars into the store first."))
    else:
        subscribe_again(one)
        messages.success(request, gettext("The webhooks are being set up again."))
    return _back(one)


@require_POST
def end_access(request: DeskRequest, public_id: str) -> HttpResponse:
    """Forget the store's credentials, and have it send no more webhooks."""
    one = find_connection(request, public_id)
    known = access_of(one) is not None
    told = shut_out(one)
    if told:
        messages.success(request, gettext("The credentials are forgotten, and the webhooks are gone."))
    elif known:
        said = gettext(
            "The credentials are forgotten. The store could not be told: remove its webhooks there."
        )
        messages.warning(request, said)
    return _back(one)


def _explain(form: CredentialsForm, error: ValidationError) -> None:
    """Say what is wrong, beside its field where the form has it."""
    for name, said in error.message_dict.items():
        form.add_error(name if name in form.fields else None, said)


def _back(one: Connection) -> HttpResponse:
    return redirect("dashboard:connection", public_id=one.public_id)
