"""Who calls a WooCommerce: keys by Basic or query over TLS, by OAuth 1.0a one-legged signatures without."""

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from tests.fakes.http_server import Answer, Request

WINDOW_S = 15 * 60
_NEEDED = (
    "oauth_consumer_key",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
)
_HASHES = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}
_WRITING = {"POST", "PUT", "PATCH", "DELETE"}


class Denied(Exception):
    """The call is not let in; `answer` says why."""

    def __init__(self, message: str, code: str = "woocommerce_rest_authentication_error") -> None:
        super().__init__(message)
        self.answer = problem(401, code, message)


@dataclass
class ApiKey:
    """A REST key; `permissions` is read, write or read_write."""

    key: str
    secret: str
    permissions: str = "read_write"
    nonces: set[str] = field(default_factory=set)


def problem(status: int, code: str, message: str, **data: object) -> Answer:
    """An error as the WordPress REST server words it."""
    return Answer(status, {"code": code, "message": message, "data": {"status": status, **data}})


def caller(request: Request, keys: Mapping[str, ApiKey], base_url: str, tls: bool) -> ApiKey | None:
    """The key that a request proves to have; None for a stranger. Raises `Denied`."""
    key = (_by_password(request, keys) if tls else None) or _by_signature(request, keys, base_url)
    if key is None:
        return None
    kind = "write" if request.method in _WRITING else "read"
    if key.permissions not in (kind, "read_write"):
        raise Denied(f"The API key provided does not have {kind} permissions.")
    return key


def _by_password(request: Request, keys: Mapping[str, ApiKey]) -> ApiKey | None:
    name = request.query.get("consumer_key", "")
    secret = request.query.get("consumer_secret", "")
    scheme, _, code = request.headers.get("authorization", "").partition(" ")
    if not (name and secret) and scheme.lower() == "basic":
        name, _, secret = base64.b64decode(code).decode().partition(":")
    key = keys.get(name)  # an unknown key is a stranger, only a wrong secret is told
    if key and secret and not hmac.compare_digest(key.secret.encode(), secret.encode()):
        raise Denied("Consumer secret is invalid.")
    return key if secret else None


def _by_signature(request: Request, keys: Mapping[str, ApiKey], base_url: str) -> ApiKey | None:
    given = dict(request.query)
    missing = [name for name in _NEEDED if not given.get(name)]
    if len(missing) == len(_NEEDED):
        return None
    if missing:
        words = f"Missing OAuth parameter{'s' if len(missing) > 1 else ''} {', '.join(missing)}"
        raise Denied(words, "woocommerce_rest_authentication_missing_parameter")
    key = keys.get(given["oauth_consumer_key"])
    if key is None:
        raise Denied("Consumer key is invalid.")
    if given["oauth_signature_method"] not in _HASHES:
        raise Denied("Invalid signature - signature method is invalid.")
    signature = given.pop("oauth_signature").replace(" ", "+")
    if not hmac.compare_digest(_signature(request, given, base_url, key.secret).encode(), signature.encode()):
        raise Denied("Invalid signature - provided signature does not match.")
    if abs(time.time() - int(given["oauth_timestamp"])) > WINDOW_S:
        raise Denied("Invalid timestamp.")
    if given["oauth_nonce"] in key.nonces:
        raise Denied("Invalid nonce - nonce has already been used.")
    key.nonces.add(given["oauth_nonce"])
    return key


def _signature(request: Request, given: Mapping[str, str], base_url: str, secret: str) -> str:
    pairs = [f"{_encoded(name)}={_encoded(given[name])}" for name in sorted(given)]
    text = "&".join(
        [
            request.method,
            quote(base_url + request.path, safe=""),
            "%26".join(quote(p, safe="") for p in pairs),
        ]
    )
    digest = hmac.new(f"{secret}&".encode(), text.encode(), _HASHES[given["oauth_signature_method"]]).digest()
    return base64.b64encode(digest).decode()


def _encoded(value: str) -> str:
    return quote(unquote(value), safe="~")
