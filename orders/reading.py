"""From the bytes of claimed deliveries to facts, each with its outcome."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from orders.customers import CustomerKey
from orders.folding import OrderFact, OrderKey
from platforms.base import Ignored, Unreadable
from platforms.registry import PLATFORMS
from platforms.snapshots import CustomerSnapshot, OrderSnapshot

ERROR_LENGTH = 500


@dataclass(slots=True)
class Claimed:
    """A delivery in hand. `state` and `error` become its outcome."""

    id: int
    shop_id: int
    connection_id: int
    topic: str
    body: bytes
    attempts: int
    platform: str
    domain: str
    test_mode: bool
    state: str = "done"
    error: str = ""


@dataclass(slots=True)
class Facts:
    """What a batch says: facts by order in the order of arrival, and what was told of customers."""

    orders: dict[OrderKey, list[OrderFact]] = field(default_factory=dict)
    customers: list[tuple[CustomerKey, CustomerSnapshot]] = field(default_factory=list)
    test_connections: set[int] = field(default_factory=set)


def read(deliveries: Sequence[Claimed]) -> Facts:
    """Parse every body. One that cannot be read is marked dead, one that changes nothing ignored, with the reason."""
    facts = Facts()
    for delivery in deliveries:
        try:
            _read(delivery, facts)
        except Unreadable as error:
            delivery.state, delivery.error = "dead", str(error)[:ERROR_LENGTH]
        except Ignored as error:
            delivery.state, delivery.error = "ignored", str(error)[:ERROR_LENGTH]
    return facts


def _read(delivery: Claimed, facts: Facts) -> None:
    body = zlib.decompress(delivery.body)
    platform = PLATFORMS[delivery.platform]
    stated = platform.body_domain(body)
    if stated and stated != delivery.domain.lower() and _comparable(stated, delivery.domain):
        raise Unreadable(
            f"This body is about another store, {stated}, and was not applied to {delivery.domain}."
        )
    if delivery.test_mode:
        facts.test_connections.add(delivery.connection_id)
    for fact in platform.parse(delivery.topic, body):
        _sort(fact, delivery, facts)


def _comparable(stated: str, domain: str) -> bool:
    """Two names of one Shopify store, its own and its myshopify.com name, cannot be compared."""
    return stated.endswith(".myshopify.com") == domain.lower().endswith(".myshopify.com")


def _sort(fact: Any, delivery: Claimed, facts: Facts) -> None:
    tenant = delivery.shop_id, delivery.connection_id
    if isinstance(fact, CustomerSnapshot):
        facts.customers.append(((*tenant, fact.id), fact))
        return
    order_id = fact.id if isinstance(fact, OrderSnapshot) else fact.order_id
    facts.orders.setdefault((*tenant, order_id), []).append(fact)
    if isinstance(fact, OrderSnapshot) and fact.customer is not None:
        facts.customers.append(((*tenant, fact.customer.id), fact.customer))
