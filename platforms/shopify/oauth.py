"""How a store lets our app in: Shopify's consent page, what comes back from it, and the exchange for a token.

Only what Shopify signed with the app's secret is believed, and we sign nothing with that secret ourselves.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import msgspec
from django.conf import settings
from django.utils.translation import gettext

from lib.http import NotSent, Reply, send
from platforms.shopify.domains import is_domain

FRESH_S = 90
MOST_QUERY = 4096
TIMEOUT_S = 15.0
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"

Escape = Callable[[str], str]


class BadQuery(Exception):
    """A query that Shopify did not send us, or not just now; the message is for a person."""


class NotGranted(Exception):
    """Shopify gave no usable access; the message tells the merchant why and what helps."""


@dataclass(frozen=True, slots=True)
class App:
    """Our app as Shopify knows it. `secrets`: the present one and, during a rotation, the one before."""

    key: str
    secrets: tuple[str, ...] = field(repr=False)
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """A store's token for its Admin API, which does not expire, and what it opens."""

    token: str = field(repr=False)
    scopes: tuple[str, ...]


class _Answer(msgspec.Struct):
    access_token: str
    scope: str
    expires_in: int | None = None
    associated_user: Any = None


class _Refusal(msgspec.Struct):
    error: str = ""
    error_description: str = ""


_answer = msgspec.json.Decoder(_Answer).decode
_refusal = msgspec.json.Decoder(_Refusal).decode


def app() -> App | None:
    """The app that the settings describe; None where this installation has none."""
    if not (settings.SHOPIFY_API_KEY and settings.SHOPIFY_API_SECRET):
        return None
    secrets = (settings.SHOPIFY_API_SECRET, settings.SHOPIFY_API_SECRET_PREVIOUS)
    scopes = dict.fromkeys(scope.strip() for scope in settings.SHOPIFY_SCOPES if scope.strip())
    return App(settings.SHOPIFY_API_KEY, tuple(filter(None, secrets)), tuple(scopes))


def authorize_url(app: App, shop: str, state: str, redirect_uri: str) -> str:
    """Where the merchant agrees to what the app may do in the store `shop`."""
    asked = {
        "client_id": app.key,
        "scope": ",".join(app.scopes),
        "redirect_uri": redirect_uri,
        "state": state,
    }
    return f"https://{shop}/admin/oauth/authorize?{urlencode(asked)}"


def verify_query(
    query: str, secrets: Iterable[str], at: datetime, needed: Sequence[str] = ()
) -> dict[str, str]:
    """The parameters of a query that Shopify signed at most `FRESH_S` ago. Raises `BadQuery`.

    `shop` and `timestamp` are always there, `needed` besides; none is repeated.
    """
    given = parameters(query)
    wrong = BadQuery(gettext("This address was not made by Shopify, or it was changed on its way."))
    signature = given.get("hmac", "")
    if not signature.isascii() or not signed(given, signature, secrets):
        raise wrong
    if any(not given.get(name) for name in ("shop", "timestamp", *needed)) or not is_domain(given["shop"]):
        raise wrong
    if not fresh(given["timestamp"], at):
        raise BadQuery(gettext("This address is too old to be used. Please begin again."))
    return given


def parameters(query: str) -> dict[str, str]:
    """A query's parameters, each once. Raises `BadQuery`."""
    try:
        if len(query) > MOST_QUERY:
            raise ValueError(query)
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), errors="strict")
    except ValueError:
        raise BadQuery(gettext("This address cannot be read.")) from None
    given = dict(pairs)
    if len(given) != len(pairs):
        raise BadQuery(gettext("This address names something twice."))
    return given


