"""What a store sends in a storm, and what every member has spent afterwards by a model of its own."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.storm.programs import HOLD_DAYS

# How long before they are told orders were placed. The points of some members have expired by then; those of the
# others come off hold soon, or are held. Both together would move entry rewards by a year as orders come in, and a
# reward that has expired does not come back.
OLD = timedelta(days=400)
NEW = (timedelta(days=HOLD_DAYS, seconds=-15), timedelta(0))
# Refunds and cancellations are told up to so many deliveries later.
LATER = 300
# Orders are placed this long before they are told, so that nothing is told before it happened.
SLACK = timedelta(seconds=5)
JOINED = datetime(2025, 1, 1, tzinfo=UTC)
FIRST_ORDER = 5_000_000_000_000
FIRST_CUSTOMER = 7_000_000_000_000


@dataclass(slots=True)
class Event:
    """One delivery of what happened `at`; `lost_bell`: whatever rings for it is to be lost."""

    at: datetime
    topic: str
    webhook_id: str
    body: bytes
    lost_bell: bool = False

    @property
    def late(self) -> bool:
        """Whether it is told some time after the order itself."""
        return self.topic not in ("orders/create", "orders/paid")


@dataclass(slots=True)
class History:
    """`events` in the order in which they are sent; `cents` spent by the store's customer id; how many `orders`."""

    events: list[Event] = field(default_factory=list)
    cents: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    orders: int = 0
    distinct: int = 0


def make(count: int, dice: random.Random, begin: datetime, seconds: float) -> History:
    """About `count` deliveries over `seconds` from `begin`: 20 % duplicates, 20 % out of order, 10 % with no bell."""
    history = History()
    wanted = int(count / 1.2)
    number = 0
    while len(history.events) < wanted:
        number += 1
        customer = FIRST_CUSTOMER + dice.randrange(max(10, count // 20))
        told = begin + timedelta(seconds=seconds * len(history.events) / wanted)
        clock = told - SLACK - (NEW[number % 2] if customer % 3 else OLD)
        history.events.extend(_order(number, customer, clock, dice, history))
    history.orders, history.distinct = number, len(history.events)
    places = {
        id(event): place + event.late * dice.randrange(LATER) for place, event in enumerate(history.events)
    }
    history.events.sort(key=lambda event: places[id(event)])
    _disorder(history.events, dice)
    return history


def _order(
    number: int, customer: int, clock: datetime, dice: random.Random, history: History
) -> Iterator[Event]:
    """What comes of one order; adds to the model what the member keeps of it."""
    prices = [dice.randrange(100, 20_000) for _ in range(dice.randint(1, 3))]
    lines = [order_line(number * 10 + place, cents) for place, cents in enumerate(prices)]
    kept = sum(prices)
    if dice.random() < 0.2:
        pending = order_body(number, customer, lines, clock, clock, financial_status="pending")
        yield _event(clock, "orders/create", number, 0, pending)
    paid = clock + timedelta(seconds=1)
    yield _event(paid, "orders/paid", number, 1, order_body(number, customer, lines, clock, paid))
    fate = dice.random()
    if fate < 0.2:
        place = dice.randrange(len(prices))
        given_back = clock + timedelta(seconds=2)
        refund = refund_body(number, lines[place]["id"], prices[place], given_back)
        kept -= prices[place]
        yield _event(given_back, "refunds/create", number, 2, refund)
        if dice.random() < 0.5:
            later = clock + timedelta(seconds=3)
            status = "partially_refunded"
            after = order_body(
                number, customer, lines, clock, later, financial_status=status, refunds=[refund]
            )
            yield _event(later, "orders/updated", number, 3, after)
    elif fate < 0.28:
        over = clock + timedelta(seconds=4)
        kept = 0
        after = order_body(number, customer, lines, clock, over, cancelled_at=over.isoformat())
        yield _event(over, "orders/cancelled", number, 4, after)
    history.cents[str(customer)] += kept


def _disorder(events: list[Event], dice: random.Random) -> None:
    for place in range(len(events)):
        if dice.random() < 0.2:
            other = min(len(events) - 1, place + dice.randint(1, 40))
            events[place], events[other] = events[other], events[place]
    for event in dice.sample(events, len(events) // 5):
        events.insert(dice.randrange(len(events)), event)
    for event in dice.sample(events, len(events) // 10):
        event.lost_bell = True


def _event(at: datetime, topic: str, number: int, step: int, body: dict[str, Any]) -> Event:
    return Event(at, topic, f"storm-{number}-{step}", json.dumps(body).encode())


def order_line(id: int, cents: int) -> dict[str, Any]:
    return {"id": id, "title": "Mug", "price": _euros(cents), "quantity": 1, "product_id": 1, "variant_id": 1}


def order_body(
    number: int, customer: int, lines: list[dict[str, Any]], placed: datetime, at: datetime, **more: Any
) -> dict[str, Any]:
    id = FIRST_ORDER + number
    customer_told = {
        "id": customer,
        "email": f"c{customer}@example.com",
        "verified_email": True,
        "created_at": JOINED.isoformat(),
    }
    return {
        "id": id,
        "admin_graphql_api_id": f"gid://shopify/Order/{id}",
        "name": f"#{number}",
        "currency": "EUR",
        "financial_status": "paid",
        "created_at": placed.isoformat(),
        "updated_at": at.isoformat(),
        "customer": customer_told,
        "line_items": lines,
        "refunds": [],
        "note": "x" * 2000,
        **more,
    }


def refund_body(number: int, line_id: int, cents: int, at: datetime) -> dict[str, Any]:
    taken = {"line_item_id": line_id, "quantity": 1, "subtotal": _euros(cents), "total_tax": "0.00"}
    return {
        "id": 9_000_000_000_000 + number,
        "order_id": FIRST_ORDER + number,
        "created_at": at.isoformat(),
        "processed_at": at.isoformat(),
        "refund_line_items": [taken],
        "order_adjustments": [],
        "transactions": [{"kind": "refund", "status": "success", "amount": _euros(cents), "currency": "EUR"}],
    }


def _euros(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02}"
