"""The dashboard's content security: loosened for Unfold here, and nowhere else."""

import pytest
from django.test import Client

from tests.dashboard.conftest import Desks


def policy(client: Client, url: str) -> str:
    return str(client.get(url).headers["Content-Security-Policy"])


@pytest.mark.parametrize("name", ["index", "members", "member", "missing", "login"])
def test_scripts_come_from_here_alone(desks: Desks, name: str) -> None:
    client = Client() if name == "login" else desks.client("viewer")
    found = policy(client, desks.url(name))
    assert "script-src 'self' 'unsafe-eval';" in f"{found};"
    assert "frame-ancestors 'none'" in found


def test_other_pages_stay_strict(desks: Desks) -> None:
    assert "unsafe" not in policy(Client(), "/no-such-page")


def test_there_is_an_icon(owner: Client) -> None:
    answer = owner.get("/favicon.ico")
    assert (answer.status_code, answer["Location"]) == (302, "/static/dashboard/icon.svg")
    assert 'href="/static/dashboard/icon.svg"' in owner.get("/dashboard/").content.decode()
    icon = owner.get(answer["Location"])
    assert (icon.status_code, icon["Content-Type"]) == (200, "image/svg+xml")


def test_pages_are_not_kept_by_caches(desks: Desks, owner: Client) -> None:
    assert "no-store" in owner.get(desks.url("member")).headers["Cache-Control"]
