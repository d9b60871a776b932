"""Tiers of members: in the list, on a member's page, on any day, and given by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
import pytest
from django.db import transaction
from django.test import Client
from django_scopes import scope

from dashboard import listing
from lib.clock import now
from loyalty.actions.members import replay_accounts
from loyalty.actions.programs import draft_document, load_draft, publish
from loyalty.documents import Tier, Tiers
from loyalty.models import Account, TierPin
from loyalty.tiers import Row
from shops.models import Customer
from tests.dashboard.conftest import Desks
from tests.loyalty.test_reviews import remember
from tests.storefront_api.stories import customer, order

LEVELS = (
    Tier(key="bronze", name="Bronze", threshold=Decimal(0)),
    Tier(key="silver", name="Silver", threshold=Decimal(200), multiplier=Decimal(2), perks=("Free tea",)),
    Tier(key="gold", name="Gold", threshold=Decimal(1000)),
)
PIN = {"pin-tier": "gold", "pin-until": "2099-01-01", "pin-reason": "A <friend> of the house"}


def spent(account: Account, amount: int) -> None:
    at = now() - timedelta(days=40)
    remember(account, [Row("order:9", at, at, 1, Decimal(amount), amount)])


def look_again(*accounts: Account) -> None:
    with transaction.atomic():
        replay_accounts([(account.shop_id, account.pk) for account in accounts])


@pytest.fixture
def zoe(desks: Desks) -> Account:
    return order(customer(desks.connection, "cust-zoe", "zoe@corner.example"), "order:2", "5")


@pytest.fixture
def tiered(desks: Desks, zoe: Account) -> Desks:
    """Mia spent 250 and is Silver, Zoe is Bronze."""
    draft = draft_document(desks.shop)
    load_draft(desks.shop, msgspec.structs.replace(draft, tiers=Tiers(levels=LEVELS)))
    publish(desks.shop, "olivia@corner.example", "Tiers")
    look_again(desks.member, zoe)
    spent(desks.member, 250)
    look_again(desks.member)
    return desks


def listed(client: Client, **asked: str) -> list[str]:
    answer = client.get("/dashboard/members/", asked)
    assert answer.status_code == 200
    return [account.customer.email for account, _tier in answer.context["rows"]]


def page(client: Client, desks: Desks, **asked: str) -> str:
    answer = client.get(desks.url("member"), asked)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_without_tiers_none_are_spoken_of(desks: Desks, owner: Client) -> None:
    for name in ("members", "member", "index"):
        text = owner.get(desks.url(name)).content.decode()
        assert "Time machine" not in text
        assert "?tier=" not in text
        assert ">Tier<" not in text


def test_the_list_shows_and_filters_tiers(tiered: Desks, owner: Client) -> None:
    text = owner.get(tiered.url("members")).content.decode()
    assert text.count('data-label="Tier">Silver<') == 1
    assert text.count('data-label="Tier">Bronze<') == 1
    assert listed(owner, tier="silver") == ["mia@corner.example"]
    assert listed(owner, tier="bronze") == ["zoe@corner.example"]
    assert listed(owner, tier="gold") == []
    assert "No member has this tier now." in owner.get("/dashboard/members/?tier=gold").content.decode()
    assert len(listed(owner, tier="no-such-tier")) == 2
    assert listed(owner, tier="silver", q="zoe") == []


def test_the_list_is_sorted_by_when_members_joined(tiered: Desks, owner: Client) -> None:
    with scope(shop=tiered.shop):
        Customer.objects.filter(external_id="cust-mia").update(joined_at=now() - timedelta(days=1))
        Customer.objects.filter(external_id="cust-zoe").update(joined_at=now() - timedelta(days=900))
    assert listed(owner) == ["zoe@corner.example", "mia@corner.example"]
    assert listed(owner, order="joined") == ["mia@corner.example", "zoe@corner.example"]
    assert listed(owner, order="balance")[0] == "mia@corner.example"
    assert listed(owner, order="'") == listed(owner, order="newest")


def test_pages_far_away_are_not_counted(
    tiered: Desks, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MOST_LISTED", 1)
    monkeypatch.setattr(listing.page_of, "__defaults__", (1,))
    answer = owner.get("/dashboard/members/?page=99999999")
    assert answer.context["page"].number == 1
    assert answer.context["page"].paginator.more


def test_a_member_reads_where_they_stand(tiered: Desks, owner: Client) -> None:
    text = page(owner, tiered)
    assert "Earns 2 × points" in text
    assert "Free tea" in text
    assert "250.00 € of 1,000.00 € for Gold, in the last 12 months" in text
    assert "Spend 750.00 € more to reach Gold." in text
    assert 'value="25"' in text
    assert "A change of the program counted 250.00 €; 200.00 € are needed." in text


def test_membership_starts_when_the_store_says(tiered: Desks, owner: Client) -> None:
    with scope(shop=tiered.shop):
        joined = datetime(2019, 5, 4, 10, tzinfo=UTC)
        Customer.objects.filter(external_id="cust-mia").update(joined_at=joined)
    assert "4 May 2019, 12:00" in page(owner, tiered)
    assert "4 May 2019" in owner.get(tiered.url("members")).content.decode()


def test_the_time_machine_answers_for_any_day(tiered: Desks, owner: Client) -> None:
    today = now().date().isoformat()
    text = page(owner, tiered, day=today)
    assert "It was to be kept until" in text
    assert "What kept it, seen from that day:" in text
    assert "The member had no tier on this day." in page(owner, tiered, day="1999-12-31")
    assert "The member had no tier on this day." in page(owner, tiered, day="0001-01-01")


@pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "\0", "9" * 500, "<b>"])
def test_a_day_that_is_none_is_refused_beside_its_field(tiered: Desks, owner: Client, day: str) -> None:
    text = page(owner, tiered, day=day)
    assert "Choose a day, such as 2026-03-31." in text
    assert "<b>" not in text


def test_a_day_to_come_has_no_answer_yet(tiered: Desks, owner: Client) -> None:
    assert "This day is yet to come." in page(owner, tiered, day="9999-12-31")


def test_a_tier_given_by_hand_is_shown_with_its_reason_until_it_is_ended(tiered: Desks) -> None:
    support = tiered.client("support")
    answer = support.post(tiered.url("member_pin"), PIN, follow=True)
    text = " ".join(answer.content.decode().split())
    assert "Done: the member has Gold now." in text
    assert "Given by hand" in text
    assert "A &lt;friend&gt; of the house" in text
    assert "By tom@corner.example, until 1 Jan 2099" in text
    assert listed(support, tier="gold") == ["mia@corner.example"]
    text = support.post(tiered.url("member_unpin"), follow=True).content.decode()
    assert "The member has the tier that they earned again." in text
    assert "Given by hand" not in text
    assert listed(support, tier="silver") == ["mia@corner.example"]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("tier", "diamond", "Select a valid choice."),
        ("tier", "", "This field is required."),
        ("until", "2001-01-01", "This day is over; choose today or later."),
        ("until", "9998-01-01", "This day is too far away."),
        ("until", "31.12.2099", "Enter a valid date."),
        ("reason", "  ", "This field is required."),
        ("reason", "x" * 501, "at most 500 characters"),
        ("reason", "nul \0", "Null characters are not allowed."),
    ],
)
def test_a_mistake_in_giving_a_tier_gives_none(
    tiered: Desks, owner: Client, field: str, value: str, said: str
) -> None:
    answer = owner.post(tiered.url("member_pin"), PIN | {f"pin-{field}": value})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    with scope(shop=tiered.shop):
        assert not TierPin.objects.exists()


@pytest.mark.parametrize("role", ["viewer", "outsider"])
@pytest.mark.parametrize("name", ["member_pin", "member_unpin"])
def test_only_who_may_change_points_gives_and_ends_tiers(tiered: Desks, role: str, name: str) -> None:
    tiered.client("owner").post(tiered.url("member_pin"), PIN)
    answer = tiered.client(role).post(tiered.url(name), PIN | {"pin-tier": "silver"})
    assert answer.status_code == (403 if role == "viewer" else 404)
    with scope(shop=tiered.shop):
        pin = TierPin.objects.get()
    assert (pin.tier, pin.until.year) == ("gold", 2099)


def test_the_overview_counts_members_by_tier(tiered: Desks, owner: Client) -> None:
    counts = owner.get(tiered.url("index")).context["tiers"]
    assert [(one.name, one.members, one.percent) for one in counts] == [
        ("Gold", 0, 0),
        ("Silver", 1, 50),
        ("Bronze", 1, 50),
    ]


def test_the_overview_announces_campaigns_that_run(tiered: Desks, owner: Client) -> None:
    running = owner.get(tiered.url("index")).context["running"]
    assert [one.key for one in running] == ["beans-week"]
    assert owner.get("/dashboard/").content.decode().count("Running now") == 1
