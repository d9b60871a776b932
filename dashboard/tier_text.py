"""VIP tiers in plain sentences."""

from collections.abc import Mapping

from django.utils.translation import gettext, ngettext

from loyalty.documents import ProgramDocument, Tier, Tiers
from loyalty.wording import money, number, points_text


def threshold_text(document: ProgramDocument, level: Tier) -> str:
    """ "spend 200 €", "earn 500 points", "place 3 orders"."""
    metric = document.tiers.metric
    if metric == "spend":
        return gettext("spend %(amount)s") % {"amount": money(level.threshold, document.currency, short=True)}
    if metric == "points":
        return gettext("earn %(points)s") % {"points": points_text(level.threshold, document.points_name)}
    count = int(level.threshold)
    return ngettext("place %(count)s order", "place %(count)s orders", count) % {
        "count": number(level.threshold)
    }


def window_text(tiers: Tiers) -> str:
    """ "within 12 months"; empty for a lifetime."""
    if tiers.window == "rolling":
        text = ngettext("within %(count)d month", "within %(count)d months", tiers.window_months)
        return text % {"count": tiers.window_months}
    texts = {
        "calendar_year": gettext("within a calendar year"),
        "anniversary": gettext("within a year of their membership"),
    }
    return texts.get(tiers.window, "")


def term_text(tiers: Tiers) -> str:
    """ "keep it for 12 months"."""
    if tiers.term == "months":
        text = ngettext("keep it for %(count)d month", "keep it for %(count)d months", tiers.term_months)
        return text % {"count": tiers.term_months}
    if tiers.term == "calendar_year":
        return gettext("keep it to the end of the next calendar year")
    return gettext("keep it for ever")


def level_text(document: ProgramDocument, level: Tier) -> str:
    """ "Members reach Silver when they spend 200 € within 12 months and keep it for 12 months."."""
    if level.threshold <= 0:
        return gettext("Every member is %(tier)s from the start.") % {"tier": level.name}
    parts = [threshold_text(document, level), window_text(document.tiers)]
    return gettext("Members reach %(tier)s when they %(reach)s and %(keep)s.") % {
        "tier": level.name,
        "reach": " ".join(part for part in parts if part),
        "keep": term_text(document.tiers),
    }


def benefits_text(document: ProgramDocument, level: Tier, rewards: Mapping[str, str]) -> str:
    """ "2 × points, 100 points on reaching it, Free shipping"; empty for a tier without any.

    `rewards`: the names of the shop's, by public id.
    """
    parts = []
    if level.multiplier != 1:
        parts.append(gettext("%(factor)s × points") % {"factor": number(level.multiplier)})
    if level.entry_points:
        points = points_text(level.entry_points, document.points_name)
        parts.append(gettext("%(points)s on reaching it") % {"points": points})
    if level.entry_reward in rewards:
        parts.append(gettext("%(reward)s on reaching it") % {"reward": rewards[level.entry_reward]})
    return ", ".join([*parts, *level.perks])


def lapse_text(tiers: Tiers) -> str:
    """What happens when the time of a tier is over; empty where it never is."""
    if tiers.term == "forever" or len(tiers.levels) < 2:
        return ""
    lower = {
        "to_standing": gettext("Who does not qualify again moves to the tier that fits."),
        "one_step": gettext("Who does not qualify again moves down by one tier."),
    }[tiers.downgrade]
    if not tiers.grace_days:
        return lower
    text = ngettext(
        "There is %(count)d day more to qualify again.",
        "There are %(count)d days more to qualify again.",
        tiers.grace_days,
    )
    return f"{lower} {text % {'count': tiers.grace_days}}"


def tiers_text(document: ProgramDocument) -> str:
    """The tiers in one sentence, for the program's page."""
    levels = document.tiers.levels
    if not levels:
        return gettext("No tiers. Reward your best customers with more points and perks of their own.")
    measures = {
        "spend": gettext("what members spend"),
        "points": gettext("the points members earn"),
        "orders": gettext("the orders members place"),
    }
    spans = {
        "rolling": ngettext("in %(count)d month", "in %(count)d months", document.tiers.window_months)
        % {"count": document.tiers.window_months},
        "calendar_year": gettext("in a calendar year"),
        "anniversary": gettext("in a year of membership"),
        "lifetime": gettext("since they joined"),
    }
    return gettext("%(tiers)s, by %(measure)s %(span)s.") % {
        "tiers": ", ".join(level.name for level in levels),
        "measure": measures[document.tiers.metric],
        "span": spans[document.tiers.window],
    }
