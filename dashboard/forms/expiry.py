"""When points can be used and when they expire, as a form."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from msgspec import structs
from unfold.widgets import UnfoldAdminTextInputWidget

from dashboard.forms.fields import cards, choice, switch, whole
from dashboard.forms.part import PartForm
from loyalty.documents import Expiry, ProgramDocument

MODES = (
    ("none", _("Never")),
    ("per_lot", _("Some months after they were earned")),
    ("inactivity", _("After months without activity")),
    ("calendar", _("On a fixed day each year")),
)
MONTHS = (
    (1, _("January")),
    (2, _("February")),
    (3, _("March")),
    (4, _("April")),
    (5, _("May")),
    (6, _("June")),
    (7, _("July")),
    (8, _("August")),
    (9, _("September")),
    (10, _("October")),
    (11, _("November")),
    (12, _("December")),
)
FIELDS = ("mode", "to_month_end", "month", "day", "warn_days")


class DaysField(forms.CharField):
    """Numbers of days, separated by commas: "30, 7"."""

    def clean(self, value: Any) -> Any:
        parts = [part for part in str(super().clean(value)).replace(",", " ").split() if part]
        if not all(part.isdecimal() and len(part) < 5 for part in parts):
            raise forms.ValidationError(gettext("Enter numbers of days, such as 30, 7."))
        return tuple(sorted({int(part) for part in parts}, reverse=True))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(str(days) for days in value) if isinstance(value, list | tuple) else value


class LifeForm(PartForm):
    """The hold and the expiry. Months are asked for in two places, one for each mode that has them."""

    hold_days = whole(
        _("Days on hold"),
        _(
            "Points of a paid order can be used so many days later, when it is less likely to come back. 0: at once."
        ),
    )
    mode = cards(_("When points expire"), MODES)
    months = whole(_("Months"), required=False)
    idle_months = whole(_("Months without activity"), required=False)
    to_month_end = switch(_("To the end of that month"))
    month = choice(_("Month"), MONTHS)
    day = whole(_("Day"), required=False)
    warn_days = DaysField(
        label=_("Warn members so many days before"),
        required=False,
        help_text=_("Separated by commas. Empty: no warnings."),
        widget=UnfoldAdminTextInputWidget(),
    )

    def __init__(self, data: Any, draft: ProgramDocument) -> None:
        expiry = draft.expiry
        values = {name: getattr(expiry, name) for name in FIELDS}
        values |= {"months": expiry.months, "idle_months": expiry.months, "hold_days": draft.hold_days}
        super().__init__(data, initial=values)

    @property
    def mode_cards(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """Each mode with the fields that only it has."""
        fields = {
            "per_lot": self.bound("months", "to_month_end"),
            "inactivity": self.bound("idle_months"),
            "calendar": self.bound("day", "month"),
        }
        return [(radio, fields.get(radio.data["value"], [])) for radio in self["mode"]]

    def changed(self, draft: ProgramDocument) -> ProgramDocument:
        """The draft with what was filled in; call it on a valid form. Fields of other modes may be empty."""
        given = self.cleaned_data
        former = draft.expiry
        months = given["idle_months"] if given["mode"] == "inactivity" else given["months"]
        day = given["day"]
        expiry = Expiry(
            mode=given["mode"],
            months=former.months if months is None else months,
            to_month_end=given["to_month_end"],
            month=int(given["month"]),
            day=former.day if day is None else day,
            warn_days=given["warn_days"],
        )
        return structs.replace(draft, hold_days=given["hold_days"], expiry=expiry)

    def field_of(self, path: str) -> str | None:
        if path.endswith("months") and self.cleaned_data.get("mode") == "inactivity":
            return "idle_months"
        return super().field_of(path)
