"""What a store gives us to come in with: proved, kept, and given up again."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
import structlog
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.bell import fetch_ringer, rewards_ringer, stores_ringer, sweep_ringer
from lib.clock import now
from lib.rows import execute
from platforms.clients import Access, AccessRevoked, StoreAway, StoreRefused
from platforms.connect import connect_store, host_name, webhook_url
from platforms.reach import speak
from platforms.registry import PLATFORMS
from rewards.stores import wake
from shops.models import Connection, Shop, StoreAccess

log = structlog.get_logger("regulars.stores")

LONGEST = 500
# With which BigCommerce signs its webhooks too.
SIGNING = "client_secret"


class Proof(NamedTuple):
    """Credentials that have opened the store, and what it said of itself."""

    credentials: dict[str, str]
    info: dict[str, str]


def let_in(connection: Connection, credentials: Mapping[str, str]) -> StoreAccess:
    """Keep the credentials of a store, once they have opened it, and take up what waited for it.

    Its webhooks are set up by a worker. Raises `ValidationError` with the names of the platform's credentials,
    `domain`, `currency` or none; then nothing is changed. Never inside a transaction.
    """
    proof = prove(connection.platform, connection.domain, connection.shop.currency, credentials)
    access = _admit(connection, proof)
    take_up(connection)
    return access


def connect_and_let_in(
    shop: Shop,
    platform: str,
    domain: str,
    secret: str | None,
    storefront_domains: Iterable[str],
    credentials: Mapping[str, str],
) -> Connection:
    """`connect_store` and `let_in` in one: both or neither. Of a store that `shop` has, only the access is renewed."""
    host = host_name(domain, "domain")
    proof = prove(platform, host, shop.currency, credentials)
    with transaction.atomic(), scope(shop=shop):
        known = Connection.objects.filter(shop=shop, platform=platform, domain=host, active=True)
        connection = known.select_related("shop").first()
        if connection is None:
            connection = connect_store(shop, platform, domain, secret, storefront_domains)
        _admit(connection, proof)
    take_up(connection)
    return connection


def prove(platform: str, domain: str, currency: str, credentials: Mapping[str, str]) -> Proof:
    """Ask the store about itself with these credentials. Raises `ValidationError` as `let_in` does."""
    given = _checked(platform, credentials)
    make = PLATFORMS[platform].client
    assert make is not None
    try:
        info = make(Access(domain, given, currency)).about()
    except StoreAway as error:
        message = gettext("The store does not answer: %(why)s (Regulars speaks to stores by https alone.)")
        raise ValidationError({"domain": message % {"why": error}}) from None
    except StoreRefused as error:
        raise ValidationError({_blamed(given, error): str(error)}) from None
    if info["currency"] != currency:
        message = gettext("The store sells in %(theirs)s, and this shop's program counts %(ours)s.")
        raise ValidationError({"currency": message % {"theirs": info["currency"], "ours": currency}})
    return Proof(given, info)


def shut_out(connection: Connection) -> bool:
    """Have the store send no more webhooks, and forget its credentials; whether the store could be told."""
    url = webhook_url(connection)
    told = True
    try:
        speak(connection, lambda client: client.unsubscribe(url))
    except (StoreAway, StoreRefused) as error:
        log.warning("store not unsubscribed", connection=connection.public_id, reason=type(error).__name__)
        told = False
    with scope(shop=connection.shop_id):
        StoreAccess.objects.filter(shop_id=connection.shop_id, connection_id=connection.pk).delete()
    return told


def subscribe_again(connection: Connection) -> None:
    """Have a worker set up the store's webhooks anew."""
    with scope(shop=connection.shop_id):
        StoreAccess.objects.filter(
            shop_id=connection.shop_id, connection_id=connection.pk, state=StoreAccess.State.ACTIVE
        ).update(subscribed_at=None)
    stores_ringer.soon()


def take_up(connection: Connection) -> None:
    """A store that lets us in again: what waited for it is due now, and its webhooks are set up."""
    wake(connection)
    execute(_WAKE_FETCHES, shop=connection.shop_id, connection=connection.pk)
    for ringer in (stores_ringer, rewards_ringer, fetch_ringer, sweep_ringer):
        ringer.soon()


def _checked(platform: str, credentials: Mapping[str, str]) -> dict[str, str]:
    """The credentials without spaces around them, each of them there."""
    if platform not in PLATFORMS:
        message = gettext("“%(given)s” is not a platform; choose one of %(choices)s.")
        raise ValidationError({"platform": message % {"given": platform, "choices": ", ".join(PLATFORMS)}})
    fields = PLATFORMS[platform].credentials
    if not fields:
        message = gettext("Stores of this platform have no interface: they need no credentials.")
        raise ValidationError({NON_FIELD_ERRORS: message})
    given = {name: value.strip() for name, value in credentials.items()}
    errors = {
        name: gettext("%(platform)s has no such credential; it has %(names)s.")
        % {"platform": PLATFORMS[platform].label, "names": ", ".join(fields)}
        for name in given
        if name not in fields
    }
    for name in fields:
        value = given.get(name, "")
        if not value:
            errors[name] = gettext("This field is required.")
        elif len(value) > LONGEST or not (value.isascii() and value.isprintable()) or " " in value:
            errors[name] = gettext("This is not as the store shows it: copy it once more.")
    if errors:
        raise ValidationError(errors)
    return given


def _blamed(given: Mapping[str, str], error: StoreRefused) -> str:
    """The field that an answer is about: for one that lets nobody in, the key or token."""
    if error.field in given:
        return error.field
    if isinstance(error, AccessRevoked):
        return "access_token" if "access_token" in given else next(iter(given))
    return "domain"


def _admit(connection: Connection, proof: Proof) -> StoreAccess:
    """Keep the access, fresh: with its webhooks still to be set up."""
    with transaction.atomic(), scope(shop=connection.shop_id):
        found = Connection.objects.select_for_update(no_key=True)
        kept = found.get(shop_id=connection.shop_id, pk=connection.pk)
        if not kept.active:
            message = gettext("This connection is switched off: switch it on first.")
            raise ValidationError({NON_FIELD_ERRORS: message})
        signing = proof.credentials.get(SIGNING, kept.secret)
        if signing != kept.secret:
            connection.secret, connection.previous_secret = signing, kept.secret
            Connection.objects.filter(shop_id=kept.shop_id, pk=kept.pk).update(
                secret=signing, previous_secret=kept.secret
            )
        access: StoreAccess = StoreAccess.objects.update_or_create(
            shop_id=kept.shop_id,
            connection=kept,
            defaults={
                "credentials": msgspec.json.encode(proof.credentials).decode(),
                "scopes": [],
                "state": StoreAccess.State.ACTIVE,
                "info": proof.info,
                "granted_at": now(),
                "uninstalled_at": None,
                "subscribed_at": None,
                "failures": 0,
                "open_until": None,
                "error": "",
            },
        )[0]
    return access


_WAKE_FETCHES = """
    UPDATE orders_fetch SET due_at = statement_timestamp()
    WHERE shop_id = %(shop)s AND connection_id = %(connection)s AND state = 'new' AND error <> ''
        AND due_at > statement_timestamp()
"""
