"""How the members of a shop spread over its tiers."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext

from dashboard.member_tier import levels_of
from loyalty.models import Standing
from shops.models import Shop


@dataclass(frozen=True)
class TierCount:
    """How many members have a tier ("" is none), and which part of all in percent."""

    key: str
    name: str
    members: int
    percent: int


def tier_counts(shop: Shop, members: int) -> Sequence[TierCount]:
    """The tiers of the live program, the highest first; of `members` the rest have none."""
    levels = levels_of(shop.pk)
    if not levels or not members:
        return ()
    found = dict(
        Standing.objects.filter(shop=shop).values_list("tier").annotate(count=Count("id")).order_by()
    )
    counts = [(level.key, level.name, found.get(level.key, 0)) for level in reversed(levels)]
    without = members - sum(count for _key, _name, count in counts)
    if without > 0:
        counts.append(("", gettext("No tier"), without))
    return [TierCount(key, name, count, round(100 * count / members)) for key, name, count in counts]
