"""A connected store and a short way to send it deliveries."""

import pytest

from platforms.connect import connect_store
from shops.models import Connection, Shop
from tests.orders.post import Inbox


@pytest.fixture
def store(shop: Shop) -> Connection:
    """A Shopify store of `shop`."""
    return connect_store(shop, "shopify", "teahouse.myshopify.com")


@pytest.fixture
def inbox(store: Connection) -> Inbox:
    """Posts signed webhooks to the application and applies them."""
    return Inbox(store)
