"""The page of tiers: its rows, what they save, and what is said of mistakes."""

from decimal import Decimal

import pytest
from django.test import Client
from msgspec import structs

from loyalty.actions.drafts import draft_as_written
from loyalty.actions.programs import open_shop
from loyalty.documents import Conditions, Tier, Tiers
from rewards.actions.catalogue import create_reward
from tests.dashboard.conftest import Desks
from tests.dashboard.parts import LEVELS, give
from tests.dashboard.test_access import TIERS


def test_tiers_are_sorted_and_keep_their_keys(desks: Desks, owner: Client) -> None:
    give(desks, tiers=Tiers(levels=LEVELS))
    rows = {
        "level-0-key": "gold",
        "level-0-name": "Golden",
        "level-0-threshold": "500",
        "level-0-multiplier": "2",
        "level-0-perks": "Free shipping",
        "level-1-key": "silver",
        "level-1-name": "Silver",
        "level-1-threshold": "0",
        "level-7-name": "Größtes Gold!",
        "level-7-threshold": "900.50",
        "level-7-entry_points": "250",
    }
    assert owner.post("/dashboard/program/tiers/", TIERS | rows).status_code == 302
    assert draft_as_written(desks.shop).tiers.levels == (
        LEVELS[0],
        structs.replace(LEVELS[1], name="Golden"),
        Tier(key="grotes-gold", name="Größtes Gold!", threshold=Decimal("900.5"), entry_points=250),
    )


def test_a_tier_gives_a_reward_of_the_shop(desks: Desks, owner: Client) -> None:
    create, five = create_reward, {"kind": "fixed", "price": 500, "value": "5"}
    reward, strange = (
        create(desks.shop, "A mug", five),
        create(open_shop("Else", "EUR", "UTC"), "Not ours", five),
    )
    rows = {"level-1-entry_reward": reward.public_id}
    answer = owner.post("/dashboard/program/tiers/", TIERS | rows | {"preview": "1"})
    assert any("A mug on reaching it" in line for line in answer.json()["lines"])
    assert owner.post("/dashboard/program/tiers/", TIERS | rows).status_code == 302
    assert draft_as_written(desks.shop).tiers.levels[1].entry_reward == reward.public_id
    page = owner.get("/dashboard/program/tiers/").content.decode()
    assert f'value="{reward.public_id}" selected' in page
    assert "Not ours" not in page
    rows = {"level-1-entry_reward": strange.public_id}
    assert owner.post("/dashboard/program/tiers/", TIERS | rows).status_code == 422


@pytest.mark.parametrize(
    ("rows", "field", "said"),
    [
        ({"level-0-threshold": "200"}, "threshold", "must need more than the tier before it"),
        ({"level-0-name": ""}, "name", "This field is required."),
        ({"level-1-multiplier": "0"}, "multiplier", "Must be more than 0."),
        ({"level-1-entry_points": "-1"}, "entry_points", "Must be a whole number from 0"),
        ({"level-1-entry_reward": "rwd_22222222222222"}, "entry_reward", "There is no such reward any more."),
        ({"level-1-perks": "x" * 200}, "perks", "Must be at most 120 characters."),
    ],
)
def test_a_mistake_in_a_tier_is_shown_in_its_row(
    desks: Desks, owner: Client, rows: dict[str, str], field: str, said: str
) -> None:
    answer = owner.post("/dashboard/program/tiers/", TIERS | rows)
    assert answer.status_code == 422
    errors = [str(level.errors.get(field, "")) for level in answer.context["form"].levels]
    assert any(said in text for text in errors)
    assert draft_as_written(desks.shop).tiers == Tiers()


def test_a_tier_that_a_rule_is_for_cannot_be_taken_away(desks: Desks, owner: Client) -> None:
    draft = give(desks, tiers=Tiers(levels=LEVELS))
    give(desks, rules=(structs.replace(draft.rules[0], conditions=Conditions(tiers=("gold",))),))
    answer = owner.post("/dashboard/program/tiers/", TIERS)
    assert answer.status_code == 422
    assert "“Points for purchases”: there is no tier “gold”" in answer.content.decode()


def test_rows_of_tiers_come_and_go_without_a_script(desks: Desks, owner: Client) -> None:
    url = "/dashboard/program/tiers/"
    start = {name: value for name, value in TIERS.items() if not name.startswith("level-")}
    form = owner.post(url, start | {"metric": "orders", "start": "1"}).context["form"]
    assert [(level["name"].value(), level["threshold"].value()) for level in form.levels] == [
        ("Bronze", "0"),
        ("Silver", "3"),
        ("Gold", "10"),
    ]
    typed = TIERS | {"level-1-name": "Half a na", "level-1-threshold": "x"}
    form = owner.post(url, typed | {"more": "1"}).context["form"]
    assert [level["name"].value() for level in form.levels] == ["Bronze", "Half a na", ""]
    answer = owner.post(url, typed | {"remove": "0", "grace_days": "9"})
    assert [level["threshold"].value() for level in answer.context["form"].levels] == ["x"]
    assert answer.context["form"]["grace_days"].value() == "9"
    assert "This field is required." not in answer.content.decode()
    assert draft_as_written(desks.shop).tiers == Tiers()
