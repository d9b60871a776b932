"""A member's entries with the reason for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext

from loyalty.explain import DetailRow, explain, explain_detail
from loyalty.models import Account, Award, Entry
from loyalty.wording import points_text
from orders.models import Order
from shops.models import Shop

MOST_HELD = 100


@dataclass(frozen=True)
class Moment:
    """One entry: what moved, the sentence that explains it, and each order line's part in it.

    `held_until`: when its points come off hold, while they are on it.
    """

    entry: Entry
    points: int
    sentence: str
    lines: Sequence[DetailRow] = ()
    order: Order | None = None
    held_until: datetime | None = None


@dataclass(frozen=True)
class Held:
    """Points of an award that cannot be used before `release_at`."""

    points: int
    release_at: datetime | None
    order: Order | None


def timeline(shop: Shop, entries: Sequence[Entry], points_name: str) -> list[Moment]:
    """The entries explained, in the order given. Three queries, however many they are."""
    awards = Award.objects.filter(shop=shop).in_bulk([entry.award_id for entry in entries if entry.award_id])
    orders = _orders(shop, list(awards.values()))
    moments = []
    for entry in entries:
        award = awards.get(entry.award_id) if entry.award_id else None
        order = orders.get(_order_id(award) or 0) if award else None
        moments.append(_moment(entry, award, order, points_name))
    return moments


def on_hold(account: Account) -> list[Held]:
    """The member's points on hold, those first that are released first."""
    awards = Award.objects.filter(shop=account.shop, account=account, pending__gt=0)
    found = list(awards.order_by("release_at", "id")[:MOST_HELD])
    orders = _orders(account.shop, found)
    return [Held(award.pending, award.release_at, orders.get(_order_id(award) or 0)) for award in found]


def _moment(entry: Entry, award: Award | None, order: Order | None, points_name: str) -> Moment:
    points = entry.pending_delta + entry.available_delta
    if entry.kind == Entry.Kind.RELEASE:
        released = points_text(entry.available_delta, points_name)
        return Moment(entry, 0, gettext("%(points)s can be used now") % {"points": released}, order=order)
    if award is None or entry.revision is None:
        return Moment(entry, points, entry.reason, order=order)
    history = [*award.earlier, award.breakdown]
    known = min(entry.revision, len(history) - 1)
    before = history[known - 1] if known else None
    titles = {line["id"]: line.get("title", "") for line in order.lines} if order else {}
    sentence = explain(history[known], points, before=before, points_name=points_name)
    held_until = award.release_at if award.pending and entry.pending_delta > 0 else None
    return Moment(entry, points, sentence, explain_detail(history[known], titles), order, held_until)


def _orders(shop: Shop, awards: Sequence[Award]) -> dict[int, Order]:
    found = [_order_id(award) for award in awards]
    return Order.objects.filter(shop=shop).in_bulk([order_id for order_id in found if order_id])


def _order_id(award: Award) -> int | None:
    """The order of an award whose source is "order:<id>"."""
    kind, _, key = award.source.partition(":")
    return int(key) if kind == "order" and key.isdigit() else None


def points_name_of(document: dict[str, Any]) -> str:
    """What a program's document calls its points."""
    return str(document.get("points_name", "points"))
