"""From the bytes of claimed deliveries to facts, each with its outcome."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from lib.packing import unpack
from lib.rows import execute
from orders.counting import Counting
from orders.customers import CustomerKey, CustomerTold
from orders.folding import OrderFact, OrderKey
from platforms.base import Ignored, NeedsFetch, Unreadable
from platforms.registry import PLATFORMS
from platforms.snapshots import (
    CustomerSnapshot,
    CustomerTagged,
    OrderDeleted,
    OrderRestored,
    OrderSnapshot,
    StoreFact,
)

ERROR_LENGTH = 500

FetchKey = tuple[int, int, str, str]  # (shop id, connection id, kind, external id)
StoreTold = tuple[int, int, datetime, StoreFact]  # (shop id, connection id, when it was received, what)


@dataclass(slots=True)
class Claimed:
    """A delivery in hand. `state` and `error` become its outcome."""

    id: int
    shop_id: int
    connection_id: int
    topic: str
    body: bytes
    received_at: datetime
    platform: str
    domain: str
    test_mode: bool
    points_from: datetime | None
    by_header: bool  # the store was named by a header that no signature covers
    state: str = "done"
    error: str = ""


@dataclass(slots=True)
class Facts:
    """What a batch says: facts by order in the order of arrival, and what was told of customers."""

    orders: dict[OrderKey, list[OrderFact]] = field(default_factory=dict)
    customers: list[tuple[CustomerKey, CustomerTold]] = field(default_factory=list)
    fetches: set[FetchKey] = field(default_factory=set)
    stores: list[StoreTold] = field(default_factory=list)
    counting: dict[int, Counting] = field(
        default_factory=dict
    )  # by connection, where it is not the plain one


def read(deliveries: Sequence[Claimed]) -> Facts:
    """Parse every body. One that cannot be read is marked dead, one that changes nothing ignored, with the reason.

    Bodies are unpacked one at a time and let go: a batch may hold more than fits into memory.
    """
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
    body, delivery.body = unpack(delivery.body), b""
    platform = PLATFORMS[delivery.platform]
    stated = platform.body_domain(body)
    if stated and _contradicts(stated, delivery):
        raise Unreadable(f"This body is about another store, {stated}: it was not applied.")
    if delivery.test_mode or delivery.points_from is not None:
        facts.counting[delivery.connection_id] = Counting(delivery.test_mode, delivery.points_from)
    try:
        told = platform.parse(delivery.topic, body)
    except NeedsFetch as need:
        facts.fetches.add((delivery.shop_id, delivery.connection_id, need.kind, need.external_id))
        told = need.facts
    for fact in told:
        _sort(fact, delivery, facts)


def _contradicts(stated: str, delivery: Claimed) -> bool:
    """Whether a body that names the store `stated` does not belong to the store it came for.

    One app's secret signs the bodies of many stores. Where the store was named by an unsigned header, the body
    must not contradict it. Where the connection's own address named it, only another store that is connected
    here too can have been signed with the same secret.
    """
    ours = delivery.domain.lower()
    # A store's own domain and its platform name cannot be compared.
    if stated == ours or not ours.endswith(".myshopify.com"):
        return False
    if delivery.by_header:
        return True
    sql = "SELECT EXISTS (SELECT FROM shops_connection WHERE lower(domain) = %(stated)s)"
    return bool(execute(sql, stated=stated)[0][0])


def _sort(fact: Any, delivery: Claimed, facts: Facts) -> None:
    tenant = delivery.shop_id, delivery.connection_id
    if isinstance(fact, CustomerSnapshot):
        facts.customers.append(((*tenant, fact.id), fact))
        return
    if isinstance(fact, CustomerTagged):
        facts.customers.append(((*tenant, fact.customer_id), fact))
        return
    if isinstance(fact, StoreFact):
        facts.stores.append((*tenant, delivery.received_at, fact))
        return
    if isinstance(fact, OrderDeleted | OrderRestored):
        fact = replace(fact, as_of=delivery.received_at)
    order_id = fact.id if isinstance(fact, OrderSnapshot) else fact.order_id
    facts.orders.setdefault((*tenant, order_id), []).append(fact)
    if isinstance(fact, OrderSnapshot) and fact.customer is not None:
        facts.customers.append(((*tenant, fact.customer.id), fact.customer))
