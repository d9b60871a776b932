"""A shop with a store."""

import pytest

from shops.models import Connection, Shop
from tests.storefront_api.stories import store


@pytest.fixture
def linked(shop: Shop) -> Connection:
    return store(shop)
