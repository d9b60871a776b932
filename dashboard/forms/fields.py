"""Fields in Unfold's dress."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from loyalty.field_rules import YEARS


def text(
    label: Any, max_length: int, *, required: bool = True, help_text: Any = "", **attrs: str
) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=max_length,
        required=required,
        help_text=help_text,
        widget=UnfoldAdminTextInputWidget(attrs=attrs),
    )


def secret(label: Any, max_length: int, **attrs: str) -> forms.CharField:
    """A text that is not to be seen, and not shown again with a mistake."""
    widget = forms.PasswordInput({**attrs, "class": " ".join(INPUT_CLASSES)})
    return forms.CharField(label=label, max_length=max_length, widget=widget)


def whole(label: Any, help_text: Any = "", **options: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, help_text=help_text, widget=UnfoldAdminIntegerFieldWidget(), **options
    )


def decimal(label: Any, **options: Any) -> forms.DecimalField:
    widget = UnfoldAdminDecimalFieldWidget(attrs={"step": "any", "inputmode": "decimal"})
    return forms.DecimalField(label=label, max_digits=12, decimal_places=4, widget=widget, **options)


def day(label: Any, help_text: Any = "", **options: Any) -> forms.DateField:
    """A day, picked in the browser's own calendar."""
    # A text field with a type, so that the day is written as the browser wants it whatever the language.
    widget = forms.TextInput({"type": "date", "class": " ".join(INPUT_CLASSES)})
    return forms.DateField(
        label=label, help_text=help_text, widget=widget, input_formats=["%Y-%m-%d"], **options
    )


def switch(label: Any, help_text: Any = "") -> forms.BooleanField:
    return forms.BooleanField(
        label=label, required=False, help_text=help_text, widget=UnfoldBooleanSwitchWidget()
    )


def choice(label: Any, choices: Any, help_text: Any = "", **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, help_text=help_text, widget=UnfoldAdminSelectWidget(), **options
    )


def cards(label: Any, choices: Any, **options: Any) -> forms.ChoiceField:
    """One of a few, each of them seen at once."""
    return forms.ChoiceField(label=label, choices=choices, widget=forms.RadioSelect, **options)


class AnyOf(forms.MultipleChoiceField):
    """Any number of a few, each of them seen at once; gives a tuple in the order of the choices."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, label: Any, choices: Iterable[tuple[str, Any]] = (), help_text: Any = "") -> None:
        super().__init__(label=label, help_text=help_text, required=False)
        self.offer(choices)

    def offer(self, choices: Iterable[tuple[str, Any]]) -> None:
        """Set what there is to choose from."""
        self.keys = [key for key, _label in choices]
        self.choices = list(choices)

    def clean(self, value: Any) -> Any:
        chosen = set(super().clean(value))
        return tuple(key for key in self.keys if key in chosen)


class LinesField(forms.CharField):
    """A list of texts, written one a line. Empty lines and repetitions are dropped."""

    def __init__(self, label: Any, help_text: Any = "") -> None:
        widget = UnfoldAdminExpandableTextareaWidget(attrs={"rows": "2"})
        super().__init__(label=label, help_text=help_text, required=False, widget=widget)

    def clean(self, value: Any) -> Any:
        lines = (line.strip() for line in str(super().clean(value)).splitlines())
        return tuple(dict.fromkeys(line for line in lines if line))

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list | tuple) else value


class LocalTimeField(forms.CharField):
    """A moment on the shop's own clock as a document writes it: "2026-12-01T18:00", and "2026-12-01" for midnight."""

    def __init__(self, label: Any, help_text: Any = "") -> None:
        attrs = {"type": "datetime-local", "class": " ".join(INPUT_CLASSES)}
        super().__init__(
            label=label, help_text=help_text, required=False, max_length=40, widget=forms.TextInput(attrs)
        )

    def clean(self, value: Any) -> Any:
        given = str(super().clean(value)).strip()
        if not given:
            return ""
        try:
            moment = datetime.fromisoformat(given)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is not None or moment.year not in YEARS:
            raise forms.ValidationError(gettext("Enter a date and a time, such as 2026-12-01 18:00."))
        return moment.isoformat(timespec="seconds" if moment.second else "minutes").removesuffix("T00:00")

    def prepare_value(self, value: Any) -> Any:
        return f"{value}T00:00" if isinstance(value, str) and len(value) == len("2026-12-01") else value


def plain(value: Any) -> Any:
    """Decimals without the zeros that nobody wrote: 1.0000 is 1."""
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1)) if value == value.to_integral_value() else value.normalize()
    return value
