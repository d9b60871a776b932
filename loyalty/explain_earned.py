"""What an award was earned by, in words: rates, fixed points, multipliers, limits and rounding."""

from collections.abc import Iterable
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction
from typing import Any

from django.contrib.humanize.templatetags.humanize import ordinal
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from loyalty.contributions import Breakdown, Contribution, Group, contributions, groups, units_of
from loyalty.wording import NETWORKS, all_of, money, number, points_text, rate_text

_PERIODS = {
    "day": _("your limit of %(limit)s a day"),
    "week": _("your limit of %(limit)s a week"),
    "month": _("your limit of %(limit)s a month"),
    "year": _("your limit of %(limit)s a year"),
    "ever": _("your limit of %(limit)s in all"),
}
_ACTIVITIES = {
    "signup": _("%(points)s for signing up"),
    "birthday": _("%(points)s for your birthday"),
    "anniversary": _("%(points)s for the anniversary of joining"),
    "newsletter": _("%(points)s for subscribing to the newsletter"),
    "review": _("%(points)s for a product review"),
    "visit": _("%(points)s for a visit"),
}
_TIMES = {"2": (_("doubled for %s"), _("doubled by %s")), "3": (_("tripled for %s"), _("tripled by %s"))}


def goods_text(breakdown: Breakdown, amount: Fraction) -> str:
    """An amount of goods, with what else of the order counts."""
    words = {"amount": money(amount, breakdown["currency"])}
    match breakdown.get("with", []):
        case ["tax", "shipping"]:
            return gettext("%(amount)s of goods and shipping with tax") % words
        case ["tax"]:
            return gettext("%(amount)s of goods with tax") % words
        case ["shipping"]:
            return gettext("%(amount)s of goods and shipping") % words
    return gettext("%(amount)s of goods") % words


def earned_text(breakdown: Breakdown, points_name: str) -> str:
    """Such as: 49.95 € of goods at 1 point per 1 €, doubled for Gold members; 20 points for every 5th order."""
    given = contributions(breakdown)
    parts = [_rates(breakdown, given, points_name)] if _rated(breakdown, given) else []
    capped = _capped(breakdown, points_name)
    if capped:
        parts.append(capped)
    parts += [_fixed(breakdown, one, points_name) for one in given if "per" not in one.shown]
    if not parts:
        parts = [gettext("no rule of the program was for this order")]
    parts[-1] += _rounding(breakdown)
    if "room" in breakdown:
        parts.append(_cut_text(breakdown["target"], breakdown["room"], points_name))
    return "; ".join(parts)


def activity_text(breakdown: Breakdown, points: str, points_name: str) -> str:
    """Such as: 50 points for signing up."""
    activity = breakdown["activity"]
    words = {"points": points, "name": activity.get("name", "")}
    if activity["kind"] == "social_follow":
        words["name"] = NETWORKS.get(activity.get("network", ""), activity.get("network", ""))
        text = gettext("%(points)s for following us on %(name)s") % words
    elif activity["kind"] in _ACTIVITIES:
        text = _ACTIVITIES[activity["kind"]] % words
    else:
        text = gettext("%(points)s for “%(name)s”") % words
    cuts = [
        _cut_text(one.points, one.shown["cut"], points_name)
        for one in contributions(breakdown)
        if "cut" in one.shown
    ]
    if "room" in breakdown:
        cuts.append(_cut_text(breakdown["target"], breakdown["room"], points_name))
    return "; ".join([text + _rounding(breakdown), *cuts])


def _rated(breakdown: Breakdown, given: list[Contribution]) -> bool:
    return any("per" in one.shown for one in given)


def _rates(breakdown: Breakdown, given: list[Contribution], points_name: str) -> str:
    """The goods at their rates, goods at other rates apart."""
    rules = {one.key: one.shown for one in given if "per" in one.shown}
    texts = []
    for keys, amount, group in _alike(breakdown, rules):
        currency = breakdown["currency"]
        rates = [
            rate_text(Decimal(rules[key]["points"]), Decimal(rules[key]["per"]), currency, points_name)
            for key in keys
        ]
        words = {"goods": goods_text(breakdown, amount), "rates": gettext(" plus ").join(rates)}
        text = gettext("%(goods)s at %(rates)s") % words
        texts.append(text + (_multiplied(group) if group else ""))
    for one in given:
        if "per" in one.shown and "cut" in one.shown:
            text = _cut_text(one.points, one.shown["cut"], points_name)
            texts.append(gettext("“%(name)s”: %(cut)s") % {"name": one.name, "cut": text})
    return "; ".join(texts)


