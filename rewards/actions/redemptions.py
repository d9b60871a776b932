"""What the merchant's staff do with a redemption. Each is written down with the name of who did it."""

from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.bell import rewards_ringer
from lib.clock import now
from rewards import settling
from rewards.actions import closing
from rewards.errors import NotPossible
from rewards.models import Redemption
from rewards.steps import note
from rewards.terms import read_terms

State = Redemption.State


def revoke(redemption: Redemption, actor: str) -> Redemption:
    """Take a redemption back: its code ends, then its points return. Fine while it is being taken back already.

    Raises `NotPossible` where it was used, or is over.
    """

    def act(row: Redemption, at: datetime) -> None:
        if row.state == State.CLOSING:
            return
        closing.begin(row, "revoked", at, actor)
        if row.state == State.USED:
            raise _Kept(gettext("It was used already: refund its order, and the points come back."))
        if row.closing != "revoked":
            raise NotPossible(gettext("It is over: its points have come back."))

    return _act(redemption, act)


def cancel(redemption: Redemption, actor: str) -> Redemption:
    """Tell a member that something you hand over yourself will not come: the points return. Raises `NotPossible`."""
    if read_terms(redemption.terms).kind != "custom":
        raise NotPossible(gettext("This is not something you hand over yourself."))
    return revoke(redemption, actor)


def fulfil(redemption: Redemption, actor: str) -> Redemption:
    """Something you hand over yourself was handed over. Fine when it was before. Raises `NotPossible`."""

    def act(row: Redemption, at: datetime) -> None:
        if read_terms(row.terms).kind != "custom":
            raise NotPossible(gettext("This is not something you hand over yourself."))
        if row.state == State.USED:
            return
        if row.state not in (State.RESERVED, State.ISSUED):
            raise NotPossible(gettext("It is over: its points have come back."))
        row.state, row.used_at, row.due_at = State.USED, at, None
        row.issued_at = row.issued_at or at
        row.save()
        note(row, "fulfilled", actor=actor)

    return _act(redemption, act)


def retry(redemption: Redemption, actor: str) -> Redemption:
    """Try again now what the store did not do. Fine while it is being tried. Raises `NotPossible`."""

    def act(row: Redemption, at: datetime) -> None:
        if row.state not in settling.DRIVEN:
            raise NotPossible(gettext("There is nothing to try again."))
        if closing.in_flight(row):
            return
        row.due_at = at
        row.save(update_fields=["due_at"])
        note(row, "retried", actor=actor)

    return _act(redemption, act)


def resend(redemption: Redemption, actor: str) -> Redemption:
    """Give the member the code again: it moves to the top of their codes.

    Where no code could be made it is tried once more, for the points again. Raises `NotPossible`, and
    `loyalty.errors.NotEnoughPoints` or `AccountFrozen`.
    """

    def act(row: Redemption, at: datetime) -> None:
        if row.state == State.FAILED:
            _attempt_again(row, at, actor)
        elif row.state == State.ISSUED and (row.expires_at is None or row.expires_at > at):
            row.issued_at = at
        else:
            raise NotPossible(gettext("Only a code that can be used now can be sent again."))
        row.save()
        note(row, "resent", actor=actor)

    return _act(redemption, act)


def _attempt_again(row: Redemption, at: datetime, actor: str) -> None:
    if row.expires_at is not None and row.expires_at <= at:
        raise NotPossible(gettext("Its time is over: the member can redeem anew."))
    settling.take_again(row, at, actor)
    if not settling.hold_stock(row):
        raise NotPossible(gettext("Nothing is left of this reward."))
    row.state, row.closing, row.error = State.RESERVED, "", ""
    row.attempts, row.due_at = 0, at


class _Kept(NotPossible):
    """As `NotPossible`; what was learnt on the way is kept."""


def _act(redemption: Redemption, act: Callable[[Redemption, datetime], None]) -> Redemption:
    """Do something to the locked row; returns it as it is then. A worker looks at once at what is due."""
    kept: _Kept | None = None
    with scope(shop=redemption.shop), transaction.atomic():
        row = settling.locked(redemption.shop_id, redemption.pk)
        if row is None:
            raise NotPossible(gettext("There is no such redemption."))
        try:
            act(row, now())
        except _Kept as error:
            kept = error
        transaction.on_commit(rewards_ringer.soon)
    if kept is not None:
        raise kept
    return row
