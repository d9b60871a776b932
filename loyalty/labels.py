"""What the settings of a program are called, and how their values read."""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from loyalty.documents import ProgramDocument
from loyalty.wording import NETWORKS, limit_text, money, number

Text = str | Promise


class Words(NamedTuple):
    """What values need to be told: the currency, the name of the points, and the names of the tiers by key."""

    currency: str
    points_name: str
    tiers: Mapping[str, str]


class Label(NamedTuple):
    """The name of a field, and how a value of it reads; `shown` of a list tells one item."""

    name: Text
    shown: Callable[[Any, Words], str]


def words_of(document: ProgramDocument) -> Words:
    tiers = {tier.key: tier.name for tier in document.tiers.levels}
    return Words(document.currency, document.points_name, tiers)


def _text(value: str, words: Words) -> str:
    return str(value) or gettext("none")


def _number(value: Decimal | int | None, words: Words) -> str:
    return gettext("none") if value is None else number(value)


def _money(value: Decimal | None, words: Words) -> str:
    return gettext("none") if value is None else money(value, words.currency, short=True)


def _point_value(value: Decimal | None, words: Words) -> str:
    if value is None:
        return gettext("the smallest coin")
    return f"{number(value)} {words.currency}"


def _yes(value: bool, words: Words) -> str:
    return gettext("yes") if value else gettext("no")


def _on(value: bool, words: Words) -> str:
    return gettext("on") if value else gettext("off")


def _days(value: int, words: Words) -> str:
    return ngettext("%(count)d day", "%(count)d days", value) % {"count": value}


def _months(value: int, words: Words) -> str:
    return ngettext("%(count)d month", "%(count)d months", value) % {"count": value}


def _reward(public_id: str, words: Words) -> str:
    return gettext("a reward") if public_id else gettext("none")


def _tier(key: str, words: Words) -> str:
    return words.tiers.get(key, key)


def _limit(value: Any, words: Words) -> str:
    return limit_text(value, words.points_name)


def _choice(**texts: Text) -> Callable[[str, Words], str]:
    return lambda value, words: str(texts.get(value, value))


_WEEKDAY = _choice(
    mon=_("Monday"),
    tue=_("Tuesday"),
    wed=_("Wednesday"),
    thu=_("Thursday"),
    fri=_("Friday"),
    sat=_("Saturday"),
    sun=_("Sunday"),
)

