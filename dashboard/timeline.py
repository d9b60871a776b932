"""A member's entries with the reason for each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loyalty.explain import DetailRow, explain, explain_detail
from loyalty.models import Award, Entry
from orders.models import Order
from shops.models import Shop


@dataclass(frozen=True)
class Moment:
    """One entry: what moved, the sentence that explains it, and each order line's part in it."""

    entry: Entry
    points: int
    sentence: str
    lines: Sequence[DetailRow] = ()
    order: Order | None = None


def timeline(shop: Shop, entries: Sequence[Entry], points_name: str) -> list[Moment]:
    """The entries explained, in the order given. Three queries, however many they are."""
    awards = Award.objects.filter(shop=shop).in_bulk([entry.award_id for entry in entries if entry.award_id])
    order_ids = [_order_id(award) for award in awards.values()]
    orders = Order.objects.filter(shop=shop).in_bulk([order_id for order_id in order_ids if order_id])
    moments = []
    for entry in entries:
        award = awards.get(entry.award_id) if entry.award_id else None
        order = orders.get(_order_id(award) or 0) if award else None
        moments.append(_moment(entry, award, order, points_name))
    return moments


def _moment(entry: Entry, award: Award | None, order: Order | None, points_name: str) -> Moment:
    points = entry.pending_delta + entry.available_delta
    if award is None or entry.revision is None:
        return Moment(entry, points, entry.reason)
    history = [*award.earlier, award.breakdown]
    known = min(entry.revision, len(history) - 1)
    before = history[known - 1] if known else None
    titles = {line["id"]: line.get("title", "") for line in order.lines} if order else {}
    sentence = explain(history[known], points, before=before, points_name=points_name)
    return Moment(entry, points, sentence, explain_detail(history[known], titles), order)


def _order_id(award: Award) -> int | None:
    """The order of an award whose source is "order:<id>"."""
    kind, _, key = award.source.partition(":")
    return int(key) if kind == "order" and key.isdigit() else None


def points_name_of(document: dict[str, Any]) -> str:
    """What a program's document calls its points."""
    return str(document.get("points_name", "points"))
