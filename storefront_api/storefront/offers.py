"""A program in the words that shoppers read: ways to earn, campaigns that run, tiers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from msgspec.structs import replace

from loyalty.documents import (
    Campaign,
    Conditions,
    Custom,
    PerCurrency,
    ProgramDocument,
    Rule,
    SocialFollow,
    Tier,
)
from loyalty.gates import WEEKDAYS
from loyalty.moments import local_moment
from loyalty.products import folded
from loyalty.tiers import Ladder, ladder_of
from loyalty.tiers.ladder import plain
from loyalty.tiers.sentences import figure_text, window_text
from loyalty.versions import LoadedVersion
from loyalty.wording import (
    NETWORKS,
    campaign_gift_text,
    campaign_text,
    conditions_text,
    limit_text,
    money,
    points_text,
    products_text,
    rule_text,
)
from rewards.queries import reward_names


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads: the tier that decides what counts for them, None for a guest; and their tags as a customer."""

    tier: str | None = None
    tags: tuple[str, ...] = ()

    def concerned(self, conditions: Conditions) -> bool:
        """Whether something can be for them. Guests see what members of some tier get, but not what tags give."""
        if conditions.customer_tags:
            wanted = {folded(tag) for tag in conditions.customer_tags}
            if not wanted & {folded(tag) for tag in self.tags}:
                return False
        return self.tier is None or not conditions.tiers or self.tier in conditions.tiers


GUEST = Viewer()


def rules_for(version: LoadedVersion, at: datetime, viewer: Viewer = GUEST) -> list[Rule]:
    """The rules that are worth telling: switched on, begun, not over, and for this viewer."""
    clock = at.astimezone(version.zone).replace(tzinfo=None)
    return [
        rule
        for rule in version.document.rules
        if rule.active and _under_way(rule.conditions, clock) and viewer.concerned(rule.conditions)
    ]


def way(rule: Rule, version: LoadedVersion, at: datetime) -> dict[str, Any]:
    """One way to earn: `{key, kind, name, sentence, details, network, network_name, url}`.

    `network` and `url` (where to follow the shop) are null for all but follows.
    """
    follow = rule if isinstance(rule, SocialFollow) else None
    return {
        "key": rule.key,
        "kind": rule.__struct_config__.tag,
        "name": rule.name,
        "sentence": how_to_earn(rule, version.document),
        "details": _details(rule, version, at),
        "network": follow.network if follow else None,
        "network_name": NETWORKS[follow.network] if follow else None,
        "url": follow.url if follow else None,
    }


def how_to_earn(rule: Rule, document: ProgramDocument) -> str:
    """One rule for shoppers: "1 point for every 1 € you spend"."""
    points = points_text(rule.points, document.points_name)
    if isinstance(rule, Custom):
        return gettext("%(points)s: %(name)s") % {"points": points, "name": rule.name}
    if not isinstance(rule, PerCurrency):
        return rule_text(rule, document.currency, document.points_name)
    text = gettext("%(points)s for every %(amount)s you spend") % {
        "points": points,
        "amount": money(rule.per, document.currency, short=True),
    }
    products = products_text(rule.conditions.products)
    return gettext("%(text)s on %(products)s") % {"text": text, "products": products} if products else text


def _details(rule: Rule, version: LoadedVersion, at: datetime) -> str:
    """When it counts and how often."""
    document = version.document
    conditions = replace(rule.conditions, customer_tags=(), channels=())
    today = at.astimezone(version.zone).date()
    parts = [conditions_text(conditions, document.currency, tier_names(document), today)]
    parts += [limit_text(limit, document.points_name) for limit in rule.limits]
    return ", ".join(part for part in parts if part)


def campaigns_for(version: LoadedVersion, at: datetime, viewer: Viewer = GUEST) -> list[dict[str, Any]]:
    """The campaigns that count today: `{key, text, ends_at}`; `ends_at` is null for one without an end."""
    return [
        {
            "key": campaign.key,
            "text": _announcement(campaign, version, at),
            "ends_at": _instant(campaign.conditions.ends, version) if campaign.conditions.ends else None,
        }
        for campaign in version.document.campaigns
        if campaign.active and _today(campaign, version, at) and viewer.concerned(campaign.conditions)
    ]


