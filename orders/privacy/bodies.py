"""The raw bodies of a customer's deliveries, found and emptied; the rows stay."""

import re
from collections.abc import Callable, Iterable
from datetime import datetime

import psycopg2

from lib.packing import pack, unpack
from lib.rows import execute
from orders.privacy.subjects import Words
from platforms.base import Ignored, NeedsFetch, Platform, Unreadable
from platforms.snapshots import (
    CustomerSnapshot,
    CustomerTagged,
    Fact,
    OrderSnapshot,
    PrivacyAsked,
    StoreChanged,
    StoreGone,
)

CHUNK = 200
ERASED = "Erased"
# A number this long in a body that cannot be read is taken for the id.
UNMISTAKABLE = 8
_WORD = re.compile(rb"[0-9A-Za-z_-]+")


def waiting(shop_id: int, connection_id: int, until: datetime) -> bool:
    """Whether deliveries that came by `until` have yet to be applied."""
    return bool(execute(_WAITING, shop=shop_id, connection=connection_id, until=until)[0][0])


def empty_bodies(
    shop_id: int, connection_id: int, after: int, theirs: Callable[[str, bytes], bool]
) -> int | None:
    """Empty the bodies for which `theirs(topic, body)` among the next `CHUNK` beyond the id `after`.

    Returns the id to go on from; None when there are no more.
    """
    rows = execute(_NEXT, shop=shop_id, connection=connection_id, after=after, limit=CHUNK)
    found = [id_ for id_, topic, packed in rows if theirs(topic, unpack(packed))]
    if found:
        execute(_EMPTY, shop=shop_id, ids=found, body=psycopg2.Binary(pack(b"")), reason=ERASED)
    return rows[-1][0] if len(rows) == CHUNK else None


def speaks_of(platform: Platform, words: Words, topic: str, body: bytes) -> bool:
    """Whether a body tells of the customer: by e-mail, by their id, or by one of their orders."""
    folded = body.lower()
    if any(email.encode() in folded for email in words.emails):
        return True
    ids = words.customer_ids | words.order_ids
    try:
        facts = platform.parse(topic, body)
    except NeedsFetch as need:
        return need.external_id in ids or _named(need.facts, words)
    except (Unreadable, Ignored):
        said = set(_WORD.findall(body))
        return any(len(each) >= UNMISTAKABLE and each.encode() in said for each in ids)
    return _named(facts, words)


def _named(facts: Iterable[Fact], words: Words) -> bool:
    return any(_tells(fact, words) for fact in facts)


def _tells(fact: Fact, words: Words) -> bool:
    match fact:
        case StoreGone() | StoreChanged():
            return False
        case CustomerSnapshot():
            return fact.id in words.customer_ids or fact.email.lower() in words.emails
        case CustomerTagged() | PrivacyAsked():
            return fact.customer_id in words.customer_ids
        case OrderSnapshot():
            return (
                fact.id in words.order_ids
                or fact.email.lower() in words.emails
                or (fact.customer is not None and _tells(fact.customer, words))
            )
        case _:
            return fact.order_id in words.order_ids


_WAITING = """
    SELECT EXISTS (SELECT FROM orders_delivery d WHERE d.state = 'new' AND d.shop_id = %(shop)s
        AND d.connection_id = %(connection)s AND d.received_at <= %(until)s)
"""
_NEXT = """
    SELECT id, topic, body FROM orders_delivery
    WHERE shop_id = %(shop)s AND connection_id = %(connection)s AND id > %(after)s
    ORDER BY id LIMIT %(limit)s
"""
# One that waits is applied first: what a store sends now is news of somebody who is a customer again.
_EMPTY = """
    UPDATE orders_delivery SET body = %(body)s, error = %(reason)s
    WHERE shop_id = %(shop)s AND id = ANY(%(ids)s) AND state <> 'new'
"""
