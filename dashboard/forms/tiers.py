"""VIP tiers as a form: how they work, and a row for each level that keeps what was typed while rows come and go."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from msgspec import structs

from dashboard.forms.fields import LinesField, cards, choice, decimal, plain, switch, text, whole
from dashboard.forms.part import PartForm
from dashboard.ways import fresh_key
from loyalty.documents import ProgramDocument, Tier, Tiers
from loyalty.errors import InvalidProgram
from rewards.models import Reward

METRICS = (
    ("spend", _("What they spend, less returns")),
    ("points", _("The points they earn")),
    ("orders", _("The orders they place")),
)
WINDOWS = (
    ("rolling", _("The last months")),
    ("calendar_year", _("This calendar year")),
    ("anniversary", _("This year of their membership")),
    ("lifetime", _("Everything since they joined")),
)
TERMS = (
    ("months", _("A number of months")),
    ("calendar_year", _("To the end of the next calendar year")),
    ("forever", _("For ever")),
)
DOWNGRADES = (
    ("to_standing", _("They move to the tier that they qualify for then")),
    ("one_step", _("They move down by one tier")),
)
SETTINGS = (
    "metric", "window", "window_months", "term", "term_months", "grace_days", "downgrade", "count_imports",
)  # fmt: skip
# The thresholds that a start is made with, by metric: sensible for a small shop, and easy to change.
STARTS = {"spend": (0, 200, 500), "points": (0, 500, 1500), "orders": (0, 3, 10)}
START_NAMES = (_("Bronze"), _("Silver"), _("Gold"))
ROW = re.compile(r"level-(\d{1,4})-[a-z_]+")
MOST_ROWS = 30
IN_LEVEL = re.compile(r"levels\[(\d+)\](?:\.(\w+))?")


class LevelForm(PartForm):
    """One tier."""

    key = forms.CharField(required=False, widget=forms.HiddenInput)
    name = text(_("Name"), 80)
    threshold = decimal(_("Reached at"))
    multiplier = decimal(_("Points ×"), required=False)
    entry_points = whole(_("Points on reaching it"), required=False)
    entry_reward = choice(
        _("Reward on reaching it"),
        (),
        required=False,
        error_messages={"invalid_choice": _("There is no such reward any more.")},
    )
    perks = LinesField(_("Perks"), _("One a line: free shipping, early access."))

    def __init__(self, rewards: Sequence[Reward], data: Any = None, **more: Any) -> None:
        super().__init__(data, **more)
        field = self.fields["entry_reward"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [("", _("None")), *((reward.public_id, reward.name) for reward in rewards)]

    @property
    def number(self) -> str:
        """The row's number in the form."""
        return str(self.prefix).removeprefix("level-")

    def tier(self, key: str) -> Tier:
        """What was filled in; call it on a valid form."""
        given = self.cleaned_data
        multiplier = given["multiplier"]
        return Tier(
            key=key,
            name=given["name"],
            threshold=plain(given["threshold"]),
            multiplier=Decimal(1) if multiplier is None else plain(multiplier),
            entry_points=given["entry_points"] or 0,
            entry_reward=given["entry_reward"],
            perks=given["perks"],
        )


