"""Files of points for a shop's members, checked and applied, and what came of them."""

import msgspec
from django_scopes import scope

from lib.clock import now
from loyalty.actions.awards import open_accounts
from loyalty.actions.batches import Upload, apply, carry_on, check
from loyalty.actions.points import adjust
from loyalty.actions.programs import draft_document, load_draft, publish
from loyalty.models import Account, Batch, BatchRow, Entry
from shops.models import Connection, Customer, Shop
from tests.storefront_api.stories import customer

WHO = "olivia@corner.example"


def upload(text: str, kind: str = "adjust", **more: object) -> Upload:
    return Upload(text.encode(), kind, WHO, **more)  # type: ignore[arg-type]


def applied(shop: Shop, text: str, kind: str = "adjust", **more: bool) -> Batch:
    batch = apply(check(shop, upload(text, kind)), WHO, **more)
    assert carry_on(batch)
    return batch


def balance(shopper: Customer) -> int:
    with scope(shop=shopper.shop):
        return Account.objects.get(shop=shopper.shop, customer=shopper).balance


def member(linked: Connection, external_id: str, email: str, points: int) -> Account:
    """A customer who has points already."""
    shopper = customer(linked, external_id, email)
    account_id = open_accounts([(linked.shop_id, shopper.pk)])[linked.shop_id, shopper.pk]
    with scope(shop=linked.shop):
        account = Account.objects.get(shop=linked.shop, pk=account_id)
    adjust(account, points, "at first", WHO)
    return account


def problems(batch: Batch) -> dict[int, str]:
    with scope(shop=batch.shop):
        return dict(BatchRow.objects.filter(batch=batch).exclude(problem="").values_list("line", "problem"))


def entries(shop: Shop) -> list[Entry]:
    with scope(shop=shop):
        return list(Entry.objects.filter(shop=shop).order_by("id"))


def verified(linked: Connection, external_id: str, email: str) -> Customer:
    shopper = customer(linked, external_id, email)
    with scope(shop=linked.shop):
        Customer.objects.filter(pk=shopper.pk).update(email_verified=True)
    return shopper


def with_program(shop: Shop, **changes: object) -> None:
    load_draft(shop, msgspec.structs.replace(draft_document(shop), **changes))
    publish(shop, WHO, "")


def many(shop: Shop, linked: Connection, count: int) -> str:
    """A file for so many customers, each to get as many points as their number."""
    at = now()
    with scope(shop=shop):
        Customer.objects.bulk_create(
            Customer(shop=shop, connection=linked, external_id=f"m{n}", as_of=at) for n in range(1, count + 1)
        )
    return "external_id,points,reason\n" + "".join(f"m{n},{n},x\n" for n in range(1, count + 1))
