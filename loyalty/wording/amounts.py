"""Money, points and rates in the words and the number format of the active language."""

import re
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from babel import Locale, UnknownLocaleError
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal
from django.utils.translation import get_language, gettext, ngettext, to_locale

from lib.money import minor_units

MINUS = "\N{MINUS SIGN}"


def locale_of(currency: str = "") -> Locale:
    """The active language's number format; English without a region writes euros as Europe does: 49.95 €."""
    language = get_language() or "en"
    if language == "en" and currency == "EUR":
        return Locale("en", "150")
    try:
        return Locale.parse(to_locale(language))
    except (UnknownLocaleError, ValueError):
        return Locale("en")


def money(amount: Decimal | Fraction, currency: str, *, short: bool = False) -> str:
    """`amount` with its currency, fractions of the minor unit cut off; `short` leaves out zero cents."""
    places = minor_units(currency)
    shown = Decimal(int(amount * 10**places)).scaleb(-places)
    if short and isinstance(amount, Decimal):
        shown = amount.normalize()
        decimals = -int(shown.as_tuple().exponent)
        places = 0 if decimals <= 0 else max(places, decimals)
    locale = locale_of(currency)
    fraction = "." + "0" * places if places else ""
    pattern = re.sub(r"\.0+", fraction, locale.currency_formats["standard"].pattern)
    text = format_currency(shown, currency, pattern, locale, currency_digits=False)
    return text.replace("\N{NO-BREAK SPACE}", " ")


def number(value: Decimal | int) -> str:
    """`value` with every digit it has and none more."""
    plain = Decimal(value).normalize()
    return format_decimal(plain, locale=locale_of(), decimal_quantization=False)


def one_of(points_name: str) -> str:
    """One of them: "Bean" of "Beans". A name that does not look like a plural stays: "Bonus", "Bliss", "Taler"."""
    return re.sub(r"(?<=\w\w)(?<![iosxh]e)(?<![isuo])s\Z", "", points_name)


def points_text(count: Decimal | int, points_name: str = "points") -> str:
    """`count` with the name of the points: "1 point", "1,200 points", "1 Bean"; a true minus sign."""
    size = abs(Decimal(count))
    shown = number(size)
    if points_name == "points":
        plural = 1 if size == 1 else max(2, int(size))
        text = ngettext("%(count)s point", "%(count)s points", plural) % {"count": shown}
    else:
        name = one_of(points_name) if size == 1 else points_name
        text = gettext("%(count)s %(name)s") % {"count": shown, "name": name}
    return f"{MINUS}{text}" if count < 0 else text


def rate_text(points: Decimal, per: Decimal, currency: str, points_name: str = "points") -> str:
    """A rate in words: 1 point per 10 €."""
    return gettext("%(points)s per %(amount)s") % {
        "points": points_text(points, points_name),
        "amount": money(per, currency, short=True),
    }


def calendar_locale() -> Locale:
    """The day before the month, and the clock of 24 hours, in English without a region."""
    locale = locale_of()
    return Locale("en", "150") if str(locale) == "en" else locale


def all_of(names: Iterable[str]) -> str:
    """Names with commas and "and"."""
    return format_list(list(names), "standard", calendar_locale())


def any_of(names: Iterable[str]) -> str:
    """Names with commas and "or"."""
    return format_list(list(names), "or", calendar_locale())
