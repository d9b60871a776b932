"""All that is kept about a customer, as one JSON document for them to have."""

from typing import Any

import msgspec

from lib.clock import now
from lib.rows import execute
from orders.privacy.subjects import subject_of
from shops.models import Customer, PrivacyRequest

FORMAT = "regulars.customer/1"


def document_of(shop_id: int, customer_ids: list[int], order_ids: list[int]) -> dict[str, Any]:
    """`{format, made_at, customers, orders, activities, accounts, awards, entries, tiers, redemptions, files}`.

    Amounts are texts, instants ISO 8601. Codes of rewards are left out: whoever reads them could use them.
    """
    made: dict[str, Any] = {"format": FORMAT, "made_at": now()}
    for name, sql in _PARTS.items():
        wrapped = f"SELECT to_jsonb(t) FROM ({sql}) AS t"
        found = execute(wrapped, shop=shop_id, customers=customer_ids, orders=order_ids)
        made[name] = [msgspec.json.decode(row[0]) if isinstance(row[0], str) else row[0] for row in found]
    plain: dict[str, Any] = msgspec.to_builtins(made, str_keys=True)
    return plain


def document_of_customer(customer: Customer) -> dict[str, Any]:
    """The document of one customer whom a merchant picked."""
    subject = subject_of(
        PrivacyRequest(
            shop_id=customer.shop_id,
            connection_id=customer.connection_id,
            subject={"customer_id": customer.external_id},
        )
    )
    return document_of(customer.shop_id, subject.customers, subject.orders)


_ACCOUNTS = """
    account_id IN (SELECT a.id FROM loyalty_account a WHERE a.shop_id = %(shop)s AND a.customer_id = ANY(%(customers)s))
"""
_PARTS = {
    "customers": """
        SELECT external_id, email, email_verified, first_name, last_name, tags, joined_at, birth_month, birth_day,
            subscribed, subscribed_at, as_of
        FROM shops_customer WHERE shop_id = %(shop)s AND id = ANY(%(customers)s) ORDER BY id
    """,
    "orders": """
        SELECT external_id, number, email, currency, status, placed_at, paid_at, cancelled_at, channel,
            total::text, lines, refunds, discount_codes, customer_tags
        FROM orders_order WHERE shop_id = %(shop)s AND id = ANY(%(orders)s) ORDER BY placed_at, id
    """,
    "activities": f"""
        SELECT kind, name, reference, occurred_at, properties, tags
        FROM loyalty_activity WHERE shop_id = %(shop)s AND {_ACCOUNTS} ORDER BY occurred_at, id
    """,
    "accounts": """
        SELECT balance, pending, lifetime_earned, lifetime_spent, created_at, active_at, frozen_at, frozen_reason
        FROM loyalty_account WHERE shop_id = %(shop)s AND customer_id = ANY(%(customers)s) ORDER BY id
    """,
    "awards": f"""
        SELECT source, posted, pending, release_at, expires_at, breakdown
        FROM loyalty_award WHERE shop_id = %(shop)s AND {_ACCOUNTS} ORDER BY id
    """,
    "entries": f"""
        SELECT seq, kind, pending_delta, available_delta, balance_after, reason, occurred_at
        FROM loyalty_entry WHERE shop_id = %(shop)s AND {_ACCOUNTS} ORDER BY account_id, seq
    """,
    "tiers": f"""
        SELECT name, since, until, reason
        FROM loyalty_tierspan WHERE shop_id = %(shop)s AND {_ACCOUNTS} ORDER BY account_id, number
    """,
    "redemptions": f"""
        SELECT name, points, value::text, state, created_at, issued_at, used_at, returned_at, expires_at
        FROM rewards_redemption WHERE shop_id = %(shop)s AND {_ACCOUNTS} ORDER BY id
    """,
    "files": """
        SELECT email, external_id, points, reason, birth_month, birth_day, joined_at
        FROM loyalty_batchrow WHERE shop_id = %(shop)s AND customer_id = ANY(%(customers)s) ORDER BY id
    """,
}
