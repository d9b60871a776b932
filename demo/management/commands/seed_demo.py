"""`manage.py seed_demo`: the demo shop, its store, its owner, and a year of webhooks through the real pipeline."""

import hmac
import json
import time
from argparse import ArgumentParser
from base64 import b32encode
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django_scopes import scope, scopes_disabled

from demo import catalogue, offers, platform, program, redeemed, store
from demo.catalogue import Person
from demo.deliveries import NotDelivered, deliver
from demo.history import DAYS, Event, Told, events, people, told
from lib.clock import now
from loyalty import warnings
from loyalty.actions.activities import record
from loyalty.actions.points import adjust
from loyalty.actions.programs import open_shop
from loyalty.models import Account, Activity
from orders.customer_facts import tell
from orders.models import Delivery
from platforms.connect import connect_store
from shops.actions import create_staff
from shops.models import Connection, Staff

OWNER = "owner@fern-and-clay.example"
SENDERS = 4
DRAIN_TIMEOUT_S = 240
THANKS = 400


class Command(BaseCommand):
    help = "Prepare the demo shop; a second run finds it prepared."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
        parser.add_argument("--url", default=settings.PUBLIC_URL, help="where the server answers")
        parser.add_argument("--members", type=int, default=200)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("This is for demonstrations: set DEMO=1.")
        if catalogue.DOMAIN not in settings.OUTBOUND_ROUTES:
            raise CommandError(
                f'Set OUTBOUND_ROUTES={{"{catalogue.DOMAIN}": "{settings.PUBLIC_URL}/demo"}} for all processes.'
            )
        url = options["url"].rstrip("/")
        connection = store.connection() or _open()
        password = _password(connection)
        _ensure_owner(connection, password)
        shoppers = people(options["members"], connection.created_at)
        platform.put_goods(shoppers.values())
        platform.let_in(connection)
        past = list(events(options["members"], connection.created_at))
        _send(connection, url, past)
        _wait_until_applied(connection)
        _tell(connection, told(options["members"], connection.created_at))
        _thank(connection)
        _redeem(connection, url, shoppers)
        warnings.write_due()
        facts = {
            "dashboard_url": f"{url}/dashboard/",
            "email": OWNER,
            "password": password,
            "demo_url": f"{url}/demo/",
            "api_docs_url": f"{url}/api/docs/",
            "shop": connection.shop.public_id,
            "connection": connection.public_id,
        }
        self.stdout.write(
            json.dumps(facts) if options["json"] else "\n".join(f"{k}: {v}" for k, v in facts.items())
        )


@transaction.atomic
def _open() -> Connection:
    shop = open_shop(
        catalogue.NAME,
        catalogue.CURRENCY,
        catalogue.TIMEZONE,
        actor="seed_demo",
        document=program.document(now()),
        since=now() - timedelta(days=DAYS + 7),
    )
    return connect_store(shop, "shopify", catalogue.DOMAIN)


def _password(connection: Connection) -> str:
    """The same for each run, and nobody's who has not this installation's secret key."""
    content = f"demo owner of {connection.public_id}".encode()
    return b32encode(hmac.digest(settings.SECRET_KEY.encode(), content, "sha256"))[:16].decode().lower()


def _ensure_owner(connection: Connection, password: str) -> None:
    with scopes_disabled():
        known = Staff.objects.filter(shop=connection.shop, user__email=OWNER).exists()
    if not known:
        create_staff(connection.shop, OWNER, Staff.Role.OWNER, password)


def _send(connection: Connection, url: str, past: list[Event]) -> None:
    """Send what is not there yet: an interrupted run is taken up again."""
    with scope(shop=connection.shop):
        seeded = Delivery.objects.filter(
            shop=connection.shop, connection=connection, dedupe_key__startswith="seed-"
        )
        there = set(seeded.values_list("dedupe_key", flat=True))
    missing = [event for event in past if event.key not in there]

    def send(event: Event) -> None:
        deliver(connection, url, event.topic, event.body, event.key)

    try:
        with ThreadPoolExecutor(SENDERS) as pool:
            list(pool.map(send, missing))
    except NotDelivered as error:
        raise CommandError(f"The demo's orders could not be sent: {error}") from error


def _tell(connection: Connection, facts: Iterable[Told]) -> None:
    """Tell what the store's server would; what was told before changes nothing."""
    with scope(shop=connection.shop):
        accounts = {
            account.customer.external_id: account
            for account in Account.objects.select_related("shop", "customer").filter(
                shop=connection.shop, customer__shop=connection.shop, customer__connection=connection
            )
        }
        done = Activity.objects.filter(shop=connection.shop, reference__startswith="seed-review-")
        reviewed = set(done.values_list("reference", flat=True))
    for fact in facts:
        account = accounts[str(fact.person.id)]
        if account.customer.birth_month is None:
            tell(account, birthday=fact.birthday)
        for number, at in enumerate(fact.reviews):
            reference = f"seed-review-{fact.person.id}-{number}"
            if reference not in reviewed:
                record(account, "review", reference, at)


def _thank(connection: Connection) -> None:
    """A present for the shopper, so that they have something to redeem."""
    with scope(shop=connection.shop):
        account = Account.objects.select_related("shop").get(
            shop=connection.shop,
            customer__shop=connection.shop,
            customer__connection=connection,
            customer__external_id=str(catalogue.SHOPPER.id),
        )
    adjust(account, THANKS, "Thank you for your patience with the teapot", OWNER, reference="seed-thanks")


def _redeem(connection: Connection, url: str, shoppers: Mapping[str, Person]) -> None:
    rewards = offers.ensure(connection.shop, now(), OWNER)
    try:
        redeemed.tell(connection, url, shoppers, rewards, OWNER)
    except (NotDelivered, redeemed.NotDone) as error:
        raise CommandError(str(error)) from error


def _wait_until_applied(connection: Connection) -> None:
    deadline = time.monotonic() + DRAIN_TIMEOUT_S
    while time.monotonic() < deadline:
        with scope(shop=connection.shop):
            if not Delivery.objects.filter(shop=connection.shop, state=Delivery.State.NEW).exists():
                return
        time.sleep(0.2)
    raise CommandError("The demo's orders were not applied in time; is the worker running?")
