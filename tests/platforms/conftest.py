from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from tests.platforms.clay import DOMAIN, Clay, opened


@pytest.fixture
def clay(settings: Settings) -> Iterator[Clay]:
    """A Shopify store that our requests go to."""
    with opened() as (store, url):
        settings.OUTBOUND_ROUTES = {DOMAIN: url}
        yield store
