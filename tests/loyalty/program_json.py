"""Program documents as JSON values: the default one, one with a bit of everything, and changes of them."""

import json
from typing import Any

import pytest

from loyalty.documents import as_dict, default_document
from loyalty.errors import InvalidProgram
from loyalty.validation import validate


def written(**changes: Any) -> dict[str, Any]:
    """The default document as JSON values, with `changes`; those of its rule are named rule_…"""
    document = as_dict(default_document("EUR"))
    for name, value in changes.items():
        if name.startswith("rule_"):
            document["rules"][0][name.removeprefix("rule_")] = value
        else:
            document[name] = value
    return document


# A program with a bit of everything, as JSON values.
FULL: dict[str, Any] = {
    "currency": "EUR",
    "point_value": "0.01",
    "hold_days": 14,
    "multipliers": "multiply",
    "rules": [
        {
            "kind": "per_currency", "key": "purchases", "name": "Purchases", "points": "1", "per": "1",
            "conditions": {"starts": "2026-01-01", "ends": "2027-01-01", "weekdays": ["sat", "sun"]},
        },
        {"kind": "nth_order", "key": "card", "name": "Punch card", "points": "50", "every": 5, "exclusive": True},
        {
            "kind": "per_unit", "key": "tea", "name": "Tea", "points": "10", "max_points": 100,
            "conditions": {"products": {"tags": ["tea"]}, "min_basis": "0", "tiers": ["gold"]},
        },
        {"kind": "signup", "key": "join", "name": "Join", "points": "100"},
        {
            "kind": "review", "key": "review", "name": "Review", "points": "20",
            "limits": [{"period": "day", "times": 1}, {"period": "day", "points": 20}],
        },
        {
            "kind": "social_follow", "key": "x", "name": "Follow", "points": "5", "network": "x",
            "url": "https://x.example/tea",
        },
        {"kind": "custom", "key": "quiz", "name": "Quiz", "points": "5", "event": "quiz.done"},
    ],
    "campaigns": [
        {
            "key": "advent", "name": "Advent", "multiplier": "2",
            "conditions": {"starts": "2026-12-01", "ends": "2026-12-25"},
        },
        {"key": "gift", "name": "Gift", "points": "25", "conditions": {"tiers": ["gold"]}},
    ],
    "tiers": {
        "grace_days": 30,
        "levels": [
            {"key": "silver", "name": "Silver", "threshold": "100"},
            {
                "key": "gold", "name": "Gold", "threshold": "500", "multiplier": "1.5", "entry_points": 100,
                "perks": ["Free gift wrap"],
            },
        ],
    },
    "expiry": {"mode": "calendar", "month": 2, "day": 29, "warn_days": [7, 30]},
    "caps": {"min_points": 1, "max_points": 500, "limits": [{"period": "month", "points": 2000}]},
}  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    """`FULL` with the value at `path`; a step beyond the end of a list appends."""
    document: dict[str, Any] = json.loads(json.dumps(FULL))
    *way, last = [
        int(step) if step.isdigit() else step for step in path.replace("[", ".").replace("]", "").split(".")
    ]
    place: Any = document
    for step in way:
        place = place[step] if isinstance(step, int) else place.setdefault(step, {})
    if isinstance(place, list) and last == len(place):
        place.append(value)
    else:
        place[last] = value
    return document


def problems(data: Any) -> list[tuple[str, str]]:
    with pytest.raises(InvalidProgram) as caught:
        validate(data)
    return caught.value.errors
