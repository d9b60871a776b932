"""The draft of the program as a form."""

import re
from decimal import Decimal
from typing import Any

import msgspec
from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import LinesField, choice, decimal, switch, text
from loyalty.documents import Basis, Exclusions, PerCurrency, ProgramDocument
from loyalty.errors import InvalidProgram
from loyalty.models import Program

BASIS = ("include_tax", "include_shipping", "include_gift_cards")
EXCLUSIONS = ("product_ids", "variant_ids", "skus", "vendors", "product_types", "tags")
SETTINGS = ("points_name", "rounding", "deficit", "award_guests_later")
FIRST_RULE = {"points": "points", "per": "per", "name": "rule_name", "active": "active"}


class ProgramForm(forms.Form):
    """The first rule, what counts, and how it is rounded. Further rules of an imported program stay as they are."""

    points = decimal(_("Points"))
    per = decimal(_("For every"))
    points_name = text(
        _("Name of the points"), 40, help_text=_("What shoppers read: “49 points”, “49 beans”.")
    )
    rounding = choice(_("Round"), Program.Rounding.choices)
    include_tax = switch(_("Tax earns points"))
    include_shipping = switch(_("Shipping earns points"))
    include_gift_cards = switch(
        _("Buying gift cards earns points"), _("When off, points come when the gift card is spent.")
    )
    active = switch(_("Purchases earn points"), _("Switch this off to pause earning."))
    rule_name = text(_("Name of the rule"), 80)
    deficit = choice(_("When returned points were already spent"), Program.Deficit.choices)
    award_guests_later = switch(
        _("Award guest orders later"),
        _("When a guest registers with the same verified e-mail address, their past orders earn points."),
    )
    product_ids = LinesField(_("Product ids"))
    variant_ids = LinesField(_("Variant ids"))
    skus = LinesField(_("SKUs"))
    vendors = LinesField(_("Vendors"))
    product_types = LinesField(_("Product types"))
    tags = LinesField(_("Tags"))

    @classmethod
    def of(cls, document: ProgramDocument) -> "ProgramForm":
        """The form filled in with a document."""
        rule = _first_rule(document)
        initial: dict[str, Any] = {field: getattr(document, field) for field in SETTINGS}
        initial |= {field: getattr(document.basis, field) for field in BASIS}
        initial |= {field: getattr(document.exclusions, field) for field in EXCLUSIONS}
        initial |= {field: getattr(rule, of) for of, field in FIRST_RULE.items()}
        return cls(initial=initial)

    @property
    def exclusion_fields(self) -> list[forms.BoundField]:
        return [self[field] for field in EXCLUSIONS]

    @property
    def advanced_has_errors(self) -> bool:
        return any(field in self.errors for field in (*EXCLUSIONS, "rule_name", "deficit", "active"))

    def document(self, draft: ProgramDocument) -> ProgramDocument:
        """The draft with what was filled in; call it on a valid form. `load_draft` judges the values."""
        given = self.cleaned_data
        rule = msgspec.structs.replace(
            _first_rule(draft), **{of: _plain(given[field]) for of, field in FIRST_RULE.items()}
        )
        return msgspec.structs.replace(
            draft,
            **{field: given[field] for field in SETTINGS},
            basis=Basis(**{field: given[field] for field in BASIS}),
            exclusions=Exclusions(**{field: given[field] for field in EXCLUSIONS}),
            rules=(rule, *draft.rules[1:]),
        )

    def add_problems(self, invalid: InvalidProgram) -> None:
        """Show each problem beside its field."""
        for path, message in invalid.errors:
            field = _field_of(path)
            self.add_error(field, message if field else f"{path}: {message}")


def _first_rule(document: ProgramDocument) -> PerCurrency:
    default = PerCurrency(
        key="purchases", name=str(_("Points for purchases")), points=Decimal(1), per=Decimal(1)
    )
    return document.rules[0] if document.rules else default


def _field_of(path: str) -> str | None:
    """`rules[0].points` is "points", `exclusions.skus[3]` is "skus"; None where no field of the form fits."""
    if rule := re.fullmatch(r"rules\[0\]\.(\w+)", path):
        return FIRST_RULE.get(rule[1])
    name = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
    return name if name in ProgramForm.base_fields else None


def _plain(value: Any) -> Any:
    """Decimals without the zeros that nobody wrote: 1.0000 is 1."""
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
    return value


class ImportForm(forms.Form):
    """A program from a file."""

    file = forms.FileField(
        label=_("Program file"),
        help_text=_("A .json file that was exported here or with “manage.py program export”."),
        widget=forms.FileInput(attrs={"accept": ".json,application/json", "class": "rg-file"}),
    )

    MOST_BYTES = 1024 * 1024

    def clean_file(self) -> bytes:
        upload = self.cleaned_data["file"]
        if upload.size > self.MOST_BYTES:
            raise forms.ValidationError(_("The file is larger than 1 MB."))
        content: bytes = upload.read()
        return content
