"""A delivery is answered 200 when it is stored and not otherwise, whatever is away."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest
from django.conf import LazySettings
from django.db import connection as database

from lib import bell
from loyalty.actions.programs import open_shop
from storefront_api import connections
from tests.bodies import encode
from tests.orders.stores import Store, open_store, order_body

RAW = encode(order_body("shopify"))


@pytest.fixture
def store(committed: None) -> Store:
    shop = open_shop("Outages", "EUR", "UTC")
    return open_store(shop, "shopify", f"s{shop.pk}.myshopify.com")


@contextmanager
def no_database() -> Iterator[None]:
    """The connection is lost, and none can be opened."""
    there = database.settings_dict
    database.close()
    database.settings_dict = there | {"HOST": "127.0.0.1", "PORT": "1"}
    try:
        yield
    finally:
        database.close()
        database.settings_dict = there


@pytest.mark.parametrize("kept", [True, False])
def test_without_the_database_it_is_503_and_can_be_sent_again(store: Store, kept: bool) -> None:
    headers = store.headers(RAW, id="the-one")
    assert store.send(b"{}", store.headers(b"{}")).status_code == 200
    if not kept:
        connections.forget()
    with no_database():
        response = store.send(RAW, headers)
        assert (response.status_code, response["Retry-After"]) == (503, "5")
        assert response["Content-Type"] == "application/json"
        assert store.send(RAW, headers | {"x-shopify-hmac-sha256": "wrong"}).status_code in (401, 503)
    assert len(store.deliveries()) == 1
    assert store.send(RAW, headers).status_code == 200
    assert store.deliveries()[1].raw == RAW


def test_a_connection_that_the_server_cut_is_replaced_unseen(store: Store) -> None:
    assert store.post(b"{}").status_code == 200
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    admin = psycopg2.connect(**database.get_connection_params() | {"cursor_factory": None})
    try:
        admin.autocommit = True
        with admin.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
    finally:
        admin.close()
    assert store.post(RAW).status_code == 200
    assert [delivery.raw for delivery in store.deliveries()] == [b"{}", RAW]


def test_without_redis_it_is_stored_at_once(store: Store, settings: LazySettings) -> None:
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    bell.connection.cache_clear()
    try:
        with pytest.raises(bell.redis.RedisError):
            bell.ring()
        started = time.monotonic()
        assert store.post(RAW).status_code == 200
        assert time.monotonic() - started < 2
        assert len(store.deliveries()) == 1
    finally:
        bell.connection.cache_clear()
