"""Prove the ledger, set its projections right, say what it owes, write its journal."""

import re
import time
from collections.abc import Mapping
from datetime import date
from typing import Any

from django.core.management.base import CommandError, CommandParser

from loyalty.actions.periods import close_month
from loyalty.errors import InvalidPeriod, JournalChanged
from loyalty.journal import export
from loyalty.liability import liability
from loyalty.proof import Difference, changes, count_entries, repair, verify
from shops.management.command import ACTOR, AnsweringCommand, find_shop
from shops.models import Shop


class Command(AnsweringCommand):
    help = (
        "verify: recompute every balance from the entries (exit status 1 when something differs). "
        "rebuild: set balances to what the entries say. liability: what the shop owes in points. "
        "journal: a month as balanced double-entry CSV."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=["verify", "rebuild", "liability", "journal"])
        parser.add_argument(
            "--shop", help="the shop's public id; verify and rebuild take all shops without it"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="rebuild: show what would change, change nothing"
        )
        parser.add_argument("--month", help="journal: the month, such as 2026-10")
        parser.add_argument(
            "--close", action="store_true", help="journal: close the month; it cannot change then"
        )

    def handle(self, *args: str, **options: Any) -> None:
        shop = find_shop(options["shop"]) if options["shop"] else None
        match options["action"]:
            case "liability":
                self.show(_liability(_needed(shop)), options)
            case "journal":
                self._journal(_needed(shop), options)
            case action:
                self._prove(action, shop, options)

    def _prove(self, action: str, shop: Shop | None, options: dict[str, Any]) -> None:
        shop_id = shop.pk if shop else None
        started = time.monotonic()
        found: list[Difference] = _PROOFS[action, options["dry_run"]](shop_id)
        answer = {
            "entries": count_entries(shop_id),
            "differences": [str(difference) for difference in found],
            "seconds": round(time.monotonic() - started, 2),
        }
        self.show(answer, options)
        if found and not options["dry_run"]:
            raise SystemExit(1)

    def _journal(self, shop: Shop, options: dict[str, Any]) -> None:
        month = _month(options["month"])
        if options["json"] and not options["close"]:
            raise CommandError("The journal is CSV; leave out --json.")
        try:
            if options["close"]:
                closed = close_month(shop, month, ACTOR)
                answer = {
                    "month": str(closed),
                    "entries": closed.entries,
                    "digest": bytes(closed.digest).hex(),
                }
                self.show(answer, options)
                return
            for line in export(shop, month):
                self.stdout.write(line, ending="")
        except (InvalidPeriod, JournalChanged) as error:
            raise CommandError(str(error)) from None


_PROOFS: dict[tuple[str, bool], Any] = {
    ("verify", False): verify,
    ("verify", True): lambda shop_id: verify(shop_id, freeze=False),
    ("rebuild", False): repair,
    ("rebuild", True): changes,
}


def _needed(shop: Shop | None) -> Shop:
    if shop is None:
        raise CommandError("Name the shop with --shop.")
    return shop


def _month(text: str | None) -> date:
    if text is None or not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) or text < "1900":
        raise CommandError("Name the month with --month, such as --month 2026-10.")
    return date(int(text[:4]), int(text[5:]), 1)


def _liability(shop: Shop) -> Mapping[str, Any]:
    found = liability(shop)
    return {
        "at": found.at.isoformat(timespec="seconds"),
        "available": found.available,
        "pending": found.pending,
        "deficits": found.deficits,
        "point_value": f"{found.point_value.normalize():f}",
        "value": f"{found.value:f}",
        "currency": found.currency,
        "issued_12_months": found.issued,
        "expired_12_months": found.expired,
        "breakage_rate": None if found.breakage_rate is None else f"{found.breakage_rate:f}",
    }
