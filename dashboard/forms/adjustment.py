"""Giving a member points by hand, or taking some."""

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import text, whole
from lib.ids import public_id


def _once() -> str:
    return public_id("adjust")


class AdjustmentForm(forms.Form):
    """Points above or below zero, and why. `once` makes a form that is sent twice count once."""

    once = forms.RegexField(r"\Aadjust_[a-z0-9]{14}\Z", initial=_once, widget=forms.HiddenInput)
    points = whole(_("Points"), _("Above zero to add, below zero to take away, for example 50 or -50."))
    reason = text(_("Reason"), 500, help_text=_("The member can see it in their history."))
