"""Amounts, rules and conditions in words, in the active language."""

from loyalty.wording.amounts import (
    MINUS,
    all_of,
    any_of,
    locale_of,
    money,
    number,
    one_of,
    points_text,
    rate_text,
)
from loyalty.wording.conditions import campaign_gift_text, campaign_text, conditions_text, last_day_of
from loyalty.wording.rules import NETWORKS, limit_text, products_text, rule_text

__all__ = [
    "MINUS",
    "NETWORKS",
    "all_of",
    "any_of",
    "campaign_gift_text",
    "campaign_text",
    "conditions_text",
    "last_day_of",
    "limit_text",
    "locale_of",
    "money",
    "number",
    "one_of",
    "points_text",
    "products_text",
    "rate_text",
    "rule_text",
]
