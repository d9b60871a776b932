"""Why these points: a breakdown in words, in the active language."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, TypedDict

from django.utils.translation import gettext, ngettext

from loyalty.explain_earned import activity_text, earned_text, goods_text
from loyalty.wording import money, number, points_text

Breakdown = dict[str, Any]


class DetailRow(TypedDict):
    """One line of an order: its kept basis as money ("" if excluded), its points, and why it is excluded."""

    id: str
    title: str
    basis: str
    points: int
    reason: str


def explain(
    breakdown: Breakdown, points: int, *, before: Breakdown | None = None, points_name: str = "points"
) -> str:
    """A sentence for an entry of `points` (signed) that `breakdown` led to; `before` is the award's former.

    "49 points: 49.95 € of goods at 1 point per 1 €, rounded down", "50 points for signing up",
    "100 points: Reached Gold"
    """
    if "tier" in breakdown:
        return _tier(breakdown, points, points_name)
    if "activity" in breakdown:
        return activity_text(breakdown, _amount(points, points_name), points_name)
    if reason := _uncounted(breakdown):
        return f"{_amount(points, points_name)}: {reason}"
    earned_before = before["target"] if before else (breakdown["target"] - points if points < 0 else 0)
    if not earned_before or before == breakdown:
        return f"{_amount(points, points_name)}: {_earned(breakdown, points_name)}"
    sign = "+" if points > 0 else ""
    parts = [
        f"{sign}{_amount(points, points_name)}: {_event(breakdown, before)}",
        _compared(breakdown, earned_before, points_name),
    ]
    wanted = breakdown["target"] - earned_before
    if wanted < points < 0 or (wanted < 0 and points == 0):
        parts.append(_shortfall(points, wanted))
    return "; ".join(parts)


def explain_detail(breakdown: Breakdown, titles: Mapping[str, str] | None = None) -> list[DetailRow]:
    """A row for each line of the order, the excluded ones last; `titles` by line id, where they are known."""
    names = {"shipping": gettext("Shipping")} | dict(titles or {})
    currency = breakdown.get("currency", "")
    rows = [
        _row(line, names, basis=money(_exact(basis), currency), points=points)
        for line, basis, points in breakdown.get("lines", [])
    ]
    reasons = _exclusion_reasons()
    rows += [
        _row(line, names, reason=reasons.get(reason, reason))
        for line, reason in breakdown.get("excluded", [])
    ]
    return rows


def _row(
    line: str, names: Mapping[str, str], basis: str = "", points: int = 0, reason: str = ""
) -> DetailRow:
    return DetailRow(id=line, title=names.get(line) or line, basis=basis, points=points, reason=reason)


def _amount(points: int, points_name: str) -> str:
    if points:
        return points_text(points, points_name)
    return gettext("No points") if points_name == "points" else gettext("No %(name)s") % {"name": points_name}


def _tier(breakdown: Breakdown, points: int, points_name: str) -> str:
    """Points for reaching a tier, or what became of them."""
    reached = gettext("Reached %(tier)s") if breakdown["target"] else gettext("%(tier)s was not kept")
    return f"{_amount(points, points_name)}: {reached % {'tier': breakdown['tier']['name']}}"


def _exact(text: str) -> Fraction:
    return Fraction(text)


def _uncounted(breakdown: Breakdown) -> str | None:
    """Why the order earns nothing as it stands, or None if it counts."""
    if "held" in breakdown:
        return gettext("the order's currency is not the program's; the shop is looking at it")
    if "skipped" not in breakdown:
        return None
    reasons = {
        "deleted": gettext("the order was deleted"),
        "moved": gettext("the order now belongs to another customer"),
        "cancelled": gettext("the order was cancelled"),
        "pending": gettext("the order is not paid yet"),
        "authorized": gettext("the order is not paid yet"),
        "voided": gettext("the payment was voided"),
        "failed": gettext("the payment failed"),
        "refunded": gettext("the order was refunded in full"),
        "test": gettext("it is a test order"),
        "past": gettext("it was placed before orders began to earn points"),
        "guest": gettext("the order was placed without a customer account"),
        "no_rules": gettext("the program had no active rule when the order was placed"),
        "amount": gettext("the order's amounts are too large to be true; the shop is looking at it"),
    }
    return reasons.get(breakdown["skipped"]) or gettext("the order does not count")


def _earned(breakdown: Breakdown, points_name: str) -> str:
    """Such as: 49.95 € of goods at 1 point per 1 €, rounded down."""
    if not breakdown["lines"] and "excluded" in breakdown:
        return _excluded(breakdown)
    parts = [earned_text(breakdown, points_name), _refunds(breakdown), _excluded(breakdown)]
    return "; ".join(part for part in parts if part)


def _refunds(breakdown: Breakdown) -> str:
    refunds = breakdown.get("refunds", {})
    if not refunds or _exact(refunds["before"]) == _exact(breakdown["basis"]):
        return ""
    before = money(_exact(refunds["before"]), breakdown["currency"])
    return gettext("%(amount)s before refunds") % {"amount": before}


def _excluded(breakdown: Breakdown) -> str:
    reasons = [reason for _, reason in breakdown.get("excluded", [])]
    gift_cards = reasons.count("gift_card")
    others = len(reasons) - gift_cards
    parts = []
    if gift_cards:
        gift_text = ngettext(
            "the gift card does not earn points", "%(count)d gift cards do not earn points", gift_cards
        )
        parts.append(gift_text % {"count": gift_cards} if gift_cards > 1 else gift_text)
    if others:
        other_text = ngettext(
            "%(count)d item does not earn points", "%(count)d items do not earn points", others
        )
        parts.append(other_text % {"count": others})
    return "; ".join(parts)


def _event(breakdown: Breakdown, before: Breakdown | None) -> str:
    """What happened between the two breakdowns."""
    now = breakdown.get("refunds", {})
    then = before.get("refunds", {}) if before else {}

    def more(kind: str) -> bool:
        return _exact(now.get(kind, "0")) > _exact(then.get(kind, "0"))

    if more("lines"):
        return gettext("an item was returned")
    if more("amount"):
        refunded = _exact(now["amount"]) - _exact(then.get("amount", "0"))
        return gettext("%(amount)s was refunded") % {"amount": money(refunded, breakdown["currency"])}
    if more("shipping"):
        return gettext("shipping was refunded")
    return gettext("the order was changed")


def _compared(breakdown: Breakdown, earned_before: int, points_name: str) -> str:
    """Such as: 42.86 € of goods kept earn 42 points instead of 60."""
    if not breakdown["target"] and not _exact(breakdown["basis"]):
        return gettext("nothing of the order is kept that earns points")
    words = {
        "goods": goods_text(breakdown, _exact(breakdown["basis"])),
        "points": points_text(breakdown["target"], points_name),
        "before": number(earned_before),
    }
    return gettext("%(goods)s kept earn %(points)s instead of %(before)s") % words


def _shortfall(points: int, wanted: int) -> str:
    words = {"points": number(-points), "wanted": number(-wanted)}
    return gettext("the balance covered only %(points)s of %(wanted)s") % words


def _exclusion_reasons() -> dict[str, str]:
    return {
        "gift_card": gettext("Gift cards earn points when they are spent"),
        "product": gettext("The product is excluded"),
        "variant": gettext("The variant is excluded"),
        "sku": gettext("The SKU is excluded"),
        "vendor": gettext("The vendor is excluded"),
        "product_type": gettext("The product type is excluded"),
        "tag": gettext("A tag of the product is excluded"),
    }
