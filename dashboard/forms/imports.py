"""A file of points."""

from django import forms
from django.utils.translation import gettext_lazy as _

from dashboard.forms.fields import choice, switch, text
from loyalty.actions.batches import Upload
from loyalty.models import Batch
from loyalty.sheets.formats import choices
from loyalty.sheets.reading import MOST_BYTES

MEGABYTE = 1024 * 1024


class UploadForm(forms.Form):
    """What is in the file, who wrote it, and the file."""

    kind = choice(
        _("What is in the file?"),
        [
            (Batch.Kind.IMPORT, _("Balances to bring over from somewhere else")),
            (Batch.Kind.ADJUST, _("Points to add or take away")),
        ],
        _("Points of people who are not your customers yet wait for them when you bring over balances."),
    )
    format = choice(_("Where does it come from?"), choices())
    file = forms.FileField(
        label=_("CSV file"),
        help_text=_("At most 100,000 rows and 20 MB. Nothing happens before you have seen what it would do."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv", "class": "rg-file"}),
    )
    reason = text(
        _("Reason"),
        500,
        required=False,
        help_text=_("For rows without a reason of their own. Members can see it in their history."),
    )
    allow_repeats = switch(_("A member may be in the file more than once"))

    file_name = ""

    def clean_file(self) -> bytes:
        upload = self.cleaned_data["file"]
        if upload.size > MOST_BYTES:
            limit = MOST_BYTES // MEGABYTE
            raise forms.ValidationError(
                _("The file is larger than %(limit)d MB. Split it into several.") % {"limit": limit}
            )
        self.file_name = str(upload.name or "")
        content: bytes = upload.read()
        return content

    def upload(self, actor: str) -> Upload:
        """What was sent; call it on a valid form."""
        given = self.cleaned_data
        return Upload(
            data=given["file"],
            kind=given["kind"],
            actor=actor,
            format=given["format"],
            file_name=self.file_name,
            reason=given["reason"],
            allow_repeats=given["allow_repeats"],
        )
