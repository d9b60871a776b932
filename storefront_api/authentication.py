"""Who speaks to the server API: a shop's own server, by its API key."""

from hashlib import sha256
from typing import Any

from django_scopes import scopes_disabled
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from shops.models import ApiKey


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <api key>`; `request.user` and `request.auth` are then the key, whose shop it opens."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != b"bearer":
            return None
        if len(words) != 2:
            raise AuthenticationFailed("Send the API key as: Authorization: Bearer <api key>")
        with scopes_disabled():
            key = (
                ApiKey.objects.select_related("shop")
                .filter(digest=sha256(words[1]).digest(), revoked_at=None)
                .first()
            )
        if key is None:
            raise AuthenticationFailed("This API key is not known, or was revoked.")
        key.is_authenticated = True  # type: ignore[attr-defined]
        return key, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