def _alike(
    breakdown: Breakdown, rules: dict[str, Any]
) -> Iterable[tuple[tuple[str, ...], Fraction, Group | None]]:
    """(keys of per-currency rules, amount, group) of goods that earn alike; goods that earn nothing are left out."""
    if "groups" not in breakdown:
        return [(tuple(rules), Fraction(breakdown["basis"]), None)]
    found: dict[tuple[Any, ...], tuple[tuple[str, ...], Fraction, Group]] = {}
    for group in groups(breakdown):
        keys = tuple(key for key in group.rules if key in rules)
        if keys:
            same = (keys, str(group.by))
            before = found[same][1] if same in found else Fraction(0)
            found[same] = keys, before + group.amount, group
    some = [alike for alike in found.values() if alike[1]]
    return some or list(found.values())[:1]


def _multiplied(group: Group) -> str:
    """Such as: ", doubled for Gold members"."""
    if not group.by:
        return ""
    names = [_multiplier_name(by) for by in group.by]
    times = number(_decimal(group.multiplier))
    if len(names) == 1 and times in _TIMES:
        pattern = _TIMES[times]["campaign" in group.by[0]]
        return ", " + pattern % names[0]
    words = {"times": times, "names": all_of(names)}
    if all("tier" in by for by in group.by):
        return gettext(", times %(times)s for %(names)s") % words
    return gettext(", times %(times)s by %(names)s") % words


def _multiplier_name(by: dict[str, str]) -> str:
    if "tier" in by:
        return gettext("%(tier)s members") % {"tier": by["name"]}
    return gettext("“%(campaign)s”") % {"campaign": by["name"]}


def _fixed(breakdown: Breakdown, one: Contribution, points_name: str) -> str:
    """Such as: 20 points for every 5th order."""
    words: dict[str, Any] = {"points": _points(one.points, points_name), "name": one.name}
    match one.shown.get("kind", "campaign"):
        case "first_order":
            text = gettext("%(points)s for the first order") % words
        case "nth_order":
            text = gettext("%(points)s for every %(nth)s order") % (
                words | {"nth": ordinal(one.shown["every"])}
            )
        case "per_unit":
            units = units_of(one.key, groups(breakdown))
            count = number(_decimal(units))
            text = ngettext("%(points)s for %(count)s item", "%(points)s for %(count)s items", _plural(units))
            text = text % (words | {"count": count})
        case "per_order":
            text = gettext("%(points)s for the order") % words
        case _:
            text = gettext("%(points)s from “%(name)s”") % words
    if "cut" in one.shown:
        text += f" ({_cut_text(one.points, one.shown['cut'], points_name)})"
    return text


def _plural(units: Fraction) -> int:
    return 1 if units == 1 else max(2, int(units))


def _capped(breakdown: Breakdown, points_name: str) -> str:
    """What the bounds of an order did to its per-currency points."""
    caps = breakdown.get("caps", {})
    if "min" in caps:
        words = {"points": points_text(caps["min"], points_name)}
        return gettext("raised to %(points)s, the least for an order") % words
    if "max" in caps:
        words = {"points": points_text(caps["max"], points_name)}
        return gettext("cut to %(points)s, the most for an order") % words
    return ""


def _cut_text(points: Fraction | int, cut: dict[str, Any], points_name: str) -> str:
    """Such as: cut to the 50 points that your limit of 200 a month left."""
    limit = cut.get("limit", {})
    if "max" in cut:
        return gettext("cut to %(points)s, the most at once") % {"points": _points(points, points_name)}
    period = _PERIODS.get(limit.get("period", ""))
    if "times" in limit and period:
        times = ngettext("once", "%(count)d times", limit["times"]) % {"count": limit["times"]}
        return gettext("%(limit)s is used up") % {"limit": period % {"limit": times}}
    whole = (
        period % {"limit": number(limit["points"])} if period and "points" in limit else gettext("your limit")
    )
    if not points:
        return gettext("%(limit)s is used up") % {"limit": whole}
    return gettext("cut to the %(points)s that %(limit)s left") % {
        "points": _points(points, points_name),
        "limit": whole,
    }


def _rounding(breakdown: Breakdown) -> str:
    if "room" in breakdown or Fraction(breakdown["raw"]) == breakdown["target"]:
        return ""
    words = {
        "floor": gettext(", rounded down"),
        "half_up": gettext(", rounded to the nearest"),
        "ceil": gettext(", rounded up"),
    }
    return words[breakdown["rounding"]]


def _points(points: Fraction | int, points_name: str) -> str:
    return points_text(_decimal(Fraction(points)), points_name)


def _decimal(value: Fraction) -> Decimal:
    """`value` with at most four decimals, the rest cut off."""
    with localcontext(prec=60):
        exact = Decimal(value.numerator) / value.denominator
        return exact.quantize(Decimal("0.0001"), rounding=ROUND_FLOOR)
