"""The redemptions of a shop: which are asked for, and how many wait for somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet
from django.utils.translation import gettext

from dashboard.code_text import Label, masked, state_label
from dashboard.pages.members import matching
from lib.clock import now
from rewards.attention import stuck
from rewards.models import CodeUse, Redemption, Reward
from shops.models import Shop

State = Redemption.State
MOST_COUNTED = 1000
MOST_FOUND = 10_000


@dataclass(frozen=True)
class RedemptionRow:
    """One of them as lists show it; `code` is masked where the person must not use it."""

    redemption: Redemption
    code: str
    label: Label
    stuck: bool = False


@dataclass(frozen=True)
class Waiting:
    """How many wait: for their store, for somebody to look (a store has not played along for a day), for being handed
    over. `month` counts those made since the month began, `ready` what can be used. Each up to `MOST_COUNTED`.
    """

    month: int
    ready: int
    preparing: int
    to_hand_over: int
    stuck: int


def choices() -> list[tuple[str, str]]:
    """What a list can be narrowed to, as (key, words)."""
    return [
        ("", gettext("All")),
        ("attention", gettext("Need attention")),
        ("waiting", gettext("Under way")),
        ("hand", gettext("To hand over")),
        ("ready", gettext("Ready to use")),
        ("used", gettext("Used")),
        ("returned", gettext("Points returned")),
        ("failed", gettext("Not possible")),
    ]


def narrowed(shop: Shop, show: str) -> "QuerySet[Redemption]":
    """The redemptions that one of the `choices` means."""
    rows: QuerySet[Redemption] = Redemption.objects.filter(shop=shop)
    if show == "attention":
        return rows.filter(pk__in=stuck(shop, now()).order_by().values("pk"))
    if show == "waiting":
        return rows.filter(state__in=[State.RESERVED, State.ISSUING, State.CLOSING])
    if show == "hand":
        return _custom(shop, rows)
    if show == "ready":
        open_end = Q(expires_at=None) | Q(expires_at__gt=now())
        return rows.filter(open_end, state=State.ISSUED, closing="").exclude(terms__kind="custom")
    return rows.filter(state=show) if show in State.values else rows


def found(shop: Shop, rows: "QuerySet[Redemption]", words: str) -> "QuerySet[Redemption]":
    """Those of a code, of a member's e-mail or name, or of an order's number."""
    numbers = [words, f"#{words}", words.removeprefix("#")]
    uses = CodeUse.objects.filter(shop=shop, number__in=numbers).values("redemption_id")
    accounts = matching(shop, words).values("pk")
    by_code = Redemption.objects.filter(shop=shop, code__iexact=words).exclude(code="").values("pk")
    return rows.filter(Q(pk__in=by_code) | Q(pk__in=uses) | Q(account__in=accounts))


def rows_of(redemptions: Sequence[Redemption], sees_codes: bool) -> list[RedemptionRow]:
    """Them as lists show them."""
    if not redemptions:
        return []
    late = set(
        stuck(redemptions[0].shop, now())
        .filter(pk__in=[one.pk for one in redemptions])
        .values_list("pk", flat=True)
    )
    return [
        RedemptionRow(one, masked(one.code, sees_codes), state_label(one), one.pk in late)
        for one in redemptions
    ]


def waiting(shop: Shop, zone: ZoneInfo) -> Waiting:
    """The figures of the overview."""
    return Waiting(
        month=_since(shop, now().astimezone(zone).replace(day=1, hour=0, minute=0, second=0, microsecond=0)),
        ready=_count(narrowed(shop, "ready")),
        preparing=_count(narrowed(shop, "waiting")),
        to_hand_over=_count(narrowed(shop, "hand")),
        stuck=_count(stuck(shop, now())),
    )


def stuck_count(shop: Shop, most: int) -> int:
    """How many need attention, counted up to `most`: a partial index holds them."""
    return int(stuck(shop, now()).order_by()[:most].count())


def _custom(shop: Shop, rows: "QuerySet[Redemption]") -> "QuerySet[Redemption]":
    kinds = Reward.objects.filter(shop=shop, kind="custom").values("pk")
    return rows.filter(reward__in=kinds, state=State.ISSUED, closing="")


def _since(shop: Shop, start: datetime) -> int:
    """Ids rise with time: the rows before are not looked at. The day of grace is for long transactions."""
    rows = Redemption.objects.filter(shop=shop)
    before = (
        rows.filter(created_at__lt=start - timedelta(days=1))
        .order_by("-pk")
        .values_list("pk", flat=True)
        .first()
    )
    return int(rows.filter(pk__gt=before or 0, created_at__gte=start).count())


def _count(rows: "QuerySet[Redemption]") -> int:
    return int(rows.order_by()[:MOST_COUNTED].count())
