"""Following redemptions: finding them, what each role sees, taking back, handing over, and gifts."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scope

from lib.clock import now
from loyalty.models import Account
from rewards.actions.redeem import redeem
from rewards.models import CodeUse, Redemption, RedemptionStep
from tests.dashboard.conftest import Desks


def balance(desks: Desks) -> int:
    with scope(shop=desks.shop):
        return int(Account.objects.get(shop=desks.shop, pk=desks.member.pk).balance)


def paid(desks: Desks, of: Redemption) -> Redemption:
    """The reward of `of`, redeemed for its points."""
    with scope(shop=desks.shop):
        return redeem(desks.member, of.reward.public_id, "paid")


def to(act: str, redemption: Redemption) -> str:
    return reverse(f"dashboard:redemption_{act}", args=[redemption.public_id])


def change(redemption: Redemption, **values: object) -> None:
    with scope(shop=redemption.shop):
        Redemption.objects.filter(shop=redemption.shop, pk=redemption.pk).update(**values)


def names(client: Client, query: str) -> list[str]:
    answer = client.get(f"/dashboard/redemptions/{query}")
    assert answer.status_code == 200
    return sorted(row.redemption.name for row in answer.context["rows"])


def test_the_list_is_narrowed_and_searched(owner: Client, desks: Desks) -> None:
    code = desks.redemption.code
    with scope(shop=desks.shop):
        CodeUse.objects.create(
            shop=desks.shop,
            redemption=desks.redemption,
            source="order:7",
            number="#1007",
            at=now(),
            live=False,
        )
    for query, found in [
        ("", ["Fiver", "Tote bag"]),
        (f"?q={code.lower()}", ["Fiver"]),
        ("?q=mia@corner", ["Fiver", "Tote bag"]),
        ("?q=1007", ["Fiver"]),
        ("?q=%231007", ["Fiver"]),
        ("?q=%00", ["Fiver", "Tote bag"]),
        ("?q=nobody", []),
        ("?show=hand", ["Tote bag"]),
        ("?show=ready", ["Fiver"]),
        ("?show=attention", []),
        ("?show=returned", []),
        ("?show=nonsense&page=99", ["Fiver", "Tote bag"]),
        (f"?reward={desks.reward.public_id}", ["Fiver"]),
        ("?reward=rwd_other", ["Fiver", "Tote bag"]),
    ]:
        assert names(owner, query) == found, query


def test_what_a_store_does_not_do_needs_attention(owner: Client, desks: Desks) -> None:
    late = now() - timedelta(hours=30)
    change(desks.redemption, state="issuing", due_at=now(), error="The store is away.", created_at=late)
    assert names(owner, "?show=attention") == ["Fiver"]
    overview = owner.get("/dashboard/").content.decode()
    assert "?show=attention" in overview
    page = owner.get(desks.url("redemption")).content.decode()
    assert "The store has not done this for more than a day" in page
    support = desks.client("support")
    assert (
        "It is being tried again now"
        in support.post(desks.url("redemption_retry"), follow=True).content.decode()
    )


def test_viewers_see_neither_codes_nor_answers(desks: Desks) -> None:
    with scope(shop=desks.shop):
        RedemptionStep.objects.create(
            shop=desks.shop, redemption=desks.redemption, what="put_off", detail="Busy.", answer="<b>502</b>"
        )
    shown = {
        role: desks.client(role).get(desks.url("redemption")).content.decode()
        for role in ("support", "viewer")
    }
    code = desks.redemption.code
    assert code in shown["support"]
    assert "&lt;b&gt;502" in shown["support"]
    assert code not in shown["viewer"]
    assert f"••••{code[-4:]}" in shown["viewer"]
    assert "502" not in shown["viewer"]
    assert "Busy." in shown["viewer"]
    for page in ("/dashboard/redemptions/", desks.url("member")):
        assert code not in desks.client("viewer").get(page).content.decode()
    for act in ("revoke", "resend"):
        buttons = {role: desks.url(f"redemption_{act}") in text for role, text in shown.items()}
        assert buttons == {"support": act == "resend", "viewer": False}


def test_taking_back_returns_the_points_once(owner: Client, desks: Desks) -> None:
    before = balance(desks)
    fiver = paid(desks, desks.redemption)
    page = reverse("dashboard:redemption", args=[fiver.public_id])
    assert "10 points go back to their lots" in owner.get(page).content.decode()
    assert balance(desks) == before - 10
    answer = owner.post(to("revoke", fiver), follow=True).content.decode()
    assert "Taken back: 10 beans have gone back to their lots." in answer
    owner.post(to("revoke", fiver))
    assert balance(desks) == before
    assert [entry.available_delta for entry in owner.get(page).context["entries"]] == [-10, 10]


@pytest.mark.parametrize(("act", "state", "cost"), [("fulfil", "used", 20), ("cancel", "returned", 0)])
def test_what_is_handed_over_by_hand(owner: Client, desks: Desks, act: str, state: str, cost: int) -> None:
    before = balance(desks)
    tote = paid(desks, desks.by_hand)
    owner.post(to(act, tote))
    with scope(shop=desks.shop):
        assert Redemption.objects.get(pk=tote.pk).state == state
    assert balance(desks) == before - cost
    assert names(owner, "?show=hand") == ["Tote bag"]


def test_acts_that_do_not_fit_say_so(owner: Client, desks: Desks) -> None:
    fiver = desks.redemption.public_id
    change(desks.redemption, state="used")
    for act, said in [
        ("revoke", "It was used already: refund its order"),
        ("resend", "Only a code that can be used now can be sent again."),
        ("fulfil", "This is not something you hand over yourself."),
        ("cancel", "This is not something you hand over yourself."),
        ("retry", "There is nothing to try again."),
    ]:
        address = reverse(f"dashboard:redemption_{act}", args=[fiver])
        assert said in owner.post(address, follow=True).content.decode()


def test_a_failed_one_is_tried_again_for_the_points(owner: Client, desks: Desks) -> None:
    before = balance(desks)
    fiver = paid(desks, desks.redemption)
    owner.post(to("revoke", fiver))
    change(fiver, state="failed", error="The title is blank.")
    page = reverse("dashboard:redemption", args=[fiver.public_id])
    assert "The title is blank." in owner.get(page).content.decode()
    answer = owner.post(to("resend", fiver), follow=True).content.decode()
    assert "The points were taken once more" in answer
    assert balance(desks) == before - 10


def test_a_gift_costs_nothing_and_is_given_once(desks: Desks) -> None:
    support, before = desks.client("support"), balance(desks)
    gift = {
        "gift-once": "gift_abcdefgh234567",
        "gift-reward": desks.reward.public_id,
        "gift-reason": "A delay",
    }
    address = desks.url("member_reward")
    assert "Given: “Fiver”." in support.post(address, gift, follow=True).content.decode()
    assert support.post(address, gift).status_code == 302
    assert names(support, f"?reward={desks.reward.public_id}") == ["Fiver", "Fiver"]
    assert balance(desks) == before
    other = gift | {"gift-reward": desks.pooled.public_id}
    for bad, said in [
        (other, "sent before with other content"),
        (gift | {"gift-reward": "rwd_nothing"}, "Select a valid choice"),
        (gift | {"gift-reason": ""}, "required"),
    ]:
        answer = support.post(address, bad)
        assert answer.status_code == 422
        assert said in answer.content.decode()
