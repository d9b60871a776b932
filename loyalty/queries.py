"""Reads of programs that more than one caller needs."""

from datetime import datetime

from django.db.models import QuerySet
from django_scopes import scope

from loyalty.models import ProgramVersion
from shops.models import Shop


def versions(shop: Shop) -> QuerySet[ProgramVersion]:
    """The shop's published versions, the newest first."""
    with scope(shop=shop):
        return ProgramVersion.objects.filter(shop=shop).order_by("-number")


def live_version(shop: Shop) -> ProgramVersion:
    """The version in force now. Raises `ProgramVersion.DoesNotExist` when nothing was ever published."""
    return versions(shop)[:1].get()


def version_in_force(shop: Shop, placed_at: datetime) -> ProgramVersion:
    """The version for an order of that instant: the newest published by then, the first for earlier orders.

    Raises `ProgramVersion.DoesNotExist` when nothing was ever published.
    """
    published = versions(shop)
    return published.filter(published_at__lte=placed_at).first() or published.reverse()[:1].get()
