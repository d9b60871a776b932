"""What is kept up with connected stores beside their orders: their webhooks, and what is known of them."""

import structlog
from django_scopes import scope, scopes_disabled

from lib.clock import now
from platforms.clients import AccessRevoked, Client, StoreAway, StoreRefused
from platforms.connect import webhook_url
from platforms.reach import ERROR_LENGTH, speak
from shops.models import Connection, StoreAccess

log = structlog.get_logger("regulars.stores")

STORES_AT_ONCE = 50


def look_at(connection: Connection) -> dict[str, str]:
    """Ask the store about itself and keep it. Raises what `speak` raises."""
    told = speak(connection, lambda client: client.about())
    with scope(shop=connection.shop_id):
        found = StoreAccess.objects.get(shop_id=connection.shop_id, connection_id=connection.pk)
        found.info = found.info | told
        found.save(update_fields=["info"])
    return dict(found.info)


def subscribe_due() -> int:
    """Have every connected store that does not yet send its webhooks send them; returns how many now do."""
    with scopes_disabled():
        waiting = StoreAccess.objects.filter(
            state=StoreAccess.State.ACTIVE, subscribed_at=None, connection__active=True
        )
        found = waiting.select_related("connection__shop").order_by("granted_at", "pk")
        accesses = list(found[:STORES_AT_ONCE])
    return sum(_subscribe(access) for access in accesses)


def foreign_currency(access: StoreAccess, own: str) -> str:
    """The store's currency where it is not the program's, else ""."""
    theirs: str = access.info.get("currency", "")
    return theirs if theirs != own else ""


def _subscribe(access: StoreAccess) -> bool:
    connection = access.connection

    def ask(client: Client) -> dict[str, str]:
        client.subscribe(webhook_url(connection), connection.secret)
        return client.about()

    try:
        told = speak(connection, ask)
    except (StoreAway, StoreRefused) as error:
        log.warning("store not subscribed", connection=connection.public_id, reason=type(error).__name__)
        if not isinstance(error, AccessRevoked):
            _keep(access, error=str(error)[:ERROR_LENGTH])
        return False
    # An access that was given meanwhile is subscribed by the next round.
    _keep(access, subscribed_at=now(), info=access.info | told, error="")
    return True


def _keep(access: StoreAccess, **changes: object) -> None:
    with scope(shop=access.shop_id):
        same = StoreAccess.objects.filter(shop_id=access.shop_id, pk=access.pk, granted_at=access.granted_at)
        same.update(**changes)
