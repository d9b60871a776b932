"""Look at the inbox, put deliveries back into it, or apply what is due."""

from collections.abc import Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django_scopes import scopes_disabled

from orders.actions import drain, replay
from orders.models import Delivery
from shops.management.command import AnsweringCommand, find_shop
from shops.models import Shop


class Command(AnsweringCommand):
    help = "List the newest deliveries, replay some of them, or apply all that is due."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("action", choices=["list", "replay", "drain"])
        parser.add_argument(
            "ids", nargs="*", type=int, help="replay: the deliveries; without any, all in --state"
        )
        parser.add_argument("--shop", help="the shop's public id; without it, all shops (replay needs one)")
        parser.add_argument("--state", choices=Delivery.State.values, help="only deliveries in this state")
        parser.add_argument("--limit", type=int, default=50, help="list: at most so many")

    def answer(self, options: dict[str, Any]) -> Mapping[str, Any]:
        shop = find_shop(options["shop"]) if options["shop"] else None
        if options["action"] == "drain":
            return {"applied": drain(shop)}
        if options["action"] == "replay":
            return {"replayed": self._replay(shop, options)}
        return {"deliveries": self._list(shop, options)}

    def show(self, answer: Mapping[str, Any], options: dict[str, Any]) -> None:
        if options["json"] or "deliveries" not in answer:
            super().show(answer, options)
            return
        for row in answer["deliveries"]:
            self.stdout.write("  ".join(str(value) for value in row.values()))

    def _replay(self, shop: Shop | None, options: dict[str, Any]) -> int:
        if shop is None:
            raise CommandError("Name the shop whose deliveries are to be replayed: --shop")
        ids = options["ids"]
        if not ids:
            state = options["state"] or Delivery.State.DEAD
            with scopes_disabled():
                ids = list(Delivery.objects.filter(shop=shop, state=state).values_list("id", flat=True))
        return replay(ids, shop)

    def _list(self, shop: Shop | None, options: dict[str, Any]) -> list[dict[str, Any]]:
        with scopes_disabled():
            found = Delivery.objects.order_by("-id")
            found = found.filter(shop=shop) if shop else found
            found = found.filter(state=options["state"]) if options["state"] else found
            rows = found.values("id", "received_at", "topic", "state", "attempts", "error")[
                : max(1, options["limit"])
            ]
            return [row | {"received_at": row["received_at"].isoformat(timespec="seconds")} for row in rows]
