"""One task for each webhook: the order, its award with an explanation, an entry, a lot, the balance."""

from decimal import ROUND_FLOOR, Decimal
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils.dateparse import parse_datetime

from benchmarks.textbook.models import Account, Award, Customer, Entry, Lot, Order, Webhook

Body = dict[str, Any]


@shared_task(ignore_result=True)
def apply_webhook(webhook_id: int) -> None:
    """Apply an order once."""
    with transaction.atomic():
        webhook = Webhook.objects.select_for_update().get(pk=webhook_id)
        if webhook.state != "new":
            return
        body: Body = webhook.body
        customer = _customer(body["customer"])
        account, _ = Account.objects.get_or_create(customer=customer)
        account = Account.objects.select_for_update().get(pk=account.pk)
        order = _order(body, customer)
        _award(order, account)
        webhook.state = "done"
        webhook.save(update_fields=["state"])


def _customer(told: Body) -> Customer:
    customer, _ = Customer.objects.update_or_create(
        external_id=str(told["id"]),
        defaults={
            "email": told["email"],
            "first_name": told["first_name"],
            "last_name": told["last_name"],
            "tags": told["tags"].split(", "),
            "updated_at": parse_datetime(told["updated_at"]),
        },
    )
    return customer


def _order(body: Body, customer: Customer) -> Order:
    lines = [
        {
            "id": str(line["id"]),
            "net": str(Decimal(line["price"]) * line["quantity"] - Decimal(line["total_discount"])),
            "quantity": line["quantity"],
            "title": line["title"],
            "sku": line["sku"],
        }
        for line in body["line_items"]
    ]
    order, _ = Order.objects.update_or_create(
        external_id=str(body["id"]),
        defaults={
            "customer": customer,
            "number": body["name"],
            "email": body["email"],
            "currency": body["currency"],
            "status": body["financial_status"],
            "placed_at": parse_datetime(body["created_at"]),
            "total": Decimal(body["total_price"]),
            "lines": lines,
        },
    )
    return order


def _award(order: Order, account: Account) -> None:
    goods = sum((Decimal(line["net"]) for line in order.lines), Decimal(0))
    points = int(goods.to_integral_value(ROUND_FLOOR))
    breakdown = {"basis": str(goods), "lines": order.lines, "rule": "1 point per 1", "points": points}
    award, created = Award.objects.get_or_create(
        order=order,
        defaults={"account": account, "target": points, "posted": points, "breakdown": breakdown},
    )
    if not created:
        return
    account.seq += 1
    account.balance += points
    account.lifetime_earned += points
    entry = Entry.objects.create(
        account=account,
        award=award,
        seq=account.seq,
        kind="earn",
        points=points,
        balance_after=account.balance,
        reference=f"order:{order.pk}",
        occurred_at=order.placed_at,
    )
    Lot.objects.create(
        account=account, entry=entry, points=points, remaining=points, earned_at=order.placed_at
    )
    account.save(update_fields=["seq", "balance", "lifetime_earned"])
