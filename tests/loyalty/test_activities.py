"""What activities earn, row by row."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from loyalty.activities import ActivityFacts, evaluate_activity
from loyalty.context import ALONE, Context, Evaluation, Room, Step
from loyalty.documents import Caps, Limit, ProgramDocument
from loyalty.earning import compile_program
from loyalty.explain import explain
from tests.loyalty.facts import campaign, rule, rules, tiers

AT = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)
DAILY = (Limit(period="day", points=15),)
FOLLOW: dict[str, Any] = {"network": "instagram", "url": "https://example.com"}


def activity(document: ProgramDocument, kind: str, context: Context = ALONE, **facts: Any) -> Evaluation:
    compiled = compile_program(document, "Europe/Berlin")
    return evaluate_activity(compiled, ActivityFacts(kind, AT, **facts), context)


@pytest.mark.parametrize("kind", ["signup", "birthday", "anniversary", "newsletter", "review", "visit"])
def test_an_activity_earns_by_the_rules_of_its_kind(kind: str) -> None:
    document = rules(rule(kind, "10"), rule(kind, "5.5", key="more"), rule("per_order", "99"))
    evaluation = activity(document, kind)
    assert (evaluation.target, evaluation.breakdown["raw"]) == (15, "15.5")
    assert evaluation.steps == (Step(AT, 15, Decimal(0), 0),)
    other = "visit" if kind == "signup" else "signup"
    assert activity(document, other).breakdown == {"v": 1, "target": 0, "skipped": "no_rules"}


def test_events_and_networks_are_told_apart() -> None:
    document = rules(
        rule("custom", "7", event="quiz"),
        rule("custom", "9", key="other", event="survey"),
        rule("social_follow", "3", **FOLLOW),
    )
    assert activity(document, "custom", name="quiz").target == 7
    assert activity(document, "custom", name="Quiz").target == 0
    assert activity(document, "social_follow", network="instagram").target == 3
    assert activity(document, "social_follow", network="x").target == 0


@pytest.mark.parametrize(
    ("when", "context", "facts", "target"),
    [
        ({"weekdays": ("mon",)}, ALONE, {}, 10),
        ({"weekdays": ("sun",)}, ALONE, {}, 0),
        ({"starts": "2026-03-02", "ends": "2026-03-03"}, ALONE, {}, 10),
        ({"ends": "2026-03-02"}, ALONE, {}, 0),
        ({"tiers": ("gold",)}, Context(tier="gold"), {}, 10),
        ({"tiers": ("gold",)}, ALONE, {}, 0),
        ({"customer_tags": ("vip",)}, ALONE, {"tags": ("VIP",)}, 10),
        ({"customer_tags": ("vip",)}, ALONE, {}, 0),
    ],
)
def test_conditions(when: dict[str, Any], context: Context, facts: dict[str, Any], target: int) -> None:
    assert activity(rules(rule("visit", "10", when)), "visit", context, **facts).target == target


def test_multipliers_and_campaigns_are_for_orders() -> None:
    document = rules(
        rule("visit", "10"),
        campaigns=(campaign(multiplier="2"), campaign("b", points="5")),
        tiers=tiers(gold="3"),
    )
    assert activity(document, "visit", Context(tier="gold")).target == 10


LIMITED = rules(rule("review", "10", limits=DAILY), caps=Caps(limits=DAILY))
ONCE = rules(rule("review", "10", limits=(Limit(period="day", times=1),)))


@pytest.mark.parametrize(
    ("document", "context", "used", "words"),
    [
        (LIMITED, ALONE, ["10", 1], "10 points for a product review"),
        (
            LIMITED,
            Context(rooms={"review": Room(points=Decimal(4), period="day")}),
            ["4", 1],
            "4 points for a product review; cut to the 4 points that your limit of 15 a day left",
        ),
        (
            LIMITED,
            Context(room=Room(points=Decimal(3), period="day")),
            ["10", 1],
            "3 points for a product review; cut to the 3 points that your limit of 15 a day left",
        ),
        (ONCE, ALONE, ["10", 1], "10 points for a product review"),
        (
            ONCE,
            Context(rooms={"review": Room(times=0, period="day")}),
            None,
            "No points for a product review; your limit of once a day is used up",
        ),
        (
            rules(rule("review", "10", max_points=6)),
            ALONE,
            None,
            "6 points for a product review; cut to 6 points, the most at once",
        ),
    ],
)
def test_limits(document: ProgramDocument, context: Context, used: list[Any] | None, words: str) -> None:
    evaluation = activity(document, "review", context)
    assert evaluation.used == ({"review": used} if used else {})
    assert explain(evaluation.breakdown, evaluation.target) == words


@pytest.mark.parametrize(
    ("document", "facts", "words"),
    [
        (rules(rule("signup", "50")), {"kind": "signup"}, "50 points for signing up"),
        (rules(rule("birthday", "1.5")), {"kind": "birthday"}, "1 point for your birthday, rounded down"),
        (
            rules(rule("custom", "7", event="quiz")),
            {"kind": "custom", "name": "quiz"},
            "7 points for “quiz”",
        ),
        (
            rules(rule("social_follow", "3", **FOLLOW)),
            {"kind": "social_follow", "network": "instagram"},
            "3 points for following us on Instagram",
        ),
    ],
)
def test_explanations(document: ProgramDocument, facts: dict[str, Any], words: str) -> None:
    evaluation = activity(document, **facts)
    assert explain(evaluation.breakdown, evaluation.target) == words
