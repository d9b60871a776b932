"""Deliveries of a few members of a tiered shop beside every job and everything that people do, with real commits."""

import random
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connections, transaction
from django_scopes import scope

from lib.clock import now
from lib.rows import passing
from loyalty import ledger, reviews
from loyalty.actions import batches
from loyalty.actions.activities import record
from loyalty.actions.batches import Upload
from loyalty.actions.catch_up import catch_up
from loyalty.actions.days import mark_days
from loyalty.actions.members import replay_accounts
from loyalty.actions.points import adjust
from loyalty.actions.programs import load_draft, open_shop, publish
from loyalty.actions.tiers import pin_tier
from loyalty.documents import ProgramDocument, as_dict, decode, default_document
from loyalty.models import Account, Award, Standing, TierSpan
from loyalty.proof import verify
from orders import pipeline
from orders.customer_facts import tell
from orders.reading import Facts
from platforms.connect import connect_store
from platforms.snapshots import (
    CustomerSnapshot,
    Line,
    OrderSnapshot,
    OrderStatus,
    RefundEvent,
    RefundLine,
    RefundSnapshot,
)
from shops.models import Connection

PEOPLE = [f"m{number}" for number in range(5)]
NOW = datetime.now(UTC).replace(microsecond=0)
SINCE = NOW - timedelta(days=400)
Fact = OrderSnapshot | RefundEvent


def program(points: int) -> ProgramDocument:
    levels = [
        {"key": "bronze", "name": "Bronze", "threshold": "0"},
        {"key": "gold", "name": "Gold", "threshold": "300", "multiplier": "2", "entry_points": 25},
    ]
    rules = [
        {"kind": "per_currency", "key": "buy", "name": "Purchases", "points": str(points), "per": "1"},
        {"kind": "first_order", "key": "first", "name": "First", "points": "50"},
        {"kind": "custom", "key": "visit", "name": "Visit", "points": "5", "event": "visit"},
        {"kind": "birthday", "key": "birthday", "name": "Birthday", "points": "7"},
        {"kind": "newsletter", "key": "newsletter", "name": "Newsletter", "points": "3"},
    ]
    terms = {
        "rules": rules,
        "tiers": {"levels": levels, "term": "months", "term_months": 3, "count_imports": True},
        "caps": {"limits": [{"period": "month", "points": 400}]},
        "hold_days": 14,
        "expiry": {"mode": "per_lot", "months": 6},
    }
    return decode(as_dict(default_document("EUR")) | terms)


def customer(name: str) -> CustomerSnapshot:
    birthday = f"{NOW:%m-%d}"
    email = f"{name}@corner.example"
    return CustomerSnapshot(name, SINCE, email=email, email_verified=True, joined_at=SINCE, birthday=birthday)


def told(dice: random.Random, number: int) -> list[tuple[str, Fact]]:
    """An order and what became of it."""
    placed_at = SINCE + timedelta(hours=dice.randint(1, 399 * 24))
    key, price = f"o{number}", dice.randint(20, 200)
    order = OrderSnapshot(
        id=key,
        currency="EUR",
        status=OrderStatus.PAID,
        placed_at=placed_at,
        updated_at=placed_at,
        paid_at=placed_at,
        lines=(Line("1", Decimal(price)),),
        customer=customer(dice.choice(PEOPLE)),
    )
    facts: list[tuple[str, Fact]] = [(key, order)]
    if dice.random() < 0.4:
        taken = RefundLine("1", Decimal(dice.randint(1, price)))
        at = placed_at + timedelta(days=3)
        facts.append((key, RefundEvent(key, RefundSnapshot(f"{key}r", at, (taken,)))))
    return facts


