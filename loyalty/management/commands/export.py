"""A shop's members, entries or lots as a CSV file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from loyalty.sheets.exports import TABLES, lines
from shops.management.command import ShopCommand
from shops.models import Shop


class Command(ShopCommand):
    help = "Write members, entries or lots as CSV (UTF-8) to a file, or to stdout without one."

    def add_arguments(self, parser: CommandParser) -> None:
        tables = parser.add_subparsers(dest="table", required=True, metavar="|".join(TABLES))
        for table in TABLES:
            sub = tables.add_parser(table)
            super().add_arguments(sub)
            sub.add_argument("file", nargs="?", metavar="FILE")

    def answer_for(self, shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
        if not options["file"]:
            if options["json"]:
                raise CommandError("With --json, name a file to write to.")
            for line in lines(options["table"], shop):
                self.stdout.write(line, ending="")
            return {}
        rows = -1  # the header is none
        try:
            with Path(options["file"]).open("w", encoding="utf-8", newline="") as file:
                for line in lines(options["table"], shop):
                    file.write(line)
                    rows += 1
        except OSError as error:
            raise CommandError(f"{options['file']} cannot be written: {error.strerror}") from None
        return {"file": options["file"], "rows": rows}

    def show(self, answer: Mapping[str, Any], options: dict[str, Any]) -> None:
        if answer:
            super().show(answer, options)
