"""Rewards for the tiers that members reached, given for nothing."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import redis
import structlog
from django.utils.translation import gettext
from django_scopes import scopes_disabled

from lib import bell
from lib.rows import execute
from loyalty.models import Account
from rewards.actions.redeem import GIVEN, give
from rewards.errors import KeyConflict, NotRedeemed
from rewards.models import Reward

log = structlog.get_logger("regulars.codes")

# A tier that was reached longer ago gives no reward: a store's old orders, read in today, make no codes.
WITHIN = timedelta(days=7)
AT_ONCE = 100
REFUSED_S = 3600
_START = (datetime.min.replace(tzinfo=UTC), 0)


class _Due(NamedTuple):
    """A tier that was reached for the `entry`-th time, under its `name` of then, and nothing given for it so far."""

    since: datetime
    span_id: int
    shop_id: int
    account_id: int
    tier: str
    name: str
    entry: int
    reward_id: int

    @property
    def key(self) -> str:
        return f"tier:{self.tier}:{self.entry}"

    @property
    def mark(self) -> str:
        """The hint in Redis that it was refused a while ago."""
        return f"regulars:refused:{self.reward_id}:{self.account_id}:{self.key}"


def give_due(at: datetime, going_on: Callable[[], bool] = lambda: True) -> int:
    """Give what is due by `at`, in batches while `going_on` says so; how many were given.

    Two workers may do this at once: the key of a gift makes it once. Archived and sold-out rewards are not looked at;
    what is refused for another reason is told once and left alone for an hour.
    """
    given, after = 0, _START
    while going_on():
        found = _due(at, after)
        given += sum(_give(each) for each in _not_refused(found))
        if len(found) < AT_ONCE:
            break
        after = found[-1].since, found[-1].span_id
    return given


def _due(at: datetime, after: tuple[datetime, int]) -> list[_Due]:
    since, span_id = after
    rows = execute(_DUE, given=GIVEN, oldest=at - WITHIN, since=since, id=span_id, limit=AT_ONCE)
    return [_Due(*row) for row in rows]


def _not_refused(found: Sequence[_Due]) -> list[_Due]:
    if not found:
        return []
    with suppress(redis.RedisError):
        marks = bell.connection().mget([each.mark for each in found])
        return [each for each, mark in zip(found, marks, strict=True) if mark is None]
    return list(found)


def _give(due: _Due) -> bool:
    with scopes_disabled():
        account = Account.objects.get(shop_id=due.shop_id, pk=due.account_id)
        reward = Reward.objects.get(shop_id=due.shop_id, pk=due.reward_id)
    try:
        give(account, reward, due.key, gettext("For reaching %(tier)s") % {"tier": due.name})
    except KeyConflict:
        # Another worker was first, with the reward that the tier gave before facts came late.
        return False
    except NotRedeemed as refused:
        log.warning(
            "reward of a tier not given",
            shop=due.shop_id,
            account=due.account_id,
            reward=reward.public_id,
            why=refused.code,
        )
        with suppress(redis.RedisError):
            bell.connection().set(due.mark, b"1", ex=REFUSED_S)
        return False
    return True


_DUE = """
    SELECT p.since, p.id, p.shop_id, p.account_id, p.tier, p.name, (p.details ->> 'entry')::integer, r.id
    FROM loyalty_tierspan p
    JOIN rewards_reward r ON r.shop_id = p.shop_id AND r.public_id = p.details ->> 'reward'
    WHERE p.details ? 'reward' AND p.since >= %(oldest)s AND (p.since, p.id) > (%(since)s, %(id)s)
        AND r.archived_at IS NULL AND (r.stock IS NULL OR r.taken < r.stock)
        AND NOT EXISTS (
            SELECT FROM rewards_redemption d WHERE d.shop_id = p.shop_id AND d.account_id = p.account_id
                AND d.request_key = %(given)s || 'tier:' || p.tier || ':' || (p.details ->> 'entry')
        )
    ORDER BY p.since, p.id LIMIT %(limit)s
"""