class Busy:
    """A shop with a store, and what is done to it."""

    def __init__(self) -> None:
        began = SINCE - timedelta(days=1)
        shop = open_shop("Busy", "EUR", "Europe/Berlin", document=program(1), since=began)
        self.shop = shop
        self.store = connect_store(shop, "standard", f"s{shop.pk}.example")
        self.deliver([], list(map(customer, PEOPLE)))
        with scope(shop=shop):
            found = Account.objects.filter(shop=shop).select_related("customer", "shop")
            self.accounts: list[Account] = list(found.order_by("pk"))
        self.retried = 0
        self.lock, self.ended = threading.Lock(), threading.Event()

    def deliver(self, told: list[tuple[str, Fact]], customers: list[CustomerSnapshot]) -> None:
        """As the inbox does it, which holds the connection against publishing."""
        facts, store = Facts(), self.store
        for key, fact in told:
            facts.orders.setdefault((self.shop.pk, store.pk, key), []).append(fact)
            if isinstance(fact, OrderSnapshot) and fact.customer:
                customers = [*customers, fact.customer]
        facts.customers += [((self.shop.pk, store.pk, each.id), each) for each in customers]
        with transaction.atomic(), scope(shop=self.shop):
            list(Connection.objects.filter(shop=self.shop, pk=store.pk).select_for_update(no_key=True))
            pipeline.apply(facts)

    def again(self, work: Callable[[], object]) -> None:
        """Try what the database gave up for now once more, as workers do."""
        for _ in range(20):
            try:
                work()
                return
            except OperationalError as error:
                if not passing(error):
                    raise
                with self.lock:
                    self.retried += 1
        raise AssertionError("given back again and again")

    def deliver_shares(self, shares: list[list[tuple[str, Fact]]]) -> None:
        """Each share by a worker of its own, in small batches."""

        def work(share: list[tuple[str, Fact]]) -> None:
            for start in range(0, len(share), 4):
                self.again(partial(self.deliver, share[start : start + 4], []))

        run([partial(work, share) for share in shares])
        self.ended.set()

    def jobs(self) -> None:
        """Every job, again and again, as long as deliveries come."""
        while not self.ended.is_set():
            for job in (ledger.release_due, reviews.review_due, ledger.expire_due, catch_up, mark_days):
                self.again(job)

    def people(self, dice: random.Random) -> None:
        """Nobody tries these again: they must not be given back."""
        for number in range(12):
            account = dice.choice(self.accounts)
            record(account, "custom", f"v{number}", SINCE + timedelta(days=30 * number), name="visit")
            adjust(account, 11, "gift", "test", f"gift:{number}")
            tell(dice.choice(self.accounts), subscribed=bool(number % 2))
            if number % 4 == 0:
                pin_tier(account, "gold", (now() + timedelta(days=20)).date(), "kind", "test")
            time.sleep(0.02)

    def publishes(self) -> None:
        for number in range(2, 5):
            load_draft(self.shop, program(number))
            publish(self.shop, "test")
            time.sleep(0.2)

    def files(self) -> None:
        """The same balances come in twice, and the first time is undone."""
        rows = "".join(f"{name}@corner.example,{40 + number}\n" for number, name in enumerate(PEOPLE))
        done = []
        for _ in range(2):
            batch = batches.check(self.shop, Upload(f"email,points\n{rows}".encode(), "import", "test"))
            done.append(batches.apply(batch, "test", again=True))
            self.again(partial(batches.carry_on, batch, chunk=2))
        self.again(partial(batches.carry_on, batches.undo(done[0], "test"), chunk=2))


def run(works: list[Callable[[], object]]) -> None:
    """Each in a thread of its own; raises what one of them raised."""
    failures: list[BaseException] = []

    def one(work: Callable[[], object]) -> None:
        try:
            work()
        except BaseException as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=one, args=[work]) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(50)
    assert not any(thread.is_alive() for thread in threads)
    if failures:
        raise failures[0]


def stands(busy: Busy) -> dict[str, Any]:
    with scope(shop=busy.shop):
        return {
            "targets": sorted(Award.objects.filter(shop=busy.shop).values_list("source", "target")),
            "tiers": sorted(
                Standing.objects.filter(shop=busy.shop).values_list("account_id", "tier", "kept_until")
            ),
            "spans": sorted(
                TierSpan.objects.filter(shop=busy.shop).values_list(
                    "account_id", "number", "tier", "since", "until"
                ),
                key=str,
            ),
            "balances": sorted(
                Account.objects.filter(shop=busy.shop).values_list("id", "balance", "pending")
            ),
        }


@pytest.mark.parametrize("seed", [1, 2])
def test_everything_at_once(committed: None, seed: int) -> None:
    dice, busy = random.Random(seed), Busy()
    facts = [each for number in range(60) for each in told(dice, number)]
    facts += dice.choices(facts, k=15)
    dice.shuffle(facts)
    shares = [facts[start::3] for start in range(3)]
    people = partial(busy.people, random.Random(seed + 7))
    run([partial(busy.deliver_shares, shares), busy.jobs, busy.jobs, people, busy.publishes, busy.files])
    for job in (catch_up, ledger.release_all_due, reviews.review_all_due, ledger.expire_all_due) * 2:
        job()
    assert verify(busy.shop.pk) == []
    with scope(shop=busy.shop):
        settled = [
            award.target == award.posted - award.shortfall for award in Award.objects.filter(shop=busy.shop)
        ]
    assert all(settled)
    stood = stands(busy)
    replay_accounts([(busy.shop.pk, account.pk) for account in busy.accounts])
    assert stands(busy) == stood
    with transaction.atomic(), scope(shop=busy.shop):
        # Whoever is replayed from the facts alone comes to the same.
        Standing.objects.filter(shop=busy.shop).delete()
        for account in busy.accounts:
            account.progress.all().delete()
        replay_accounts([(busy.shop.pk, account.pk) for account in busy.accounts])
    assert stands(busy) == stood
    assert verify(busy.shop.pk) == []
    assert busy.retried <= 5
