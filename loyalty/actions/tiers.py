"""Tiers given by a person."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext
from django_scopes import scope

from lib.clock import now
from loyalty.actions.members import replay_accounts
from loyalty.calendar import day_after, local_day
from loyalty.documents import decode
from loyalty.errors import InvalidPin
from loyalty.models import Account, Standing, TierPin
from loyalty.queries import live_version

REASON_LENGTH = 500
LAST_YEAR = 9000


def pin_tier(account: Account, tier: str, until: date, reason: str, actor: str) -> TierPin:
    """Give the member `tier` (its key) through the day `until` in the shop, whatever they earn.

    A pin that runs already ends now. Raises `InvalidPin` with the field: tier, until, reason or actor.
    """
    shop, reason = account.shop, reason.strip()
    zone = ZoneInfo(shop.timezone)
    _check(account, tier, until, local_day(zone, now()), reason, actor)
    with transaction.atomic(), scope(shop=shop):
        at = _lock(account)
        _end_running(account, at)
        pin: TierPin = TierPin.objects.create(
            shop=shop,
            account=account,
            tier=tier,
            since=at,
            until=day_after(zone, until),
            reason=reason,
            actor=actor,
        )
        replay_accounts([(account.shop_id, account.pk)], at)
    return pin


def unpin(account: Account, actor: str) -> bool:
    """End the member's pin now, so that their own tier shows; whether there was one. `actor` ends it."""
    if not actor:
        raise InvalidPin("actor", gettext("A pin is ended by somebody."))
    with transaction.atomic(), scope(shop=account.shop):
        at = _lock(account)
        if not _end_running(account, at):
            return False
        replay_accounts([(account.shop_id, account.pk)], at)
    return True


def _lock(account: Account) -> datetime:
    """One person at a time pins a member; returns the instant from which it is this one's turn.

    The standing's row is what every change of a tier locks.
    """
    standings = Standing.objects.filter(shop=account.shop_id, account=account)
    list(standings.select_for_update(no_key=True).values_list("pk"))
    return now()


def _end_running(account: Account, at: datetime) -> int:
    running = TierPin.objects.filter(shop=account.shop_id, account=account, since__lte=at, until__gt=at)
    return running.update(until=at)


def _check(account: Account, tier: str, until: date, today: date, reason: str, actor: str) -> None:
    levels = decode(live_version(account.shop).document).tiers.levels
    if not levels:
        raise InvalidPin("tier", gettext("The live program has no tiers."))
    if tier not in {level.key for level in levels}:
        choices = ", ".join(level.key for level in levels)
        raise InvalidPin(
            "tier", gettext("There is no such tier; choose one of %(tiers)s.") % {"tiers": choices}
        )
    if until < today:
        raise InvalidPin("until", gettext("This day is over; choose today or later."))
    if until.year > LAST_YEAR:
        raise InvalidPin("until", gettext("This day is too far away."))
    if not reason:
        raise InvalidPin("reason", gettext("Say why; the member's history keeps it."))
    if len(reason) > REASON_LENGTH:
        message = gettext("At most %(count)d characters.") % {"count": REASON_LENGTH}
        raise InvalidPin("reason", message)
    if "\x00" in reason:
        raise InvalidPin("reason", gettext("This text holds a character that cannot be kept."))
    if not actor:
        raise InvalidPin("actor", gettext("A pin names the person who made it."))
