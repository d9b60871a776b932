"""Rewards made, changed, offered and withdrawn by a merchant. Each change raises the revision."""

from typing import Any

from rewards.models import Reward
from rewards.terms import Terms
from shops.models import Shop


def create_reward(
    shop: Shop,
    name: str,
    terms: Terms | dict[str, Any],
    description: str = "",
    stock: int | None = None,
    active: bool = True,
    actor: str = "",
) -> Reward:
    """A new reward at the end of the catalogue. `terms` may be plain JSON values. Raises `InvalidReward`."""
    raise NotImplementedError


def change_reward(
    reward: Reward,
    *,
    revision: int,
    name: str | None = None,
    terms: Terms | dict[str, Any] | None = None,
    description: str | None = None,
    stock: int | None = None,
    endless: bool = False,
    active: bool | None = None,
    actor: str = "",
) -> Reward:
    """Change what is given; `endless` takes the stock away. The kind stays. Redemptions keep their own terms.

    Raises `InvalidReward`, and `StaleReward` where `revision` is not the present one.
    """
    raise NotImplementedError


def withdraw_reward(reward: Reward, actor: str = "") -> Reward:
    """Offer it no longer; what was redeemed stays. Doing it twice changes nothing."""
    raise NotImplementedError


def offer_reward(reward: Reward, actor: str = "") -> Reward:
    """Offer it again. Raises `InvalidReward` where its terms do not hold any more, or it is archived."""
    raise NotImplementedError


def archive_reward(reward: Reward, actor: str = "") -> Reward:
    """Put it away for good. Doing it twice changes nothing."""
    raise NotImplementedError


def move_reward(reward: Reward, place: int) -> None:
    """Make it the `place`-th of the catalogue, from 0; the others keep their order. No new revision."""
    raise NotImplementedError
