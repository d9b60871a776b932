"""Tiers, caps and counts of orders: whatever order the facts come in, every member ends where their dates say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty import ledger, reviews
from loyalty.actions.members import replay_accounts
from loyalty.actions.programs import draft_document, open_shop
from loyalty.documents import as_dict
from loyalty.models import Account, Award, ProgramVersion, Progress, Standing, TierSpan
from loyalty.proof import verify
from loyalty.validation import validate
from orders import pipeline
from orders.reading import Facts
from platforms.connect import connect_store
from platforms.snapshots import (
    CustomerSnapshot,
    Line,
    OrderSnapshot,
    OrderStatus,
    RefundEvent,
    RefundLine,
    RefundSnapshot,
)
from shops.models import Connection, Shop
from tests.properties import tries

pytestmark = pytest.mark.django_db

FIRST = datetime(2037, 1, 1, 9, tzinfo=UTC)  # after the program that a new shop starts with
LAST = FIRST + timedelta(days=1300)
Told = tuple[str, OrderSnapshot | RefundEvent]  # (order id, fact)


def limits(draw: st.DrawFn) -> list[dict[str, Any]]:
    return draw(
        st.sampled_from(
            [
                [],
                [{"period": "month", "points": 150}],
                [{"period": "day", "points": 60}, {"period": "year", "points": 400}],
                [{"period": "ever", "points": 500}],
            ]
        )
    )


@st.composite
def programs(draw: st.DrawFn) -> dict[str, Any]:
    """Terms that make an order's points depend on the member's other orders."""
    rules: list[dict[str, Any]] = [
        {"kind": "per_currency", "key": "purchases", "name": "Purchases", "points": "1", "per": "1"}
    ]
    if draw(st.booleans()):
        rules.append({"kind": "first_order", "key": "first", "name": "First", "points": "50"})
    if draw(st.booleans()):
        card = {"kind": "nth_order", "key": "card", "name": "Card", "points": "30", "every": 2}
        rules.append(card | {"limits": draw(st.sampled_from([[], [{"period": "year", "times": 1}]]))})
    multipliers = draw(st.sampled_from([("1", "1"), ("1.5", "2")]))
    tiers = {
        "metric": draw(st.sampled_from(["spend", "points", "orders"])),
        "window": draw(st.sampled_from(["lifetime", "rolling", "calendar_year", "anniversary"])),
        "term": draw(st.sampled_from(["forever", "months", "calendar_year"])),
        "term_months": draw(st.sampled_from([3, 12])),
        "grace_days": draw(st.sampled_from([0, 20])),
        "downgrade": draw(st.sampled_from(["to_standing", "one_step"])),
    }
    expiry = draw(
        st.sampled_from(
            [
                {},
                {"mode": "per_lot", "months": 3},
                {"mode": "calendar"},
                {"mode": "inactivity", "months": 4},
            ]
        )
    )
    scale = 2 if tiers["metric"] == "orders" else 100
    tiers["levels"] = [
        {"key": "bronze", "name": "Bronze", "threshold": "0"},
        {"key": "silver", "name": "Silver", "threshold": str(scale), "multiplier": multipliers[0]},
        {
            "key": "gold",
            "name": "Gold",
            "threshold": str(scale * 3),
            "multiplier": multipliers[1],
            # An entry's points that have expired do not come back where late facts move the entry on.
            "entry_points": 0 if expiry else draw(st.sampled_from([0, 25])),
        },
    ]
    return {
        "rules": rules,
        "tiers": tiers,
        "caps": {"limits": limits(draw)},
        "hold_days": draw(st.sampled_from([0, 0, 14])),
        "expiry": expiry,
        "rounding": draw(st.sampled_from(["floor", "half_up"])),
    }


@dataclass(frozen=True)
class History:
    """`versions`: (instant, terms); `told`: facts, as the store tells them in the order of their dates."""

    versions: list[tuple[datetime, dict[str, Any]]]
    told: list[Told]


@st.composite
def orders(draw: st.DrawFn, number: int) -> list[Told]:
    placed_at = FIRST + timedelta(days=draw(st.integers(1, 1200)), hours=draw(st.integers(0, 23)))
    shopper = draw(st.sampled_from(["ann", "ben"]))
    prices = draw(st.lists(st.integers(5, 250), min_size=1, max_size=2))
    lines = tuple(Line(str(index), Decimal(price)) for index, price in enumerate(prices))

    def snapshot(**changes: Any) -> OrderSnapshot:
        said: dict[str, Any] = {
            "id": f"o{number}",
            "currency": "EUR",
            "status": OrderStatus.PAID,
            "placed_at": placed_at,
            "updated_at": placed_at,
            "paid_at": placed_at + timedelta(hours=draw(st.sampled_from([0, 30]))),
            "lines": lines,
            "customer": CustomerSnapshot(id=shopper, as_of=FIRST, joined_at=FIRST),
        }
        return OrderSnapshot(**said | changes)

    told: list[Told] = [(f"o{number}", snapshot())]
    for refund in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        at = placed_at + timedelta(days=draw(st.integers(1, 90)))
        line = draw(st.integers(0, len(prices) - 1))
        amount = Decimal(draw(st.integers(1, prices[line])))
        taken = RefundLine(str(line), amount)
        told.append((f"o{number}", RefundEvent(f"o{number}", RefundSnapshot(f"r{refund}", at, (taken,)))))
    if draw(st.integers(0, 7)) == 0:
        cancelled_at = placed_at + timedelta(days=2)
        told.append((f"o{number}", snapshot(cancelled_at=cancelled_at, updated_at=cancelled_at)))
    return told


@st.composite
def histories(draw: st.DrawFn) -> History:
    starts = [FIRST]
    if draw(st.booleans()):
        starts.append(FIRST + timedelta(days=draw(st.integers(100, 900))))
    told = [told for number in range(draw(st.integers(1, 7))) for told in draw(orders(number))]
    return History([(at, draw(programs())) for at in starts], sorted(told, key=_date))


def _date(told: Told) -> datetime:
    fact = told[1]
    return fact.refund.as_of if isinstance(fact, RefundEvent) else fact.updated_at


def open_store(history: History) -> Connection:
    shop = open_shop("Any order", "EUR", "Europe/Berlin")
    with scope(shop=shop):
        for number, (at, terms) in enumerate(history.versions, 2):
            document = validate(as_dict(draft_document(shop)) | terms)
            ProgramVersion.objects.create(
                shop=shop, number=number, document=as_dict(document), published_at=at, published_by="test"
            )
    return connect_store(shop, "standard", f"s{shop.pk}.example")


def deliver(store: Connection, told: Sequence[Told], at: datetime) -> None:
    facts = Facts()
    for order_id, fact in told:
        facts.orders.setdefault((store.shop_id, store.pk, order_id), []).append(fact)
        if isinstance(fact, OrderSnapshot) and fact.customer:
            facts.customers.append(((store.shop_id, store.pk, fact.customer.id), fact.customer))
    with transaction.atomic():
        pipeline.apply(facts, at)


def work(at: datetime) -> None:
    """The jobs of a night."""
    ledger.release_due(at)
    reviews.review_all_due(at)
    ledger.expire_due(at)


def look_at_all(shop: Shop) -> None:
    """As after a publish."""
    with scope(shop=shop):
        accounts = [(shop.pk, id_) for id_ in Account.objects.filter(shop=shop).values_list("id", flat=True)]
    replay_accounts(accounts, LAST)


def ended(shop: Shop) -> dict[str, Any]:
    """Everything that the facts decide, in terms that do not depend on when which row was written."""
    with scope(shop=shop):
        names = {
            account.pk: account.customer.external_id
            for account in Account.objects.filter(shop=shop).select_related("customer")
        }
        sources = {f"order:{order.pk}": order.external_id for order in shop.orders.all()}
        versions = dict(ProgramVersion.objects.filter(shop=shop).values_list("pk", "number"))
        return {
            "accounts": {
                names[account.pk]: (account.balance, account.pending)
                for account in Account.objects.filter(shop=shop)
            },
            "awards": {
                (
                    names[award.account_id],
                    sources.get(award.source, tuple(award.source.split(":")[2:])),
                ): award.target
                for award in Award.objects.filter(shop=shop)
                if award.target
            },
            "tiers": {
                names[standing.account_id]: (standing.tier, standing.since, standing.kept_until)
                for standing in Standing.objects.filter(shop=shop)
            },
            "spans": sorted(
                (
                    names[span.account_id],
                    span.number,
                    span.tier,
                    span.since,
                    span.until or LAST,
                    span.reason,
                    versions[span.version_id],
                )
                for span in TierSpan.objects.filter(shop=shop)
            ),
            "progress": sorted(
                (names[row.account_id], row.place.partition("/")[2], row.number, row.points, row.spend)
                for row in Progress.objects.filter(shop=shop)
            ),
        }


@settings(
    max_examples=tries(10, 125),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(history=histories(), data=st.data())
def test_any_order_of_delivery_ends_in_the_same_place(
    db: None, history: History, data: st.DataObject
) -> None:
    in_time = open_store(history)
    for told in history.told:
        deliver(in_time, [told], _date(told))
        if data.draw(st.booleans()):
            work(_date(told))
    deliver(in_time, history.told[-1:], LAST)

    shuffled = open_store(history)
    repeated = data.draw(st.lists(st.sampled_from(history.told), max_size=3))
    arrivals = data.draw(st.permutations([*history.told, *repeated]))
    size = data.draw(st.integers(1, len(arrivals)))
    for start in range(0, len(arrivals), size):
        deliver(shuffled, arrivals[start : start + size], LAST)
    for store in (in_time, shuffled):
        look_at_all(store.shop)
    work(LAST)
    work(LAST)

    assert ended(shuffled.shop) == ended(in_time.shop)
    assert verify(shuffled.shop_id) == []
    assert verify(in_time.shop_id) == []
