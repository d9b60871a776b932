"""Giving people and servers access to a shop."""

import secrets
from hashlib import sha256

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.clock import now
from lib.ids import token
from shops.models import ApiKey, Shop, Staff, User

KEY_PREFIX = "rk"
SHOWN_CHARACTERS = 10


def create_staff(shop: Shop, email: str, role: str, password: str | None = None) -> tuple[Staff, str | None]:
    """Give a person a role in the shop, and an account if they have none: (role, password).

    A new account without `password` gets one made for it. A person who has an account already keeps it, and
    the password given back is None. Raises `ValidationError` with the fields `email`, `role`, `password`.
    """
    email = email.strip().lower()
    _check_staff(email, role)
    with transaction.atomic(), scope(shop=shop):
        user = User.objects.filter(email=email).first()
        if user and password:
            message = gettext("%(email)s has an account already; leave the password out.")
            raise ValidationError({"password": message % {"email": email}})
        if user is None:
            password = _checked_password(email, password) if password else secrets.token_urlsafe(12)
            user = User.objects.create_user(email, password)
        staff, created = Staff.objects.get_or_create(shop=shop, user=user, defaults={"role": role})
        if not created:
            message = gettext("%(email)s works in this shop already, as %(role)s.")
            raise ValidationError({"email": message % {"email": email, "role": staff.get_role_display()}})
    return staff, password


def create_api_key(shop: Shop, name: str = "") -> tuple[ApiKey, str]:
    """A new key to the server API: (key, token). Only the token's digest is kept, so show it now or never."""
    name = name.strip() or gettext("API key")
    if len(name) > 80:
        raise ValidationError({"name": gettext("The name may have at most 80 characters.")})
    secret = token(KEY_PREFIX)
    with scope(shop=shop):
        key = ApiKey.objects.create(
            shop=shop, name=name, prefix=secret[:SHOWN_CHARACTERS], digest=sha256(secret.encode()).digest()
        )
    return key, secret


def revoke_api_key(key: ApiKey) -> None:
    """Refuse the key from now on. Doing it twice changes nothing."""
    with scope(shop=key.shop):
        ApiKey.objects.filter(shop=key.shop, pk=key.pk, revoked_at=None).update(revoked_at=now())


def _check_staff(email: str, role: str) -> None:
    errors: dict[str, str] = {}
    try:
        validate_email(email)
    except ValidationError:
        errors["email"] = gettext("“%(given)s” is not an e-mail address.") % {"given": email}
    if role not in Staff.Role.values:
        choices = ", ".join(Staff.Role.values)
        errors["role"] = gettext("“%(given)s” is not a role; choose one of %(choices)s.") % {
            "given": role,
            "choices": choices,
        }
    if errors:
        raise ValidationError(errors)


def _checked_password(email: str, password: str) -> str:
    try:
        validate_password(password, User(email=email))
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from None
    return password
