"""Stores that let the app in: their connection made, or taken up again with all that is known of it."""

from dataclasses import dataclass

import msgspec
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext
from django_scopes import scope, scopes_disabled

from lib.clock import now
from platforms.connect import connect_store
from platforms.shopify.oauth import App, Grant, NotGranted
from shops.models import Connection, Shop, StoreAccess

PLATFORM = "shopify"
TOKEN = "access_token"


@dataclass(frozen=True, slots=True)
class Installed:
    """The store's connection; `fresh`: it was not known before."""

    connection: Connection
    fresh: bool


def belongs_elsewhere(shop: Shop, domain: str) -> bool:
    """Whether another shop of this installation has the store."""
    with scopes_disabled():
        return _of_domain(domain).filter(active=True).exclude(shop=shop).exists()


def connection_of(domain: str) -> Connection | None:
    """The active connection of a store, whoever's it is."""
    with scopes_disabled():
        return _of_domain(domain).filter(active=True).select_related("shop").first()


def install(shop: Shop, domain: str, app: App, grant: Grant) -> Installed:
    """Keep the store's access, with a connection of `shop` that is made or revived. Raises `NotGranted`."""
    try:
        with transaction.atomic(), scope(shop=shop):
            known = _of_domain(domain).select_for_update().filter(shop=shop)
            connection = known.order_by("-active", "-pk").first()
            if belongs_elsewhere(shop, domain):
                raise NotGranted(taken(domain))
            fresh = connection is None
            if connection is None:
                connection = connect_store(shop, PLATFORM, domain, secret=app.secrets[0])
            _revive(connection, app, grant)
    except ValidationError:
        # Another shop was faster.
        raise NotGranted(taken(domain)) from None
    return Installed(connection, fresh)


def renew(connection: Connection, app: App, grant: Grant) -> None:
    """Give a connection that is there a new access."""
    with transaction.atomic(), scope(shop=connection.shop_id):
        kept = Connection.objects.select_for_update().get(shop_id=connection.shop_id, pk=connection.pk)
        _revive(kept, app, grant)


def taken(domain: str) -> str:
    """What somebody is told who connects a store that another shop has."""
    message = gettext(
        "%(domain)s belongs to another shop in Regulars. Switch its connection off there first."
    )
    return message % {"domain": domain}


def keep_secrets(app: App) -> int:
    """Let stores that verify with one of the app's secrets verify with those of now; returns how many changed."""
    changed = 0
    with scopes_disabled():
        for connection in Connection.objects.filter(platform=PLATFORM):
            before = connection.secret, connection.previous_secret
            if connection.secret in app.secrets and before != (*app.secrets, "")[:2]:
                _sign_with(connection, app)
                changed += 1
    return changed


def _revive(connection: Connection, app: App, grant: Grant) -> None:
    connection.active = True
    _sign_with(connection, app)
    StoreAccess.objects.update_or_create(
        shop_id=connection.shop_id,
        connection=connection,
        defaults={
            "credentials": msgspec.json.encode({TOKEN: grant.token}).decode(),
            "scopes": list(grant.scopes),
            "state": StoreAccess.State.ACTIVE,
            "granted_at": now(),
            "uninstalled_at": None,
            "subscribed_at": None,
            "failures": 0,
            "open_until": None,
            "error": "",
        },
    )


def _sign_with(connection: Connection, app: App) -> None:
    connection.secret, connection.previous_secret = (*app.secrets, "")[:2]
    Connection.objects.filter(shop_id=connection.shop_id, pk=connection.pk).update(
        active=connection.active, secret=connection.secret, previous_secret=connection.previous_secret
    )


def _of_domain(domain: str) -> QuerySet[Connection]:
    return Connection.objects.filter(platform=PLATFORM, domain__iexact=domain)
