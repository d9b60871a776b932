"""The program as a file: take it out, bring it in, compare, try on past orders, publish, go back."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from loyalty.actions.programs import draft_document, load_draft, publish, roll_back
from loyalty.diff import diff
from loyalty.documents import ProgramDocument, as_dict, decode
from loyalty.errors import InvalidProgram, NothingToPublish, UnknownVersion
from loyalty.models import ProgramVersion
from loyalty.queries import live_version, versions
from loyalty.validation import validate
from orders.backtest.command import backtest
from orders.queries import unknown_products
from shops.management.command import ACTOR, ShopCommand
from shops.models import Shop

ACTIONS = {
    "export": "write the live program as JSON to stdout or to a file",
    "import": "replace the draft by a file's program",
    "publish": "make the draft the live program",
    "diff": "tell what would change if the draft, or a file, were published",
    "rollback": "publish an earlier version again",
    "backtest": "tell what the draft, or a file, would have given for the orders of the last days",
}


class Command(ShopCommand):
    help = "Export, import, compare, try, publish and roll back a shop's program."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True, metavar="|".join(ACTIONS))
        for action, explanation in ACTIONS.items():
            sub = actions.add_parser(action, help=explanation)
            super().add_arguments(sub)
            if action in {"export", "diff", "backtest"}:
                sub.add_argument("file", nargs="?", metavar="FILE")
            if action == "export":
                sub.add_argument("--draft", action="store_true", help="the draft instead of the live program")
            if action == "import":
                sub.add_argument("file", metavar="FILE", help="- reads stdin")
                sub.add_argument(
                    "--allow-unknown-products",
                    action="store_true",
                    help="also take a program that names products which no order of the shop ever had",
                )
            if action == "publish":
                sub.add_argument("--note", default="", help="what changed, for the list of versions")
            if action == "rollback":
                sub.add_argument("number", type=int, metavar="VERSION")
            if action == "backtest":
                sub.add_argument("--days", type=int, default=90, help="7 to 730, 90 if not said")

    def handle(self, *args: str, **options: Any) -> None:
        try:
            super().handle(*args, **options)
        except InvalidProgram as error:
            raise CommandError(f"The program cannot be used as it is:\n{error}") from None
        except (NothingToPublish, UnknownVersion) as error:
            raise CommandError(str(error)) from None

    def answer_for(self, shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
        act = {
            "export": export,
            "import": bring_in,
            "publish": publish_draft,
            "diff": compare,
            "rollback": go_back,
            "backtest": try_out,
        }
        return act[options["action"]](shop, options)

    def show(self, answer: Mapping[str, Any], options: dict[str, Any]) -> None:
        if options["action"] == "export" and not options["file"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False, indent=2))
        elif options["action"] == "diff" and not options["json"]:
            self.stdout.write("\n".join(answer["changes"]) or "No difference to the live version.")
        elif options["action"] == "backtest" and not options["json"]:
            self.stdout.write(answer["text"])
        else:
            super().show(answer, options)


def export(shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
    live = live_version(shop)
    document = as_dict(draft_document(shop) if options["draft"] else decode(live.document))
    if not options["file"]:
        return document
    try:
        Path(options["file"]).write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", "utf-8")
    except OSError as error:
        raise CommandError(f"{options['file']} cannot be written: {error.strerror}") from None
    return {"file": options["file"], "version": None if options["draft"] else live.number}


def bring_in(shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
    document = from_file(options["file"])
    unknown = [] if options["allow_unknown_products"] else unknown_products(shop, document)
    if unknown:
        raise CommandError(f"{InvalidProgram(unknown)}\nUse --allow-unknown-products to import it anyway.")
    load_draft(shop, document)
    return {"shop": shop.public_id, "rules": len(document.rules), "changes": against_live(shop, document)}


def publish_draft(shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
    return published(shop, publish(shop, ACTOR, options["note"]))


def compare(shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
    document = from_file(options["file"]) if options["file"] else draft_document(shop)
    return {"version": live_version(shop).number, "changes": against_live(shop, document)}


def go_back(shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
    return published(shop, roll_back(shop, options["number"], ACTOR))


def try_out(shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
    document = from_file(options["file"]) if options["file"] else None
    return backtest(shop, options["days"], ACTOR, document, options["json"])


def published(shop: Shop, version: ProgramVersion) -> Mapping[str, Any]:
    """The new version, and what it changed against the one before."""
    before = versions(shop).get(number=version.number - 1)
    changes = diff(decode(before.document), decode(version.document))
    return {"shop": shop.public_id, "version": version.number, "changes": changes}


def against_live(shop: Shop, document: ProgramDocument) -> list[str]:
    return diff(decode(live_version(shop).document), document)


def from_file(name: str) -> ProgramDocument:
    """The program in a file, or on stdin for "-". Raises CommandError or InvalidProgram."""
    try:
        data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}") from None
    return validate(data)
