"""The platform behind the demo store: its Admin API, and how Regulars is let in."""

import hmac
from collections.abc import Iterable
from functools import cache

import msgspec
from django.conf import settings
from django_scopes import scope

from demo.catalogue import CURRENCY, DOMAIN, NAME, PRODUCTS, TIMEZONE, Person
from demo.records import InDatabase
from demo.shopify_admin.admin import AdminStore, Shop
from demo.shopify_admin.catalogue import add_customer, add_product
from lib.clock import now
from platforms import upkeep
from shops.models import Connection, StoreAccess


@cache
def admin() -> AdminStore:
    """The store's Admin API. What it remembers is in the database, so that all processes see the same."""
    facts = Shop(
        name=NAME,
        currency=CURRENCY,
        domain=DOMAIN,
        website=DOMAIN,
        email=f"hello@{DOMAIN}",
        timezone=TIMEZONE,
    )
    return AdminStore(shop=facts, records=InDatabase)


def put_goods(people: Iterable[Person]) -> None:
    """Put the products and these customers into the store, unless they are there."""
    store = admin()
    there = {record["id"] for kind in ("products", "customers") for record in store[kind].all()}
    for product in PRODUCTS:
        if f"gid://shopify/Product/{product.id}" not in there:
            add_product(store, product.id, product.title, {product.variant_id: f"{product.price:.2f}"})
    for person in people:
        if f"gid://shopify/Customer/{person.id}" not in there:
            names = {"firstName": person.first_name, "lastName": person.last_name}
            shown = f"{person.first_name} {person.last_name}"
            add_customer(store, person.id, displayName=shown, email=person.email, **names)


def let_in(connection: Connection) -> None:
    """Give Regulars its access, as an installed app has it, and have the store send its webhooks."""
    store = admin()
    token = store.grant(*store.app.scopes, token=_token(connection))
    with scope(shop=connection.shop):
        StoreAccess.objects.get_or_create(
            shop=connection.shop,
            connection=connection,
            defaults={
                "credentials": msgspec.json.encode({"access_token": token}).decode(),
                "scopes": list(store.app.scopes),
                "granted_at": now(),
            },
        )
    upkeep.subscribe_due()


def _token(connection: Connection) -> str:
    """The same for each run, and nobody's who has not this installation's secret key."""
    content = f"demo access of {connection.public_id}".encode()
    return f"shpat_{hmac.digest(settings.SECRET_KEY.encode(), content, 'sha256').hex()[:32]}"
