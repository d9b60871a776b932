"""Linking a store to a shop."""

import re
from collections.abc import Iterable

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.ids import token
from lib.signing import standard_key
from platforms.registry import PLATFORMS
from shops.models import Connection, Shop

STOREFRONT_PREFIX = "sfs"
LONGEST_SECRET = 255

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
_PORT = re.compile(r":[0-9]{1,5}\Z")


def connect_store(
    shop: Shop, platform: str, domain: str, secret: str | None = None, storefront_domains: Iterable[str] = ()
) -> Connection:
    """Link a store, so that its webhooks are taken in and its shoppers' tokens are understood.

    `domain` may be pasted as an address. Without `secret` one is made in the platform's own form; the
    storefront secret is always made. Raises `ValidationError` with the fields `platform`, `domain`,
    `secret` and `storefront_domains`.
    """
    if platform not in PLATFORMS:
        message = gettext("“%(given)s” is not a platform; choose one of %(choices)s.")
        raise ValidationError({"platform": message % {"given": platform, "choices": ", ".join(PLATFORMS)}})
    connection = Connection(
        shop=shop,
        platform=platform,
        domain=host_name(domain, "domain"),
        storefront_domains=sorted({host_name(name, "storefront_domains") for name in storefront_domains}),
        secret=_checked(platform, secret) if secret else PLATFORMS[platform].secret(),
        storefront_secret=token(STOREFRONT_PREFIX),
    )
    try:
        with transaction.atomic(), scope(shop=shop):
            connection.save(force_insert=True)
    except IntegrityError as error:
        if "connection_one_active_a_domain" not in str(error):
            raise
        message = gettext("%(domain)s is connected already.") % {"domain": connection.domain}
        raise ValidationError({"domain": message}) from None
    return connection


def rotate_secret(connection: Connection, secret: str | None = None) -> Connection:
    """Give the connection a new webhook secret; what is signed with the one before is still taken.

    Raises `ValidationError` with the field `secret`.
    """
    fresh = _checked(connection.platform, secret) if secret else PLATFORMS[connection.platform].secret()
    with transaction.atomic(), scope(shop=connection.shop):
        kept = Connection.objects.select_for_update().get(shop=connection.shop, pk=connection.pk)
        connection.secret, connection.previous_secret = fresh, kept.secret
        Connection.objects.filter(shop=connection.shop, pk=connection.pk).update(
            secret=connection.secret, previous_secret=connection.previous_secret
        )
    return connection


def webhook_url(connection: Connection) -> str:
    """Where the store sends its webhooks."""
    return f"{settings.PUBLIC_URL}/webhooks/{connection.public_id}/"


def host_name(address: str, field: str) -> str:
    """The host of an address, in lower case: `https://Shop.example.com/de/` is shop.example.com.

    A port is kept. Raises `ValidationError` with `field`.
    """
    host = re.sub(r"^[a-z][a-z0-9+.-]*://", "", address.strip().lower())
    host = re.split(r"[/?#]", host, maxsplit=1)[0].removesuffix(".")
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:
        host = ""
    if len(host) > 253 or not _HOST.fullmatch(_PORT.sub("", host)):
        message = gettext("“%(given)s” is not a host name such as shop.example.com.")
        raise ValidationError({field: message % {"given": address[:80]}})
    return host


def _checked(platform: str, secret: str) -> str:
    if len(secret) > LONGEST_SECRET or not secret.isprintable():
        raise ValidationError({"secret": gettext("The secret must be plain text of at most 255 characters.")})
    if platform == "standard":
        try:
            standard_key(secret)
        except ValueError:
            message = gettext("The secret must be whsec_ and the base64 of 24 to 64 bytes.")
            raise ValidationError({"secret": message}) from None
    return secret
