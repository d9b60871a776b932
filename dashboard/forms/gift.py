"""A reward for a member for nothing."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import choice, text
from lib.ids import public_id
from rewards.models import Reward


def _once() -> str:
    return public_id("gift")


class GiftForm(forms.Form):
    """Which reward, and why. `once` makes a form that is sent twice count once."""

    prefix = "gift"

    once = forms.RegexField(r"\Agift_[a-z0-9]{14}\Z", initial=_once, widget=forms.HiddenInput)
    reward = choice(_("Reward"), ())
    reason = text(_("Reason"), 200, help_text=_("Your colleagues read it at the redemption."))

    def __init__(self, rewards: Sequence[Reward], data: Any = None) -> None:
        super().__init__(data)
        field = self.fields["reward"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(reward.public_id, reward.name) for reward in rewards]
