"""Session tokens: who looks at the app's page inside a store's admin, as Shopify's own page says it."""

from typing import Any, Final
from urllib.parse import urlsplit

import jwt

from platforms.shopify.domains import is_domain
from platforms.shopify.oauth import App

LEEWAY_S: Final = 10
LONGEST: Final = 4096
CLAIMS: Final = ("iss", "dest", "aud", "sub", "exp", "nbf", "iat", "jti", "sid")


class BadSessionToken(Exception):
    """The token is not one of Shopify's for this app, or has ended."""


def shop_of(app: App, authorization: str) -> tuple[str, str]:
    """The store that an `Authorization: Bearer` header speaks for, and the token. Raises `BadSessionToken`."""
    kind, _, token = authorization.partition(" ")
    if kind != "Bearer" or not token or len(token) > LONGEST or not token.isascii():
        raise BadSessionToken("Send the session token as: Authorization: Bearer <token>.")
    claims = _claims(app, token)
    texts = [claims[name] for name in ("iss", "dest", "sub", "jti", "sid")]
    if not all(isinstance(text, str) and text for text in texts):
        raise BadSessionToken("The token's claims are not what Shopify writes.")
    issuer, destination = _host(claims["iss"]), _host(claims["dest"])
    if issuer is None or issuer != destination or not is_domain(issuer):
        raise BadSessionToken("The token does not speak for a Shopify store.")
    return issuer, token


def _claims(app: App, token: str) -> dict[str, Any]:
    """The claims that one of the app's secrets signed."""
    for secret in app.secrets:
        try:
            return jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                audience=app.key,
                leeway=LEEWAY_S,
                options={"require": list(CLAIMS), "strict_aud": True},
            )
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, OverflowError, TypeError, RecursionError) as error:
            raise BadSessionToken(f"The token is refused: {error}.") from None
    raise BadSessionToken("The token is not signed with the app's secret.")


def _host(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        return parts.netloc if parts.scheme == "https" else None
    except ValueError:
        return None
