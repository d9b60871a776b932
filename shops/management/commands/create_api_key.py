"""Make a key to the server API."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandParser

from shops.actions import create_api_key
from shops.management.command import ShopCommand
from shops.models import Shop


class Command(ShopCommand):
    help = "Create a key to the server API. It is shown once and cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--name", default="", help="what the key is for")

    def answer_for(self, shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
        key, secret = create_api_key(shop, options["name"])
        return {"shop": shop.public_id, "name": key.name, "api_key": secret}
