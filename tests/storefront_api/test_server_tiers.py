"""Tiers, holds and expiries of members, and the program, for a shop's own server."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from loyalty.actions.programs import draft_document, load_draft, publish
from loyalty.calendar import add_months, local_day
from loyalty.documents import as_dict, decode
from shops.actions import create_api_key
from shops.models import Shop
from tests.storefront_api.program_stories import TIERS, ZONE, Shopper, ago, shop_with, shopper, today

pytestmark = pytest.mark.django_db


@pytest.fixture
def teahouse() -> Shop:
    return shop_with(tiers=TIERS, expiry={"mode": "per_lot", "months": 12})


@pytest.fixture
def mara(teahouse: Shop) -> Shopper:
    return shopper(teahouse)


@pytest.fixture
def api(teahouse: Shop) -> Client:
    return server(teahouse)


def server(shop: Shop) -> Client:
    return Client(headers={"Authorization": f"Bearer {create_api_key(shop, 'till')[1]}"})


def read(api: Client, path: str) -> Any:
    answer = api.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_member_has_a_tier_and_points_that_expire(api: Client, mara: Shopper) -> None:
    mara.buys(1, "300.00", days_ago=40)
    expected = {
        "key": "silver",
        "name": "Silver",
        "kept_until": add_months(local_day(ZONE, ago(40)), 12).isoformat(),
    }
    expiring = {"on": expected["kept_until"], "points": 350}
    for member in (read(api, "members/")["results"][0], read(api, f"members/{mara.account.pk}/")):
        assert member["tier"] == expected
        assert member["points_expiring"] == expiring
        assert (member["pending"], member["pending_until"]) == (0, None)


def test_points_on_hold_say_until_when() -> None:
    shop = shop_with(hold_days=10)
    mara = shopper(shop)
    mara.buys(1, "30.00", days_ago=3)
    member = read(server(shop), f"members/{mara.account.pk}/")
    assert (member["balance"], member["pending"]) == (0, 30)
    until = datetime.fromisoformat(member["pending_until"])
    assert abs(until - ago(-7)) < timedelta(hours=2), "the same time of day, whatever summer time does"
    assert member["tier"] is None


def test_the_tier_of_any_day(api: Client, mara: Shopper) -> None:
    mara.buys(1, "20.00", days_ago=60)
    mara.buys(2, "230.00", days_ago=10)
    path = f"members/{mara.account.pk}/tier/"
    then = read(api, f"{path}?on={local_day(ZONE, ago(30)).isoformat()}")
    assert (then["tier"], then["why"]) == ("bronze", "Every member starts here.")
    day = read(api, path)
    assert (day["on"], day["tier"], day["name"]) == (today().isoformat(), "silver", "Silver")
    assert day["why"] == "Reached with 250.00 €; 250.00 € are needed."
    assert day["keeps"].endswith("to keep Silver.") or "goes on" in day["keeps"]
    assert read(api, f"{path}?on={(today() + timedelta(days=400)).isoformat()}")["on"] == today().isoformat()
    before = read(api, f"{path}?on=2001-01-01")
    assert (before["tier"], before["why"]) == (None, "The member had no tier on this day.")


@pytest.mark.parametrize(
    "on", ["", "yesterday", "2026-02-30", "2026-13-01", "1-1-1", "0001-01-01", "%00", "20260321x"]
)
def test_a_bad_date_is_named(api: Client, mara: Shopper, on: str) -> None:
    mara.buys(1, "20.00")
    answer = api.get(f"/api/v1/members/{mara.account.pk}/tier/?on={on}")
    assert (answer.status_code, list(answer.json())) == (400, ["on"])


def test_the_history_of_tiers(api: Client, mara: Shopper) -> None:
    mara.buys(1, "20.00", days_ago=60)
    mara.buys(2, "230.00", days_ago=10)
    newest, oldest = read(api, f"members/{mara.account.pk}/tiers/")
    assert (newest["tier"], newest["until"], newest["reason"]) == ("silver", None, "reached")
    assert (oldest["tier"], oldest["until"], oldest["kept_until"]) == ("bronze", newest["since"], None)


def test_the_schedule_of_expiries(api: Client, mara: Shopper) -> None:
    mara.buys(1, "20.00", days_ago=60)
    mara.buys(2, "30.00", days_ago=10)
    assert read(api, f"members/{mara.account.pk}/expiries/") == [
        {"on": add_months(local_day(ZONE, ago(60)), 12).isoformat(), "points": 20},
        {"on": add_months(local_day(ZONE, ago(10)), 12).isoformat(), "points": 30},
    ]


def test_the_program_is_the_live_version(api: Client, teahouse: Shop) -> None:
    assert read(api, "program/")["number"] == 1
    load_draft(teahouse, decode(as_dict(draft_document(teahouse)) | {"points_name": "Leaves"}))
    assert read(api, "program/")["document"]["points_name"] == "points", "a draft is not live"
    publish(teahouse, "olivia@corner.example", note="Spring")
    live = read(api, "program/")
    assert (live["number"], live["note"], live["document"]["points_name"]) == (2, "Spring", "Leaves")
    assert live["published_by"] == "olivia@corner.example"


@pytest.mark.parametrize("path", ["", "tier/", "tiers/", "expiries/"])
def test_another_shops_member_is_not_there(api: Client, mara: Shopper, path: str) -> None:
    mara.buys(1, "300.00")
    stranger = server(shop_with(name="Elsewhere", tiers=TIERS))
    address = f"/api/v1/members/{mara.account.pk}/{path}"
    assert stranger.get(address).status_code == 404
    assert Client().get(address).status_code in (401, 403)
    assert api.get(address).status_code == 200


def test_the_schema_names_every_field(client: Client) -> None:
    schema = client.get("/api/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    for tail in (
        "members/{member_id}/tier/",
        "members/{member_id}/tiers/",
        "members/{member_id}/expiries/",
        "program/",
    ):
        assert schema["paths"][f"/api/v1/{tail}"]["get"]["responses"]["200"]["content"], tail
    parts = schema["components"]["schemas"]
    assert {"key", "name", "kept_until"} == set(parts["Tier"]["properties"])
    assert {"pending_until", "points_expiring", "tier"} <= set(parts["Member"]["properties"])
    (on,) = [
        parameter
        for parameter in schema["paths"]["/api/v1/members/{member_id}/tier/"]["get"]["parameters"]
        if parameter["name"] == "on"
    ]
    assert on["schema"] == {"type": "string", "format": "date"}
