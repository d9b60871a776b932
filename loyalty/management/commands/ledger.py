"""Prove the ledger, or set its projections right."""

import time
from typing import Any

from django.core.management.base import CommandParser

from loyalty.proof import count_entries, repair, verify
from shops.management.command import AnsweringCommand, find_shop


class Command(AnsweringCommand):
    help = "Recompute every balance from the entries. Exit status 1 when something differs."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=["verify", "rebuild"])
        parser.add_argument("--shop", help="the shop's public id; without it, all shops")
        parser.add_argument(
            "--dry-run", action="store_true", help="rebuild: show what would change, change nothing"
        )

    def handle(self, *args: str, **options: Any) -> None:
        shop_id = find_shop(options["shop"]).pk if options["shop"] else None
        started = time.monotonic()
        if options["action"] == "verify":
            found = verify(shop_id)
        elif options["dry_run"]:
            found = verify(shop_id, freeze=False)
        else:
            found = repair(shop_id)
        answer = {
            "entries": count_entries(shop_id),
            "differences": [str(difference) for difference in found],
            "seconds": round(time.monotonic() - started, 2),
        }
        self.show(answer, options)
        if found and not options["dry_run"]:
            raise SystemExit(1)
