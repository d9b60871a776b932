"""Everything that can happen to members: edits, orders that change hands, activities, pins, spending, two stores.

Points are spent at fixed instants. Between two of these, whatever the order in which facts come and jobs run, and
however often, the ledger ends the same.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scope
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty import ledger
from loyalty.actions.activities import NewActivity, record_many
from loyalty.actions.members import replay_accounts, settle_activities
from loyalty.models import Account, Award, Lot, ProgramVersion, Standing, TierPin, TierSpan
from loyalty.proof import verify
from orders import pipeline
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
from shops.models import Connection, Shop
from tests.orders.test_member_histories import FIRST, History, open_store, programs, work
from tests.properties import tries

pytestmark = pytest.mark.django_db

PEOPLE = ("ann", "ben")
EPOCHS = [FIRST + timedelta(days=days) for days in (90, 180, 270)]
LAST = EPOCHS[-1]


@dataclass(frozen=True)
class Visit:
    """Something that the shop's server tells of a member."""

    reference: str


@dataclass(frozen=True)
class Pinned:
    tier: str
    days: int


@dataclass(frozen=True)
class Told:
    """A fact of `at`, told by or about store number `store`; `who` of the people it is about, if it is no order."""

    at: datetime
    store: int
    fact: OrderSnapshot | RefundEvent | CustomerSnapshot | Visit | Pinned
    who: str = ""


@dataclass(frozen=True)
class Story:
    versions: list[tuple[datetime, dict[str, Any]]]
    told: list[Told]
    spends: bool


def _day(draw: st.DrawFn, low: int = 1, high: int = 240) -> datetime:
    return FIRST + timedelta(days=draw(st.integers(low, high)), hours=draw(st.integers(0, 23)))


def _customer(who: str) -> CustomerSnapshot:
    return CustomerSnapshot(id=who, as_of=FIRST, joined_at=FIRST)


@st.composite
def lines(draw: st.DrawFn) -> tuple[Line, ...]:
    prices = draw(st.lists(st.integers(5, 250), min_size=1, max_size=3))
    return tuple(Line(str(index), Decimal(price)) for index, price in enumerate(prices))


@st.composite
def orders(draw: st.DrawFn, number: int) -> list[Told]:
    """An order, and what became of it: edited, in other hands, refunded, cancelled."""
    placed_at, store, who = _day(draw), draw(st.integers(0, 1)), draw(st.sampled_from(PEOPLE))
    said: dict[str, Any] = {
        "id": f"o{number}",
        "currency": "EUR",
        "status": OrderStatus.PAID,
        "placed_at": placed_at,
        "updated_at": placed_at,
        "paid_at": placed_at + timedelta(hours=draw(st.sampled_from([0, 30]))),
        "lines": draw(lines()),
        "customer": _customer(who),
    }
    told = [Told(placed_at, store, OrderSnapshot(**said))]
    at = placed_at
    for change in draw(
        st.lists(st.sampled_from(["edit", "hands", "refund", "refund", "cancel"]), max_size=2)
    ):
        at += timedelta(days=draw(st.integers(1, 40)))
        if change == "refund":
            line = draw(st.sampled_from(said["lines"]))
            taken = RefundLine(line.id, Decimal(draw(st.integers(1, int(line.net)))))
            refund = RefundSnapshot(f"r{len(told)}", at, (taken,))
            told.append(Told(at, store, RefundEvent(f"o{number}", refund)))
            continue
        if change == "edit":
            said["lines"] = draw(lines())
        elif change == "hands":
            said["customer"] = _customer(PEOPLE[1 - PEOPLE.index(said["customer"].id)])
        else:
            said["cancelled_at"] = at
        said["updated_at"] = at
        told.append(Told(at, store, OrderSnapshot(**said)))
    return told


