"""A redemption as it will be written: its state, its code, and until when that can be used."""

from datetime import datetime
from decimal import Decimal
from typing import NamedTuple
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


class Planned(NamedTuple):
    """What of a redemption is decided before it is written, and after that its `code` and its `id`."""

    public_id: str
    state: str
    name: str
    points: int
    value: Decimal
    code: str
    expires_at: datetime | None
    created_at: datetime
    id: int = 0


def plan(facts: Facts, terms: Terms, quoted: Quote, at: datetime) -> Planned:
    """The redemption without an id; the code of a pool is still to be taken.

    Where a store has to make the code, a worker is due at once; otherwise it is ready.
    """
    by_store = made_by_store(terms, facts.platform)
    abilities = PLATFORMS[facts.platform].abilities if by_store else None
    return Planned(
        redemption_public_id(),
        "reserved" if by_store else "issued",
        facts.name,
        quoted.points,
        quoted.value,
        "" if terms.source == "pool" else new_code(terms, abilities),
        _expires_at(terms, ZoneInfo(facts.timezone), at),
        at,
    )


def as_model(made: Planned, facts: Facts, key: str, actor: str) -> Redemption:
    """The row that was written, as it would be read."""
    issued = made.state == Redemption.State.ISSUED
    redemption = Redemption(
        id=made.id,
        shop_id=facts.shop_id,
        public_id=made.public_id,
        account_id=facts.account_id,
        reward_id=facts.reward_id or 0,
        connection_id=facts.connection_id,
        state=made.state,
        name=made.name,
        terms=msgspec.json.decode(facts.terms),
        points=made.points,
        value=made.value,
        posted=made.points,
        postings=1 if made.points else 0,
        request_key=key,
        code=made.code,
        expires_at=made.expires_at,
        due_at=None if issued else made.created_at,
        actor=actor,
        created_at=made.created_at,
        issued_at=made.created_at if issued else None,
    )
    redemption._state.adding = False
    redemption._state.db = "default"
    return redemption


def _expires_at(terms: Terms, zone: ZoneInfo, at: datetime) -> datetime | None:
    """The end of the last day on which the code can be used, on the shop's clock; None: it has no end."""
    if terms.validity_days is None:
        return None
    return day_after(zone, add_days(local_day(zone, at), terms.validity_days))
