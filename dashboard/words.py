"""Rules and campaigns in words."""

from loyalty.documents import Campaign, Conditions, ProgramDocument, Rule
from loyalty.wording import points_text


def rule_words(rule: Rule, document: ProgramDocument) -> str:
    return points_text(rule.points, document.points_name)


def conditions_words(conditions: Conditions, document: ProgramDocument) -> str:
    return ""


def campaign_words(campaign: Campaign, document: ProgramDocument) -> str:
    return f"{campaign.multiplier} ×" if campaign.multiplier else f"+{campaign.points}"


def announcement(campaign: Campaign, document: ProgramDocument) -> str:
    return campaign.announcement or campaign.name
