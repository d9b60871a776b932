"""Rewards and redemptions in words, in the active language."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from rewards.terms import Terms


def worth_text(terms: Terms, value: Decimal, currency: str) -> str:
    """What one gets: "5.00 € off", "10% off, at most 20.00 €", "Free shipping"."""
    raise NotImplementedError


def conditions_texts(terms: Terms, currency: str) -> list[str]:
    """What holds for a code, a sentence each: "From 25.00 €", "Usable for 30 days"."""
    raise NotImplementedError


def moment_text(at: datetime, zone: ZoneInfo, today: datetime) -> str:
    """An instant on the shop's clock: "1 December", with the time where it is not midnight."""
    raise NotImplementedError
