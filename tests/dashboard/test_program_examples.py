"""What the pages of the program's parts say while one types."""

from typing import Any

import pytest
from django.test import Client

from loyalty.actions.drafts import draft_as_written
from tests.dashboard.conftest import Desks
from tests.dashboard.parts import NEW_RULES, PAGES
from tests.dashboard.test_access import TIERS

EXAMPLES: list[tuple[str, dict[str, Any], str]] = [
    ("rule", {"points": "1"}, "An order of 49.95 € would earn 49 beans."),
    ("rule", {"points": "2", "per": "1"}, "An order of 49.95 € would earn 99 beans."),
    ("rule", {"points": "2", "per": "10", "amount": "105"}, "An order of 105.00 € would earn 21 beans."),
    ("rule", {"points": "1", "amount": "19,99"}, "An order of 19.99 € would earn 19 beans."),
    ("rule", {"points": "1", "amount": "NaN"}, "An order of 49.95 € would earn 49 beans."),
    ("rule", {"points": "1", "amount": "1e400"}, "An order of 49.95 € would earn 49 beans."),
    ("rule", {"points": "1", "weekdays": ["wed"], "skus": "A-1"}, "An order of 49.95 € would earn 49 beans."),
    (
        "rule",
        {"points": "1", "channels": ["pos"], "customer_tags": "vip"},
        "An order of 49.95 € would earn 49 beans.",
    ),
    ("rule", {"points": "1", "min_basis": "50"}, "This would earn nothing."),
    ("rule", {"points": "1", "active": ""}, "This would earn nothing."),
    ("rule", {"points": "1", "ends": "2020-01-01"}, "This would earn nothing."),
    ("rule", {"points": ""}, "Fill in the form to see an example."),
    ("rule", {"points": "0"}, "Not right yet."),
    ("settings", {"points_name": "beans", "rounding": "ceil"}, "An order of 49.95 € would earn 50 beans."),
    (
        "settings",
        {"points_name": "beans", "include_shipping": "on"},
        "An order of 49.95 € + 4.90 € shipping would earn 54 beans.",
    ),
    ("campaign", {"bonus": "2"}, "“Double beans”"),
    ("campaign", {"bonus": "2", "announcement": "Beans for all"}, "“Beans for all”"),
    ("tiers", {}, "Bronze, Silver"),
    (
        "life",
        {"hold_days": "0", "mode": "none"},
        "Points earned today could be used at once and never expire.",
    ),
]


@pytest.mark.parametrize(("page", "typed", "said"), EXAMPLES)
def test_an_example_is_worked_while_one_types(
    desks: Desks, owner: Client, page: str, typed: dict[str, Any], said: str
) -> None:
    # The campaign of this shop would double the sums of the settings' example.
    owner.post("/dashboard/program/campaign/beans-week/switch/", {"off": "1"})
    before = draft_as_written(desks.shop)
    url, form = PAGES[page]
    answer = owner.post(url, form | typed | {"preview": "1"})
    assert (answer.status_code, answer.json()["sentence"]) == (200, said)
    assert draft_as_written(desks.shop) == before


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("nth_order", "The 5th, 10th, 15th order earns 50 beans."),
        ("signup", "Signing up would earn 100 beans."),
        ("birthday", "Each birthday would earn 100 beans."),
        ("social_follow", "Following you would earn 10 beans."),
        ("custom", "Each such event would earn 10 beans."),
        ("per_unit", "An order of 49.95 € would earn 5 beans."),
        ("first_order", "An order of 49.95 € would earn 100 beans."),
    ],
)
def test_the_example_of_a_new_rule(owner: Client, kind: str, said: str) -> None:
    form = NEW_RULES[kind] | {"name": "New", "active": "on", "preview": "1"}
    assert owner.post(f"/dashboard/program/rules/add/{kind}/", form).json()["sentence"] == said


def test_the_example_tells_the_whole_where_other_rules_add_to_it(desks: Desks, owner: Client) -> None:
    form = NEW_RULES["per_order"] | {"name": "New", "active": "on", "preview": "1"}
    answer = owner.post("/dashboard/program/rules/add/per_order/", form).json()
    assert answer["sentence"] == "An order of 49.95 € would earn 50 beans."
    assert answer["note"] == "Together with the rest of the program: 149 beans."


def test_tiers_in_plain_words(owner: Client) -> None:
    answer = owner.post(
        "/dashboard/program/tiers/", TIERS | {"level-1-perks": "Gifts", "preview": "1"}
    ).json()
    assert answer["lines"] == [
        "Every member is Bronze from the start.",
        "Members reach Silver when they spend 200 € within 12 months and keep it for 12 months. Gifts.",
    ]
