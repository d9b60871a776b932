"""Rewards and redemptions in words, in the active language."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time
from django.utils.translation import gettext, ngettext

from loyalty.wording import any_of, money, number
from loyalty.wording.amounts import calendar_locale
from rewards.terms import Terms


def worth_text(terms: Terms, value: Decimal, currency: str) -> str:
    """What one gets for `value` (an amount, or per cent): "5 € off", "10% off, at most 20 €", "Free shipping"."""
    amount = money(value, currency, short=True)
    if terms.kind in ("fixed", "variable"):
        return gettext("%(amount)s off") % {"amount": amount}
    if terms.kind == "percentage":
        text = gettext("%(percent)s%% off") % {"percent": number(value)}
        if terms.most_discount is None:
            return text
        most = money(terms.most_discount, currency, short=True)
        return gettext("%(text)s, at most %(most)s") % {"text": text, "most": most}
    if terms.kind == "gift_card":
        return gettext("Gift card of %(amount)s") % {"amount": amount}
    if terms.kind == "store_credit":
        return gettext("%(amount)s of store credit") % {"amount": amount}
    if terms.kind == "free_shipping":
        return gettext("Free shipping")
    if terms.kind == "free_product":
        return gettext("Free product")
    return gettext("Worth %(amount)s") % {"amount": amount} if value else ""


def conditions_texts(terms: Terms, currency: str) -> list[str]:
    """What holds for a code, a sentence each: "From 25 €", "For some products only", "Can be used for 30 days"."""
    texts = []
    if terms.minimum_spend is not None:
        amount = money(terms.minimum_spend, currency, short=True)
        texts.append(gettext("From %(amount)s") % {"amount": amount})
    if terms.max_order_percent is not None:
        texts.append(gettext("At most %(percent)d%% of an order") % {"percent": terms.max_order_percent})
    if terms.kind != "free_product" and (terms.product_ids or terms.variant_ids or terms.collection_ids):
        texts.append(gettext("For some products only"))
    if terms.validity_days is not None:
        days = ngettext(
            "Can be used for %(count)d day", "Can be used for %(count)d days", terms.validity_days
        )
        texts.append(days % {"count": terms.validity_days})
    return texts


def tiers_text(keys: Iterable[str], names: Mapping[str, str]) -> str:
    """Whom it is for: "For Gold or Silver members"."""
    return gettext("For %(tiers)s members") % {"tiers": any_of(names.get(key, key) for key in keys)}


def moment_text(at: datetime, zone: ZoneInfo, today: datetime) -> str:
    """An instant on the shop's clock: "1 December", with its time unless midnight, and its year unless this one."""
    local = at.astimezone(zone)
    if local.year == today.astimezone(zone).year:
        day = str(format_skeleton("MMMMd", local.date(), locale=calendar_locale()))
    else:
        day = str(format_date(local.date(), "long", locale=calendar_locale()))
    if local.time() == time():
        return day
    clock = format_time(local.time(), "short", locale=calendar_locale())
    return gettext("%(day)s, %(time)s") % {"day": day, "time": clock}
