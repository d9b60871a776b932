"""Secrets at rest: encrypted with the first of SECRET_ENCRYPTION_KEYS, readable with any of them."""

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=1)
def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.SECRET_ENCRYPTION_KEYS])


def seal(text: str) -> str:
    """Encrypt; an empty text stays empty."""
    return _fernet().encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """Decrypt what `seal` made. Raises `cryptography.fernet.InvalidToken` when no key fits."""
    return _fernet().decrypt(sealed.encode()).decode() if sealed else ""


class SecretField(models.TextField):
    """A text column whose value is encrypted in the database and plain in Python."""

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return None if value is None else unseal(value)

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else seal(str(value))
