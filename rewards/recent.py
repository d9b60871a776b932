"""What was read a moment ago of a reward and of the store whose shoppers redeem it."""

import time

from rewards.statements import Facts

KEPT_S = 2.0
MOST_KEPT = 1000
# What nobody has: the function in the database knows the member's own balance.
ENDLESS = 10**18

_kept: dict[tuple[int, int, str], tuple[float, Facts]] = {}


def get(shop_id: int, connection_id: int, reward: str) -> Facts | None:
    """The facts, of no member: no account, points without end, nothing redeemed yet. At most two seconds old."""
    found = _kept.get((shop_id, connection_id, reward))
    return found[1] if found and time.monotonic() - found[0] < KEPT_S else None


def keep(facts: Facts, reward: str) -> None:
    """Keep what was just read of the reward of this public id. Safe under threads: a race costs one read more."""
    if len(_kept) >= MOST_KEPT:
        _kept.clear()
    nobody = facts._replace(account_id=0, balance=ENDLESS, tier="", had=0, there=None)
    _kept[facts.shop_id, facts.connection_id, reward] = (time.monotonic(), nobody)


def forget(shop_id: int, connection_id: int, reward: str) -> None:
    _kept.pop((shop_id, connection_id, reward), None)
