"""What stores tell of customers: the earliest joining, the newest birthday and consent, and what those earn."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from django_scopes import scope

from lib.clock import now
from loyalty.actions.awards import open_accounts
from loyalty.actions.days import mark_days
from loyalty.actions.members import settle_activities
from loyalty.models import Account
from loyalty.proof import verify
from loyalty.versions import timelines
from orders.customer_facts import customer_activities, tell
from orders.customers import Remembered, remember
from platforms.reading import EARLIEST
from platforms.snapshots import CustomerSnapshot
from shops.models import Connection, Customer, Shop
from tests.bodies import standard_event, standard_order
from tests.loyalty.activity_stories import activities, balance, member, reward, rule, store
from tests.orders.stores import Store

# After every program that a test publishes.
START = datetime(2037, 1, 1, 12, tzinfo=UTC)


def at(days: float) -> datetime:
    return START + timedelta(days=days)


def told(days: float, **facts: Any) -> CustomerSnapshot:
    """What was told of the customer "mara" on that day."""
    known: dict[str, Any] = {"id": "mara", "as_of": at(days)} | facts
    return CustomerSnapshot(**known)


@pytest.fixture
def teahouse(shop: Shop) -> Connection:
    reward(shop, rule("signup", 100), rule("newsletter", 30), rule("birthday", 10))
    return store(shop)


def take_in(connection: Connection, *tellings: CustomerSnapshot) -> Remembered:
    """One batch of deliveries about customers."""
    shop_id = connection.shop_id
    with transaction.atomic():
        remembered = remember([((shop_id, connection.pk, each.id), each) for each in tellings], [])
        open_accounts((shop_id, id_) for id_ in remembered.ids.values())
        settle_activities(customer_activities(remembered, timelines([shop_id])))
    return remembered


def customer(connection: Connection, name: str = "mara") -> Customer:
    with scope(shop=connection.shop):
        found: Customer = Customer.objects.get(shop=connection.shop, external_id=name)
        return found


def account(connection: Connection) -> Account:
    with scope(shop=connection.shop):
        found: Account = Account.objects.select_related("shop", "customer").get(shop=connection.shop)
        return found


def kinds(connection: Connection) -> list[str]:
    return sorted(each.kind for each in activities(connection.shop))


# Joining


def test_who_becomes_known_has_signed_up(teahouse: Connection) -> None:
    take_in(teahouse, told(5, joined_at=at(3), tags=("tea club",)))
    (kept,) = activities(teahouse.shop)
    assert (kept.kind, kept.occurred_at, kept.tags) == ("signup", at(3), ["tea club"])
    assert kept.reference == f"signup:{customer(teahouse).pk}"
    assert balance(account(teahouse)) == 100


def test_being_told_again_gives_nothing_more(teahouse: Connection) -> None:
    for days in (5, 5, 4, 9):
        take_in(teahouse, told(days), told(days + 1))
    assert kinds(teahouse) == ["signup"]
    assert balance(account(teahouse)) == 100


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_the_earliest_that_is_known_is_when_they_joined(teahouse: Connection, order: tuple[int, ...]) -> None:
    tellings = [told(5), told(4, joined_at=at(2)), told(9, joined_at=at(8))]
    for index in order:
        take_in(teahouse, tellings[index])
    assert customer(teahouse).joined_at == at(2)
    assert (kinds(teahouse), balance(account(teahouse))) == (["signup"], 100)


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_in_one_batch_as_well(teahouse: Connection, order: tuple[int, ...]) -> None:
    tellings = [
        told(5, first_name="Mara"),
        told(4, joined_at=at(2), birthday="06-14"),
        told(3, subscribed=True),
    ]
    take_in(teahouse, *[tellings[index] for index in order])
    mara = customer(teahouse)
    assert (mara.joined_at, mara.birth_month, mara.birth_day) == (at(2), 6, 14)
    assert (mara.subscribed, mara.subscribed_at) == (True, at(3))
    assert (mara.first_name, mara.as_of) == ("Mara", at(5))
    assert kinds(teahouse) == ["newsletter", "signup"]


def test_who_joined_before_there_was_a_rule_gets_nothing(teahouse: Connection) -> None:
    take_in(teahouse, told(5, joined_at=now() - timedelta(days=1)))
    assert activities(teahouse.shop) == []


def test_a_sign_up_is_not_taken_back_when_an_earlier_joining_is_found_out(teahouse: Connection) -> None:
    take_in(teahouse, told(5, joined_at=at(3)))
    long_ago = now() - timedelta(days=400)
    take_in(teahouse, told(6, joined_at=long_ago))
    assert customer(teahouse).joined_at == long_ago
    (kept,) = activities(teahouse.shop)
    assert kept.occurred_at == at(3)
    assert balance(account(teahouse)) == 100


def test_who_was_known_before_joining_was_kept_joined_by_then(teahouse: Connection) -> None:
    member(teahouse, "mara", at(-30))
    with scope(shop=teahouse.shop):
        Customer.objects.filter(shop=teahouse.shop).update(
            joined_at=None, created_at=now() - timedelta(days=9)
        )
    take_in(teahouse, told(5))
    assert customer(teahouse).joined_at == customer(teahouse).created_at
    assert kinds(teahouse) == []


def test_a_program_without_such_rules_costs_nothing(shop: Shop, django_assert_num_queries: Any) -> None:
    connection = store(shop)
    known = timelines([shop.pk])
    remembered = remember(
        [((shop.pk, connection.pk, "mara"), told(5, subscribed=True, birthday="06-14"))], []
    )
    assert remembered.news
    with django_assert_num_queries(0):
        assert customer_activities(remembered, known) == []


def test_what_is_known_already_is_no_news(teahouse: Connection) -> None:
    take_in(teahouse, told(5, subscribed=True, birthday="06-14"))
    assert take_in(teahouse, told(6, subscribed=True, birthday="06-14")).news == []


# Agreeing to marketing


def test_agreeing_is_awarded_when_it_was_done(teahouse: Connection) -> None:
    take_in(teahouse, told(5, subscribed=True, subscribed_at=at(2), joined_at=at(1)))
    kept = {each.kind: each.occurred_at for each in activities(teahouse.shop)}
    assert kept == {"signup": at(1), "newsletter": at(2)}
    assert balance(account(teahouse)) == 130


def test_who_agreed_before_there_was_a_rule_gets_nothing(teahouse: Connection) -> None:
    before = now() - timedelta(days=1)
    take_in(teahouse, told(5, subscribed=True, subscribed_at=before))
    assert kinds(teahouse) == ["signup"]
    take_in(teahouse, told(6, subscribed=True))
    assert kinds(teahouse) == ["signup"]


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_the_newest_consent_counts_and_earns_once(teahouse: Connection, order: tuple[int, ...]) -> None:
    tellings = [told(3, subscribed=True), told(4, subscribed=False), told(6)]
    for index in order:
        take_in(teahouse, tellings[index])
    assert customer(teahouse).subscribed is False
    assert kinds(teahouse) == ["newsletter", "signup"]
    take_in(teahouse, told(8, subscribed=True))
    assert customer(teahouse).subscribed is True
    assert balance(account(teahouse)) == 130


def test_a_consent_told_by_itself_overwrites_nothing_else(teahouse: Connection) -> None:
    consent = told(0, as_of=EARLIEST, joined_at=at(7), subscribed=True, subscribed_at=at(7))
    take_in(teahouse, told(5, first_name="Mara", email="mara@example.com", joined_at=at(5)))
    take_in(teahouse, consent)
    mara = customer(teahouse)
    assert (mara.first_name, mara.email, mara.as_of, mara.joined_at) == (
        "Mara",
        "mara@example.com",
        at(5),
        at(5),
    )
    assert (mara.subscribed, mara.subscribed_at) == (True, at(7))


def test_a_consent_that_comes_first_is_kept(teahouse: Connection) -> None:
    take_in(teahouse, told(0, as_of=EARLIEST, joined_at=at(7), subscribed=True, subscribed_at=at(7)))
    assert customer(teahouse).joined_at == at(7)
    take_in(teahouse, told(5, first_name="Mara", joined_at=at(5)))
    mara = customer(teahouse)
    assert (mara.first_name, mara.joined_at, mara.subscribed) == ("Mara", at(5), True)
    assert balance(account(teahouse)) == 130


# Birthdays


def test_the_newest_birthday_counts_and_silence_changes_nothing(teahouse: Connection) -> None:
    for telling in (told(5, birthday="06-14"), told(4, birthday="01-31"), told(6)):
        take_in(teahouse, telling)
    assert (customer(teahouse).birth_month, customer(teahouse).birth_day) == (6, 14)
    take_in(teahouse, told(7, birthday="02-29"))
    assert (customer(teahouse).birth_month, customer(teahouse).birth_day) == (2, 29)


def test_a_birthday_that_an_older_telling_knows_is_kept_where_none_is_known(teahouse: Connection) -> None:
    take_in(teahouse, told(6))
    take_in(teahouse, told(4, birthday="06-14"))
    assert (customer(teahouse).birth_month, customer(teahouse).birth_day) == (6, 14)
    assert customer(teahouse).as_of == at(6)


@pytest.mark.parametrize(("birthday", "given"), [("01-03", 1), ("01-02", 0), ("12-29", 0)])
def test_a_birthday_counts_from_the_day_on_which_it_is_told(
    teahouse: Connection, birthday: str, given: int
) -> None:
    take_in(teahouse, told(2, birthday=birthday, joined_at=at(-60)))  # on 3 January
    assert mark_days(at(3)) == given


# What the shop's own server says


def test_a_member_told_of_by_the_shop(teahouse: Connection) -> None:
    mara = member(teahouse, "mara", at(-30))
    tell(mara, birthday="06-14", subscribed=True)
    known = customer(teahouse)
    assert (known.birth_month, known.birth_day, known.subscribed) == (6, 14, True)
    assert kinds(teahouse) == ["newsletter"]
    tell(mara, birthday="")
    assert customer(teahouse).birth_month is None
    assert customer(teahouse).subscribed is True


def test_a_birthday_of_yesterday_told_today_is_not_caught_up_with(teahouse: Connection) -> None:
    mara = member(teahouse, "mara", at(-30))
    yesterday = now().astimezone(timelines([teahouse.shop_id])[teahouse.shop_id].versions[0].zone)
    tell(mara, birthday=(yesterday - timedelta(days=1)).strftime("%m-%d"))
    assert [each.reference.split(":")[0] for each in activities(teahouse.shop)] == ["missed"]
    assert balance(mara) == 0


# On the wire


def test_a_webhook_signs_up_and_subscribes(teahouse: Connection) -> None:
    customer = {"id": "mara", "updated_at": at(5).isoformat(), "created_at": at(4).isoformat()}
    event = standard_event(
        "customer.updated", customer | {"accepts_marketing": True, "birthday": "1988-06-14"}
    )
    Store(teahouse).apply(("customer.updated", event), ("customer.updated", event))
    assert kinds(teahouse) == ["newsletter", "signup"]
    assert balance(account(teahouse)) == 130
    assert verify() == []


@pytest.mark.parametrize("order_first", [True, False])
def test_an_order_and_its_customer_in_either_order(teahouse: Connection, order_first: bool) -> None:
    order = standard_order(
        placed_at=at(4).isoformat(), updated_at=at(4).isoformat(), customer={"id": "mara"}, status="pending"
    )
    customer = {"id": "mara", "updated_at": at(5).isoformat(), "created_at": at(3).isoformat()}
    events = [standard_event("order.updated", order), standard_event("customer.updated", customer)]
    for event in events if order_first else reversed(events):
        Store(teahouse).apply((event["type"], event))
    with scope(shop=teahouse.shop):
        assert Customer.objects.get(shop=teahouse.shop).joined_at == at(3)
    assert (kinds(teahouse), balance(account(teahouse))) == (["signup"], 100)


def test_a_guest_has_not_signed_up(teahouse: Connection) -> None:
    order = standard_order(placed_at=at(4).isoformat(), updated_at=at(4).isoformat(), customer=None)
    Store(teahouse).apply(("order.updated", standard_event("order.updated", order)))
    assert activities(teahouse.shop) == []
