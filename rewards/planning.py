"""A redemption as it will be written: its state, its code, and until when that can be used."""

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from loyalty.calendar import add_days, day_after, local_day
from platforms.registry import PLATFORMS
from rewards.codes import new_code
from rewards.models import Redemption, redemption_public_id
from rewards.offers import Quote
from rewards.statements import Facts
from rewards.stores import made_by_store
from rewards.terms import Terms


def plan(facts: Facts, terms: Terms, quoted: Quote, key: str, actor: str, at: datetime) -> Redemption:
    """The redemption, not saved and without an id; the code of a pool is still to be taken.

    Where a store has to make the code, a worker is due at once; otherwise it is ready.
    """
    by_store = made_by_store(terms, facts.platform)
    abilities = PLATFORMS[facts.platform].abilities if by_store else None
    return Redemption(
        shop_id=facts.shop_id,
        public_id=redemption_public_id(),
        account_id=facts.account_id,
        reward_id=facts.reward_id or 0,
        connection_id=facts.connection_id,
        state="reserved" if by_store else "issued",
        name=facts.name,
        terms=msgspec.json.decode(facts.terms),
        points=quoted.points,
        value=quoted.value,
        posted=quoted.points,
        postings=1 if quoted.points else 0,
        request_key=key,
        code="" if terms.source == "pool" else new_code(terms, abilities),
        expires_at=_expires_at(terms, ZoneInfo(facts.timezone), at),
        due_at=at if by_store else None,
        actor=actor,
        created_at=at,
        issued_at=None if by_store else at,
    )


def _expires_at(terms: Terms, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The end of the last day on which the code can be used, on the shop's clock; None: it has no end."""
    if terms.validity_days is None:
        return None
    return day_after(zone, add_days(local_day(zone, at), terms.validity_days))