class TiersForm(PartForm):
    """How tiers are reached and kept. `levels` are the rows, which can give any of `rewards`."""

    metric = choice(_("Members move up by"), METRICS)
    window = choice(_("Counted over"), WINDOWS)
    window_months = whole(_("Months counted"))
    term = choice(_("A tier is kept"), TERMS)
    term_months = whole(_("Months kept"))
    grace_days = whole(_("Days of grace"), _("More time to qualify again once the time is over."))
    downgrade = cards(_("Who does not qualify again"), DOWNGRADES)
    count_imports = switch(_("Imported points count too"))

    def __init__(
        self, data: Mapping[str, Any] | None, draft: ProgramDocument, rewards: Sequence[Reward]
    ) -> None:
        super().__init__(data, initial={name: getattr(draft.tiers, name) for name in SETTINGS})
        self.rewards = rewards
        self.order: list[int] = []
        if data is not None:
            self.levels = [LevelForm(rewards, data, prefix=f"level-{row}") for row in rows_of(data)]
        else:
            self.levels = [
                LevelForm(rewards, initial=structs.asdict(level), prefix=f"level-{row}")
                for row, level in enumerate(draft.tiers.levels)
            ]

    @classmethod
    def as_typed(
        cls, data: Mapping[str, Any], draft: ProgramDocument, rewards: Sequence[Reward]
    ) -> "TiersForm":
        """The form with what was typed in so far, not judged yet."""
        form = cls(None, draft, rewards)
        form.initial = {name: data.get(name, "") for name in SETTINGS}
        form.levels = []
        for row in rows_of(data):
            prefix = f"level-{row}"
            typed = {name: data.get(f"{prefix}-{name}", "") for name in LevelForm.base_fields}
            form.levels.append(LevelForm(rewards, initial=typed, prefix=prefix))
        return form

    @property
    def failed(self) -> bool:
        """Whether something that was sent is wrong."""
        return bool(self.errors) or any(level.errors for level in self.levels)

    @property
    def blank(self) -> LevelForm:
        """An empty row, to be copied by the page's script."""
        return LevelForm(self.rewards, prefix="level-__row__")

    @property
    def settings_in_use(self) -> bool:
        wrong = any(name in self.errors for name in ("grace_days", "downgrade", "count_imports"))
        return (
            wrong or str(self["grace_days"].value()) not in {"0", ""} or bool(self["count_imports"].value())
        )

    def is_valid(self) -> bool:
        levels = [level.is_valid() for level in self.levels]
        return super().is_valid() and all(levels)

    def lock(self) -> None:
        super().lock()
        for level in self.levels:
            level.lock()

    def tiers(self, taken: tuple[str, ...] = ()) -> Tiers:
        """What was filled in, the lowest tier first; call it on a valid form. New keys are none of `taken`."""
        given = {name: self.cleaned_data[name] for name in SETTINGS}
        self.order = sorted(
            range(len(self.levels)), key=lambda row: self.levels[row].cleaned_data["threshold"]
        )
        used = [level.cleaned_data["key"] for level in self.levels if level.cleaned_data["key"]]
        levels = []
        for row in self.order:
            cleaned = self.levels[row].cleaned_data
            key = cleaned["key"] or fresh_key(slugify(cleaned["name"]) or "tier", *used, *taken)
            used.append(key)
            levels.append(self.levels[row].tier(key))
        return Tiers(**given, levels=tuple(levels))

    def add_problems(self, invalid: InvalidProgram, part: str, document: ProgramDocument) -> None:
        elsewhere = []
        for path, message in invalid.errors:
            found = IN_LEVEL.match(path.removeprefix("tiers."))
            if found and path.startswith("tiers.") and int(found[1]) < len(self.order):
                level = self.levels[self.order[int(found[1])]]
                level.add_problems(InvalidProgram([(found[2] or "", message)]), "", document)
            else:
                elsewhere.append((path, message))
        super().add_problems(InvalidProgram(elsewhere), part, document)


def rows_of(data: Mapping[str, Any]) -> list[int]:
    """The rows that a form was sent with, as they are numbered."""
    found = {int(match[1]) for name in data if (match := ROW.fullmatch(name))}
    return sorted(found)[:MOST_ROWS]


def with_row(data: Mapping[str, Any]) -> dict[str, Any]:
    """The form's data with one more empty row."""
    row = max(rows_of(data), default=-1) + 1
    return _flat(data) | {f"level-{row}-name": ""}


def without_row(data: Mapping[str, Any], row: str) -> dict[str, Any]:
    """The form's data without a row."""
    return {name: value for name, value in _flat(data).items() if not name.startswith(f"level-{row}-")}


def with_start(data: Mapping[str, Any]) -> dict[str, Any]:
    """The form's data with Bronze, Silver and Gold as its rows."""
    start = {name: value for name, value in _flat(data).items() if not ROW.fullmatch(name)}
    thresholds = STARTS.get(start.get("metric", ""), STARTS["spend"])
    for row, (name, threshold) in enumerate(zip(START_NAMES, thresholds, strict=True)):
        start |= {f"level-{row}-name": str(name), f"level-{row}-threshold": str(threshold)}
        start |= {f"level-{row}-multiplier": str(1 + Decimal(row) / 4)}
    return start


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in data}
