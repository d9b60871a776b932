"""The same facts again, to a shop without faults, each once and in order; and what the two shops must share."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django_scopes import scope
from psycopg2 import Binary

from benchmarks.storm.history import Event
from lib.packing import pack
from lib.rows import execute
from loyalty import ledger
from loyalty.actions.catch_up import catch_up
from loyalty.actions.programs import open_shop
from loyalty.documents import ProgramDocument
from loyalty.models import ProgramVersion
from loyalty.reviews import review_all_due
from orders.inbox import apply_due
from platforms.connect import connect_store
from shops.models import Connection, Shop

AT_ONCE = 50
ROUNDS = 5


def ride(shop: Shop, document: ProgramDocument, since: datetime, events: Sequence[Event]) -> Shop:
    """Open a shop with the versions of `shop`, and give it every event once, by its date."""
    calm = open_shop("Calm", shop.currency, shop.timezone, document=document, since=since)
    with scope(shop=shop):
        later = list(ProgramVersion.objects.filter(shop=shop, number__gt=1).order_by("number"))
    with scope(shop=calm):
        for version in later:
            ProgramVersion.objects.create(
                shop=calm,
                number=version.number,
                document=version.document,
                published_by=version.published_by,
                published_at=version.published_at,
            )
    store = connect_store(calm, "shopify", f"calm-{calm.pk}.myshopify.com")
    distinct = {event.webhook_id: event for event in events}
    with connection.cursor() as cursor:
        for event in sorted(distinct.values(), key=lambda event: event.at):
            cursor.execute(_DELIVER, _delivery(store, event))
    while apply_due(AT_ONCE, shop_id=calm.pk):
        pass
    return calm


def settle(at: datetime) -> None:
    """All jobs as of `at`, until there is nothing left to do."""
    for _ in range(ROUNDS):
        catch_up(at)
        ledger.release_all_due(at)
        ledger.expire_all_due(at)
        ledger.redate_all_due()
        review_all_due(at)


def differences(shop: Shop, calm: Shop) -> Iterator[str]:
    """In sentences: what differs in targets, balances and tiers."""
    for what, sql in _COMPARED.items():
        stormy, quiet = ({row[0]: row[1:] for row in execute(sql, shop=each.pk)} for each in (shop, calm))
        for key in sorted({*stormy, *quiet}):
            if stormy.get(key) != quiet.get(key):
                yield f"{what} {key}: {stormy.get(key)} instead of {quiet.get(key)}"


def _delivery(store: Connection, event: Event) -> list[Any]:
    notes = json.dumps({"domain": store.domain, "api_version": "2026-04", "event_id": event.webhook_id})
    return [store.shop_id, store.pk, event.topic, event.webhook_id, Binary(pack(event.body)), notes]


_DELIVER = """
    INSERT INTO orders_delivery (shop_id, connection_id, topic, dedupe_key, body, notes)
    VALUES (%s, %s, %s, %s, %s, %s)
"""
# Posted points and what could not be taken depend on whether points expired before their refund; their difference,
# the target, does not. An award of nothing is there or not, depending on what came first.
_COMPARED = {
    "points of member": """
        SELECT c.external_id, a.balance, a.pending FROM loyalty_account a
        JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id WHERE a.shop_id = %(shop)s
    """,
    "target of": """
        SELECT c.external_id || ' ' || coalesce('order ' || o.external_id, y.kind, split_part(w.source, ':', 3) || ' '
            || split_part(w.source, ':', 4)), w.target, w.posted - w.shortfall, w.pending
        FROM loyalty_award w
        JOIN loyalty_account a ON a.shop_id = w.shop_id AND a.id = w.account_id
        JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id
        LEFT JOIN orders_order o ON o.shop_id = w.shop_id AND w.source = 'order:' || o.id
        LEFT JOIN loyalty_activity y ON y.shop_id = w.shop_id AND w.source = 'activity:' || y.id
        WHERE w.shop_id = %(shop)s AND w.target > 0
    """,
    "tier of member": """
        SELECT c.external_id, s.tier, s.since, s.kept_until, s.review_at FROM loyalty_standing s
        JOIN loyalty_account a ON a.shop_id = s.shop_id AND a.id = s.account_id
        JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id WHERE s.shop_id = %(shop)s
    """,
    "tiers of member": """
        SELECT c.external_id, array_agg((t.tier, t.since, t.until, t.reason)::text ORDER BY t.number)
        FROM loyalty_tierspan t
        JOIN loyalty_account a ON a.shop_id = t.shop_id AND a.id = t.account_id
        JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id WHERE t.shop_id = %(shop)s
        GROUP BY c.external_id
    """,
    "spending of member": """
        SELECT c.external_id, sum(p.spend), sum(p.orders) FROM loyalty_progress p
        JOIN loyalty_account a ON a.shop_id = p.shop_id AND a.id = p.account_id
        JOIN shops_customer c ON c.shop_id = a.shop_id AND c.id = a.customer_id WHERE p.shop_id = %(shop)s
        GROUP BY c.external_id
    """,
}
