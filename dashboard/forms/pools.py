"""Codes for a reward: a file, or pasted."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import switch
from rewards.pool_files import MOST_BYTES

MEGABYTE = 1024 * 1024


class PoolForm(forms.Form):
    """Either of the two. `at_once`: without looking at what would happen first."""

    codes = forms.CharField(
        label=_("Paste codes"),
        required=False,
        strip=False,
        help_text=_("One a line, or a table with a column “code”."),
        widget=forms.Textarea({"class": "rg-paste", "rows": "6", "spellcheck": "false"}),
    )
    file = forms.FileField(
        label=_("Or choose a file"),
        required=False,
        help_text=_("CSV or text, at most 100,000 codes and 10 MB."),
        widget=forms.FileInput({"accept": ".csv,.tsv,.txt,text/csv,text/plain", "class": "rg-file"}),
    )
    at_once = switch(_("Add them at once if nothing is wrong"))

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("file") and given.get("codes", "").strip():
            self.add_error("file", _("Choose a file or paste codes, not both."))
        elif not given.get("file") and not given.get("codes", "").strip() and "file" not in self.errors:
            self.add_error("codes", _("Paste at least one code, or choose a file."))
        elif given.get("file") and given["file"].size > MOST_BYTES:
            limit = MOST_BYTES // MEGABYTE
            self.add_error("file", _("The file is larger than %(limit)d MB. Split it.") % {"limit": limit})
        return given

    def content(self) -> bytes | str:
        """What was sent; call it on a valid form."""
        given = self.cleaned_data
        if given["file"]:
            data: bytes = given["file"].read()
            return data
        return str(given["codes"])
