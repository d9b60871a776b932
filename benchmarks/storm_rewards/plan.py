"""What shoppers wish for in a storm, and what becomes of it. Follows from the seed alone."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

Fate = Literal["keep", "revoke", "use", "refund", "cancel", "revoke and use"]

START_POINTS = 2000
STEP = 10
PER_MEMBER = 2
# By name: terms, how often it is wished for. "scarce" has a stock.
REWARDS: Mapping[str, tuple[dict[str, Any], int]] = {
    "fixed": ({"kind": "fixed", "price": 100, "value": "1.00"}, 30),
    "variable": (
        {"kind": "variable", "price": STEP, "value": "0.10", "min_points": 20, "max_points": 300},
        20,
    ),
    "percentage": ({"kind": "percentage", "price": 150, "value": "15"}, 12),
    "free shipping": ({"kind": "free_shipping", "price": 80}, 12),
    "gift card": ({"kind": "gift_card", "price": 120, "value": "1.20"}, 10),
    "scarce": ({"kind": "fixed", "price": 50, "value": "5.00", "minimum_spend": "20.00"}, 8),
    "twice": ({"kind": "fixed", "price": 40, "value": "4.00", "per_member": PER_MEMBER}, 8),
}
FATES: Mapping[Fate, int] = {
    "keep": 55,
    "revoke": 15,
    "use": 10,
    "refund": 8,
    "cancel": 5,
    "revoke and use": 7,
}
# One order has lines of these prices in cents; a refund gives the first of them back.
LINES = (4000, 6000)
REFUNDED = Fraction(LINES[0], sum(LINES))
PER_MEMBER_WISHES = 20
FIRST_CUSTOMER = 7_000_000_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """A redemption that a member asks for, `at_s` after the begin, by HTTP or as our own code does.

    `taps`: how often at the same time. `later_s`: how long after it was made its fate begins.
    """

    number: int
    at_s: float
    member: int
    reward: str
    points: int | None
    by_http: bool
    taps: int
    fate: Fate
    later_s: float

    @property
    def key(self) -> str:
        return f"wish-{self.number}"

    @property
    def price(self) -> int:
        """In points."""
        price: int = REWARDS[self.reward][0]["price"]
        return price if self.points is None else self.points


def members_for(count: int) -> int:
    """How many members make `count` wishes. Some of them have too few points for theirs."""
    return max(12, count // PER_MEMBER_WISHES)


def customer_of(member: int) -> int:
    """The number that the store has given to a member."""
    return FIRST_CUSTOMER + member


def stock_for(count: int) -> int:
    """Of what is scarce: for fewer than want it."""
    return max(5, count // 25)


def wishes(count: int, dice: random.Random, seconds: float) -> list[Wish]:
    """`count` wishes over `seconds`."""
    return [_wish(number, count, dice, seconds) for number in range(count)]


def _wish(number: int, count: int, dice: random.Random, seconds: float) -> Wish:
    [reward] = dice.choices(list(REWARDS), [weight for _, weight in REWARDS.values()])
    [fate] = dice.choices(list(FATES), list(FATES.values()))
    if reward == "gift card" and fate not in ("keep", "revoke"):
        fate = "keep"  # orders do not carry the codes of gift cards
    return Wish(
        number=number,
        at_s=seconds * number / count,
        member=dice.randrange(members_for(count)),
        reward=reward,
        points=STEP * dice.randint(2, 30) if reward == "variable" else None,
        by_http=dice.random() < 0.6,
        taps=2 if dice.random() < 0.1 else 1,
        fate=fate,
        later_s=dice.choice([0.0, dice.uniform(0, 1), dice.uniform(0, 5)]),
    )
