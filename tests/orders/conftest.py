"""A connected store and a short way to send it deliveries."""

from typing import Any

import pytest

from loyalty.actions.programs import open_shop
from platforms.connect import connect_store
from shops.models import Connection, Shop
from storefront_api.connections import forget
from tests.orders.post import Inbox
from tests.orders.stores import Store, open_store
from tests.orders.stories import Open, change


@pytest.fixture
def store(shop: Shop) -> Connection:
    """A Shopify store of `shop`. Another test's store of the same domain was rolled back, and is forgotten."""
    forget()
    return connect_store(shop, "shopify", "teahouse.myshopify.com")


@pytest.fixture
def inbox(store: Connection) -> Inbox:
    """Posts signed webhooks to the application and applies them."""
    return Inbox(store)


@pytest.fixture
def opened(db: None) -> Open:
    """Opens a shop with the default program and what `terms` change in it, live before every order."""

    def open_(platform: str = "shopify", currency: str = "EUR", **terms: Any) -> Store:
        shop = open_shop("Tea", currency, "Europe/Berlin")
        if terms:
            change(shop, **terms)
        tail = "myshopify.com" if platform == "shopify" else "example"
        return open_store(shop, platform, f"s{shop.pk}.{tail}")

    return open_
