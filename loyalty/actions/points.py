"""Points moved by a person."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction
from django_scopes import scope

from lib.clock import now
from lib.ids import public_id
from loyalty import ledger
from loyalty.calendar import NEVER, LotTerms, lot_terms
from loyalty.errors import InvalidAdjustment, ReferenceConflict
from loyalty.models import Account, Entry
from loyalty.versions import timelines

MOST_POINTS = 1_000_000_000
REASON_LENGTH = 500


def adjust(account: Account, points: int, reason: str, actor: str, reference: str | None = None) -> Entry:
    """Add `points` to the balance, or take them from it; `actor` names the person, `reason` why.

    What is added expires as the live program says. Before something is taken, what is due expires.

    The same `reference` with the same content gives the entry that is there already. Raises
    `InvalidAdjustment` (with the field), `NotEnoughPoints`, `AccountFrozen`, and `ReferenceConflict` when the
    reference came with other content before.
    """
    reason = reason.strip()
    _check(points, reason, actor, reference)
    at = now()
    terms = _terms(account, at) if points > 0 else NEVER
    move = ledger.Move(
        shop_id=account.shop_id,
        account_id=account.pk,
        kind=Entry.Kind.ADJUST,
        points=points,
        reference=reference or public_id("adjust"),
        occurred_at=at,
        reason=reason,
        actor=actor,
        expires_at=terms.expires_at,
        idle_months=terms.idle_months,
    )
    with scope(shop=account.shop):
        try:
            with transaction.atomic():
                # Under the account's lock, so that a repeated request waits for the first one to end.
                ledger.lock(move.shop_id, move.account_id)
                if (there := _there(move)) is not None:
                    return there
                ledger.post([move])
        except IntegrityError as error:  # the reference was taken by another account meanwhile
            raise ReferenceConflict(f"The reference {move.reference} is taken.") from error
        return Entry.objects.get(shop_id=move.shop_id, reference=move.reference)


def _terms(account: Account, at: datetime) -> LotTerms:
    """When points added at `at` expire; never where no program was ever published."""
    timeline = timelines([account.shop_id]).get(account.shop_id)
    if timeline is None:
        return NEVER
    return lot_terms(timeline.at(at).document, ZoneInfo(account.shop.timezone), at)


def _check(points: int, reason: str, actor: str, reference: str | None) -> None:
    if isinstance(points, bool) or not isinstance(points, int):
        raise InvalidAdjustment("points", "Points are whole numbers.")
    if points == 0:
        raise InvalidAdjustment("points", "Say how many points to add, or with a minus how many to take.")
    if abs(points) > MOST_POINTS:
        raise InvalidAdjustment("points", f"At most {MOST_POINTS:,} points can be moved at once.")
    if not reason:
        raise InvalidAdjustment("reason", "Say why; the member's history keeps it.")
    if len(reason) > REASON_LENGTH:
        raise InvalidAdjustment("reason", f"At most {REASON_LENGTH} characters.")
    if "\x00" in reason:
        raise InvalidAdjustment("reason", "This text holds a character that cannot be kept.")
    if not actor:
        raise InvalidAdjustment("actor", "An adjustment names the person who made it.")
    if reference is not None and not (0 < len(reference) <= 255 and reference.isprintable()):
        raise InvalidAdjustment("reference", "A reference has 1 to 255 printable characters.")


def _there(move: ledger.Move) -> Entry | None:
    """The entry that has this reference. Raises `ReferenceConflict` when it says something else."""
    entry: Entry | None = Entry.objects.filter(shop_id=move.shop_id, reference=move.reference).first()
    if entry is None:
        return None
    same = (entry.account_id, entry.kind, entry.available_delta, entry.reason) == (
        move.account_id,
        move.kind,
        move.points,
        move.reason,
    )
    if not same:
        raise ReferenceConflict(f"The reference {move.reference} was used with other content.")
    return entry
