"""The settings of the whole program as a form, and a program from a file."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from msgspec import structs

from dashboard.forms.conditions import PRODUCTS, ProductsForm
from dashboard.forms.fields import choice, decimal, plain, switch, text, whole
from dashboard.forms.limits import LimitsForm, limit_values
from loyalty.documents import Basis, Caps, ProgramDocument
from loyalty.models import Program

BASIS = ("include_tax", "include_shipping", "include_gift_cards")
SETTINGS = ("points_name", "point_value", "rounding", "deficit", "award_guests_later")
CAPS = ("min_points", "max_points")


class SettingsForm(LimitsForm, ProductsForm):
    """What counts, how it is rounded, and the bounds of it all."""

    LIMIT_KINDS = ("points",)

    points_name = text(
        _("Name of the points"), 40, help_text=_("What shoppers read: “49 points”, “49 beans”.")
    )
    point_value = decimal(
        _("What a point costs you"),
        required=False,
        help_text=_(
            "In your currency; for reports of cost and liability. Empty: the smallest coin, such as 0.01."
        ),
    )
    rounding = choice(_("Round"), Program.Rounding.choices)
    include_tax = switch(_("Tax earns points"))
    include_shipping = switch(_("Shipping earns points"))
    include_gift_cards = switch(
        _("Buying gift cards earns points"), _("When off, points come when the gift card is spent.")
    )
    min_points = whole(_("At least so many points an order"), required=False)
    max_points = whole(
        _("At most so many points an order"),
        _("Counts points by the amount spent; fixed points, such as of a punch card, come on top."),
        required=False,
    )
    deficit = choice(_("When returned points were already spent"), Program.Deficit.choices)
    award_guests_later = switch(
        _("Award guest orders later"),
        _("When a guest registers with the same verified e-mail address, their past orders earn points."),
    )

    def __init__(self, data: Any, draft: ProgramDocument) -> None:
        values: dict[str, Any] = {name: getattr(draft, name) for name in SETTINGS}
        values |= {name: getattr(draft.basis, name) for name in BASIS}
        values |= {name: getattr(draft.exclusions, name) for name in PRODUCTS}
        values |= {name: getattr(draft.caps, name) for name in CAPS} | limit_values(draft.caps.limits)
        super().__init__(data, initial=values)

    @property
    def caps_in_use(self) -> bool:
        return self.limits_in_use or self.in_use(CAPS)

    def changed(self, draft: ProgramDocument) -> ProgramDocument:
        """The draft with what was filled in; call it on a valid form. The document judges the values."""
        given = self.cleaned_data
        return structs.replace(
            draft,
            **{name: plain(given[name]) for name in SETTINGS},
            basis=Basis(**{name: given[name] for name in BASIS}),
            exclusions=self.products(),
            caps=Caps(**{name: given[name] for name in CAPS}, limits=self.limits()),
        )

    def field_of(self, path: str) -> str | None:
        return super().field_of(path.removeprefix("caps."))


class ImportForm(forms.Form):
    """A program from a file."""

    file = forms.FileField(
        label=_("Program file"),
        help_text=_("A .json file that was exported here or with “manage.py program export”."),
        widget=forms.FileInput(attrs={"accept": ".json,application/json", "class": "rg-file"}),
    )
    allow_unknown = switch(
        _("Import it anyway"),
        _("It names products that none of your orders has, perhaps those of another shop."),
    )

    MOST_BYTES = 1024 * 1024

    def clean_file(self) -> bytes:
        upload = self.cleaned_data["file"]
        if upload.size > self.MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 1 MB."))
        content: bytes = upload.read()
        return content
