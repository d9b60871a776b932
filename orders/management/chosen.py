"""The store that a command is about."""

from django.core.management.base import CommandError
from django_scopes import scope

from shops.models import Connection, Shop


def only_connection(shop: Shop, public_id: str | None) -> Connection:
    """The active connection of that public id, or the shop's only one. Raises CommandError."""
    with scope(shop=shop):
        found = list(Connection.objects.filter(shop=shop, active=True).select_related("shop"))
    chosen = [connection for connection in found if public_id in (None, connection.public_id)]
    if len(chosen) == 1:
        return chosen[0]
    if not found:
        raise CommandError("This shop has no connected store yet: see connect_store.")
    names = ", ".join(f"{connection.public_id} ({connection})" for connection in found)
    raise CommandError(f"Name one of the shop's connections with --connection: {names}")
