"""From the bytes of claimed deliveries to facts, each with its outcome."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from lib.rows import execute
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
    by_header: bool  # the store was named by a header that no signature covers
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
        delivery.body = zlib.decompress(delivery.body)
    strays = _strays(deliveries)
    for delivery in deliveries:
        try:
            if delivery.id in strays:
                raise Unreadable(
                    f"This body is about another store, {strays[delivery.id]}: it was not applied."
                )
            _read(delivery, facts)
        except Unreadable as error:
            delivery.state, delivery.error = "dead", str(error)[:ERROR_LENGTH]
        except Ignored as error:
            delivery.state, delivery.error = "ignored", str(error)[:ERROR_LENGTH]
    return facts


def _strays(deliveries: Sequence[Claimed]) -> dict[int, str]:
    """{delivery id: the other store} for bodies that name another store than the one they came for.

    One app's secret signs the bodies of many stores. Where the store was named by an unsigned header, the body
    must not contradict it. Where the connection's own address named it, only another store that is connected
    here too can have been signed with the same secret.
    """
    named: dict[int, str] = {}
    for delivery in deliveries:
        stated = PLATFORMS[delivery.platform].body_domain(delivery.body)
        ours = delivery.domain.lower()
        # A store's own domain and its platform name cannot be compared.
        if stated and stated != ours and ours.endswith(".myshopify.com"):
            named[delivery.id] = stated
    connected = _connected(set(named.values())) if named else set()
    return {
        d.id: named[d.id] for d in deliveries if d.id in named and (d.by_header or named[d.id] in connected)
    }


def _connected(domains: set[str]) -> set[str]:
    sql = "SELECT lower(domain) FROM shops_connection WHERE lower(domain) = ANY(%(domains)s)"
    return {row[0] for row in execute(sql, domains=sorted(domains))}


def _read(delivery: Claimed, facts: Facts) -> None:
    if delivery.test_mode:
        facts.test_connections.add(delivery.connection_id)
    for fact in PLATFORMS[delivery.platform].parse(delivery.topic, delivery.body):
        _sort(fact, delivery, facts)


def _sort(fact: Any, delivery: Claimed, facts: Facts) -> None:
    tenant = delivery.shop_id, delivery.connection_id
    if isinstance(fact, CustomerSnapshot):
        facts.customers.append(((*tenant, fact.id), fact))
        return
    order_id = fact.id if isinstance(fact, OrderSnapshot) else fact.order_id
    facts.orders.setdefault((*tenant, order_id), []).append(fact)
    if isinstance(fact, OrderSnapshot) and fact.customer is not None:
        facts.customers.append(((*tenant, fact.customer.id), fact.customer))
