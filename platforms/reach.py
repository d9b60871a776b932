"""Speaking to a connected store: with what it gave us to come in, and with a circuit breaker in front.

`speak` does all of it. Who calls stores from threads does it in parts: `way_in`, the call, and then `answered`,
`failed` or `revoked`, each a transaction of its own.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

import msgspec
from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.breaker import Breaker
from lib.clock import now
from lib.rows import execute
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
    asked_at = now()
    client = way_in(connection, asked_at)
    try:
        result = call(client)
    except StoreAway as error:
        if error.limited:
            answered(connection)
        else:
            failed(connection, str(error), now())
        raise
    except AccessRevoked as error:
        revoked(connection, str(error), asked_at)
        raise
    except StoreRefused:
        answered(connection)
        raise
    answered(connection)
    return result


def way_in(connection: Connection, at: datetime) -> Client:
    """Whoever speaks to the store of a connection whose `shop` is loaded. Calls nobody.

    Raises `AccessRevoked`, and `StoreAway` with `retry_after_s` while the store is left alone. Of several that come to
    one which has failed, one gets through, to try it.
    """
    access = access_of(connection)
    if access is None:
        raise AccessRevoked(gettext("This store has not let us in: connect it again."))
    if access.state != StoreAccess.State.ACTIVE:
        raise AccessRevoked(gettext("This store has taken our access back: connect it again."))
    client = client_of(connection, access)
    before = Breaker(access.failures, access.open_until)
    during = before.probing(at)
    if not before.allows(at):
        raise _left_alone(before, at)
    if during != before and not _swap(access, before, during):
        raise _left_alone(during, at)
    return client


def answered(connection: Connection) -> None:
    """The store gave an answer, whatever it was: the circuit is closed."""
    execute(_ANSWERED, shop=connection.shop_id, connection=connection.pk)


def failed(connection: Connection, why: str, at: datetime) -> None:
    """The store gave no usable answer. That counts on what is there by now, whoever failed besides."""
    with scope(shop=connection.shop_id), transaction.atomic():
        found = StoreAccess.objects.select_for_update(no_key=True)
        access = found.filter(shop_id=connection.shop_id, connection_id=connection.pk).first()
        if access is not None:
            after = Breaker(access.failures, access.open_until).after_failure(at)
            access.failures, access.open_until = after.failures, after.open_until
            access.error = why[:ERROR_LENGTH]
            access.save(update_fields=["failures", "open_until", "error"])


def revoked(connection: Connection, why: str, asked_at: datetime) -> None:
    """The store does not accept our credentials any more. Those granted since the call began stay."""
    with scope(shop=connection.shop_id):
        StoreAccess.objects.filter(
            shop_id=connection.shop_id,
            connection_id=connection.pk,
            state=StoreAccess.State.ACTIVE,
            granted_at__lte=asked_at,
        ).update(state=StoreAccess.State.REVOKED, error=why[:ERROR_LENGTH])


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


def _left_alone(breaker: Breaker, at: datetime) -> StoreAway:
    wait = (breaker.open_until - at).total_seconds() if breaker.open_until else 0.0
    return StoreAway(
        gettext("The store does not answer at the moment."), limited=True, retry_after_s=max(wait, 1.0)
    )


# An ordinary call finds nothing to write.
_ANSWERED = """
    UPDATE shops_storeaccess SET failures = 0, open_until = NULL, error = ''
    WHERE shop_id = %(shop)s AND connection_id = %(connection)s AND state = 'active'
        AND (failures > 0 OR open_until IS NOT NULL OR error <> '')
"""