def signed(given: Mapping[str, str], signature: str, secrets: Iterable[str]) -> bool:
    """Whether one of `secrets` signed the parameters, in constant time.

    Shopify's own libraries differ in what they escape: some the delimiters alone, some everything. Unescaped, either
    text can only be these parameters, so both are accepted.
    """
    rest = {name: value for name, value in given.items() if name != "hmac"}
    texts = [_joined(rest, _delimiters, _value), _joined(rest, _everything, _everything)]
    matches = [
        hmac.compare_digest(hmac.digest(secret.encode(), text.encode(), "sha256").hex(), signature)
        for secret in secrets
        if secret
        for text in texts
    ]
    return any(matches)


def fresh(timestamp: str, at: datetime) -> bool:
    """Whether whole seconds since 1970 are at most `FRESH_S` from `at`."""
    plain = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12
    return plain and abs(int(timestamp) - at.timestamp()) <= FRESH_S


def exchange_code(app: App, shop: str, code: str) -> Grant:
    """The store's access for the code that the consent page gave. Raises `NotGranted`."""
    return _exchange(app, shop, {"code": code})


def exchange_session_token(app: App, shop: str, session_token: str) -> Grant:
    """The store's access for a session token that was verified. Raises `NotGranted`."""
    asked = {
        "grant_type": EXCHANGE,
        "subject_token": session_token,
        "subject_token_type": ID_TOKEN,
        "requested_token_type": OFFLINE,
    }
    return _exchange(app, shop, asked)


def missing_scopes(asked: Iterable[str], granted: Iterable[str]) -> list[str]:
    """What was asked for and not granted. Leave to write holds leave to read."""
    held = set(granted)
    held |= {scope.replace("write_", "read_", 1) for scope in held if scope.startswith("write_")}
    return sorted(set(asked) - held)


def _exchange(app: App, shop: str, asked: dict[str, str]) -> Grant:
    body = urlencode({"client_id": app.key, "client_secret": app.secrets[0], **asked}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    url = f"https://{shop}/admin/oauth/access_token"
    try:
        reply = send("POST", url, body=body, headers=headers, timeout_s=TIMEOUT_S)
    except NotSent:
        message = gettext("Shopify did not answer, so the store is not connected. Please try again.")
        raise NotGranted(message) from None
    return _read(app, reply)


def _read(app: App, reply: Reply) -> Grant:
    if reply.status != 200:
        raise NotGranted(_told(reply))
    try:
        answer = _answer(reply.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise NotGranted(gettext("Shopify's answer could not be read. Please try again.")) from None
    token = answer.access_token
    if not (8 <= len(token) <= 255 and token.isascii() and token.isprintable() and " " not in token):
        raise NotGranted(gettext("Shopify's answer holds no usable access. Please try again."))
    if answer.expires_in is not None or answer.associated_user is not None:
        message = gettext("Shopify gave an access that ends by itself. Set the app up for lasting access.")
        raise NotGranted(message)
    granted = tuple(scope.strip() for scope in answer.scope.split(",") if scope.strip())
    if missing := missing_scopes(app.scopes, granted):
        message = gettext("Shopify did not grant all that Regulars needs: %(scopes)s is missing.")
        raise NotGranted(message % {"scopes": ", ".join(missing)})
    return Grant(token, granted)


def _told(reply: Reply) -> str:
    if reply.status >= 500 or reply.status == 429:
        return gettext("Shopify is not well at the moment. Please try again in a few minutes.")
    try:
        said = _refusal(reply.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        said = _Refusal()
    if said.error in ("invalid_client", "application_cannot_be_found"):
        return gettext("Shopify does not know this app: its key or its secret is wrong in the settings.")
    return gettext("Shopify refused: its permission was used already, or is too old. Please begin again.")


def _joined(given: Mapping[str, str], name_as: Escape, value_as: Escape) -> str:
    return "&".join(sorted(f"{name_as(name)}={value_as(value)}" for name, value in given.items()))


def _value(text: str) -> str:
    return text.replace("%", "%25").replace("&", "%26")


def _delimiters(text: str) -> str:
    return _value(text).replace("=", "%3D")


def _everything(text: str) -> str:
    return quote(text, safe="")
