"""Giving a member a tier by hand."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import choice, day, text
from loyalty.documents import Tier


class PinForm(forms.Form):
    """Which of the live program's tiers, through which day in the shop, and why."""

    tier = choice(_("Tier"), ())
    until = day(_("Until"), _("The last day of it. Then the member has the tier that they earned."))
    reason = text(_("Reason"), 500, help_text=_("It is kept in the tier history."))

    def __init__(self, levels: Sequence[Tier], data: Any = None) -> None:
        super().__init__(data, prefix="pin")
        self.fields["tier"].choices = [(level.key, level.name) for level in levels]  # type: ignore[attr-defined]
