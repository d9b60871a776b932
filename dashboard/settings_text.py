"""The settings of a program in words."""

from django.utils.translation import gettext
from msgspec import structs

from loyalty.documents import ProgramDocument
from loyalty.wording import money, number


def setting_rows(document: ProgramDocument) -> list[tuple[str, str]]:
    """What each setting is about, and how it stands."""
    rows = [
        (gettext("Points are called"), document.points_name),
        (gettext("What counts"), _basis(document)),
        (gettext("Rounding"), _rounding(document)),
        (gettext("Products that never earn"), _exclusions(document)),
        (gettext("Limits"), _caps(document)),
        (gettext("Returns"), _returns(document)),
    ]
    if document.point_value is not None:
        value = money(document.point_value, document.currency, short=True)
        rows.append((gettext("What a point costs you"), value))
    return rows


def _basis(document: ProgramDocument) -> str:
    parts = [gettext("Goods after discounts")]
    if document.basis.include_tax:
        parts.append(gettext("tax"))
    if document.basis.include_shipping:
        parts.append(gettext("shipping"))
    if document.basis.include_gift_cards:
        parts.append(gettext("gift cards"))
    return ", ".join(parts)


def _rounding(document: ProgramDocument) -> str:
    return {
        "floor": gettext("Down to whole points"),
        "half_up": gettext("To the nearest whole point"),
        "ceil": gettext("Up to whole points"),
    }[document.rounding]


def _exclusions(document: ProgramDocument) -> str:
    texts = [text for field in structs.asdict(document.exclusions).values() for text in field]
    if not texts:
        return gettext("None")
    shown = ", ".join(texts[:3])
    more = len(texts) - 3
    return gettext("%(shown)s and %(count)d more") % {"shown": shown, "count": more} if more > 0 else shown


def _caps(document: ProgramDocument) -> str:
    caps = document.caps
    periods = {
        "day": gettext("a day"),
        "week": gettext("a week"),
        "month": gettext("a month"),
        "year": gettext("a year"),
        "ever": gettext("in all"),
    }
    parts = []
    if caps.min_points is not None:
        parts.append(gettext("at least %(points)s an order") % {"points": number(caps.min_points)})
    if caps.max_points is not None:
        parts.append(gettext("at most %(points)s an order") % {"points": number(caps.max_points)})
    parts += [
        gettext("at most %(points)s %(period)s")
        % {"points": number(limit.points or 0), "period": periods[limit.period]}
        for limit in caps.limits
    ]
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}" if text else gettext("None")


def _returns(document: ProgramDocument) -> str:
    if document.deficit == "carry":
        return gettext("The balance may go below zero")
    return gettext("The balance stops at zero")
