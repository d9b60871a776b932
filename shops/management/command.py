"""How this project's commands speak: lines for people, or with --json one JSON object on stdout, nothing else.

Whatever goes wrong is a sentence on stderr and exit status 1.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from shops.models import Shop

ACTOR = "command line"


class AnsweringCommand(BaseCommand):
    """A command with `--json`. Subclasses write `answer`: what to print, by name."""

    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")

    def answer(self, options: dict[str, Any]) -> Mapping[str, Any]:
        raise NotImplementedError

    def execute(self, *args: Any, **options: Any) -> str | None:
        for name, value in options.items():
            # A file may be called anything on a disk.
            if isinstance(value, str) and name != "file" and not _is_text(value):
                raise CommandError(f"{name}: this is not UTF-8 text.")
        return super().execute(*args, **options)

    def handle(self, *args: str, **options: Any) -> None:
        try:
            answer = self.answer(options)
        except ValidationError as error:
            raise CommandError(sentences(error)) from None
        self.show(answer, options)

    def show(self, answer: Mapping[str, Any], options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        else:
            self.stdout.write("\n".join(f"{name}: {shown(value)}" for name, value in answer.items()))


class ShopCommand(AnsweringCommand):
    """A command for one shop. Subclasses write `answer_for`."""

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--shop", required=True, help="the shop's public id, such as shop_2bc…")

    def answer(self, options: dict[str, Any]) -> Mapping[str, Any]:
        return self.answer_for(find_shop(options["shop"]), options)

    def answer_for(self, shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
        raise NotImplementedError


def find_shop(public_id: str) -> Shop:
    """The shop of that public id. Raises CommandError."""
    try:
        return Shop.objects.get(public_id=public_id)
    except Shop.DoesNotExist:
        raise CommandError(f"There is no shop with the public id “{public_id}”.") from None


def _is_text(value: str) -> bool:
    """Whether a word of the command line can be kept: its bytes were UTF-8."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def sentences(error: ValidationError) -> str:
    """What is wrong, one line a field."""
    if not hasattr(error, "error_dict"):
        return "\n".join(error.messages)
    return "\n".join(f"{field}: {' '.join(messages)}" for field, messages in error.message_dict.items())


def shown(value: Any) -> str:
    if value is None or value == []:
        return "-"
    return "; ".join(value) if isinstance(value, list) else str(value)
