"""Points for a reward: one read and one statement, committed when they return."""

from decimal import Decimal

from loyalty.models import Account
from rewards.models import Redemption, Reward


def redeem(
    account: Account,
    reward_public_id: str,
    key: str,
    points: object = None,
    order_total: Decimal | None = None,
    actor: str = "",
) -> Redemption:
    """Take the points and reserve the reward, or hand it out at once where no store has to make a code.

    `key` (1 to 180 characters) names the request: the same one with the same content gives the redemption that is
    there, with other content raises `KeyConflict`. `points`: of a variable reward how many; of others None, or the
    price that was shown. `order_total`: of the cart, in the shop's currency, where it is known.

    Raises `NotRedeemed`; then no points were taken.
    """
    raise NotImplementedError


def redeem_as(
    shop_id: int,
    connection_id: int,
    external_id: str,
    reward_public_id: str,
    key: str,
    points: object = None,
    order_total: Decimal | None = None,
    actor: str = "",
) -> Redemption:
    """`redeem` for the shopper whom a store's token names: saves the read of the account."""
    raise NotImplementedError


def give(account: Account, reward: Reward, key: str, reason: str, actor: str = "") -> Redemption:
    """A reward for nothing, for a tier or a referral: whatever its price, schedule, tiers and limit for a member.

    A variable reward gives its least amount. `key` as in `redeem`, in a space of its own. Raises `NotRedeemed` where
    it is archived, sold out, or the member's store cannot give it; `KeyConflict`.
    """
    raise NotImplementedError
