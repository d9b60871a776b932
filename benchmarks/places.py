"""Databases and Redis databases of the benchmarks' own, and the store that sends orders to them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import psycopg2
import redis
from django.core.management import call_command
from django.db import connection as django_connection
from psycopg2 import sql

from loyalty.actions.programs import open_shop
from platforms.connect import connect_store

PREFIX = "regulars_bench"
TEMPLATE = PREFIX


@dataclass(frozen=True, slots=True)
class Store:
    """The connected Shopify store of the template database; every copy of it has the same."""

    shop_id: int
    shop_public_id: str
    connection_id: int
    public_id: str
    domain: str
    secret: str
    storefront_secret: str


def database_url(name: str) -> str:
    """The address of another database on the server of DATABASE_URL."""
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl().replace(":/?", ":///?", 1)


def redis_url(number: int) -> str:
    """The address of another database of the Redis of REDIS_URL."""
    url = os.environ["REDIS_URL"]
    if url.startswith("unix://"):
        return f"{url.partition('?')[0]}?db={number}"
    return urlsplit(url)._replace(path=f"/{number}").geturl()


def queue(number: int) -> "redis.Redis":
    """A client of one Redis database, emptied."""
    client: redis.Redis = redis.Redis.from_url(redis_url(number))
    client.flushdb()
    return client


@contextmanager
def session(name: str | None = None) -> Iterator[Any]:
    """A cursor of a benchmark database (of DATABASE_URL itself without a name), in autocommit."""
    connection = psycopg2.connect(database_url(name) if name else os.environ["DATABASE_URL"])
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            yield cursor
    finally:
        connection.close()


def create(name: str, template: str | None = None) -> str:
    """Make a database anew, empty or as a copy; returns its name, which begins with `PREFIX`."""
    full = f"{PREFIX}_{name}" if name else PREFIX
    drop(full)
    with session() as cursor:
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        cursor.execute(statement.format(sql.Identifier(full), sql.Identifier(template or "template1")))
    return full


def drop(full: str) -> None:
    with session() as cursor:
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(full)))


def drop_all() -> None:
    """Remove what this run, or one that was killed, has left."""
    with session() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{PREFIX}%"])
        names = [row[0] for row in cursor.fetchall()]
    for name in names:
        drop(name)


def template() -> Store:
    """Make the migrated database, with one shop and store, from which the others are copied."""
    name = create("")
    django_connection.settings_dict["NAME"] = name
    call_command("migrate", verbosity=0)
    shop = open_shop("Teahouse", "EUR", "Europe/Berlin", actor="benchmark")
    connection = connect_store(shop, "shopify", "teahouse.myshopify.com")
    django_connection.close()
    return Store(
        shop.pk,
        shop.public_id,
        connection.pk,
        connection.public_id,
        connection.domain,
        connection.secret,
        connection.storefront_secret,
    )


def size_bytes(name: str) -> int:
    """Of all tables and indexes of a database."""
    with session(name) as cursor:
        cursor.execute(
            """SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
            WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"""
        )
        return int(cursor.fetchone()[0])


def settle_down(name: str) -> None:
    """Statistics as autovacuum would have made them by now, and no checkpoint in the middle of a round."""
    with session(name) as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
