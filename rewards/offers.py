"""What a reward is to one member at one instant: its price, what is missing, and what a redemption would be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from rewards.terms import Terms


@dataclass(frozen=True, slots=True)
class Listed:
    """A reward as the catalogue has it. `left`: of its stock or its uploaded codes, None where there is no end."""

    id: int
    public_id: str
    revision: int
    name: str
    terms: Terms
    description: str = ""
    active: bool = True
    archived: bool = False
    left: int | None = None


@dataclass(frozen=True, slots=True)
class MemberFacts:
    """What decides on a member's rewards: `tier` is a key or "", `redeemed_of` counts by reward id.

    `zone` and `currency` are the shop's, `platform` that of the member's store. Names are for sentences.
    """

    balance: int
    zone: ZoneInfo
    currency: str
    platform: str
    tier: str = ""
    redeemed_of: Mapping[int, int] = field(default_factory=dict)
    tier_names: Mapping[str, str] = field(default_factory=dict)
    points_name: str = "points"


@dataclass(frozen=True, slots=True)
class Slide:
    """What a variable reward allows this member: from `least` to `most` points by `step`, each worth `value_each`.

    `most` is below `least` where the balance does not reach it.
    """

    least: int
    most: int
    step: int
    value_each: Decimal

    def value_of(self, points: int) -> Decimal:
        """What so many points (whole steps) are worth, in the shop's currency."""
        return self.value_each * (points // self.step)


@dataclass(frozen=True, slots=True)
class Offer:
    """A reward for one member. `price`: points, of a variable reward the least. `missing`: points to it.

    `obstacle` is "" or why not, as `NotRedeemed.code` has it, and `why` the sentence.
    """

    listed: Listed
    price: int
    missing: int
    obstacle: str
    why: str
    slide: Slide | None = None

    @property
    def redeemable(self) -> bool:
        return not self.obstacle


@dataclass(frozen=True, slots=True)
class Quote:
    """What a redemption takes and gives: `value` in the shop's currency (or per cent), `minimum` to be spent."""

    points: int
    value: Decimal
    minimum: Decimal | None


def unavailable_at(terms: Terms, platform: str) -> str:
    """Why stores of this platform cannot give the reward, in a sentence; "" where they can."""
    raise NotImplementedError


def offer(listed: Listed, member: MemberFacts, at: datetime) -> Offer:
    """What the reward is to this member at `at`."""
    raise NotImplementedError


def quote(
    listed: Listed, member: MemberFacts, points: object, order_total: Decimal | None, at: datetime
) -> Quote:
    """What redeeming takes and gives. `points`: of a variable reward how many, of others None or the price shown.

    Raises `NotRedeemed`.
    """
    raise NotImplementedError
