"""Calls that come through a store's app proxy: the storefront's own address, signed by Shopify on its way to us."""

import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple
from urllib.parse import parse_qsl

from platforms.shopify.domains import is_domain
from platforms.shopify.oauth import MOST_QUERY, fresh

# What Shopify says of a call; who adds another one to the address must not be believed.
_ONCE = ("signature", "hmac", "shop", "timestamp", "path_prefix", "logged_in_customer_id")


class BadProxyCall(Exception):
    """The query is not what Shopify's app proxy sends."""


class ProxyCall(NamedTuple):
    """The store, and the customer who is signed in there; "" for somebody who is not."""

    shop: str
    customer_id: str


def verify_proxy(query: str, secrets: Iterable[str], at: datetime) -> ProxyCall:
    """Who calls, as Shopify signed it at most 90 seconds ago. Raises `BadProxyCall`.

    Other parameters may be repeated; they are signed joined by commas.
    """
    given: dict[str, list[str]] = {}
    for name, value in _pairs(query):
        given.setdefault(name, []).append(value)
    if any(len(given.get(name, ())) > 1 for name in _ONCE):
        raise BadProxyCall("a parameter of Shopify's own is repeated")
    signature = given.pop("signature", [""])[0]
    if not signature.isascii() or not _signed(given, signature, secrets):
        raise BadProxyCall("the signature is missing or wrong")
    shop, timestamp = (given.get(name, [""])[0] for name in ("shop", "timestamp"))
    if not is_domain(shop) or not fresh(timestamp, at):
        raise BadProxyCall("the call is too old, or names no store")
    customer_id = given.get("logged_in_customer_id", [""])[0]
    if customer_id and not (customer_id.isascii() and customer_id.isdecimal() and len(customer_id) <= 40):
        raise BadProxyCall("the customer is not one of Shopify's")
    return ProxyCall(shop, customer_id)


def _signed(given: dict[str, list[str]], signature: str, secrets: Iterable[str]) -> bool:
    text = "".join(sorted(f"{name}={','.join(values)}" for name, values in given.items()))
    matches = [
        hmac.compare_digest(hmac.digest(secret.encode(), text.encode(), "sha256").hex(), signature)
        for secret in secrets
        if secret
    ]
    return any(matches)


def _pairs(query: str) -> list[tuple[str, str]]:
    if len(query) > MOST_QUERY:
        raise BadProxyCall("the address is too long")
    try:
        return parse_qsl(query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise BadProxyCall("the address cannot be read") from None
