"""The pages of the program's parts: what they save, and what they say of mistakes."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django_scopes import scope
from msgspec import structs

from loyalty.actions.drafts import draft_as_written
from loyalty.documents import Conditions, Limit, NthOrder, PerUnit, ProductSet, SignUp, Tiers
from loyalty.models import Program
from tests.dashboard.conftest import Desks
from tests.dashboard.parts import LEVELS, NEW_RULES, PAGES, give
from tests.dashboard.test_access import RULE


@pytest.mark.parametrize("kind", NEW_RULES)
def test_every_way_to_earn_can_be_added_and_edited(desks: Desks, owner: Client, kind: str) -> None:
    form = NEW_RULES[kind] | {"name": "A way", "active": "on"}
    assert owner.post(f"/dashboard/program/rules/add/{kind}/", form).status_code == 302
    added = draft_as_written(desks.shop).rules[-1]
    assert (added.__struct_config__.tag, added.points) == (kind, Decimal(form["points"]))
    page = owner.get(f"/dashboard/program/rule/{added.key}/").content.decode()
    assert 'value="A way"' in page
    owner.post(f"/dashboard/program/rule/{added.key}/", form | {"name": "Another", "active": ""})
    assert draft_as_written(desks.shop).rules[-1] == structs.replace(added, name="Another", active=False)
    assert "Another" in owner.get("/dashboard/program/").content.decode()


def test_conditions_and_limits_are_saved_as_they_were_filled_in(desks: Desks, owner: Client) -> None:
    give(desks, tiers=Tiers(levels=LEVELS))
    more = {
        "starts": "2026-12-01T00:00",
        "ends": "2026-12-24T18:30",
        "weekdays": ["sat", "mon"],
        "tiers": ["gold"],
        "customer_tags": "vip\nfriend",
        "min_basis": "50.00",
        "channels": ["pos"],
        "vendors": "Acme",
        "points_day": "100",
        "times_ever": "3",
        "max_points": "500",
        "exclusive": "on",
    }
    assert owner.post("/dashboard/program/rule/purchases/", RULE | more).status_code == 302
    rule = draft_as_written(desks.shop).rules[0]
    assert rule.conditions == Conditions(
        starts="2026-12-01",
        ends="2026-12-24T18:30",
        weekdays=("mon", "sat"),
        channels=("pos",),
        min_basis=Decimal(50),
        tiers=("gold",),
        customer_tags=("vip", "friend"),
        products=ProductSet(vendors=("Acme",)),
    )
    assert rule.limits == (Limit(period="day", points=100), Limit(period="ever", times=3))
    assert (rule.max_points, getattr(rule, "exclusive", None)) == (500, True)
    page = owner.get("/dashboard/program/rule/purchases/").content.decode()
    for text in ('value="2026-12-01T00:00"', 'value="2026-12-24T18:30"', "vip\nfriend", 'value="gold"'):
        assert text in page
    assert page.count("<details") == page.count("open>") == 2


def test_what_a_page_does_not_show_stays(desks: Desks, owner: Client) -> None:
    rule = SignUp(
        key="join", name="Joining", points=Decimal(5), max_points=9, limits=(Limit("ever", points=7),)
    )
    give(desks, rules=(rule,))
    owner.post("/dashboard/program/rule/join/", {"points": "6", "name": "Joining", "active": "on"})
    assert draft_as_written(desks.shop).rules == (structs.replace(rule, points=Decimal(6)),)


def test_a_key_that_is_live_is_not_given_to_another_rule(desks: Desks, owner: Client) -> None:
    form = {"points": "2", "per": "1", "name": "First", "active": "on"}
    owner.post("/dashboard/program/rules/add/per_currency/", form)
    owner.post("/dashboard/program/rules/add/per_currency/", form | {"name": "Second"})
    assert [rule.key for rule in draft_as_written(desks.shop).rules] == [
        "purchases",
        "per_currency",
        "per_currency-2",
    ]


def test_switching_and_deleting(desks: Desks, owner: Client) -> None:
    owner.post("/dashboard/program/rule/purchases/switch/", {"off": "1"})
    assert not draft_as_written(desks.shop).rules[0].active
    owner.post("/dashboard/program/rule/purchases/switch/", {"on": "1"})
    assert draft_as_written(desks.shop).rules[0].active
    assert (
        "Delete “Points for purchases”?"
        in owner.get("/dashboard/program/rule/purchases/delete/").content.decode()
    )
    owner.post("/dashboard/program/rule/purchases/delete/")
    owner.post("/dashboard/program/campaign/beans-week/delete/")
    draft = draft_as_written(desks.shop)
    assert (draft.rules, draft.campaigns) == ((), ())
    assert "Nothing earns points yet." in owner.get("/dashboard/program/").content.decode()


MISTAKES: list[tuple[str, dict[str, Any], str, str]] = [
    ("rule", {"points": "0"}, "points", "Must be more than 0."),
    ("rule", {"per": "0"}, "per", "Must be more than 0."),
    ("rule", {"per": "abc"}, "per", "Enter a number."),
    ("rule", {"points": "1.00001"}, "points", "no more than 4 decimal places"),
    ("rule", {"name": ""}, "name", "This field is required."),
    (
        "rule",
        {"starts": "2026-12-02T00:00", "ends": "2026-12-01T00:00"},
        "ends",
        "Must be later than the start",
    ),
    ("rule", {"starts": "tomorrow"}, "starts", "Enter a date and a time"),
    ("rule", {"tags": "x" * 300}, "tags", "Must be at most 255 characters."),
    ("rule", {"times_day": "0"}, "times_day", "Must be a whole number from 1"),
    ("rule", {"points_day": "5", "times_week": "0"}, "times_week", "Must be a whole number from 1"),
    ("rule", {"channels": ["moon"]}, "channels", "not one of the available choices"),
    ("campaign", {"bonus": "times"}, "multiplier", "Say how many."),
    ("campaign", {"bonus": "times", "multiplier": "1000"}, "multiplier", "Must be at most 100."),
    ("campaign", {"bonus": "points", "points": "-3"}, "points", "Must be more than 0."),
    ("tiers", {"grace_days": "400"}, "grace_days", "Must be a whole number from 0 to 366."),
    ("tiers", {"metric": "luck"}, "metric", "not one of the available choices"),
    ("life", {"hold_days": "366"}, "hold_days", "Must be a whole number from 0 to 365."),
    (
        "life",
        {"mode": "inactivity", "idle_months": "0"},
        "idle_months",
        "Must be a whole number from 1 to 120.",
    ),
    ("life", {"mode": "calendar", "month": "2", "day": "30"}, "day", "Is not a day of that month."),
    ("life", {"warn_days": "soon"}, "warn_days", "Enter numbers of days"),
    ("settings", {"points_name": ""}, "points_name", "This field is required."),
    ("settings", {"rounding": "sideways"}, "rounding", "not one of the available choices"),
    ("settings", {"min_points": "9", "max_points": "8"}, "max_points", "Must not be less than min_points."),
    ("settings", {"points_day": "0"}, "points_day", "Must be more than 0."),
]


@pytest.mark.parametrize(("page", "wrong", "field", "said"), MISTAKES)
def test_a_mistake_is_shown_beside_its_field_and_nothing_is_lost(
    desks: Desks, owner: Client, page: str, wrong: dict[str, Any], field: str, said: str
) -> None:
    before = draft_as_written(desks.shop)
    url, form = PAGES[page]
    answer = owner.post(url, form | wrong)
    assert answer.status_code == 422
    assert said in str(answer.context["form"].errors[field])
    for name, value in wrong.items():
        assert answer.context["form"][name].value() == value
    assert draft_as_written(desks.shop) == before


def test_somebody_who_may_only_look_sees_every_page_locked(desks: Desks) -> None:
    viewer = desks.client("viewer")
    give(desks, tiers=Tiers(levels=LEVELS))
    for url, _form in PAGES.values():
        page = viewer.get(url).content.decode()
        assert "Save draft" not in page
        assert "disabled" in page
    assert "Add a way to earn" not in viewer.get("/dashboard/program/").content.decode()


@pytest.mark.parametrize(
    "path", ["rule/no-such/", "rules/add/no-such/", "campaign/no-such/", "rule/no-such/delete/"]
)
def test_what_is_not_there(owner: Client, path: str) -> None:
    assert owner.get(f"/dashboard/program/{path}").status_code == 404


def test_a_draft_that_is_no_longer_good_can_still_be_repaired(desks: Desks, owner: Client) -> None:
    with scope(shop=desks.shop):
        program = Program.objects.get(shop=desks.shop)
        program.draft["rules"][0]["per"] = "0"
        program.save()
    assert owner.get("/dashboard/program/").status_code == 200
    answer = owner.get("/dashboard/program/publish/")
    assert (answer.status_code, "must be more than 0" in answer.content.decode()) == (409, True)
    owner.post("/dashboard/program/rule/purchases/", RULE)
    assert owner.get("/dashboard/program/publish/").status_code == 200


def test_the_program_page_tells_each_part(desks: Desks, owner: Client, read: Callable[[str], str]) -> None:
    punch = NthOrder(key="punch", name="Punch card", points=Decimal(50), every=5)
    unit = PerUnit(
        key="beans", name="Bags", points=Decimal(2), conditions=Conditions(weekdays=("sat", "sun"))
    )
    give(desks, rules=(punch, unit), tiers=Tiers(levels=LEVELS), hold_days=14)
    page = read("program")
    for text in (
        "50 beans for every 5th order",
        "At weekends",
        "Beans week: runs all the time",
        "Silver, Gold, by what members spend in 12 months.",
        "Points can be used 14 days after an order is paid.",
        "Points never expire.",
    ):
        assert text in page


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    "value", ["9" * 40, "-1", "1e400", "NaN", "\x00", "9999-12-31T23:59", "0001-01-01T00:00", "💥" * 300]
)
def test_any_value_in_any_field_is_answered(owner: Client, page: str, value: str) -> None:
    """Nonsense is refused or taken, in the form and in its example, and never breaks a page."""
    url, form = PAGES[page]
    fields = list(owner.get(url).context["form"].fields)
    for field in fields:
        sent = form | {"weekdays": ["sun"], field: value}
        assert owner.post(url, sent | {"preview": "1"}).status_code == 200
        saved = owner.post(url, sent).status_code
        assert saved in {302, 422}
        if saved == 302:
            assert owner.get("/dashboard/program/").status_code == 200
    assert owner.get("/dashboard/program/").status_code == 200
