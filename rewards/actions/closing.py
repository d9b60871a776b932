"""The end of a code that was not used: it becomes unusable first, and then its points come back.

A code whose terms keep the points of what expires unused is left as it is, and marked as lapsed: it stays issued, with
`closing` "lapsed", and nobody can use it any more.
"""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django_scopes import scope

from lib.clock import now
from lib.rows import execute
from rewards.models import Redemption
from rewards.settling import apart, at_a_store, finish, locked, settle
from rewards.steps import note
from rewards.terms import read_terms
from shops.models import Shop

State = Redemption.State
_OPEN = (State.RESERVED, State.ISSUING, State.ISSUED)
# An order placed in the last moment of a code has this long to reach us.
GRACE = timedelta(hours=1)
BATCH = 200


def begin(redemption: Redemption, closing: str, at: datetime, actor: str = "") -> None:
    """Begin to end a locked redemption that is not over, and save it; at once where no store has the code.

    `closing`: expired or revoked. One that turns out to be used stays used.
    """
    settle(redemption, at)
    if redemption.state not in _OPEN:
        return
    note(redemption, closing, actor=actor)
    redemption.closing = closing
    if redemption.state == State.RESERVED or not at_a_store(redemption):
        finish(redemption, at, actor)
    else:
        # While a worker may be making the code its lease has to run out: what is made after a look would stay.
        if not in_flight(redemption):
            redemption.due_at, redemption.attempts, redemption.error = at, 0, ""
        redemption.state = State.CLOSING
    redemption.save()


def in_flight(redemption: Redemption) -> bool:
    """Whether a worker may be talking to the store about it: its lease ends when it is due."""
    return (
        redemption.state in (State.ISSUING, State.CLOSING)
        and redemption.attempts > 0
        and not redemption.error
    )


def expire_due(at: datetime | None = None, limit: int = BATCH) -> int:
    """Begin to end codes whose time is over, each in a transaction of its own; returns how many.

    What could not even be made in its time is taken back, whatever the terms say of unused codes.
    """
    at = at or now()
    rows = execute(_EXPIRED, at=at, until=at - GRACE, limit=limit)
    shops = Shop.objects.in_bulk({shop_id for shop_id, _ in rows})
    begun = [
        apart(redemption_id, partial(_expire_one, shops[shop_id], redemption_id, at))
        for shop_id, redemption_id in rows
    ]
    return begun.count(True)


def _expire_one(shop: Shop, redemption_id: int, at: datetime) -> bool:
    """Whether there was something to do."""
    with scope(shop=shop), transaction.atomic():
        redemption = locked(shop.pk, redemption_id, skip_locked=True)
        if redemption is None or redemption.state not in _OPEN or redemption.closing:
            return False
        _expire(redemption, at)
    return True


def _expire(redemption: Redemption, at: datetime) -> None:
    if redemption.state != State.ISSUED or read_terms(redemption.terms).return_unused:
        begin(redemption, "expired", at)
        return
    settle(redemption, at)
    if redemption.state == State.ISSUED:
        redemption.closing = "lapsed"
        note(redemption, "lapsed")
        redemption.save()


_EXPIRED = """
    (SELECT shop_id, id FROM rewards_redemption
    WHERE state = 'issued' AND expires_at IS NOT NULL AND expires_at <= %(until)s AND closing = ''
    ORDER BY expires_at, id LIMIT %(limit)s)
    UNION ALL
    (SELECT shop_id, id FROM rewards_redemption
    WHERE state IN ('reserved', 'issuing') AND due_at IS NOT NULL AND expires_at <= %(at)s
    ORDER BY due_at, id LIMIT %(limit)s)
"""
