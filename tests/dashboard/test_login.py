"""Signing in, and being kept from trying too often."""

import pytest
from django.conf import settings as configured
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from tests.conftest import PASSWORD, TwoShops

LOGIN = "/dashboard/login/"
EMAIL = "olivia@corner.example"


def attempt(
    password: str, email: str = EMAIL, address: str = "192.0.2.1", forwarded: str = ""
) -> HttpResponse:
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    form = {"username": email, "password": password}
    answer: HttpResponse = Client(REMOTE_ADDR=address, headers=headers).post(LOGIN, form)  # type: ignore[assignment]
    return answer


def lock_out(**where: str) -> None:
    for _ in range(configured.AXES_FAILURE_LIMIT):
        attempt("wrong", **where)


def test_signing_in_leads_to_the_page_asked_for(two_shops: TwoShops) -> None:
    client = Client()
    answer = client.get("/dashboard/members/")
    assert answer["Location"] == f"{LOGIN}?next=/dashboard/members/"
    assert "Welcome back" in client.get(answer["Location"]).content.decode()
    form = {"username": " Olivia@Corner.example", "password": PASSWORD, "next": "/dashboard/members/"}
    assert client.post(LOGIN, form)["Location"] == "/dashboard/members/"
    assert client.get("/dashboard/members/").status_code == 200


def test_nobody_is_sent_to_another_site(two_shops: TwoShops) -> None:
    form = {"username": EMAIL, "password": PASSWORD, "next": "https://evil.example/"}
    assert Client().post(LOGIN, form)["Location"] == "/dashboard/"


def test_a_wrong_password_says_so_beside_the_form(two_shops: TwoShops) -> None:
    answer = attempt("wrong")
    assert answer.status_code == 200
    assert "do not belong together" in answer.content.decode()


def test_signing_out(two_shops: TwoShops) -> None:
    client = Client()
    client.post(LOGIN, {"username": EMAIL, "password": PASSWORD})
    assert "signed out" in client.post("/dashboard/logout/").content.decode()
    assert client.get("/dashboard/").status_code == 302


def test_too_many_failures_lock_out_for_a_while(two_shops: TwoShops) -> None:
    lock_out()
    answer = attempt(PASSWORD)
    assert answer.status_code == 429
    assert answer["Retry-After"] == "900"
    assert "15 minutes" in answer.content.decode()
    assert attempt(PASSWORD, address="192.0.2.2").status_code == 302


def test_every_spelling_of_an_address_is_counted_as_one(two_shops: TwoShops) -> None:
    for spelling in (
        "olivia@corner.example",
        "OLIVIA@corner.example",
        " Olivia@Corner.Example ",
        "oLivia@corner.example",
    ):
        attempt("wrong", spelling)
    attempt("wrong")
    assert attempt(PASSWORD).status_code == 429


@pytest.mark.parametrize("behind_proxy", [False, True])
def test_the_address_counted_cannot_be_invented(
    two_shops: TwoShops, settings: Settings, behind_proxy: bool
) -> None:
    """Behind a proxy, which adds the address it sees, only that one counts; else the header is not read."""
    settings.BEHIND_PROXY = behind_proxy
    for number in range(settings.AXES_FAILURE_LIMIT):
        attempt(
            "wrong", forwarded=f"198.51.100.{number}, 203.0.113.7" if behind_proxy else f"198.51.100.{number}"
        )
    spoofed = "198.51.100.99, 203.0.113.7" if behind_proxy else "198.51.100.99"
    assert attempt(PASSWORD, forwarded=spoofed).status_code == 429


def test_behind_a_proxy_people_are_told_apart(two_shops: TwoShops, settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    lock_out(forwarded="203.0.113.7")
    assert attempt(PASSWORD, forwarded="203.0.113.8").status_code == 302


def test_a_forwarded_address_that_is_none_falls_back(two_shops: TwoShops, settings: Settings) -> None:
    settings.BEHIND_PROXY = True
    lock_out(forwarded="<script>")
    assert attempt(PASSWORD, forwarded="<other>").status_code == 429
