"""The proof of the ledger at a click, and what is shown of accounts that differ."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django_scopes import scope
from pytest_django import Settings

from dashboard.frozen import both_figures
from lib import bell
from loyalty import proving
from loyalty.models import Account
from loyalty.tasks import verify_ledger
from tests.dashboard.conftest import Desks


@pytest.fixture
def no_redis(settings: Settings) -> Iterator[None]:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    bell.connection.cache_clear()
    yield
    bell.connection.cache_clear()


def text_of(client: Client, desks: Desks) -> str:
    return " ".join(client.get(desks.url("checks")).content.decode().split())


def prove(client: Client, desks: Desks) -> str:
    return " ".join(client.post(desks.url("checks"), follow=True).content.decode().split())


def falsify(desks: Desks) -> None:
    with scope(shop=desks.shop):
        Account.objects.filter(pk=desks.member.pk).update(balance=50)


def test_a_sound_ledger_is_proved(desks: Desks, owner: Client) -> None:
    text = prove(owner, desks)
    assert "Proved: 1 account, 1 entry. Every figure is right." in text
    assert "1 entry of your shop." in text
    assert "No account is frozen" in text
    assert "Each lot of points" in text


def test_an_account_that_differs_is_frozen_and_shown_with_both_figures(desks: Desks, owner: Client) -> None:
    falsify(desks)
    text = prove(owner, desks)
    assert "1 account differs. It is frozen and listed below." in text
    assert desks.url("member") in text
    assert f"ledger rebuild --shop {desks.shop.public_id}" in text
    answer = owner.get(desks.url("checks"))
    ((account, figures),) = answer.context["frozen"]
    assert account.pk == desks.member.pk
    assert ("the balance", 50, 49) in figures
    member = " ".join(owner.get(desks.url("member")).content.decode().split())
    assert "This account is frozen" in member
    assert '<td>The balance</td> <td class="rg-num">50</td> <td class="rg-num rg-strong">49</td>' in member
    assert "mia@" not in text_of(desks.client("outsider"), desks)


@pytest.mark.parametrize("role", ["support", "viewer"])
def test_looking_proves_nothing(desks: Desks, role: str) -> None:
    falsify(desks)
    assert desks.client(role).post(desks.url("checks")).status_code == 403
    assert "No account is frozen" in text_of(desks.client(role), desks)
    assert "Prove it now" not in text_of(desks.client(role), desks)


def test_the_nightly_proof_is_remembered(desks: Desks, owner: Client) -> None:
    verify_ledger()
    assert "with the whole ledger." in text_of(owner, desks)


def test_a_big_shop_is_proved_by_a_worker(
    desks: Desks, owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "AT_ONCE", 0)
    bell.connection().delete(f"{proving._key(None)}:asked")
    before = bell.connection().llen("celery")
    for _ in range(2):
        text = prove(owner, desks)
        assert "The proof of the whole ledger is under way." in text
    assert bell.connection().llen("celery") == before + 1
    bell.connection().ltrim("celery", 1, -1)


def test_without_redis_it_says_so(desks: Desks, owner: Client, no_redis: None) -> None:
    assert "is not known here" in text_of(owner, desks)
    assert "Every figure is right." in prove(owner, desks)


@pytest.mark.parametrize(
    ("reason", "figures"),
    [
        ("", []),
        ("Somebody is looking at it.", []),
        ("the balance is 5, should be -3", [("the balance", 5, -3)]),
        (
            "the balance is 5, should be 6; what is left in the lots is 1, should be 2; the poi",
            [("the balance", 5, 6), ("what is left in the lots", 1, 2)],
        ),
    ],
)
def test_both_figures_are_read_from_the_reason(reason: str, figures: list[tuple[str, int, int]]) -> None:
    assert both_figures(reason) == figures
