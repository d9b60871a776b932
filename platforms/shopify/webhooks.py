"""Shopify's webhook headers, signature, and whose shop a body speaks of."""

import re
import secrets as randomness
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from msgspec import Struct

from lib.signing import signed_by
from platforms.base import Incoming, Unreadable
from platforms.headers import optional, required, unsigned
from platforms.reading import decode, decoder

_MYSHOPIFY = re.compile(r"[a-z0-9][a-z0-9-]*\.myshopify\.com")


class _Origin(Struct, gc=False):
    """The fields in which a body names its shop."""

    myshopify_domain: str | None = None
    shop_domain: str | None = None
    domain: str | None = None
    order_status_url: str | None = None


_ORIGIN = decoder(_Origin)


def _names(header: str) -> tuple[str, str]:
    """Webhook deliveries prefix their headers with `x-`, the newer event deliveries do not."""
    return f"x-shopify-{header}", f"shopify-{header}"


def verify(headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> Incoming:
    """The signature first: a stranger learns nothing of what else was missing. Only the body is signed."""
    given = [headers[name] for name in _names("hmac-sha256") if headers.get(name)]
    keys = [secret.encode() for secret in secrets if secret]
    if not any(signed_by(signature, body, keys) for signature in given):
        raise unsigned()
    notes = {
        "domain": required(headers, *_names("shop-domain")).lower(),
        "api_version": required(headers, *_names("api-version")),
        "event_id": optional(headers, *_names("event-id")),
        "triggered_at": optional(headers, *_names("triggered-at")),
    }
    return Incoming(
        topic=required(headers, *_names("topic")),
        dedupe_key=required(headers, *_names("webhook-id")),
        notes={name: value for name, value in notes.items() if value},
    )


def secret() -> str:
    """64 hexadecimal digits, as Shopify shows its own."""
    return randomness.token_hex(32)


def claimed_domain(headers: Mapping[str, str]) -> str | None:
    """The shop that the delivery says it comes from, in lower case. The signature does not cover it."""
    return optional(headers, *_names("shop-domain")).lower() or None


def claimed_topic(headers: Mapping[str, str]) -> str:
    """What the delivery says it is about, "" where it says nothing. The signature does not cover it."""
    return optional(headers, *_names("topic"))


def body_domain(body: bytes) -> str | None:
    """The *.myshopify.com domain that the body gives as its shop's, or None where it gives none.

    Other hosts say nothing: a shop's storefront, and so the order's status page, may have any domain.
    """
    try:
        origin = decode(_ORIGIN, body)
    except Unreadable:
        return None
    said = (origin.myshopify_domain, origin.shop_domain, origin.domain, _host(origin.order_status_url))
    return next((domain for domain in map(_myshopify, said) if domain), None)


def _myshopify(domain: str | None) -> str | None:
    lowered = domain.strip().lower() if domain else ""
    return lowered if _MYSHOPIFY.fullmatch(lowered) else None


def _host(url: str | None) -> str | None:
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None