def _announcement(campaign: Campaign, version: LoadedVersion, at: datetime) -> str:
    document = version.document
    told = replace(campaign, conditions=replace(campaign.conditions, customer_tags=(), channels=()))
    clock = at.astimezone(version.zone).replace(tzinfo=None)
    return campaign_text(told, clock, document.currency, document.points_name, tier_names(document))


def _today(campaign: Campaign, version: LoadedVersion, at: datetime) -> bool:
    clock = at.astimezone(version.zone).replace(tzinfo=None)
    days = campaign.conditions.weekdays
    return (not days or WEEKDAYS[clock.weekday()] in days) and _under_way(campaign.conditions, clock)


def _under_way(conditions: Conditions, clock: datetime) -> bool:
    """Whether the window has begun and is not over, by the shop's clock."""
    begun = not conditions.starts or local_moment(conditions.starts) <= clock
    return begun and (not conditions.ends or clock < local_moment(conditions.ends))


def _instant(moment: str, version: LoadedVersion) -> datetime:
    return local_moment(moment).replace(tzinfo=version.zone).astimezone(UTC)


def tiers_of(version: LoadedVersion, at: datetime, shop_id: int) -> dict[str, Any] | None:
    """`{counts, levels: [{key, name, threshold, threshold_text, benefits}]}`, the lowest first; null without tiers."""
    ladder = ladder_of(version)
    if not ladder.levels:
        return None
    rewards = reward_names(shop_id) if any(level.entry_reward for level in ladder.levels) else {}
    return {
        "counts": _what_counts(ladder, at),
        "levels": [_level(level, ladder, version.document, rewards) for level in ladder.levels],
    }


def _level(
    level: Tier, ladder: Ladder, document: ProgramDocument, rewards: Mapping[str, str]
) -> dict[str, Any]:
    return {
        "key": level.key,
        "name": level.name,
        "threshold": plain(level.threshold),
        "threshold_text": threshold_text(level.threshold, ladder, document) if level.threshold > 0 else "",
        "benefits": benefits(level, document, rewards),
    }


def threshold_text(threshold: Decimal, ladder: Ladder, document: ProgramDocument) -> str:
    """A threshold: 250 €, 500 points, 10 orders."""
    if ladder.tiers.metric == "spend":
        return money(threshold, document.currency, short=True)
    return figure_text(threshold, ladder.tiers.metric, document)


def benefits(level: Tier, document: ProgramDocument, rewards: Mapping[str, str] | None = None) -> list[str]:
    """What a tier gives, in words. `rewards`: names by public id; None for who has reached it, and so has got what is
    given for that already.
    """
    told = []
    if level.multiplier != 1:
        more = Campaign(key="", name="", multiplier=level.multiplier)
        told.append(
            gettext("%(points)s on what you buy") % {"points": campaign_gift_text(more, document.points_name)}
        )
    if rewards is not None:
        told += _for_getting_there(level, document, rewards)
    return [*told, *level.perks]


def _for_getting_there(level: Tier, document: ProgramDocument, rewards: Mapping[str, str]) -> list[str]:
    gifts = [points_text(level.entry_points, document.points_name)] if level.entry_points else []
    if level.entry_reward in rewards:
        gifts.append(rewards[level.entry_reward])
    return [gettext("%(gift)s when you get there") % {"gift": gift} for gift in gifts]


def _what_counts(ladder: Ladder, at: datetime) -> str:
    anniversary = ladder.tiers.window == "anniversary"
    start = None if anniversary else ladder.window_start(at, at)
    window = gettext("in your year as a member") if anniversary else window_text(ladder, start, at)
    what = {
        "spend": gettext("What you spend counts, %(window)s."),
        "points": gettext("The points you earn count, %(window)s."),
        "orders": gettext("Your orders count, %(window)s."),
    }[ladder.tiers.metric]
    return what % {"window": window}


def tier_names(document: ProgramDocument) -> dict[str, str]:
    """Names of tiers by key."""
    return {level.key: level.name for level in document.tiers.levels}
