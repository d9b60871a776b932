"""Writing rewards: what each field refuses, the example, somebody else's change, the order, and the way out."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from dashboard.reward_kinds import KINDS
from platforms.connect import connect_store
from rewards.actions.catalogue import change_reward, create_reward
from rewards.models import Reward
from rewards.queries import rewards_of
from tests.dashboard.conftest import Desks

FIXED = {"price": "500", "value": "5", "active": "on", "return_unused": "on", "validity_days": "30"}
SLIDER = {"price": "100", "value": "5", "active": "on"}
BAD: list[tuple[str, dict[str, str], str, str]] = [
    ("fixed", {"price": "0"}, "price", "must be a whole number from 1"),
    ("fixed", {"price": "-5"}, "price", "must be a whole number from 1"),
    ("fixed", {"price": ""}, "price", "required"),
    ("fixed", {"value": "0"}, "value", "must be more than 0"),
    ("fixed", {"value": "5.001"}, "value", "at most 2 digits"),
    ("percentage", {"value": "101"}, "value", "at most 100 per cent"),
    ("fixed", {"ends": "2020-01-01T00:00"}, "ends", "in the past"),
    ("fixed", {"starts": "2099-02-01T00:00", "ends": "2099-01-01T00:00"}, "ends", "later than the start"),
    ("fixed", {"starts": "soon"}, "starts", "Enter a date"),
    ("fixed", {"validity_days": "0"}, "validity_days", "must be a whole number from 1"),
    ("fixed", {"minimum_spend": "-1"}, "minimum_spend", "must be more than 0"),
    ("fixed", {"prefix": "TEN%"}, "prefix", "letters or digits"),
    ("fixed", {"stock": "-1"}, "stock", "must be a whole number from 0"),
    ("fixed", {"per_member": "0"}, "per_member", "must be a whole number from 1"),
    ("fixed", {"combines": "everything"}, "combines", "Select a valid choice"),
    ("fixed", {"source": "pool", "prefix": "X"}, "prefix", "given out as they are"),
    ("free_product", {"value": ""}, "product_ids", "must name the product"),
    ("custom", {"name": ""}, "name", "required"),
    ("variable", {"price": "100", "min_points": "250"}, "min_points", "such as 200 or 300"),
    ("variable", {"price": "100", "max_order_percent": "101"}, "max_order_percent", "from 1 to 100"),
]


def errors_of(answer: Any) -> dict[str, str]:
    return {name: str(found) for name, found in answer.context["form"].errors.items()}


def test_bad_input_is_refused_beside_its_field(owner: Client, desks: Desks) -> None:
    before = len(rewards_of(desks.shop))
    for kind, given, field, said in BAD:
        answer = owner.post(reverse("dashboard:reward_add", args=[kind]), FIXED | given)
        assert answer.status_code == 422, (kind, given)
        assert set(errors_of(answer)) == {field}, (kind, given, errors_of(answer))
        assert said.lower() in errors_of(answer)[field].lower(), (kind, given)
    assert len(rewards_of(desks.shop)) == before


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_made_and_comes_back_as_it_was(owner: Client, desks: Desks, kind: str) -> None:
    more = {"free_product": {"product_ids": "11\n12"}, "custom": {"name": "Tour"}}.get(kind, {})
    # Without a connected Shopify store there is nobody who could make cards and credits.
    connect_store(desks.shop, "shopify", "corner.myshopify.com")
    page = reverse("dashboard:reward_add", args=[kind])
    assert owner.get(page).status_code == 200
    assert owner.post(page, FIXED | more).status_code == 302
    reward = rewards_of(desks.shop)[-1]
    assert reward.kind == kind
    assert reward.name
    address = reverse("dashboard:reward", args=[reward.public_id])
    form = owner.get(address).context["form"]
    same = {field.name: field.value() for field in form if field.value() not in (None, False, (), [])}
    sent = {name: "\n".join(value) if isinstance(value, tuple) else value for name, value in same.items()}
    assert owner.post(address, sent).status_code == 302
    with scope(shop=desks.shop):
        assert Reward.objects.get(pk=reward.pk).revision == 1  # nothing was changed


def preview(owner: Client, kind: str, **given: str) -> dict[str, Any]:
    answer = owner.post(reverse("dashboard:reward_add", args=[kind]), FIXED | given | {"preview": "1"})
    return dict(answer.json())


def test_the_example_says_what_it_gives_and_costs(owner: Client, desks: Desks) -> None:
    shown = preview(owner, "fixed", minimum_spend="25")
    assert (
        shown["sentence"]
        == "A member with 740 beans pays 500 beans and gets a code for 5 € off, valid for 30 days."
    )
    assert shown["why"] == "100 beans cost you 1.00 €."
    assert shown["note"] == "At 1 bean per 1 €, members spend 500 € for 500 beans and get 1% of it back."
    assert "From 25 €" in shown["lines"]
    assert shown["say"] == {"warning": "", "name": "Left empty, shoppers read “5 € off”."}
    slider = preview(owner, "variable", price="100")
    assert slider["sentence"] == "100 beans = 5.00 €; 740 beans can become 35.00 €."
    assert preview(owner, "variable", price="100", min_points="500", amount="300")["sentence"] == (
        "100 beans = 5.00 €; a member needs at least 500 beans."
    )
    assert (
        preview(owner, "fixed", amount="300")["sentence"] == "A member with 300 beans needs 200 beans more."
    )
    percent = preview(owner, "percentage", value="10")["why"]
    assert percent == "On an order of 49.95 € that is 4.99 €: 100 beans cost you 0.99 €."
    assert preview(owner, "fixed", value="-5")["why"] == "Amount off: Must be more than 0."


def test_stores_that_cannot_give_it_are_named(owner: Client, desks: Desks) -> None:
    connect_store(desks.shop, "shopify", "corner.myshopify.com")
    said = preview(owner, "percentage", value="10", most_discount="20")["say"]["warning"]
    assert said == "corner.myshopify.com: Shopify cannot cap a percentage."
    assert preview(owner, "percentage", value="10")["say"]["warning"] == (
        "corner.myshopify.com has not let us in, so it makes no codes. Connect it again."
    )
    create_reward(desks.shop, "Ten", {"kind": "percentage", "price": 5, "value": "10", "most_discount": "9"})
    listed = owner.get("/dashboard/rewards/").content.decode()
    assert "Shopify cannot cap a percentage." in listed
    assert "has not let us in" in listed


def test_a_change_of_somebody_else_is_not_overwritten(owner: Client, desks: Desks) -> None:
    change_reward(desks.reward, revision=1, name="Six")
    answer = owner.post(desks.url("reward"), FIXED | {"name": "Seven", "revision": "1"})
    assert answer.status_code == 422
    assert "Somebody else has changed this reward" in answer.content.decode()
    with scope(shop=desks.shop):
        assert Reward.objects.get(pk=desks.reward.pk).name == "Six"
    assert owner.post(desks.url("reward"), FIXED | {"name": "Seven", "revision": "2"}).status_code == 302


def test_the_order_is_that_of_the_merchant(owner: Client, desks: Desks) -> None:
    first, second, third = rewards_of(desks.shop)
    address = reverse("dashboard:reward_move", args=[third.public_id])
    owner.post(address, {"place": "0"})
    assert rewards_of(desks.shop) == [third, first, second]
    assert [owner.post(address, {"place": bad}).status_code for bad in ("", "-1", "x", "1e9")] == [404] * 4


def test_withdrawing_offering_and_archiving(owner: Client, desks: Desks) -> None:
    owner.post(desks.url("reward_switch"), {"off": "1"})
    assert "Not offered" in owner.get("/dashboard/rewards/").content.decode()
    owner.post(desks.url("reward_switch"), {"on": "1"})
    assert "Codes that members have stay good" in owner.get(desks.url("reward_archive")).content.decode()
    owner.post(desks.url("reward_archive"))
    assert desks.reward not in rewards_of(desks.shop)
    answer = owner.post(desks.url("reward_switch"), {"on": "1"}, follow=True)
    assert "is archived; make a new one" in answer.content.decode()
    assert owner.post(desks.url("reward"), FIXED | {"revision": "9"}, follow=True).status_code == 200
    assert "Archived" in owner.get("/dashboard/rewards/").content.decode()


def test_a_shop_without_rewards_is_invited(desks: Desks) -> None:
    outsider = desks.client("outsider")
    assert "No rewards yet" in outsider.get("/dashboard/rewards/").content.decode()
    assert "Add a reward" in outsider.get("/dashboard/redemptions/").content.decode()
