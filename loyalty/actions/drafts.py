"""Changing a part of the draft."""

from collections.abc import Callable

from django.db import transaction
from django_scopes import scope

from loyalty.actions.programs import load_draft
from loyalty.documents import ProgramDocument, decode
from loyalty.models import Program
from shops.models import Shop

Change = Callable[[ProgramDocument], ProgramDocument]


def draft_as_written(shop: Shop) -> ProgramDocument:
    """The draft, even where its values could not be published. Raises `InvalidProgram` when it is not readable."""
    with scope(shop=shop):
        return decode(Program.objects.get(shop=shop).draft)


def change_draft(shop: Shop, change: Change) -> ProgramDocument:
    """Replace the draft by what `change` makes of it; two persons who change different parts lose nothing.

    Raises `InvalidProgram` with every problem, or what `change` raises; the draft is then as it was.
    """
    with transaction.atomic(), scope(shop=shop):
        draft = decode(Program.objects.select_for_update().get(shop=shop).draft)
        changed = change(draft)
        load_draft(shop, changed)
    return changed
