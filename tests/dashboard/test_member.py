"""Looking at a member, and adjusting points."""

from collections.abc import Callable

import pytest
from django.test import Client
from django_scopes import scope
from pytest_django import DjangoAssertNumQueries

from lib.clock import now
from loyalty.models import Account, Entry
from tests.dashboard.conftest import Desks
from tests.storefront_api.stories import customer, order

ONCE = "adjust_abcdefgh234567"


def adjust(
    client: Client, desks: Desks, points: object, reason: str = "A gift", once: str = ONCE
) -> tuple[int, str]:
    answer = client.post(desks.url("member"), {"points": points, "reason": reason, "once": once}, follow=True)
    return answer.status_code, answer.content.decode()


def entries(desks: Desks) -> list[Entry]:
    with scope(shop=desks.shop):
        return list(Entry.objects.filter(account=desks.member).order_by("seq"))


def test_a_member_page_says_why(read: Callable[[str], str]) -> None:
    page = read("member")
    assert "49 beans: 49.95 € of goods at 1 bean per 1 €, rounded down" in page or "49.95 € of goods" in page
    assert "Why these points?" in page
    assert "cust-mia" in page


@pytest.mark.parametrize("points", [50, -20])
def test_an_adjustment_names_the_person_and_the_reason(desks: Desks, points: int) -> None:
    status, page = adjust(desks.client("support"), desks, points, "Late <parcel>")
    last = entries(desks)[-1]
    assert status == 200
    assert (last.kind, last.available_delta, last.balance_after) == ("adjust", points, 49 + points)
    assert (last.actor, last.reason) == ("tom@corner.example", "Late <parcel>")
    assert f"The balance is now {49 + points} beans" in page
    assert "Late &lt;parcel&gt;" in page


@pytest.mark.parametrize(
    ("points", "reason", "said"),
    [
        ("", "A gift", "This field is required."),
        ("5", "", "This field is required."),
        ("0", "A gift", "Say how many points"),
        ("1.5", "A gift", "Enter a whole number."),
        ("-50", "A gift", "That is more than the balance of 49 beans."),
        ("9" * 30, "A gift", "At most 1,000,000,000 points"),
        ("5", "x" * 501, "at most 500 characters"),
        ("5", "nul \0", "Null characters are not allowed."),
    ],
)
def test_a_mistake_is_shown_beside_its_field(
    desks: Desks, owner: Client, points: str, reason: str, said: str
) -> None:
    status, page = adjust(owner, desks, points, reason)
    assert status == 422
    assert said in page
    assert len(entries(desks)) == 1


def test_a_form_sent_twice_counts_once(desks: Desks, owner: Client) -> None:
    assert adjust(owner, desks, 5)[0] == 200
    assert adjust(owner, desks, 5)[0] == 200
    assert adjust(owner, desks, 6)[0] == 422
    assert [entry.available_delta for entry in entries(desks)] == [49, 5]


def test_a_frozen_account_is_marked_and_gives_nothing_away(desks: Desks, owner: Client) -> None:
    with scope(shop=desks.shop):
        Account.objects.filter(pk=desks.member.pk).update(
            frozen_at=now(), frozen_reason="Its figures differ."
        )
    assert "Its figures differ." in owner.get(desks.url("member")).content.decode()
    assert "Frozen" in owner.get(desks.url("members")).content.decode()
    status, page = adjust(owner, desks, -5)
    assert status == 422
    assert "This account is frozen" in page


@pytest.mark.parametrize("words", ["mia@corner", "MIA", "Mia Meier", "meier", "cust-mia"])
def test_search_finds_by_email_name_and_id(desks: Desks, owner: Client, words: str) -> None:
    with scope(shop=desks.shop):
        type(desks.member.customer).objects.filter(pk=desks.member.customer_id).update(
            first_name="Mia", last_name="Meier"
        )
    order(customer(desks.connection, "cust-zoe", "zoe@corner.example"), "order:2", "5")
    page = owner.get("/dashboard/members/", {"q": words}).content.decode()
    assert "mia@corner.example" in page
    assert "zoe@corner.example" not in page


@pytest.mark.parametrize("words", ["nobody", "%", "'; --", "\0", "x" * 5000])
def test_search_for_nobody_is_friendly(desks: Desks, owner: Client, words: str) -> None:
    answer = owner.get("/dashboard/members/", {"q": words})
    assert answer.status_code == 200
    assert ("Nobody found" in answer.content.decode()) == bool(words.strip("\0"))


def test_more_members_and_entries_cost_no_more_queries(
    desks: Desks, owner: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    owner.get(desks.url("members"))
    with django_assert_num_queries(8):
        owner.get(desks.url("members"))
    with django_assert_num_queries(17):
        owner.get(desks.url("member"))
    for number in range(5):
        order(customer(desks.connection, f"more-{number}"), f"order:more-{number}", "20")
        order(desks.member.customer, f"order:again-{number}", "20")
    with django_assert_num_queries(8):
        owner.get(desks.url("members"))
    with django_assert_num_queries(17):
        owner.get(desks.url("member"))
