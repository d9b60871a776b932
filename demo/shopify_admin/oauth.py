"""Installing the app: the consent page, and the exchange of codes and session tokens for access tokens."""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import jwt

from demo.shopify_admin.answers import Answer
from demo.shopify_admin.documents import Json

if TYPE_CHECKING:
    from demo.shopify_admin.admin import AdminStore

CODE_LIFE_S = 60
TOKEN_LIFE_S = 3600
REFRESH_LIFE_S = 90 * 24 * 3600
SESSION_LIFE_S = 60
LEEWAY_S = 10
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
OFFLINE = "urn:shopify:params:oauth:token-type:offline-access-token"
CLAIMS = ["iss", "dest", "aud", "sub", "exp", "nbf", "iat", "jti", "sid"]


def consent(store: "AdminStore", query: Mapping[str, str]) -> Answer:
    """The page where the merchant agrees, and does so at once: back to the app with a code."""
    target = query.get("redirect_uri", "")
    if query.get("client_id") != store.app.client_id:
        return Answer(400, {}, {"error": "application_cannot_be_found"})
    if urlsplit(target).scheme not in ("http", "https") or not _whitelisted(store, target):
        error = {"error": "invalid_request", "error_description": "The redirect_uri is not whitelisted"}
        return Answer(400, {}, error)
    scopes = [scope.strip() for scope in query.get("scope", "").split(",") if scope.strip()]
    code = secrets.token_hex(16)
    record = {"id": code, "scopes": scopes or list(store.app.scopes), "ends": time.time() + CODE_LIFE_S}
    store["grants"].add(code, record)
    back = {
        "code": code,
        "host": base64.b64encode(f"{store.shop.domain}/admin".encode()).decode().rstrip("="),
        "shop": store.shop.domain,
        "timestamp": str(int(time.time())),
    }
    if "state" in query:
        back["state"] = query["state"]
    back["hmac"] = signature(store.app.client_secret, back)
    joint = "&" if urlsplit(target).query else "?"
    return Answer(302, {"Location": f"{target}{joint}{urlencode(back)}"}, b"")


def signature(secret: str, query: Mapping[str, str]) -> str:
    """The hex HMAC-SHA256 of the sorted query without its `hmac`."""
    pairs = sorted(
        f"{_escaped(name, True)}={_escaped(value)}" for name, value in query.items() if name != "hmac"
    )
    return hmac.new(secret.encode(), "&".join(pairs).encode(), hashlib.sha256).hexdigest()


def access_token(store: "AdminStore", asked: Mapping[str, str]) -> Answer:
    """An access token for a code, a session token or a refresh token."""
    if asked.get("client_id") != store.app.client_id:
        return Answer(400, {}, {"error": "application_cannot_be_found"})
    if not hmac.compare_digest(asked.get("client_secret", "").encode(), store.app.client_secret.encode()):
        return Answer(400, {}, {"error": "invalid_client"})
    grant = asked.get("grant_type", "")
    if grant == EXCHANGE:
        return _exchange(store, asked)
    kept = store["grants"].remove(asked.get("refresh_token" if grant == "refresh_token" else "code", ""))
    if (
        kept is None
        or kept["ends"] < time.time()
        or kept.get("refreshes", False) != (grant == "refresh_token")
    ):
        told = "The authorization code was not found or was already used"
        return Answer(400, {}, {"error": "invalid_request", "error_description": told})
    return _token(store, kept["scopes"], asked.get("expiring") == "1" or grant == "refresh_token")


def session_token(
    store: "AdminStore", user: str = "1", life_s: int = SESSION_LIFE_S, **claims: object
) -> str:
    """The token that the store's admin gives to an app's page in it; `claims` take the place of its own."""
    now = int(time.time())
    own = {
        "iss": f"https://{store.shop.domain}/admin",
        "dest": f"https://{store.shop.domain}",
        "aud": store.app.client_id,
        "sub": user,
        "exp": now + life_s,
        "nbf": now,
        "iat": now,
        "jti": secrets.token_hex(16),
        "sid": secrets.token_hex(16),
    }
    return jwt.encode(own | claims, store.app.client_secret, algorithm="HS256")


def _exchange(store: "AdminStore", asked: Mapping[str, str]) -> Answer:
    wrong = Answer(400, {}, {"error": "invalid_subject_token"})
    if asked.get("subject_token_type") != ID_TOKEN:
        return Answer(400, {}, {"error": "invalid_request"})
    if asked.get("requested_token_type", OFFLINE) != OFFLINE:
        return Answer(400, {}, {"error": "invalid_requested_token_type"})
    try:
        claims = jwt.decode(
            asked.get("subject_token", ""),
            store.app.client_secret,
            algorithms=["HS256"],
            audience=store.app.client_id,
            leeway=LEEWAY_S,
            options={"require": CLAIMS},
        )
    except jwt.PyJWTError:
        return wrong
    hosts = {urlsplit(claims["iss"]).hostname, urlsplit(claims["dest"]).hostname}
    if hosts != {store.shop.domain}:
        return wrong
    return _token(store, list(store.app.scopes), asked.get("expiring") == "1")


def _token(store: "AdminStore", scopes: list[str], expiring: bool) -> Answer:
    """The token that is there with the same scopes, or a new one; a new one withdraws those with other scopes."""
    for kept in store["tokens"].all():
        if sorted(kept["scopes"]) == sorted(scopes) and kept["expires_at"] is None and not expiring:
            return Answer(200, {}, {"access_token": kept["id"], "scope": ",".join(scopes)})
        if sorted(kept["scopes"]) != sorted(scopes):
            store["tokens"].remove(kept["id"])
    token = f"shpat_{secrets.token_hex(16)}"
    ends = store.clock().timestamp() + TOKEN_LIFE_S if expiring else None
    store["tokens"].add(token, {"id": token, "scopes": scopes, "expires_at": ends})
    body: Json = {"access_token": token, "scope": ",".join(scopes)}
    if expiring:
        refresh = f"shprt_{secrets.token_hex(16)}"
        record = {"id": refresh, "scopes": scopes, "ends": time.time() + REFRESH_LIFE_S, "refreshes": True}
        store["grants"].add(refresh, record)
        body |= {
            "expires_in": TOKEN_LIFE_S,
            "refresh_token": refresh,
            "refresh_token_expires_in": REFRESH_LIFE_S,
        }
    return Answer(200, {}, body)


def _whitelisted(store: "AdminStore", target: str) -> bool:
    return not store.app.redirects or target.partition("?")[0] in store.app.redirects


def _escaped(text: str, name: bool = False) -> str:
    text = text.replace("%", "%25").replace("&", "%26")
    return text.replace("=", "%3D") if name else text
