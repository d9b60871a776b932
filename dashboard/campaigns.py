"""Campaigns as a merchant sees them: where each stands, and what shoppers are told."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.translation import gettext

from dashboard.sample import local_instant
from dashboard.words import campaign_words
from lib.clock import now
from loyalty.documents import Campaign, ProgramDocument

MIDNIGHT = time()


@dataclass(frozen=True)
class ShownCampaign:
    """`state`: off, upcoming, running or ended; `label` is its colour."""

    campaign: Campaign
    state: str
    state_text: str
    label: str
    text: str


def shown_campaigns(document: ProgramDocument, zone: ZoneInfo) -> list[ShownCampaign]:
    """The program's campaigns: those that run or will run first."""
    places = {"running": 0, "upcoming": 1, "off": 2, "ended": 3}
    shown = [shown_campaign(campaign, document, zone) for campaign in document.campaigns]
    return sorted(shown, key=lambda one: places[one.state])


def shown_campaign(campaign: Campaign, document: ProgramDocument, zone: ZoneInfo) -> ShownCampaign:
    """Where a campaign stands now, and in words what it gives to whom."""
    at = now()
    conditions = campaign.conditions
    starts = local_instant(conditions.starts, zone) if conditions.starts else None
    ends = local_instant(conditions.ends, zone) if conditions.ends else None
    if ends is not None and ends <= at:
        state, label, text = "ended", "default", gettext("Ended on %(day)s") % {"day": _end(ends)}
    elif not campaign.active:
        state, label, text = "off", "default", gettext("Off")
    elif starts is not None and starts > at:
        state, label, text = "upcoming", "info", gettext("Starts on %(day)s") % {"day": _start(starts)}
    elif ends is not None:
        state, label, text = "running", "success", gettext("Runs until %(day)s") % {"day": _end(ends)}
    else:
        state, label, text = "running", "success", gettext("Runs all the time")
    return ShownCampaign(campaign, state, text, label, campaign_words(campaign, document, zone))


def campaigns_text(document: ProgramDocument, zone: ZoneInfo) -> str:
    """The campaigns in one sentence, for the program's page."""
    shown = shown_campaigns(document, zone)
    if not shown:
        return gettext("None. Give double points for a weekend, or for a product that you want to be seen.")
    named = [one for one in shown if one.state in {"running", "upcoming"}]
    if not named:
        return gettext("None is running or planned.")
    return "; ".join(
        f"{one.campaign.name}: {one.state_text[0].lower()}{one.state_text[1:]}" for one in named[:3]
    )


def _start(moment: datetime) -> str:
    return date_format(moment, "j M Y" if moment.time() == MIDNIGHT else "j M Y, H:i")


def _end(moment: datetime) -> str:
    """What ends at midnight ends with the day before."""
    return _start(moment - timedelta(days=1) if moment.time() == MIDNIGHT else moment)
