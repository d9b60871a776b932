"""Reads of rewards that more than one caller needs."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Count
from django_scopes import scope

from lib.clock import now
from lib.rows import execute
from loyalty.models import Account, Standing
from loyalty.versions import timelines
from rewards.abilities import unavailable_at
from rewards.models import PoolCode, Redemption, Reward
from rewards.offers import Listed, MemberFacts, Offer, offer
from rewards.terms import read_terms
from shops.models import Connection, Shop


class Names(NamedTuple):
    """The names of points, and of tiers by key."""

    points: str
    tiers: Mapping[str, str]


def rewards_of(shop: Shop, *, archived: bool = False) -> list[Reward]:
    """The shop's rewards in the order of the catalogue; archived ones only where they are asked for."""
    with scope(shop=shop):
        found = Reward.objects.filter(shop=shop)
        if not archived:
            found = found.filter(archived_at=None)
        return list(found.order_by("position", "id"))


def reward_names(shop_id: int) -> Mapping[str, str]:
    """What the rewards that are not archived are called, by public id."""
    with scope(shop=shop_id):
        found = Reward.objects.filter(shop=shop_id, archived_at=None)
        return dict(found.order_by().values_list("public_id", "name"))


def pool_counts(shop: Shop) -> Mapping[int, int]:
    """Uploaded codes that nobody has got yet, by reward id."""
    with scope(shop=shop):
        free = PoolCode.objects.filter(shop=shop, redemption=None).values_list("reward_id")
        return dict(free.annotate(count=Count("id")).order_by())


def redeemed_counts(shop: Shop, most: int = 10_000) -> Mapping[int, int]:
    """How often each reward was redeemed and not returned, by reward id; counted up to `most` + 1."""
    sql = """
        SELECT r.id, (
            SELECT count(*) FROM (
                SELECT FROM rewards_redemption d
                WHERE d.shop_id = r.shop_id AND d.reward_id = r.id AND d.state NOT IN ('returned', 'failed')
                LIMIT %(most)s + 1
            ) found
        ) FROM rewards_reward r WHERE r.shop_id = %(shop)s
    """
    return dict(execute(sql, shop=shop.pk, most=most))


def listed(shop: Shop) -> list[Listed]:
    """The rewards that are offered, in order, with what is left of each."""
    offered = [(reward, read_terms(reward.terms)) for reward in rewards_of(shop) if reward.active]
    pooled = any(terms.source == "pool" for _, terms in offered)
    counts = pool_counts(shop) if pooled else {}
    return [
        Listed(
            id=reward.pk,
            public_id=reward.public_id,
            revision=reward.revision,
            name=reward.name,
            terms=terms,
            description=reward.description,
            left=_left(reward, counts.get(reward.pk, 0) if terms.source == "pool" else None),
        )
        for reward, terms in offered
    ]


def _left(reward: Reward, pooled: int | None) -> int | None:
    stock = None if reward.stock is None else reward.stock - reward.taken
    return min((left for left in (stock, pooled) if left is not None), default=None)


def member_facts(account: Account) -> MemberFacts:
    """What decides on the rewards of this member, read anew."""
    shop = account.shop
    with scope(shop=shop):
        balance = Account.objects.values_list("balance", flat=True).get(shop=shop, pk=account.pk)
        standing = Standing.objects.filter(shop=shop, account=account).first()
        had = Redemption.objects.filter(shop=shop, account=account).exclude(
            state__in=[Redemption.State.RETURNED, Redemption.State.FAILED]
        )
        redeemed_of = dict(had.values_list("reward_id").annotate(count=Count("id")).order_by())
    facts = MemberFacts(
        balance=balance,
        zone=ZoneInfo(shop.timezone),
        currency=shop.currency,
        platform=account.customer.connection.platform,
        tier=standing.tier if standing else "",
        redeemed_of=redeemed_of,
    )
    return named(facts, shop.pk)


def nobody(connection: Connection) -> MemberFacts:
    """The facts of a visitor of this store without an account: no points, no tier."""
    shop = connection.shop
    facts = MemberFacts(
        balance=0, zone=ZoneInfo(shop.timezone), currency=shop.currency, platform=connection.platform
    )
    return named(facts, shop.pk)


def catalogue(connection: Connection, account: Account | None, at: datetime | None = None) -> list[Offer]:
    """What the widget shows a shopper of this store: every offered reward that it can give, in order."""
    member = member_facts(account) if account else nobody(connection)
    at = at or now()
    return [
        offer(one, member, at)
        for one in listed(connection.shop)
        if not unavailable_at(one.terms, connection.platform)
    ]


def names_of(shop_id: int) -> Names:
    """What the live program calls its points and its tiers."""
    timeline = timelines([shop_id]).get(shop_id)
    if timeline is None:
        return Names("points", {})
    document = timeline.versions[-1].document
    return Names(document.points_name, {level.key: level.name for level in document.tiers.levels})


def named(member: MemberFacts, shop_id: int) -> MemberFacts:
    """The facts with the names that the live program gives."""
    names = names_of(shop_id)
    return replace(member, points_name=names.points, tier_names=names.tiers)
