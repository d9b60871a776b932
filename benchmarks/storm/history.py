"""What a store sends in a storm, and what every member must own afterwards by a model of its own."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

START = datetime(2026, 3, 1, tzinfo=UTC)
FIRST_ORDER = 5_000_000_000_000
FIRST_CUSTOMER = 7_000_000_000_000


@dataclass(slots=True)
class Event:
    """One delivery; `lost_bell`: whatever rings for it is to be lost."""

    topic: str
    webhook_id: str
    body: bytes
    lost_bell: bool = False


@dataclass(slots=True)
class History:
    """`events` in the order in which they are sent; `points` by the store's customer id, `orders` awarded."""

    events: list[Event] = field(default_factory=list)
    points: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    orders: int = 0
    distinct: int = 0


def make(count: int, dice: random.Random) -> History:
    """About `count` deliveries: 20 % duplicates, 20 % out of order, 10 % whose bell is lost."""
    history = History()
    wanted = int(count / 1.2)
    number = 0
    while len(history.events) < wanted:
        number += 1
        customer = FIRST_CUSTOMER + dice.randrange(max(10, count // 20))
        history.events.extend(_order(number, customer, dice, history))
    history.orders, history.distinct = number, len(history.events)
    _disorder(history.events, dice)
    return history


def _order(number: int, customer: int, dice: random.Random, history: History) -> Iterator[Event]:
    """What comes of one order; adds to the model what the member keeps of it."""
    prices = [dice.randrange(100, 20_000) for _ in range(dice.randint(1, 3))]
    lines = [_line(number * 10 + place, cents) for place, cents in enumerate(prices)]
    clock = START + timedelta(minutes=number)
    kept = sum(prices)
    if dice.random() < 0.2:
        pending = _body(number, customer, lines, clock, financial_status="pending")
        yield _event("orders/create", number, 0, pending)
    yield _event("orders/paid", number, 1, _body(number, customer, lines, clock + timedelta(seconds=1)))
    fate = dice.random()
    if fate < 0.2:
        place = dice.randrange(len(prices))
        refund = _refund(number, lines[place]["id"], prices[place], clock + timedelta(seconds=10))
        kept -= prices[place]
        yield _event("refunds/create", number, 2, refund)
        if dice.random() < 0.5:
            later = clock + timedelta(seconds=20)
            after = _body(
                number, customer, lines, later, financial_status="partially_refunded", refunds=[refund]
            )
            yield _event("orders/updated", number, 3, after)
    elif fate < 0.28:
        over = (clock + timedelta(seconds=30)).isoformat()
        kept = 0
        yield _event("orders/cancelled", number, 4, _body(number, customer, lines, over, cancelled_at=over))
    # One point for each whole euro of goods that is kept.
    history.points[str(customer)] += kept // 100


def _disorder(events: list[Event], dice: random.Random) -> None:
    for place in range(len(events)):
        if dice.random() < 0.2:
            other = min(len(events) - 1, place + dice.randint(1, 40))
            events[place], events[other] = events[other], events[place]
    for event in dice.sample(events, len(events) // 5):
        events.insert(dice.randrange(len(events)), event)
    for event in dice.sample(events, len(events) // 10):
        event.lost_bell = True


def _event(topic: str, number: int, step: int, body: dict[str, Any]) -> Event:
    return Event(topic, f"storm-{number}-{step}", json.dumps(body).encode())


def _line(id: int, cents: int) -> dict[str, Any]:
    return {"id": id, "title": "Mug", "price": _euros(cents), "quantity": 1, "product_id": 1, "variant_id": 1}


def _body(
    number: int, customer: int, lines: list[dict[str, Any]], at: datetime | str, **more: Any
) -> dict[str, Any]:
    id = FIRST_ORDER + number
    customer_told = {"id": customer, "email": f"c{customer}@example.com", "verified_email": True}
    return {
        "id": id,
        "admin_graphql_api_id": f"gid://shopify/Order/{id}",
        "name": f"#{number}",
        "currency": "EUR",
        "financial_status": "paid",
        "created_at": START.isoformat(),
        "updated_at": at if isinstance(at, str) else at.isoformat(),
        "customer": customer_told,
        "line_items": lines,
        "refunds": [],
        "note": "x" * 2000,
        **more,
    }


def _refund(number: int, line_id: int, cents: int, at: datetime) -> dict[str, Any]:
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
