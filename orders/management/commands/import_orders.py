"""Take in past orders from a file."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from orders.actions import drain, take_in
from orders.management.chosen import only_connection
from shops.management.command import ShopCommand
from shops.models import Shop

TOPICS = {"shopify": "orders/updated", "woocommerce": "order.updated", "standard": "order.updated"}


class Command(ShopCommand):
    help = "Import orders: JSON lines in the platform's own order shape, through the same inbox as webhooks."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", help="one JSON object a line, UTF-8")
        parser.add_argument("--connection", help="the connection's public id, where the shop has several")

    def answer_for(self, shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
        connection = only_connection(shop, options["connection"])
        path = Path(options["file"])
        if not path.is_file():
            raise CommandError(f"There is no file {path}.")
        counted = _Lines(path)
        new = take_in(connection, TOPICS[connection.platform], counted)
        return {"lines": counted.count, "new": new, "applied": drain(shop)}


class _Lines:
    def __init__(self, path: Path) -> None:
        self._path = path
        self.count = 0

    def __iter__(self) -> Iterator[bytes]:
        with self._path.open("rb") as file:
            for line in file:
                if line := line.removeprefix(b"\xef\xbb\xbf").strip():
                    self.count += 1
                    yield line
