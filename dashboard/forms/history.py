"""Which past orders of a store come in, and what for."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import cards, day
from lib.clock import now
from loyalty.calendar import day_start

COUNT, POINTS = "count", "points"


class HistoryForm(forms.Form):
    """Past orders of a store, to be imported."""

    since = day(_("Orders placed since"), _("Leave it empty for everything."), required=False)
    points = cards(
        _("What are they for?"),
        [
            (COUNT, _("Only count them for tiers and spend")),
            (POINTS, _("Give points for past orders too")),
        ],
        initial=COUNT,
    )

    def since_in(self, zone: ZoneInfo) -> datetime | None:
        """The beginning of that day on the shop's clock; None for everything."""
        given = self.cleaned_data["since"]
        return day_start(zone, given) if given else None

    def clean_since(self) -> object:
        given = self.cleaned_data["since"]
        if given and (given > now().date() or given.year < 1990):
            raise forms.ValidationError(gettext("Choose a day between 1990 and today."))
        return given
