"""Who a shopper is: a JWT that their store signed with a connection's storefront secret."""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jwt
import msgspec
from django.utils.translation import gettext

from storefront_api.connections import KnownConnection, KnownShop, by_shop

LONGEST_LIFE_S = 3600
LEEWAY_S = 10
LONGEST_TOKEN = 4096
LONGEST_ID = 255
MOST_KEPT = 20_000

_OPTIONS: jwt.types.Options = {"require": ["exp", "iss", "sub"]}


@dataclass(frozen=True, slots=True)
class Shopper:
    """A shopper by the id that the store of this connection gave them; `until` is when the token ends (epoch s)."""

    shop: KnownShop
    connection: KnownConnection
    external_id: str
    until: float


# A widget asks with the same token again and again. What was verified holds while the shop's connections and
# their secrets are what they were, and the token has not expired.
_verified_before: dict[str, Shopper] = {}


class BadToken(Exception):
    """The token does not say who the shopper is. `code` is for programs, the message for developers."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class _Claims(msgspec.Struct):
    iss: str


def shopper_of(authorization: str) -> Shopper:
    """The shopper that an `Authorization` header names. Raises `BadToken`.

    The key that fits decides which connection's customer it is, so no store can name another store's.
    """
    kind, _, token = authorization.partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token:
        raise BadToken(
            "token_missing", gettext("Send the shopper's token as: Authorization: Bearer <token>.")
        )
    before = _verified_before.get(token)
    if before and time.time() < before.until + LEEWAY_S and by_shop(before.shop.public_id) == before.shop:
        return before
    issuer = _issuer(token)
    shop = by_shop(issuer)
    found = _verified(token, shop)
    if found is None and shop is not None:
        found = _verified(token, by_shop(issuer, refetched=True))
    if found is None:
        raise BadToken(
            "token_invalid",
            gettext(
                "The token is not signed with the storefront secret of an active connection of its shop."
            ),
        )
    if len(_verified_before) >= MOST_KEPT:
        _verified_before.clear()
    _verified_before[token] = found
    return found


def _issuer(token: str) -> str:
    """What the token says of its shop, to look up the keys; it is not believed before it is verified."""
    try:
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise ValueError(token)
        payload = token.split(".")[1]
        claims = urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
        return msgspec.json.decode(claims, type=_Claims).iss
    except (ValueError, IndexError, msgspec.MsgspecError, RecursionError):
        message = gettext("The token is not a JWT whose `iss` is the public id of a shop.")
        raise BadToken("token_invalid", message) from None


def _verified(token: str, shop: KnownShop | None) -> Shopper | None:
    """The shopper, or None when no connection's key fits. Raises `BadToken` when one fits a bad token."""
    if shop is None:
        return None
    for connection in shop.connections:
        if not connection.storefront_secret:
            continue  # an empty key would let anybody sign
        try:
            key = _key(connection.storefront_secret)
            claims = jwt.decode(token, key, algorithms=["HS256"], options=_OPTIONS, leeway=LEEWAY_S)
        except jwt.InvalidSignatureError:
            continue
        except jwt.ExpiredSignatureError:
            raise BadToken("token_expired", gettext("The token has expired: `exp` has passed.")) from None
        except (jwt.PyJWTError, ValueError, OverflowError, TypeError, RecursionError) as error:
            message = gettext("The token is refused: %(reason)s.") % {"reason": error}
            raise BadToken("token_invalid", message) from None
        return _shopper(shop, connection, claims)
    return None


def _shopper(shop: KnownShop, connection: KnownConnection, claims: dict[str, Any]) -> Shopper:
    expires, subject = claims["exp"], claims["sub"]
    if not isinstance(expires, int | float) or expires > time.time() + LONGEST_LIFE_S + LEEWAY_S:
        raise BadToken("token_invalid", gettext("`exp` must be at most one hour ahead."))
    # Printable also means: no NUL and no lone surrogate, which the database would refuse.
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_ID or not subject.isprintable():
        raise BadToken("token_invalid", gettext("`sub` must be the customer's id in the store, as text."))
    return Shopper(shop, connection, subject, float(expires))


@lru_cache(maxsize=MOST_KEPT)
def _key(secret: str) -> jwt.PyJWK:
    """Prepared once: PyJWT otherwise examines the form of the secret for each token."""
    encoded = urlsafe_b64encode(secret.encode()).rstrip(b"=").decode()
    return jwt.PyJWK({"kty": "oct", "k": encoded, "alg": "HS256"})
