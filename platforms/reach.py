"""Speaking to a connected store: with what it gave us to come in, and with a circuit breaker in front."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from django.utils.translation import gettext
from django_scopes import scope

from lib.breaker import Breaker
from lib.clock import now
from platforms.clients import Access, AccessRevoked, Client, StoreAway, StoreRefused
from platforms.registry import PLATFORMS
from shops.models import Connection, StoreAccess

T = TypeVar("T")

ERROR_LENGTH = 500


def speak(connection: Connection, call: Callable[[Client], T]) -> T:
    """What `call` gets from the store. Never inside a transaction.

    Raises what the client raises; `StoreAway` at once while the store is left alone, `AccessRevoked` where there is no
    way in (and notes it for the merchant).
    """
    access = access_of(connection)
    if access is None or access.state != StoreAccess.State.ACTIVE:
        raise AccessRevoked(gettext("This store is not connected, so nothing can be asked of it."))
    before = Breaker(access.failures, access.open_until)
    if not before.allows(now()):
        raise StoreAway(gettext("This store does not answer at the moment."), limited=True, retry_after_s=5)
    during = before.probing(now())
    if during != before and not _swap(access, before, during):
        raise StoreAway(gettext("This store is being tried already."), limited=True, retry_after_s=5)
    try:
        result = call(client_of(connection, access))
    except StoreAway as error:
        if not error.limited:
            _count(access, error)
        raise
    except AccessRevoked as error:
        _revoke(access, error)
        raise
    except StoreRefused:
        _close(access, during)
        raise
    _close(access, during)
    return result


def access_of(connection: Connection) -> StoreAccess | None:
    """The store's access, if it gave us any."""
    with scope(shop=connection.shop_id):
        found: StoreAccess | None = StoreAccess.objects.filter(
            shop_id=connection.shop_id, connection_id=connection.pk
        ).first()
    return found


def client_of(connection: Connection, access: StoreAccess) -> Client:
    """A client for the store. Raises `AccessRevoked` where its platform has no interface."""
    make = PLATFORMS[connection.platform].client
    if make is None:
        raise AccessRevoked(gettext("Stores of this platform cannot be asked for anything."))
    credentials = msgspec.json.decode(access.credentials, type=dict[str, str])
    return make(Access(connection.domain, credentials, connection.shop.currency, dict(access.info)))


def _swap(access: StoreAccess, before: Breaker, after: Breaker) -> bool:
    """Store a state of the breaker unless another process was faster."""
    with scope(shop=access.shop_id):
        same = StoreAccess.objects.filter(
            shop_id=access.shop_id, pk=access.pk, open_until=before.open_until, failures=before.failures
        )
        return bool(same.update(failures=after.failures, open_until=after.open_until))


def _count(access: StoreAccess, error: StoreAway) -> None:
    """A failure counts on what is there by now, whoever failed besides."""
    with scope(shop=access.shop_id):
        rows = StoreAccess.objects.filter(shop_id=access.shop_id, pk=access.pk)
        counted = rows.values_list("failures", "open_until").first()
        if counted is None:
            return  # disconnected meanwhile
        after = Breaker(*counted).after_failure(now())
        rows.update(failures=after.failures, open_until=after.open_until, error=str(error)[:ERROR_LENGTH])


def _close(access: StoreAccess, during: Breaker) -> None:
    """Nothing to write for a store that was fine before, so the ordinary call costs no statement."""
    if during == Breaker() and not access.error:
        return
    with scope(shop=access.shop_id):
        StoreAccess.objects.filter(shop_id=access.shop_id, pk=access.pk).update(
            failures=0, open_until=None, error=""
        )


def _revoke(access: StoreAccess, error: AccessRevoked) -> None:
    with scope(shop=access.shop_id):
        # Access that was given since the call began stays.
        StoreAccess.objects.filter(
            shop_id=access.shop_id,
            pk=access.pk,
            state=StoreAccess.State.ACTIVE,
            granted_at=access.granted_at,
        ).update(state=StoreAccess.State.REVOKED, error=str(error)[:ERROR_LENGTH])
