"""How many statements a batch takes does not depend on how many orders are in it."""

from datetime import UTC, datetime
from itertools import count

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes import scope

from benchmarks.programs import rich_document
from loyalty.actions.programs import open_shop
from loyalty.documents import ProgramDocument, default_document
from loyalty.models import Award
from orders.inbox import apply_due
from platforms.connect import connect_store
from tests.bodies import shopify_customer, shopify_order
from tests.orders.post import Inbox

pytestmark = pytest.mark.django_db

MANY = 100
_numbers = count(1)


@pytest.mark.parametrize("document", [default_document("EUR"), rich_document()], ids=["plain", "tiers"])
def test_a_batch_of_many_orders_takes_as_many_statements_as_one(document: ProgramDocument) -> None:
    shop = open_shop(
        "Corner Shop", "EUR", "Europe/Berlin", document=document, since=datetime(2025, 1, 1, tzinfo=UTC)
    )
    inbox = Inbox(connect_store(shop, "shopify", "teahouse.myshopify.com"))
    _statements(inbox, 1)  # the versions of the program are read once
    one = _statements(inbox, 1)
    many = _statements(inbox, MANY)
    assert many == one
    with scope(shop=shop):
        assert Award.objects.filter(shop=shop, source__startswith="order:", target__gt=0).count() == MANY + 2


def _statements(inbox: Inbox, orders: int) -> list[str]:
    """How the statements begin that a batch of paid orders of as many new members takes."""
    for number in [next(_numbers) for _ in range(orders)]:
        body = shopify_order(number, customer=shopify_customer(id=number, email=f"m{number}@example.com"))
        assert inbox.post("orders/paid", body) == 200
    with CaptureQueriesContext(connection) as queries:
        assert apply_due(shop_id=inbox.connection.shop_id) == orders
    told = [" ".join(query["sql"].split())[:40] for query in queries]
    return [sql for sql in told if "SAVEPOINT" not in sql]
