"""The rewards of a shop as its list shows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from dashboard.reward_kinds import KINDS, RewardKind
from dashboard.reward_text import given_text, left_text, price_text, stores_of, unavailable_lines
from lib.clock import now
from loyalty.moments import local_moment
from loyalty.wording import number
from rewards.models import Reward
from rewards.queries import names_of, pool_counts, redeemed_counts, rewards_of
from rewards.terms import Terms, read_terms
from rewards.wording import moment_text
from shops.models import Shop

MOST_COUNTED = 10_000
# Fewer uploaded codes than this ask for more.
FEW = 10


@dataclass(frozen=True)
class RewardRow:
    """A reward in words. `left` of stock or codes, None without an end; `labels` as (text, type of label)."""

    reward: Reward
    terms: Terms
    kind: RewardKind
    given: str
    price: str
    left: str
    redeemed: int
    redeemed_text: str
    labels: list[tuple[str, str]]
    problems: list[str]

    @property
    def pooled(self) -> bool:
        return self.terms.source == "pool"


def reward_rows(shop: Shop) -> list[RewardRow]:
    """Those that are not archived, in the order of the catalogue. A handful of queries, however many they are."""
    names, stores = names_of(shop.pk), stores_of(shop)
    pools, redeemed = pool_counts(shop), redeemed_counts(shop, MOST_COUNTED)
    rows = []
    for reward in rewards_of(shop):
        terms = read_terms(reward.terms)
        left = left_of(reward, terms, pools)
        count = redeemed.get(reward.pk, 0)
        rows.append(
            RewardRow(
                reward=reward,
                terms=terms,
                kind=KINDS[reward.kind],
                given=given_text(terms, shop.currency),
                price=price_text(terms, names),
                left=left_text(left),
                redeemed=count,
                redeemed_text=_counted(count),
                labels=labels_of(reward, terms, left, ZoneInfo(shop.timezone)),
                problems=unavailable_lines(terms, stores),
            )
        )
    return rows


def left_of(reward: Reward, terms: Terms, pools: Mapping[int, int]) -> int | None:
    """How many are left of its stock and its uploaded codes; None where there is no end."""
    stock = None if reward.stock is None else reward.stock - reward.taken
    codes = pools.get(reward.pk, 0) if terms.source == "pool" else None
    return min((left for left in (stock, codes) if left is not None), default=None)


def labels_of(reward: Reward, terms: Terms, left: int | None, zone: ZoneInfo) -> list[tuple[str, str]]:
    """What is special about it now, as (text, type of label)."""
    labels = list(_window(terms, now(), zone))
    if reward.archived_at is not None:
        return [(gettext("Archived"), "")]
    if not reward.active:
        labels.insert(0, (gettext("Not offered"), ""))
    if left is not None and left <= 0:
        none = gettext("No codes left") if terms.source == "pool" else gettext("Sold out")
        labels.append((none, "danger"))
    elif left is not None and left < FEW:
        labels.append((gettext("Only %(count)s left") % {"count": number(left)}, "warning"))
    return labels


def _window(terms: Terms, at: datetime, zone: ZoneInfo) -> list[tuple[str, str]]:
    starts = local_moment(terms.starts).replace(tzinfo=zone) if terms.starts else None
    ends = local_moment(terms.ends).replace(tzinfo=zone) if terms.ends else None
    if ends and at >= ends:
        return [(gettext("Ended"), "")]
    if starts and at < starts:
        return [(gettext("Starts on %(day)s") % {"day": moment_text(starts, zone, at)}, "info")]
    if ends:
        return [(gettext("Until %(day)s") % {"day": moment_text(ends, zone, at)}, "info")]
    return []


def _counted(count: int) -> str:
    return f"{number(MOST_COUNTED)}+" if count > MOST_COUNTED else number(count)
