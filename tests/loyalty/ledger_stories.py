"""Members whose sources are settled at chosen instants, and what the ledger then holds of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from django.db import transaction
from django_scopes import scope

from lib.clock import now
from loyalty import ledger
from loyalty.actions.awards import AwardTarget, open_accounts, settle
from loyalty.actions.programs import open_shop
from loyalty.models import Account, Award, Entry, Lot, ProgramVersion
from platforms.connect import connect_store
from shops.models import Customer, Shop

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, 12, tzinfo=UTC)
_numbers = count(1)


def on(day: float) -> datetime:
    """An instant: so many days after the start."""
    return START + DAY * day


@dataclass
class Member:
    """A member of a shop; days count from `START`."""

    shop: Shop
    account: Account
    version_id: int
    sources: set[str] = field(default_factory=set)

    def earns(self, points: int, day: float, source: str = "order:1", **terms: Any) -> None:
        """Bring a source to `points` at that day. `release`, `expires`: days too; `seen`: when it is applied."""
        seen = terms.pop("seen", day)
        days: dict[str, Any] = {
            f"{name}_at": on(terms.pop(name)) for name in ("release", "expires") if name in terms
        }
        target = AwardTarget(
            shop_id=self.shop.pk,
            customer_id=self.account.customer_id,
            source=source,
            version_id=self.version_id,
            target=points,
            breakdown={"v": 1, "target": points, "n": next(_numbers)},
            earned_at=on(day),
            changed_at=on(day),
            **days,
            **terms,
        )
        with transaction.atomic():
            settle([target], on(seen))

    def spends(self, points: int, day: float) -> ledger.Posted:
        move = ledger.Move(
            self.shop.pk,
            self.account.pk,
            "redeem",
            -points,
            f"spend:{next(_numbers)}",
            on(day),
            activity=True,
        )
        with transaction.atomic():
            return ledger.post([move])[0]

    @property
    def figures(self) -> tuple[int, int]:
        """(balance, pending)."""
        with scope(shop=self.shop):
            account = Account.objects.get(shop=self.shop, pk=self.account.pk)
        return account.balance, account.pending

    def award(self, source: str = "order:1") -> Award:
        with scope(shop=self.shop):
            found: Award = Award.objects.get(shop=self.shop, source=source)
        return found

    @property
    def lots(self) -> list[Lot]:
        with scope(shop=self.shop):
            return list(Lot.objects.filter(shop=self.shop, account=self.account).order_by("earned_at", "id"))

    def entries(self, *kinds: str) -> list[Entry]:
        with scope(shop=self.shop):
            found = Entry.objects.filter(shop=self.shop, account=self.account).order_by("seq")
            return [entry for entry in found if not kinds or entry.kind in kinds]


def new_member(shop: Shop | None = None) -> Member:
    """A member of the shop, or of a new one in Berlin."""
    shop = shop or open_shop("Any", "EUR", "Europe/Berlin")
    store = connect_store(shop, "standard", f"s{next(_numbers)}-{shop.public_id.replace('_', '-')}.example")
    return another_member(shop, Customer(shop=shop, connection=store, external_id="c1", as_of=now()))


def another_member(shop: Shop, customer: Customer) -> Member:
    with scope(shop=shop):
        customer.save()
        open_accounts([(shop.pk, customer.pk)])
        account = Account.objects.get(shop=shop, customer=customer)
        version = ProgramVersion.objects.filter(shop=shop).latest("number")
    return Member(shop, account, version.pk)
