"""Wishes and news of stores, written down in the transaction that applies their deliveries."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django_scopes import scope

from lib.clock import now
from lib.ids import public_id
from lib.rows import execute
from platforms.snapshots import PrivacyAsked, StoreChanged, StoreFact, StoreGone
from shops.models import Customer, PrivacyRequest, StoreAccess

DUE_DAYS = 30


def note(told: Iterable[tuple[int, int, datetime, StoreFact]]) -> None:
    """Keep what stores said, (shop id, connection id, when it was received, what); runs in the caller's transaction.

    A wish that was carried out and comes again later is carried out again.
    """
    for shop_id, connection_id, received_at, fact in told:
        match fact:
            case PrivacyAsked():
                _ask(shop_id, connection_id, received_at, fact)
            case StoreGone():
                _gone(shop_id, connection_id, received_at)
            case StoreChanged():
                execute(
                    _CHANGED,
                    shop=shop_id,
                    connection=connection_id,
                    info=msgspec.json.encode(fact.info).decode(),
                )


def ask_to_erase(customer: Customer) -> None:
    """A merchant wants this customer forgotten; done by a worker soon."""
    fact = PrivacyAsked(
        kind=PrivacyRequest.Kind.ERASE, reference=public_id("erase"), customer_id=customer.external_id
    )
    _ask(customer.shop_id, customer.connection_id, now(), fact)


def _ask(shop_id: int, connection_id: int, at: datetime, fact: PrivacyAsked) -> None:
    subject: dict[str, Any] = {
        "customer_id": fact.customer_id,
        "email": fact.email,
        "orders": list(fact.orders),
    }
    execute(
        _ASK,
        shop=shop_id,
        connection=connection_id,
        kind=fact.kind,
        reference=fact.reference,
        subject=msgspec.json.encode(subject).decode(),
        at=at,
        due=at + timedelta(days=DUE_DAYS),
    )


def _gone(shop_id: int, connection_id: int, at: datetime) -> None:
    """The token is forgotten, unless it was given after the store said this."""
    with scope(shop=shop_id):
        StoreAccess.objects.filter(shop_id=shop_id, connection_id=connection_id, granted_at__lte=at).update(
            state=StoreAccess.State.UNINSTALLED,
            credentials="{}",
            uninstalled_at=at,
            subscribed_at=None,
            failures=0,
            open_until=None,
            error="",
        )


_ASK = """
    INSERT INTO shops_privacyrequest AS p
        (shop_id, connection_id, kind, reference, subject, state, requested_at, due_at, attempts, error)
    VALUES (%(shop)s, %(connection)s, %(kind)s, %(reference)s, %(subject)s, 'new', %(at)s, %(due)s, 0, '')
    ON CONFLICT (shop_id, connection_id, kind, reference) DO UPDATE SET subject = excluded.subject, state = 'new',
        requested_at = excluded.requested_at, due_at = excluded.due_at, attempts = 0, error = '', done_at = NULL,
        export = NULL
    WHERE p.state = 'done' AND p.done_at < excluded.requested_at
"""
_CHANGED = """
    UPDATE shops_storeaccess SET info = info || %(info)s::jsonb
    WHERE shop_id = %(shop)s AND connection_id = %(connection)s
"""
