"""Whom a wish is about: the customers, their orders, and the words by which their deliveries are known."""

from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from lib.rows import execute
from shops.models import PrivacyRequest


class Words(Struct, frozen=True):
    """How a body may name the customer: the store's ids of them and of their orders, and e-mails in small letters."""

    customer_ids: frozenset[str]
    order_ids: frozenset[str]
    emails: frozenset[str]


@dataclass(frozen=True, slots=True)
class Subject:
    """`customers` and `orders` by our ids; `names`: first and last name in one, where both are known."""

    customers: list[int]
    orders: list[int]
    names: frozenset[str]
    words: Words


def subject_of(request: PrivacyRequest) -> Subject:
    """Whom the request names: the customer of that id, without one whoever has the e-mail; and their orders."""
    asked = request.subject
    email = asked.get("email", "").lower()
    named = list(asked.get("orders", ()))
    where: dict[str, Any] = {"shop": request.shop_id, "connection": request.connection_id}
    found = execute(_CUSTOMERS, **where, external_id=asked.get("customer_id", ""), email=email)
    customers = [row[0] for row in found]
    emails = {row[2].lower() for row in found if row[2]} | {email} - {""}
    orders = execute(_ORDERS, **where, customers=customers, emails=sorted(emails), named=named)
    words = Words(
        customer_ids=frozenset({row[1] for row in found} | {asked.get("customer_id", "")} - {""}),
        order_ids=frozenset({row[1] for row in orders} | set(named)),
        emails=frozenset(emails),
    )
    names = frozenset(f"{row[3]} {row[4]}" for row in found if row[3] and row[4])
    return Subject(customers, [row[0] for row in orders], names, words)


_CUSTOMERS = """
    SELECT id, external_id, email, first_name, last_name FROM shops_customer
    WHERE shop_id = %(shop)s AND connection_id = %(connection)s AND CASE
        WHEN %(external_id)s <> '' THEN external_id = %(external_id)s
        ELSE %(email)s <> '' AND lower(email) = %(email)s END
    ORDER BY id
"""
_ORDERS = """
    SELECT id, external_id FROM orders_order
    WHERE shop_id = %(shop)s AND connection_id = %(connection)s AND (customer_id = ANY(%(customers)s::bigint[])
        OR (customer_id IS NULL AND email <> '' AND lower(email) = ANY(%(emails)s::text[]))
        OR external_id = ANY(%(named)s::text[]))
    ORDER BY id
"""
