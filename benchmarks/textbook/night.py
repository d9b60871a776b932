"""A night as loops over members with the ORM: `python -m benchmarks.textbook.night <instant> <members>`.

Makes a sample of members first, all of them due. Prints a JSON object: of each job how many and in what time.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "benchmarks.textbook.settings")
django.setup()

from django.db import transaction  # noqa: E402 - after django.setup(): models are imported
from django.db.models import Sum  # noqa: E402

from benchmarks.textbook.models import (  # noqa: E402
    Account,
    Award,
    Customer,
    Entry,
    Lot,
    Order,
    TierChange,
)

THRESHOLDS = {"bronze": 100, "silver": 500, "gold": 1000, "platinum": 2000, "diamond": 4000}
LOTS_EACH = 10
ORDERS_EACH = 4
YEAR = timedelta(days=365)


def make(at: datetime, members: int) -> None:
    """Members with four orders, ten lots of which one is due, and an award that is due."""
    for model in (TierChange, Lot, Entry, Award, Order, Account, Customer):
        model._default_manager.all().delete()
    customers = Customer.objects.bulk_create(
        Customer(
            external_id=str(n),
            email=f"m{n}@example.com",
            first_name="Mara",
            last_name="Lindqvist",
            updated_at=at,
        )
        for n in range(members)
    )
    accounts = Account.objects.bulk_create(
        Account(customer=each, balance=1000, pending=50, lifetime_earned=1050, tier="gold", review_at=at)
        for each in customers
    )
    orders = [
        Order.objects.bulk_create(
            _order(f"{n}-{step}", n, customer, at) for n, customer in enumerate(customers)
        )
        for step in range(ORDERS_EACH)
    ]
    awards = Award.objects.bulk_create(
        Award(
            order=order, account=account, target=50, posted=50, pending=50, release_at=at, breakdown={"v": 1}
        )
        for order, account in zip(orders[0], accounts, strict=True)
    )
    entries = Entry.objects.bulk_create(_earned(award, at) for award in awards)
    Lot.objects.bulk_create(
        Lot(
            account=entry.account,
            entry=entry,
            points=100,
            remaining=100,
            earned_at=at - YEAR,
            expires_at=at + timedelta(days=30 * step),
        )
        for entry in entries
        for step in range(LOTS_EACH)
    )


def _order(external_id: str, number: int, customer: Customer, at: datetime) -> Order:
    return Order(
        external_id=external_id,
        customer=customer,
        number=external_id,
        email=customer.email,
        currency="EUR",
        status="paid",
        placed_at=at - timedelta(days=100),
        total=Decimal(number % 50 * 25),
    )


def _earned(award: Award, at: datetime) -> Entry:
    return Entry(
        account=award.account,
        award=award,
        seq=0,
        kind="earn",
        points=50,
        balance_after=1000,
        reference=f"order:{award.order_id}",
        occurred_at=at - timedelta(days=14),
    )


def release(at: datetime) -> int:
    """Release what is on hold, award by award."""
    done = 0
    for award_id in Award.objects.filter(pending__gt=0, release_at__lte=at).values_list("pk", flat=True):
        with transaction.atomic():
            award = Award.objects.select_for_update().get(pk=award_id)
            account = Account.objects.select_for_update().get(pk=award.account_id)
            account.pending -= award.pending
            entry = _post(account, award, "release", award.pending, f"release:{award.pk}", at)
            Lot.objects.create(
                account=account, entry=entry, points=award.pending, remaining=award.pending, earned_at=at
            )
            award.pending = 0
            award.save(update_fields=["pending"])
        done += 1
    return done


def expire(at: datetime) -> int:
    """Let lots expire, one by one."""
    done = 0
    for lot_id in Lot.objects.filter(remaining__gt=0, expires_at__lte=at).values_list("pk", flat=True):
        with transaction.atomic():
            lot = Lot.objects.select_for_update().select_related("entry__award").get(pk=lot_id)
            account = Account.objects.select_for_update().get(pk=lot.account_id)
            _post(account, lot.entry.award, "expire", -lot.remaining, f"expire:{lot.pk}", at)
            lot.remaining = 0
            lot.save(update_fields=["remaining"])
        done += 1
    return done


def review(at: datetime) -> int:
    """Look again at the tiers, member by member."""
    done = 0
    for account_id in Account.objects.filter(review_at__lte=at).values_list("pk", flat=True):
        with transaction.atomic():
            account = Account.objects.select_for_update().get(pk=account_id)
            year = Order.objects.filter(
                customer_id=account.customer_id, placed_at__gte=at - YEAR, placed_at__lt=at
            )
            spend = year.aggregate(spend=Sum("total"))["spend"] or Decimal(0)
            reached = [tier for tier, least in THRESHOLDS.items() if spend >= least]
            tier = reached[-1] if reached else ""
            reason = "renewed" if tier == account.tier else "downgraded"
            account.tier, account.review_at = tier, at + YEAR
            account.save(update_fields=["tier", "review_at"])
            TierChange.objects.create(account=account, tier=tier, since=at, reason=reason, spend=spend)
        done += 1
    return done


def _post(account: Account, award: Award, kind: str, points: int, reference: str, at: datetime) -> Entry:
    account.seq += 1
    account.balance += points
    account.save(update_fields=["seq", "balance", "pending"])
    return Entry.objects.create(
        account=account,
        award=award,
        seq=account.seq,
        kind=kind,
        points=points,
        balance_after=account.balance,
        reference=reference,
        occurred_at=at,
    )


JOBS: dict[str, Callable[[datetime], int]] = {"released": release, "expired": expire, "reviewed": review}


def main(at: datetime, members: int) -> dict[str, Any]:
    make(at, members)
    done: dict[str, Any] = {}
    for name, job in JOBS.items():
        started = time.perf_counter()
        count = job(at)
        done[name] = {"count": count, "seconds": time.perf_counter() - started}
    return done


if __name__ == "__main__":
    print(json.dumps(main(datetime.fromisoformat(sys.argv[1]), int(sys.argv[2]))))
