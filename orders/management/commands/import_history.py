"""Import a store's past orders through its own interface."""

import time
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management.base import CommandError, CommandParser
from django_scopes import scope

from lib.clock import now
from loyalty.calendar import day_start
from orders.actions import drain
from orders.management.chosen import only_connection
from orders.models import Sweep
from orders.sweeping import advance
from orders.sweeps import StillRunning, start_history
from platforms.reach import access_of
from shops.management.command import ACTOR, ShopCommand
from shops.models import Connection, Shop, StoreAccess

PAUSE_S = 0.5
UNDER_WAY = (Sweep.State.QUEUED, Sweep.State.RUNNING)


class Command(ShopCommand):
    help = (
        "Import a store's past orders: members get their spend and tiers, and points where --points is given."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--connection", help="the connection's public id, where the shop has several")
        parser.add_argument("--since", help="only orders placed on this day or later, such as 2025-01-01")
        parser.add_argument("--points", action="store_true", help="give points for past orders too")

    def answer_for(self, shop: Shop, options: dict[str, Any]) -> Mapping[str, Any]:
        connection = only_connection(shop, options["connection"])
        since = _since(shop, options["since"])
        access = access_of(connection)
        if access is None or access.state != StoreAccess.State.ACTIVE:
            raise CommandError(
                f"{connection.domain} does not let Regulars in: see connect_store --credential."
            )
        try:
            sweep = start_history(connection, since, with_points=options["points"], actor=ACTOR)
        except StillRunning as error:
            raise CommandError(str(error)) from None
        sweep = self._follow(connection, sweep)
        applied = drain(shop)
        if sweep.state == Sweep.State.FAILED:
            raise CommandError(f"The import stopped after {sweep.seen} orders: {sweep.error}")
        return {
            "connection": connection.public_id,
            "seen": sweep.seen,
            "new": sweep.missed,
            "updated": sweep.late + sweep.differing,
            "same": sweep.same,
            "applied": applied,
        }

    def _follow(self, connection: Connection, sweep: Sweep) -> Sweep:
        """Turn pages here, beside the workers, until it is over."""
        while sweep.state in UNDER_WAY:
            if not advance():
                drain(connection.shop)
                time.sleep(PAUSE_S)
            with scope(shop=connection.shop):
                before, sweep = sweep, Sweep.objects.get(shop=connection.shop, pk=sweep.pk)
            if sweep.seen != before.seen:
                of = f" of {sweep.total}" if sweep.total else ""
                self.stderr.write(f"{sweep.seen}{of} orders")
        return sweep


def _since(shop: Shop, given: str | None) -> datetime | None:
    if not given:
        return None
    try:
        day = date.fromisoformat(given)
    except ValueError:
        raise CommandError(f"--since {given}: write the day as 2025-01-31.") from None
    if day.year < 1990 or day > now().date():
        raise CommandError(f"--since {given}: choose a day between 1990 and today.")
    return day_start(ZoneInfo(shop.timezone), day)