@st.composite
def stories(draw: st.DrawFn) -> Story:
    starts = [FIRST, *([_day(draw, 20, 200)] if draw(st.booleans()) else [])]
    spends = draw(st.booleans())
    versions = []
    for at in starts:
        terms = draw(programs())
        # Idle months start with every earning that was posted, even one that was taken back since: an order that is
        # known to be cancelled, or somebody else's, before it is ever awarded leaves none.
        if terms["expiry"].get("mode") == "inactivity":
            terms["expiry"] = {"mode": "per_lot", "months": 4}
        points = draw(st.sampled_from(["5", "40"]))
        terms["rules"].append(
            {"kind": "custom", "key": "visit", "name": "Visit", "points": points, "event": "visit"}
        )
        terms["rules"].append({"kind": "signup", "key": "signup", "name": "Sign-up", "points": "20"})
        versions.append((at, terms))
    told = [each for number in range(draw(st.integers(2, 6))) for each in draw(orders(number))]
    for number in range(draw(st.integers(0, 3))):
        who = draw(st.sampled_from(PEOPLE))
        told.append(Told(_day(draw), draw(st.integers(0, 1)), Visit(f"v{number}"), who))
    if draw(st.booleans()):
        who, days = draw(st.sampled_from(PEOPLE)), draw(st.integers(5, 100))
        tier = draw(st.sampled_from(["bronze", "gold"]))
        told.append(Told(_day(draw), draw(st.integers(0, 1)), Pinned(tier, days), who))
    return Story(versions, sorted(told, key=lambda each: each.at), spends)


class Stores:
    """A shop with two stores, and two people in each."""

    def __init__(self, story: Story) -> None:
        first = open_store(History(story.versions, []))
        self.shop: Shop = first.shop
        other = connect_store(self.shop, "standard", f"t{self.shop.pk}.example")
        self.stores: list[Connection] = [first, other]
        facts = Facts()
        for store in self.stores:
            facts.customers += [((self.shop.pk, store.pk, who), _customer(who)) for who in PEOPLE]
        with transaction.atomic():
            pipeline.apply(facts, FIRST)
        self.accounts: dict[tuple[int, str], Account] = {}
        with scope(shop=self.shop):
            for account in Account.objects.filter(shop=self.shop).select_related("customer"):
                number = [each.pk for each in self.stores].index(account.customer.connection_id)
                self.accounts[number, account.customer.external_id] = account

    def deliver(self, told: Sequence[Told], at: datetime) -> None:
        facts = Facts()
        for each in told:
            account = self.accounts.get((each.store, each.who))
            if isinstance(each.fact, Visit) and account:
                self._record(each, account, at)
            elif isinstance(each.fact, Pinned) and account:
                self._pin(each.at, each.fact, account, at)
            else:
                self._add(facts, each)
        with transaction.atomic():
            pipeline.apply(facts, at)

    def _add(self, facts: Facts, told: Told) -> None:
        store, fact = self.stores[told.store].pk, told.fact
        customer = fact.customer if isinstance(fact, OrderSnapshot) else None
        if customer:
            facts.customers.append(((self.shop.pk, store, customer.id), customer))
        if isinstance(fact, OrderSnapshot | RefundEvent):
            order_id = fact.id if isinstance(fact, OrderSnapshot) else fact.order_id
            facts.orders.setdefault((self.shop.pk, store, order_id), []).append(fact)

    def _record(self, told: Told, account: Account, at: datetime) -> None:
        assert isinstance(told.fact, Visit)
        new = NewActivity(
            self.shop.pk, account.customer_id, "custom", told.fact.reference, told.at, name="visit"
        )
        with transaction.atomic():
            if keys := record_many([new]):
                settle_activities(keys, at)

    def _pin(self, since: datetime, pinned: Pinned, account: Account, at: datetime) -> None:
        until = since + timedelta(days=pinned.days)
        words: Any = {"tier": pinned.tier, "since": since, "until": until, "reason": "x", "actor": "test"}
        with transaction.atomic(), scope(shop=self.shop):
            TierPin.objects.get_or_create(shop=self.shop, account=account, **words)
            replay_accounts([(self.shop.pk, account.pk)], at)

    def spend(self, at: datetime) -> None:
        """Everybody spends 100 points, or what they have."""
        moves = [
            ledger.Move(
                self.shop.pk, account.pk, "adjust", -100, f"spend:{account.pk}/{at}", at, uncovered="clamp"
            )
            for account in self.accounts.values()
        ]
        with transaction.atomic():
            ledger.post(moves)

    def ended(self, *, spent: bool) -> dict[str, Any]:
        """Once points were spent, which of several lots of one expiry they came out of depends on what was there."""
        with scope(shop=self.shop):
            return self._ended() | {"lots": self._lots(named=not spent)}

    @property
    def _names(self) -> dict[int, tuple[int, str]]:
        return {account.pk: key for key, account in self.accounts.items()}

    def _source(self, award: Award | None) -> Any:
        """Of what an award was, in terms that another shop shares."""
        if award is None:
            return "by hand"
        kind, _, rest = award.source.partition(":")
        if kind == "order":
            return self.shop.orders.get(pk=rest).external_id
        if kind == "activity":
            reference = self.shop.activities.get(pk=rest).reference
            return reference if reference.startswith("v") else reference.partition(":")[0]
        return award.source.split(":")[2:]

    def _ended(self) -> dict[str, Any]:
        names = self._names
        versions = dict(ProgramVersion.objects.filter(shop=self.shop).values_list("pk", "number"))
        return {
            "accounts": {
                names[account.pk]: (account.balance, account.pending)
                for account in Account.objects.filter(shop=self.shop)
            },
            "awards": sorted(
                (names[award.account_id], str(self._source(award)), award.target)
                for award in Award.objects.filter(shop=self.shop)
                if award.target
            ),
            "tiers": {
                names[standing.account_id]: (standing.tier, standing.since, standing.kept_until)
                for standing in Standing.objects.filter(shop=self.shop)
            },
            "spans": sorted(
                (
                    names[span.account_id],
                    span.number,
                    span.tier,
                    span.since,
                    span.until or LAST,
                    span.reason,
                    versions[span.version_id],
                )
                for span in TierSpan.objects.filter(shop=self.shop)
            ),
        }

    def _lots(self, *, named: bool) -> Counter[Any]:
        found: Counter[Any] = Counter()
        for lot in Lot.objects.filter(shop=self.shop, remaining__gt=0).select_related("award"):
            source = str(self._source(lot.award)) if named else ""
            found[self._names[lot.account_id], lot.expires_at, source] += lot.remaining
        return found


