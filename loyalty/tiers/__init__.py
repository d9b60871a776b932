"""VIP tiers: the state machine that leads a member through them. Pure."""

from loyalty.tiers.journey import Journey
from loyalty.tiers.ladder import Ladder, ladder_of
from loyalty.tiers.records import Entry, Pin, Row, Span, State

__all__ = ["Entry", "Journey", "Ladder", "Pin", "Row", "Span", "State", "ladder_of"]
