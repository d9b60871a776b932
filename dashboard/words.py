"""Rules and campaigns of a document in words."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.text import capfirst
from django.utils.translation import gettext

from lib.clock import now
from loyalty.documents import Campaign, Conditions, ProgramDocument, Rule
from loyalty.wording import (
    campaign_gift_text,
    campaign_text,
    conditions_text,
    limit_text,
    products_text,
    rule_text,
)


def rule_words(rule: Rule, document: ProgramDocument) -> str:
    """What a rule gives: "50 points for every 5th order"."""
    return rule_text(rule, document.currency, document.points_name)


def rule_details(rule: Rule, document: ProgramDocument, zone: ZoneInfo) -> str:
    """When it counts, and what limits it: "On Saturdays, at most 100 points a day"; empty where nothing does."""
    limits = [limit_text(limit, document.points_name) for limit in rule.limits]
    parts = [conditions_words(rule.conditions, document, zone), *limits]
    return capfirst(", ".join(part for part in parts if part))


def conditions_words(conditions: Conditions, document: ProgramDocument, zone: ZoneInfo) -> str:
    """When something counts; "" for always."""
    return conditions_text(conditions, document.currency, tier_names(document), now().astimezone(zone).date())


def campaign_words(campaign: Campaign, document: ProgramDocument, zone: ZoneInfo) -> str:
    """What a campaign gives, on what and when."""
    gift = campaign_gift_text(campaign, document.points_name)
    if products := products_text(campaign.conditions.products):
        gift = gettext("%(gift)s on %(products)s") % {"gift": gift, "products": products}
    conditions = conditions_words(campaign.conditions, document, zone)
    return f"{gift}, {conditions}" if conditions else gift


def announcement(campaign: Campaign, document: ProgramDocument, zone: ZoneInfo) -> str:
    """What shoppers read while it runs: as it would be today, or on its first day."""
    at = now().astimezone(zone).replace(tzinfo=None)
    if campaign.conditions.starts:
        at = max(at, datetime.fromisoformat(campaign.conditions.starts))
    return campaign_text(campaign, at, document.currency, document.points_name, tier_names(document))


def tier_names(document: ProgramDocument) -> dict[str, str]:
    return {level.key: level.name for level in document.tiers.levels}
