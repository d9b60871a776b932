"""Reads of rewards that more than one caller needs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count
from django_scopes import scope

from lib.clock import now
from loyalty.models import Account, Standing
from loyalty.versions import timelines
from rewards.abilities import unavailable_at
from rewards.models import PoolCode, Redemption, Reward
from rewards.offers import Listed, MemberFacts, Offer, offer
from rewards.terms import read_terms
from shops.models import Connection, Shop


def rewards_of(shop: Shop, *, archived: bool = False) -> list[Reward]:
    """The shop's rewards in the order of the catalogue; archived ones only where they are asked for."""
    with scope(shop=shop):
        found = Reward.objects.filter(shop=shop)
        if not archived:
            found = found.filter(archived_at=None)
        return list(found.order_by("position", "id"))


def pool_counts(shop: Shop) -> Mapping[int, int]:
    """Uploaded codes that nobody has got yet, by reward id."""
    with scope(shop=shop):
        free = PoolCode.objects.filter(shop=shop, redemption=None).values_list("reward_id")
        return dict(free.annotate(count=Count("id")).order_by())


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
    return MemberFacts(
        balance=balance,
        platform=account.customer.connection.platform,
        tier=standing.tier if standing else "",
        redeemed_of=redeemed_of,
        **_shop_facts(shop),
    )


def nobody(connection: Connection) -> MemberFacts:
    """The facts of a visitor of this store without an account: no points, no tier."""
    return MemberFacts(balance=0, platform=connection.platform, **_shop_facts(connection.shop))


def catalogue(connection: Connection, account: Account | None, at: datetime | None = None) -> list[Offer]:
    """What the widget shows a shopper of this store: every offered reward that it can give, in order."""
    member = member_facts(account) if account else nobody(connection)
    at = at or now()
    return [
        offer(one, member, at)
        for one in listed(connection.shop)
        if not unavailable_at(one.terms, connection.platform)
    ]


def _shop_facts(shop: Shop) -> dict[str, Any]:
    facts: dict[str, Any] = {"zone": ZoneInfo(shop.timezone), "currency": shop.currency}
    if timeline := timelines([shop.pk]).get(shop.pk):
        document = timeline.versions[-1].document
        names = {level.key: level.name for level in document.tiers.levels}
        facts |= {"points_name": document.points_name, "tier_names": names}
    return facts
