"""Programs that reward more than orders, and members who do more than order."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django_scopes import scope

from loyalty.actions.awards import open_accounts
from loyalty.actions.programs import draft_document, load_draft, publish
from loyalty.documents import as_dict, decode
from loyalty.models import Account, Activity, Award
from platforms.connect import connect_store
from shops.models import Connection, Customer, Shop


def rule(kind: str, points: int = 10, key: str = "", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "key": key or kind, "name": kind.title(), "points": str(points), **more}


def reward(shop: Shop, *rules: dict[str, Any], **terms: Any) -> None:
    """Publish the program with these rules, and with `terms`, from now on."""
    document = as_dict(draft_document(shop))
    load_draft(shop, decode(document | {"rules": list(rules)} | terms))
    publish(shop, "test")


def store(shop: Shop) -> Connection:
    """A store of any make, linked to the shop."""
    return connect_store(shop, "standard", f"{shop.public_id.replace('_', '-')}.example")


def member(
    connection: Connection, name: str, joined_at: datetime, birthday: str = "", **more: Any
) -> Account:
    """A customer of the store with an account; `birthday`: "MM-DD"."""
    month, _, day = birthday.partition("-")
    with scope(shop=connection.shop):
        customer = Customer.objects.create(
            shop=connection.shop,
            connection=connection,
            external_id=name,
            as_of=joined_at,
            joined_at=joined_at,
            birth_month=int(month) if month else None,
            birth_day=int(day) if day else None,
            **more,
        )
    with transaction.atomic():
        opened = open_accounts([(connection.shop_id, customer.pk)])
    with scope(shop=connection.shop):
        account: Account = Account.objects.select_related("shop", "customer").get(
            shop=connection.shop, pk=opened[connection.shop_id, customer.pk]
        )
        return account


def activities(shop: Shop) -> list[Activity]:
    with scope(shop=shop):
        return list(Activity.objects.filter(shop=shop).order_by("id"))


def awards(shop: Shop) -> list[Award]:
    with scope(shop=shop):
        return list(Award.objects.filter(shop=shop).order_by("id"))


def balance(account: Account) -> int:
    with scope(shop=account.shop):
        return int(Account.objects.get(shop=account.shop, pk=account.pk).balance)
