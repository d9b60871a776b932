"""The pages of the program's parts, and forms that are right for them."""

from decimal import Decimal
from typing import Any

from msgspec import structs

from loyalty.actions.drafts import change_draft
from loyalty.documents import ProgramDocument, Tier
from tests.dashboard.conftest import Desks
from tests.dashboard.test_access import CAMPAIGN, LIFE, RULE, SETTINGS, TIERS

PAGES = {
    "rule": ("/dashboard/program/rule/purchases/", RULE),
    "campaign": ("/dashboard/program/campaign/beans-week/", CAMPAIGN),
    "tiers": ("/dashboard/program/tiers/", TIERS),
    "life": ("/dashboard/program/life/", LIFE),
    "settings": ("/dashboard/program/settings/", SETTINGS),
}
LEVELS = (
    Tier(key="silver", name="Silver", threshold=Decimal(0)),
    Tier(key="gold", name="Gold", threshold=Decimal(500), multiplier=Decimal(2), perks=("Free shipping",)),
)
NEW_RULES: dict[str, dict[str, str]] = {
    "per_currency": {"points": "2", "per": "10"},
    "per_order": {"points": "50"},
    "per_unit": {"points": "5", "skus": "A-1"},
    "first_order": {"points": "100"},
    "nth_order": {"points": "50", "every": "5"},
    "signup": {"points": "100"},
    "birthday": {"points": "100"},
    "anniversary": {"points": "100"},
    "newsletter": {"points": "20"},
    "review": {"points": "20", "times_month": "2"},
    "social_follow": {"points": "10", "network": "instagram", "url": "https://social.example/corner"},
    "visit": {"points": "1", "points_week": "5"},
    "custom": {"points": "10", "event": "quiz.done"},
}


def give(desks: Desks, **parts: Any) -> ProgramDocument:
    return change_draft(desks.shop, lambda draft: structs.replace(draft, **parts))
