"""How the stores that make codes are reached, and how they have answered lately.

Nothing here calls a store. Each function is a transaction of its own, or part of a short one of the caller.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.breaker import Breaker
from lib.clock import now
from lib.rows import execute
from platforms.clients import AccessRevoked, Client
from platforms.reach import access_of, client_of
from platforms.registry import PLATFORMS
from rewards.errors import NotConnected
from rewards.terms import Terms
from shops.models import Connection, StoreAccess

# How long what waits for a store without access is left alone.
BLOCKED_FOR = timedelta(minutes=5)


def made_by_store(terms: Terms, platform: str) -> bool:
    """Whether the store itself makes what is redeemed; otherwise its code, if any, is known to us alone."""
    return terms.source == "store" and terms.kind != "custom" and PLATFORMS[platform].client is not None


def client_for(connection: Connection, at: datetime) -> Client | datetime:
    """Whoever speaks to the store of a connection whose `shop` is loaded, or until when that is to be left alone.

    Raises `NotConnected`. Of several that come to a store which has failed, one gets through, to try it.
    """
    access = access_of(connection)
    client = _client(connection, access)
    assert access is not None
    breaker = Breaker(access.failures, access.open_until)
    probe = breaker.probing(at)
    if not breaker.allows(at):
        return access.open_until or at
    if probe == breaker:
        return client
    with scope(shop=connection.shop):
        hit = StoreAccess.objects.filter(
            shop_id=access.shop_id, pk=access.pk, open_until=access.open_until
        ).update(failures=probe.failures, open_until=probe.open_until)
    return client if hit else probe.open_until or at


def _client(connection: Connection, access: StoreAccess | None) -> Client:
    if access is None or not connection.active:
        raise NotConnected(gettext("This store has not let us in: connect it again."))
    if access.state != StoreAccess.State.ACTIVE:
        raise NotConnected(gettext("This store has taken our access back: connect it again."))
    try:
        return client_of(connection, access)
    except AccessRevoked as error:
        raise NotConnected(str(error)) from error


def answered(connection: Connection) -> None:
    """The store gave an answer, whatever it was: the circuit is closed."""
    sql = """
        UPDATE shops_storeaccess SET failures = 0, open_until = NULL, error = ''
        WHERE shop_id = %(shop)s AND connection_id = %(connection)s AND state = 'active'
            AND (failures > 0 OR open_until IS NOT NULL OR error <> '')
    """
    execute(sql, shop=connection.shop_id, connection=connection.pk)


def failed(connection: Connection, why: str, at: datetime) -> None:
    """The store gave no usable answer."""
    with scope(shop=connection.shop), transaction.atomic():
        found = StoreAccess.objects.select_for_update(no_key=True)
        access = found.filter(shop_id=connection.shop_id, connection=connection).first()
        if access is not None:
            breaker = Breaker(access.failures, access.open_until).after_failure(at)
            access.failures, access.open_until = breaker.failures, breaker.open_until
            access.error = why[:500]
            access.save(update_fields=["failures", "open_until", "error"])


def revoked(connection: Connection, why: str, granted_before: datetime) -> None:
    """The store does not accept our credentials any more. Those granted since the call began stay."""
    with scope(shop=connection.shop):
        StoreAccess.objects.filter(
            shop_id=connection.shop_id,
            connection=connection,
            state=StoreAccess.State.ACTIVE,
            granted_at__lte=granted_before,
        ).update(state=StoreAccess.State.REVOKED, error=why[:500])


def wake(connection: Connection) -> int:
    """The store is connected again: it may be called, and what waited for it is due now; returns how many."""
    answered(connection)
    sql = """
        UPDATE rewards_redemption SET due_at = %(at)s
        WHERE shop_id = %(shop)s AND connection_id = %(connection)s AND due_at > %(at)s AND error <> ''
            AND state IN ('reserved', 'issuing', 'closing')
        RETURNING id
    """
    return len(execute(sql, shop=connection.shop_id, connection=connection.pk, at=now()))
