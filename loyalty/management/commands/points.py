"""Points by a file: balances of another app, or adjustments; checked first, applied when asked to, undone."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django_scopes import scope

from loyalty.actions.batches import AppliedBefore, BatchRefused, Upload, apply, carry_on, check, outcome, undo
from loyalty.models import Batch, BatchRow
from loyalty.sheets.formats import FORMATS
from loyalty.sheets.reading import MOST_BYTES, InvalidSheet
from shops.management.command import ACTOR, ShopCommand
from shops.models import Shop

MOST_SHOWN = 100
ACTIONS = {
    "import": "balances that members had elsewhere; unknown members' points wait for them",
    "adjust": "points to add or take, for members who are known",
    "undo": "take back what a batch did, by reversing entries",
}


class Command(ShopCommand):
    help = (
        "Import balances, adjust points by a file, and undo either. Without --apply a file is only checked."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
        for action, explanation in ACTIONS.items():
            sub = actions.add_parser(action, help=explanation)
            super().add_arguments(sub)
            if action == "undo":
                sub.add_argument("batch", type=int, metavar="BATCH")
            else:
                self._file_arguments(sub)

    def _file_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a CSV file; - reads stdin")
        parser.add_argument("--format", choices=list(FORMATS), default="regulars", help="who wrote the file")
        parser.add_argument("--reason", default="", help="for rows that have none")
        parser.add_argument(
            "--allow-repeats", action="store_true", help="a member may be there more than once"
        )
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--dry-run", action="store_true", help="check only; that is what happens without --apply"
        )
        what.add_argument("--apply", action="store_true", help="apply it, if every row is good")
        parser.add_argument(
            "--skip-bad", action="store_true", help="with --apply: leave out the rows that are not"
        )
        parser.add_argument(
            "--again", action="store_true", help="with --apply: though this very file was applied"
        )

    def answer_for(self, shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
        try:
            if options["action"] == "undo":
                return take_back(shop, options["batch"])
            return check_file(shop, options)
        except InvalidSheet as error:
            raise CommandError(f"{options['file']}: {error}") from None
        except AppliedBefore as error:
            raise CommandError(f"{error} Add --again to apply it once more.") from None
        except BatchRefused as error:
            raise CommandError(str(error)) from None


def check_file(shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
    upload = Upload(
        data=_content(options["file"]),
        kind=options["action"],
        actor=ACTOR,
        format=options["format"],
        file_name=Path(options["file"]).name,
        reason=options["reason"],
        allow_repeats=options["allow_repeats"],
    )
    batch = check(shop, upload)
    bad = _problems(batch, BatchRow.State.BAD)
    if not options["apply"]:
        return _told(batch, bad)
    if bad and not options["skip_bad"]:
        raise CommandError("\n".join([*bad, "Nothing was written. Correct the rows, or add --skip-bad."]))
    apply(batch, ACTOR, skip_bad=options["skip_bad"], again=options["again"])
    carry_on(batch)
    return _told(batch, bad + _problems(batch, BatchRow.State.FAILED)) | {"done": outcome(batch)}


def take_back(shop: Shop, number: int) -> Mapping[str, Any]:
    with scope(shop=shop):
        batch = Batch.objects.filter(shop=shop, pk=number).select_related("shop").first()
    if batch is None:
        raise CommandError(f"The shop has no batch {number}.")
    if batch.state in (Batch.State.APPLYING, Batch.State.UNDOING):
        carry_on(batch)  # what was cut off is brought to its end first
    undo(batch, ACTOR)
    carry_on(batch)
    problems = _problems(batch, BatchRow.State.DONE, BatchRow.State.UNDONE)
    return {"batch": batch.pk, "state": batch.state, "problems": problems, "done": outcome(batch)}


def _told(batch: Batch, problems: list[str]) -> dict[str, Any]:
    return {
        "batch": batch.pk,
        "state": batch.state,
        **batch.totals,
        "notices": batch.notices,
        "problems": problems,
    }


def _problems(batch: Batch, *states: str) -> list[str]:
    with scope(shop=batch.shop):
        rows = BatchRow.objects.filter(shop=batch.shop, batch=batch, state__in=states).exclude(problem="")
        found = rows.order_by("line").values_list("line", "problem")[: MOST_SHOWN + 1]
        said = [f"line {line}: {problem}" for line, problem in found]
    return said if len(said) <= MOST_SHOWN else [*said[:MOST_SHOWN], "and more"]


def _content(name: str) -> bytes:
    """The file's bytes; no more than one can be, and one more to tell."""
    try:
        if name == "-":
            return sys.stdin.buffer.read(MOST_BYTES + 1)
        with Path(name).open("rb") as file:
            return file.read(MOST_BYTES + 1)
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}") from None
