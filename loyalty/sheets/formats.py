"""Which columns mean what: our own files, and the files that other loyalty apps write.

Where the columns are documented:

- Smile.io: `email` and `points` of its points files (help.smile.io, "Import points with a CSV file"), birthdays as
  YYYY-MM-DD with the year 1004 where none is known ("Import birthdays with a CSV file"), and the fields of a customer
  (dev.smile.io, "The customer object": first_name, last_name, email, state, date_of_birth, points_balance,
  referral_url, vip_tier, created_at, updated_at).
- LoyaltyLion: customer id, e-mail, points, enrolled, birthdays and tiers (help.loyaltylion.com, "Imports" and
  "Managing members"); what a member has: approved, pending and lifetime points, enrolment date, tier and status
  ("Managing members"). Its customer export lets a merchant choose and rename the columns ("Export").
- Yotpo (formerly Swell): Full Name, First Name, Last Name, Email, Points Balance, Points Spent, Birthday (MM/DD) or
  (MM/DD/YYYY), and more (support.yotpo.com, "Importing/Exporting Points and Customers"); the export holds e-mail,
  first name, last name, current points balance and referral link (community.yotpo.com, "How to manage your
  customers' loyalty points").
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext

from loyalty.sheets.reading import InvalidSheet, Sheet


@dataclass(frozen=True, slots=True)
class Format:
    """Columns by what they mean, the first that is there counts; and columns known to be of no use, with why."""

    title: str
    columns: dict[str, tuple[str, ...]]
    unused: dict[str, tuple[str, ...]] = field(default_factory=dict)


_NAMES = ("name", "full_name", "first_name", "last_name")
_OURS = ("external_id", "email", "points", "reason", "expires_on", "earned_on", "reference")

FORMATS: dict[str, Format] = {
    "regulars": Format(
        title="Regulars, or a file of your own",
        columns={name: (name,) for name in _OURS},
    ),
    "smile": Format(
        title="Smile.io",
        columns={
            "email": ("email", "email_address", "customer_email"),
            "points": ("points_balance", "points", "balance"),
            "birthday": ("date_of_birth", "birthday", "birth_date"),
            "joined": ("created_at", "joined_at", "member_since"),
        },
        unused={
            "names": _NAMES,
            "tier": ("vip_tier", "vip_tier_name", "vip_tier_id", "tier"),
            "referral": ("referral_url", "referral_link", "referral_code"),
            "status": ("id", "customer_id", "state", "status", "updated_at"),
        },
    ),
    "loyaltylion": Format(
        title="LoyaltyLion",
        columns={
            "external_id": ("merchant_id", "customer_id", "shopify_id", "platform_id"),
            "email": ("email", "emails", "customer_email", "email_address"),
            "points": ("points_approved", "approved_points", "current_points", "points", "points_balance"),
            "birthday": ("birthday", "date_of_birth", "birthdate"),
            "joined": ("enrolled_at", "enrollment_date", "enrolled_on", "joined_at"),
        },
        unused={
            "names": (*_NAMES, "customer_name"),
            "tier": ("loyalty_tier", "tier", "tier_name", "current_tier", "tier_level"),
            "referral": ("referral_url", "referral_link", "referral_id", "referrals"),
            "pending": ("points_pending", "pending_points"),
            "lifetime": (
                "points_spent",
                "lifetime_points",
                "points_lifetime",
                "total_points",
                "points_expired",
            ),
            "status": ("id", "status", "enrolled", "guest", "blocked", "total_orders", "total_revenue"),
        },
    ),
    "yotpo": Format(
        title="Yotpo",
        columns={
            "email": ("email", "emails", "email_address", "customer_email"),
            "points": ("points_balance", "current_points_balance", "point_balance", "points"),
            "birthday": (
                "birthday",
                "birthday_(mm/dd)",
                "birthday_(mm/dd/yyyy)",
                "birthday_(mm/dd)_or_(mm/dd/yyyy)",
            ),
            "joined": ("created_at", "opted_in_at", "member_since"),
        },
        unused={
            "names": _NAMES,
            "tier": ("vip_tier", "vip_tier_name", "vip_tier_id", "tier"),
            "referral": ("referral_link", "referral_url", "referral_code", "referral_discount_code"),
            "lifetime": ("points_spent", "points_earned", "total_points_earned", "credit_balance"),
            "status": (
                "id",
                "opted_in",
                "has_account",
                "anniversary",
                "tags",
                "pos_account_id",
                "phone_number",
            ),
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each meaning stands in a row, and what is to be said of the other columns."""

    places: dict[str, int]
    notices: list[str]


def columns_of(sheet: Sheet, name: str) -> Columns:
    """What the columns of a file of that format mean. Raises `InvalidSheet` when a necessary one is missing."""
    wanted = FORMATS[name]
    places = {
        meaning: sheet.names.index(found)
        for meaning, aliases in wanted.columns.items()
        if (found := next((alias for alias in aliases if alias in sheet.names), None))
    }
    missing = []
    if "email" not in places and "external_id" not in places:
        missing.append("email" if "external_id" not in wanted.columns else "email / external_id")
    if "points" not in places:
        missing.append(wanted.columns["points"][0])
    if missing:
        said = gettext("the column %(missing)s is missing. There are: %(there)s.")
        there = ", ".join(title[:60] for title in sheet.titles[:30] if title) or "–"
        raise InvalidSheet(said % {"missing": ", ".join(missing), "there": there}, 1)
    return Columns(places, _notices(sheet, wanted, places))


def _notices(sheet: Sheet, wanted: Format, places: dict[str, int]) -> list[str]:
    said: dict[str, list[str]] = {}
    for place, (name, title) in enumerate(zip(sheet.names, sheet.titles, strict=True)):
        if not name or place in places.values():
            continue
        why = next((why for why, names in wanted.unused.items() if name in names), "unknown")
        said.setdefault(why, []).append(title[:60])
    words = _words()
    return [f"{', '.join(titles)}: {words[why]}" for why, titles in said.items()]


def _words() -> dict[str, str]:
    return {
        "names": gettext("not used; names come from your store."),
        "tier": gettext("not used; tiers follow from your own program's rules."),
        "referral": gettext("not used; referrals are not imported."),
        "pending": gettext("not used; only points that can be spent are imported."),
        "lifetime": gettext("not used; only the present balance is imported."),
        "status": gettext("not used."),
        "unknown": gettext("not known, and not used. Check the spelling if you meant it to be."),
    }


def choices() -> Sequence[tuple[str, str]]:
    """(name, title) of every format."""
    return [(name, found.title) for name, found in FORMATS.items()]
