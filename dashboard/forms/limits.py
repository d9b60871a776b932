"""Limits of what one member gets in a period."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import whole
from dashboard.forms.part import PartForm
from loyalty.documents import Limit

PERIODS = (
    ("day", _("A day")),
    ("week", _("A week")),
    ("month", _("A month")),
    ("year", _("A year")),
    ("ever", _("In all")),
)
KINDS = {"points": _("Points"), "times": _("Times")}


class LimitsForm(PartForm):
    """A field for every period: at most so many points, and at most so many times."""

    LIMIT_KINDS: tuple[str, ...] = ("points", "times")

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        for period, label in PERIODS:
            for kind in self.LIMIT_KINDS:
                self.fields[f"{kind}_{period}"] = whole(f"{KINDS[kind]}: {label}", required=False)

    @property
    def limit_rows(self) -> list[tuple[Any, list[forms.BoundField]]]:
        """A row for each period: its name, and its fields."""
        return [
            (label, self.bound(*(f"{kind}_{period}" for kind in self.LIMIT_KINDS)))
            for period, label in PERIODS
        ]

    @property
    def limit_kinds(self) -> list[Any]:
        return [KINDS[kind] for kind in self.LIMIT_KINDS]

    @property
    def limits_in_use(self) -> bool:
        return self.in_use(self._limit_names())

    def limits(self) -> tuple[Limit, ...]:
        """What was filled in; call it on a valid form."""
        filled = ((name.split("_"), self.cleaned_data[name]) for name in self._limit_names())
        return tuple(
            Limit(period=period, **{kind: value})  # type: ignore[arg-type]
            for (kind, period), value in filled
            if value is not None
        )

    def field_of(self, path: str) -> str | None:
        """`limits[0].points` and the like are about the first field that was filled in."""
        place, bracket, _rest = path.removeprefix("limits[").partition("]")
        if bracket and path.startswith("limits["):
            filled = [name for name in self._limit_names() if self.cleaned_data.get(name) is not None]
            return filled[int(place)] if int(place) < len(filled) else None
        return super().field_of(path)

    def _limit_names(self) -> list[str]:
        return [f"{kind}_{period}" for period, _label in PERIODS for kind in self.LIMIT_KINDS]


def limit_values(limits: tuple[Limit, ...]) -> dict[str, Any]:
    """What a form is filled in with."""
    values = {f"points_{limit.period}": limit.points for limit in limits if limit.points is not None}
    return values | {f"times_{limit.period}": limit.times for limit in limits if limit.times is not None}
