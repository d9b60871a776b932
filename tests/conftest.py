"""The people and shops that the tests tell stories about."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import available_timezones

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import override_settings
from pytest_django.plugin import DjangoDbBlocker
from xdist.remote import Producer  # type: ignore[import-untyped]

from loyalty.actions.programs import open_shop
from shops.actions import create_api_key, create_staff
from shops.models import Shop, Staff, User
from tests import properties
from tests.live import live
from tests.order import LiveTogether

__all__ = ["live", "properties"]

PASSWORD = "correct-horse-battery"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "soak: does more in `make soak`, beside the properties")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LiveTogether:
    return LiveTogether(config, log)


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


@pytest.fixture(scope="session")
def slow_hashers() -> list[str]:
    """How an installation keeps its passwords."""
    return list(settings.PASSWORD_HASHERS)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords(slow_hashers: list[str]) -> Iterator[None]:
    """Hashing a password slowly, as it should be, would take a fifth of the time of all tests."""
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_time_zones() -> Iterator[None]:
    """The machine's time zones stay while the tests run; reading their files is most of opening a shop."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("loyalty.actions.programs.available_timezones", cache(available_timezones))
        yield


@pytest.fixture
def shop(db: None) -> Shop:
    """A shop in euros with the default program live."""
    return corner_shop()


def corner_shop() -> Shop:
    return open_shop("Corner Shop", "EUR", "Europe/Berlin")


@pytest.fixture
def two_shops(shop: Shop) -> TwoShops:
    """Two shops side by side, and who may see what."""
    return beside(shop)


def beside(shop: Shop) -> TwoShops:
    """Open another shop beside this one."""
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


@pytest.fixture(scope="module")
def module_rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """For fixtures that write rows once for all tests of a module, inside `django_db_blocker.unblock()`.

    They are written in a transaction around those tests, each of which undoes its own changes alone.
    What the fixtures return is for reading: give each test a copy. Not to be had beside `committed`.
    """
    with django_db_blocker.unblock():
        around = transaction.atomic()
        around.__enter__()
    yield
    with django_db_blocker.unblock():
        transaction.set_rollback(True)
        around.__exit__(None, None, None)


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A database whose changes are committed and stay: entries cannot be removed, so nothing is flushed.

    Every test that uses it opens shops of its own, and closes the connections of the threads it starts.
    """
    with django_db_blocker.unblock():
        assert not connection.in_atomic_block
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