def live(story: Story, stores: Stores, data: st.DataObject, *, calm: bool) -> list[dict[str, Any]]:
    """Let everything happen: in its time, or late, mixed up and told again, but before the next spending.

    Returns where things stand at the end of each epoch.
    """
    begins, stands = FIRST, []
    for ends in EPOCHS:
        told = [each for each in story.told if begins < each.at <= ends]
        begins = ends
        if calm:
            for each in told:
                stores.deliver([each], each.at)
                if data.draw(st.booleans()):
                    work(each.at)
        elif told:
            again = data.draw(st.lists(st.sampled_from(told), max_size=2))
            arrivals = data.draw(st.permutations([*told, *again]))
            size = data.draw(st.integers(1, len(arrivals)))
            for start in range(0, len(arrivals), size):
                stores.deliver(arrivals[start : start + size], ends)
                if data.draw(st.booleans()):
                    work(ends)
        look_at_all_at(stores.shop, ends)
        work(ends)
        work(ends)
        stands.append(stores.ended(spent=story.spends))
        if story.spends:
            stores.spend(ends)
    return stands


def look_at_all_at(shop: Shop, at: datetime) -> None:
    with scope(shop=shop):
        accounts = [(shop.pk, id_) for id_ in Account.objects.filter(shop=shop).values_list("id", flat=True)]
    replay_accounts(accounts, at)


@settings(
    max_examples=tries(5, 60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories(), data=st.data())
def test_any_order_of_whatever_happens_ends_in_the_same_place(
    db: None, story: Story, data: st.DataObject
) -> None:
    calm = Stores(story)
    stood = live(story, calm, data, calm=True)
    # Only now: jobs are for all shops at once.
    wild = Stores(story)
    for then, expected in zip(live(story, wild, data, calm=False), stood, strict=True):
        assert {what: then[what] for what in then if then[what] != expected[what]} == {
            what: expected[what] for what in then if then[what] != expected[what]
        }
    assert verify(wild.shop.pk) == []
    assert verify(calm.shop.pk) == []