SETTINGS = {
    "format": Label(_("Format"), _text),
    "currency": Label(_("Currency"), _text),
    "points_name": Label(_("Name of the points"), _text),
    "point_value": Label(_("What a point costs"), _point_value),
    "rounding": Label(_("Rounding"), _choice(floor=_("down"), half_up=_("to the nearest"), ceil=_("up"))),
    "deficit": Label(
        _("When returned points were already spent"),
        _choice(carry=_("balance goes below zero"), clamp=_("stops at zero")),
    ),
    "award_guests_later": Label(_("Award guest orders later"), _yes),
    "hold_days": Label(_("Points on hold for"), _days),
    "multipliers": Label(
        _("When several multipliers match"),
        _choice(best=_("the best one counts"), multiply=_("they multiply")),
    ),
}
BASIS = {
    "include_tax": Label(_("Include tax"), _yes),
    "include_shipping": Label(_("Include shipping"), _yes),
    "include_gift_cards": Label(_("Include gift cards"), _yes),
}
EXCLUSIONS = {
    "product_ids": Label(_("Excluded products"), _text),
    "variant_ids": Label(_("Excluded variants"), _text),
    "skus": Label(_("Excluded SKUs"), _text),
    "vendors": Label(_("Excluded vendors"), _text),
    "product_types": Label(_("Excluded product types"), _text),
    "tags": Label(_("Excluded tags"), _text),
}
PRODUCTS = {
    "product_ids": Label(_("Only products"), _text),
    "variant_ids": Label(_("Only variants"), _text),
    "skus": Label(_("Only SKUs"), _text),
    "vendors": Label(_("Only vendors"), _text),
    "product_types": Label(_("Only product types"), _text),
    "tags": Label(_("Only products tagged"), _text),
}
CONDITIONS = {
    "starts": Label(_("Starts"), _text),
    "ends": Label(_("Ends"), _text),
    "weekdays": Label(_("Days of the week"), _WEEKDAY),
    "channels": Label(_("Sales channels"), _text),
    "min_basis": Label(_("Least order"), _money),
    "first_order": Label(_("First order only"), _yes),
    "tiers": Label(_("Only tiers"), _tier),
    "customer_tags": Label(_("Only customers tagged"), _text),
}
RULE = {
    "name": Label(_("Name of the rule"), _text),
    "points": Label(_("Points"), _number),
    "per": Label(_("For every"), _money),
    "every": Label(_("Every how many orders"), _number),
    "network": Label(_("Network"), _choice(**NETWORKS)),
    "url": Label(_("Address"), _text),
    "event": Label(_("Event"), _text),
    "active": Label(_("Switched"), _on),
    "exclusive": Label(_("Stands alone"), _yes),
    "priority": Label(_("Priority"), _number),
    "max_points": Label(_("Most points at once"), _number),
    "limits": Label(_("Limits"), _limit),
}
CAMPAIGN = {
    "name": Label(_("Name of the campaign"), _text),
    "active": Label(_("Switched"), _on),
    "multiplier": Label(_("Multiplier"), _number),
    "points": Label(_("Points"), _number),
    "announcement": Label(_("Announcement"), _text),
}
TIERS = {
    "metric": Label(
        _("Tiers go by"), _choice(spend=_("money spent"), points=_("points earned"), orders=_("orders"))
    ),
    "window": Label(
        _("What counts for tiers"),
        _choice(
            lifetime=_("everything so far"),
            rolling=_("the last months"),
            calendar_year=_("the calendar year"),
            anniversary=_("the member's own year"),
        ),
    ),
    "window_months": Label(_("Months that count for tiers"), _number),
    "term": Label(
        _("How long a tier is kept"),
        _choice(
            forever=_("for ever"), months=_("some months"), calendar_year=_("to the end of the next year")
        ),
    ),
    "term_months": Label(_("Months for which a tier is kept"), _number),
    "grace_days": Label(_("Grace after the term"), _days),
    "downgrade": Label(
        _("When a tier is not kept"),
        _choice(to_standing=_("to where the member stands"), one_step=_("one step down")),
    ),
    "count_imports": Label(_("Imported points count for tiers"), _yes),
}
TIER = {
    "name": Label(_("name"), _text),
    "multiplier": Label(_("multiplier"), _number),
    "entry_points": Label(_("points for reaching it"), _number),
    "entry_reward": Label(_("reward for reaching it"), _reward),
    "perks": Label(_("perks"), _text),
}
EXPIRY = {
    "mode": Label(
        _("Points expire"),
        _choice(
            none=_("never"),
            per_lot=_("some months after they came"),
            inactivity=_("after months without activity"),
            calendar=_("on one day each year"),
        ),
    ),
    "months": Label(_("Months until points expire"), _number),
    "to_month_end": Label(_("Points last to the end of the month"), _yes),
    "month": Label(_("Month in which points expire"), _number),
    "day": Label(_("Day on which points expire"), _number),
    "warn_days": Label(_("Days of warning before points expire"), _number),
}
CAPS = {
    "min_points": Label(_("Least points for an order"), _number),
    "max_points": Label(_("Most points for an order"), _number),
    "limits": Label(_("Limits for each member"), _limit),
}


def threshold_label(metric: str) -> Label:
    """The threshold of a tier is money or a count."""
    return Label(_("threshold"), _money if metric == "spend" else _number)


def listed(items: Iterable[Any], label: Label, words: Words) -> str:
    return ", ".join(label.shown(item, words) for item in items)
