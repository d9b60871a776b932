"""Privacy requests as a merchant sees them, and a member who is given out or erased from their page."""

import json
from datetime import timedelta

from django.test import Client
from django_scopes import scope

from lib.clock import now
from orders.privacy.doing import carry_out_due
from shops.models import Customer, PrivacyRequest
from tests.dashboard.conftest import Desks


def test_a_member_is_given_out(desks: Desks, owner: Client) -> None:
    answer = owner.post(desks.url("member_data"))
    assert "attachment" in answer["Content-Disposition"]
    document = json.loads(answer.content)
    assert document["customers"][0]["email"] == "mia@corner.example"
    first = document["entries"][0]
    assert (first["kind"], first["available_delta"]) == ("earn", 49)
    answered = owner.post(desks.url("privacy_download"))
    assert json.loads(answered.content) == {"customers": [{"email": "mia@corner.example"}]}


def test_a_member_is_erased_and_may_come_back(desks: Desks, owner: Client) -> None:
    assert "Erase the member" in owner.get(desks.url("member")).content.decode()
    assert owner.post(desks.url("member_erase"))["Location"] == "/dashboard/privacy/"
    assert "Waiting" in owner.get("/dashboard/privacy/").content.decode()
    assert carry_out_due() == 1
    page = owner.get("/dashboard/privacy/").content.decode()
    assert "cust-mia" in page
    assert "mia@" not in page
    assert "told of them anew" not in page
    shown = owner.get(desks.url("member")).content.decode()
    assert "mia@" not in shown
    assert "Lifetime earned" in shown
    with scope(shop=desks.shop):
        assert PrivacyRequest.objects.get(kind="export").export is not None  # it was of no known customer
        Customer.objects.filter(external_id="cust-mia").update(as_of=now() + timedelta(minutes=1))
    assert "told of them anew" in owner.get("/dashboard/privacy/").content.decode()


def test_who_may_not_does_not_see_the_buttons(desks: Desks) -> None:
    support = desks.client("support")
    assert "Erase the member" not in support.get(desks.url("member")).content.decode()
    assert "Download" not in support.get("/dashboard/privacy/").content.decode().split("<tbody>")[1]
