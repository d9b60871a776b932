"""A part of the program's document as a form."""

import re
from collections.abc import Iterable

from django import forms
from django.utils.text import capfirst

from loyalty.documents import ProgramDocument
from loyalty.errors import InvalidProgram


class PartForm(forms.Form):
    """Its fields are called as in the document, so that every problem of the document finds its field."""

    def add_problems(self, invalid: InvalidProgram, part: str, document: ProgramDocument) -> None:
        """Show each problem beside its field. `part`: the path of what the form is about, such as "rules[2]".

        Problems elsewhere in the document are shown above the form, with the name of what they are about.
        """
        for path, message in invalid.errors:
            own = inside(path, part)
            field = None if own is None else self.field_of(own)
            if field:
                self.add_error(field, f"{capfirst(message)}.")
            else:
                self.add_error(None, f"{_name_of(path, document)}: {message}.")

    def field_of(self, path: str) -> str | None:
        """The field that a path of the part is about: "conditions.products.skus[3]" is "skus"; None for no field."""
        name = re.sub(r"\[\d+\]$", "", path).rpartition(".")[2]
        return name if name in self.fields else None

    def bound(self, *names: str) -> list[forms.BoundField]:
        """Those of the fields that the form has."""
        return [self[name] for name in names if name in self.fields]

    def in_use(self, names: Iterable[str]) -> bool:
        """Whether one of the fields holds something, or a mistake."""
        return any(field.errors or field.value() for field in self.bound(*names))

    def lock(self) -> None:
        """Only show."""
        for field in self.fields.values():
            field.disabled = True


def inside(path: str, part: str) -> str | None:
    """The path from `part` on, or None where it lies elsewhere."""
    if not part:
        return path
    rest = path.removeprefix(f"{part}.")
    return rest if rest != path else None


def _name_of(path: str, document: ProgramDocument) -> str:
    """What a path is about: the name of the rule or the campaign, else the path."""
    lists = {"rules": document.rules, "campaigns": document.campaigns, "tiers.levels": document.tiers.levels}
    found = re.match(r"([a-z.]+)\[(\d+)\]", path)
    items = lists.get(found[1], ()) if found else ()
    number = int(found[2]) if found else 0
    return f"“{items[number].name}”" if number < len(items) else path
