"""Signing in."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.forms import AuthenticationForm


class LoginForm(AuthenticationForm):
    """E-mail and password. The e-mail is lower-cased, so that the throttle counts every spelling as one."""

    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": _("That e-mail and password do not belong together. Please try again."),
    }

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = _("E-mail")
        self.fields["username"].widget.input_type = "email"
        self.fields["username"].widget.attrs["autocomplete"] = "username"
        self.fields["password"].widget.attrs["autocomplete"] = "current-password"

    def clean_username(self) -> str:
        email: str = self.cleaned_data["username"]
        return email.strip().lower()
