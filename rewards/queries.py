"""Reads of rewards that more than one caller needs."""

from collections.abc import Mapping
from datetime import datetime

from loyalty.models import Account
from rewards.models import Reward
from rewards.offers import Listed, MemberFacts, Offer
from shops.models import Connection, Shop


def rewards_of(shop: Shop, *, archived: bool = False) -> list[Reward]:
    """The shop's rewards in the order of the catalogue; archived ones only where they are asked for."""
    raise NotImplementedError


def pool_counts(shop: Shop) -> Mapping[int, int]:
    """Uploaded codes that nobody has got yet, by reward id."""
    raise NotImplementedError


def listed(shop: Shop) -> list[Listed]:
    """The rewards that are offered, in order, with what is left of each."""
    raise NotImplementedError


def member_facts(account: Account) -> MemberFacts:
    """What decides on the rewards of this member."""
    raise NotImplementedError


def nobody(connection: Connection) -> MemberFacts:
    """The facts of a visitor of this store without an account: no points, no tier."""
    raise NotImplementedError


def catalogue(connection: Connection, account: Account | None, at: datetime | None = None) -> list[Offer]:
    """What the widget shows a shopper of this store: every offered reward that it can give, in order."""
    raise NotImplementedError
