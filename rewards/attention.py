"""Redemptions that a merchant should look at."""

from datetime import datetime, timedelta

from django.db.models import F, Q, QuerySet

from rewards.models import Redemption
from shops.models import Shop

State = Redemption.State
AFTER = timedelta(hours=24)


def stuck(shop: Shop, at: datetime) -> QuerySet[Redemption]:
    """Those whose store has not played along for a day: they are tried on, every few minutes. In the shop's scope."""
    since = at - AFTER
    unmade = Q(state__in=[State.RESERVED, State.ISSUING], created_at__lt=since)
    unended = Q(state=State.CLOSING, steps__what=F("closing"), steps__at__lt=since)
    found: QuerySet[Redemption] = Redemption.objects.filter(shop=shop, due_at__isnull=False).exclude(error="")
    return found.filter(unmade | unended).distinct().order_by("id")
