"""Open a shop."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from loyalty.actions.programs import open_shop
from loyalty.queries import live_version
from shops.management.command import ACTOR, AnsweringCommand


class Command(AnsweringCommand):
    help = "Create a tenant: a shop whose program is live with the default rule."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--name", required=True)
        parser.add_argument("--currency", required=True, help="ISO 4217, such as EUR")
        parser.add_argument("--timezone", required=True, help="IANA, such as Europe/Berlin")

    def answer(self, options: dict[str, Any]) -> Mapping[str, Any]:
        shop = open_shop(options["name"], options["currency"], options["timezone"], ACTOR)
        return {
            "shop": shop.public_id,
            "name": shop.name,
            "currency": shop.currency,
            "timezone": shop.timezone,
            "program_version": live_version(shop).number,
        }
