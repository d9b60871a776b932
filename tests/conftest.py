"""The people and shops that the tests tell stories about."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from loyalty.actions.programs import open_shop
from shops.actions import create_api_key, create_staff
from shops.models import Shop, Staff, User
from tests.live import live

__all__ = ["live"]

PASSWORD = "correct-horse-battery"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True)
class TwoShops:
    """An access story: the owner and the teammate work in `shop`, the outsider owns the `other` shop.

    Everybody's password is `PASSWORD`; `key` and `other_key` open the server API of the two shops.
    """

    shop: Shop
    other: Shop
    owner: User
    teammate: User
    outsider: User
    key: str
    other_key: str


@pytest.fixture
def shop(db: None) -> Shop:
    """A shop in euros with the default program live."""
    return open_shop("Corner Shop", "EUR", "Europe/Berlin")


@pytest.fixture
def two_shops(shop: Shop) -> TwoShops:
    """Two shops side by side, and who may see what."""
    other = open_shop("Elsewhere", "USD", "America/New_York")

    def person(where: Shop, email: str, role: str) -> User:
        staff, _ = create_staff(where, email, role, PASSWORD)
        return staff.user

    return TwoShops(
        shop=shop,
        other=other,
        owner=person(shop, "olivia@corner.example", Staff.Role.OWNER),
        teammate=person(shop, "tom@corner.example", Staff.Role.SUPPORT),
        outsider=person(other, "oscar@elsewhere.example", Staff.Role.OWNER),
        key=create_api_key(shop, "till")[1],
        other_key=create_api_key(other, "till")[1],
    )


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database whose changes are committed and stay: entries cannot be removed, so nothing is flushed.

    Every test that uses it opens shops of its own, and closes the connections of the threads it starts.
    """
    with django_db_blocker.unblock():
        yield
        connections.close_all()


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The system's Chromium. Without one the test is skipped, or fails where REQUIRE_BROWSER=1 is set."""
    for name in CHROMIUM:
        if found := shutil.which(name):
            return Path(found)
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail("REQUIRE_BROWSER=1 is set, and there is no Chromium on the PATH")
    pytest.skip("no Chromium on the PATH")
