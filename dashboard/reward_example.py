"""Worked examples: what a reward that is still being written would be to a member, and what it costs."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.translation import gettext, ngettext

from dashboard.example import usual_amount
from dashboard.reward_text import closed_lines, stores_of, suggested_name, terms_lines, unavailable_lines
from lib.clock import now
from loyalty.documents import Conditions, PerCurrency, ProgramDocument
from loyalty.field_rules import MOST_POINTS
from loyalty.versions import timelines
from loyalty.wording import money, number, points_text, rate_text
from rewards.offers import Listed, MemberFacts, Slide, offer
from rewards.queries import Names, names_of
from rewards.terms import Terms
from rewards.wording import worth_text
from shops.models import Shop

Shown = dict[str, Any]


@dataclass(frozen=True)
class Ground:
    """What examples of a shop's rewards stand on."""

    shop: Shop
    names: Names
    program: ProgramDocument

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.shop.timezone)

    def points(self, count: int) -> str:
        return points_text(count, self.names.points)


def ground_of(shop: Shop) -> Ground:
    return Ground(shop, names_of(shop.pk), timelines([shop.pk])[shop.pk].versions[-1].document)


def balance_of(request: HttpRequest) -> int | None:
    """The balance that was typed in for the example; None where it is none."""
    typed = request.POST.get("amount", "").strip()
    return int(typed) if typed.isascii() and typed.isdigit() and 0 < int(typed[:20]) <= MOST_POINTS else None


def example(ground: Ground, terms: Terms, name: str, balance: int | None = None) -> Shown:
    """`sentence`, `why` (the cost), `note` (what members spend for it), `lines` (terms), `say`: `warning`, `name`."""
    currency = ground.shop.currency
    slide = _slide(ground, terms, balance) if terms.kind == "variable" else None
    stores = stores_of(ground.shop)
    warnings = [*unavailable_lines(terms, stores), *closed_lines(stores, terms)]
    suggested = suggested_name(terms, currency)
    return {
        "sentence": _slide_text(ground, slide, balance) if slide else _sentence(ground, terms, name, balance),
        "why": _cost(ground, terms),
        "note": _way_there(ground, terms),
        "lines": terms_lines(terms, currency, ground.names, ground.zone),
        "say": {
            "warning": " ".join(warnings),
            "name": gettext("Left empty, shoppers read “%(name)s”.") % {"name": suggested}
            if suggested
            else "",
        },
    }


def _sentence(ground: Ground, terms: Terms, name: str, balance: int | None) -> str:
    holds = balance or _rounded(terms.price * 148 // 100)
    if holds < terms.price:
        shown = {"balance": ground.points(holds), "missing": ground.points(terms.price - holds)}
        return gettext("A member with %(balance)s needs %(missing)s more.") % shown
    said = gettext("A member with %(balance)s pays %(price)s and gets %(what)s.")
    if terms.validity_days is not None:
        text = ngettext(
            "A member with %(balance)s pays %(price)s and gets %(what)s, valid for %(days)d day.",
            "A member with %(balance)s pays %(price)s and gets %(what)s, valid for %(days)d days.",
            terms.validity_days,
        )
        said = text
    return said % {
        "balance": ground.points(holds),
        "price": ground.points(terms.price),
        "what": _what(ground, terms, name),
        "days": terms.validity_days or 0,
    }


def _what(ground: Ground, terms: Terms, name: str) -> str:
    worth = worth_text(terms, terms.value, ground.shop.currency)
    said = {
        "free_shipping": gettext("a code for free shipping"),
        "free_product": gettext("a code for a free product"),
        "gift_card": gettext("a gift card of %(amount)s")
        % {"amount": money(terms.value, ground.shop.currency, short=True)},
        "store_credit": worth,
        "custom": gettext("“%(name)s” from you") % {"name": name or gettext("it")},
    }
    return said.get(terms.kind) or gettext("a code for %(worth)s") % {"worth": worth}


def _slide(ground: Ground, terms: Terms, balance: int | None) -> Slide:
    holds = balance or max(terms.price * 74 // 10, (terms.min_points or 0) * 148 // 100)
    facts = MemberFacts(holds, ground.zone, ground.shop.currency, "standard")
    found = offer(Listed(0, "", 1, "", terms), facts, now()).slide
    assert found
    return found


def _slide_text(ground: Ground, slide: Slide, balance: int | None) -> str:
    currency = ground.shop.currency
    step = {"step": ground.points(slide.step), "each": money(slide.value_each, currency)}
    if slide.most < slide.least:
        shown = step | {"least": ground.points(slide.least)}
        return gettext("%(step)s = %(each)s; a member needs at least %(least)s.") % shown
    held = balance or max(slide.step * 74 // 10, slide.most)
    shown = step | {"most": money(slide.value_of(slide.most), currency), "balance": ground.points(held)}
    return gettext("%(step)s = %(each)s; %(balance)s can become %(most)s.") % shown


def _cost(ground: Ground, terms: Terms) -> str:
    """What 100 points cost the shop, so far as that is known."""
    currency = ground.shop.currency
    if terms.kind == "free_shipping":
        return gettext("It costs you the shipping of one order.")
    if not terms.value:
        return ""
    value = _worth(ground, terms)
    shown = {"points": ground.points(100), "cost": money(value * 100 / terms.price, currency)}
    if terms.kind != "percentage":
        return gettext("%(points)s cost you %(cost)s.") % shown
    shown |= {"order": money(_order(ground, terms), currency), "value": money(value, currency)}
    return gettext("On an order of %(order)s that is %(value)s: %(points)s cost you %(cost)s.") % shown


def _way_there(ground: Ground, terms: Terms) -> str:
    """How much members spend for it by the program's first rule for every order, and how much of that they get."""
    rule = next((one for one in ground.program.rules if _plain(one)), None)
    if not isinstance(rule, PerCurrency) or not rule.points:
        return ""
    spend = terms.price * rule.per / rule.points
    shown = {
        "rate": rate_text(rule.points, rule.per, ground.shop.currency, ground.names.points),
        "spend": money(spend, ground.shop.currency, short=spend == spend.to_integral_value()),
        "price": ground.points(terms.price),
    }
    if not terms.value or terms.kind == "free_shipping":
        return gettext("At %(rate)s, members spend %(spend)s for %(price)s.") % shown
    back = (_worth(ground, terms) * 100 / spend).quantize(Decimal("0.1"))
    said = gettext("At %(rate)s, members spend %(spend)s for %(price)s and get %(back)s%% of it back.")
    return said % (shown | {"back": number(back)})


def _plain(rule: object) -> bool:
    return isinstance(rule, PerCurrency) and rule.active and rule.conditions == Conditions()


def _worth(ground: Ground, terms: Terms) -> Decimal:
    """What it is worth in money; of a percentage, on the usual order."""
    if terms.kind != "percentage":
        return terms.value
    off = _order(ground, terms) * terms.value / 100
    return off if terms.most_discount is None else min(off, terms.most_discount)


def _order(ground: Ground, terms: Terms) -> Decimal:
    return max(usual_amount(ground.shop.currency), terms.minimum_spend or Decimal(0))


def _rounded(points: int) -> int:
    """To tens, where that keeps it above the price."""
    return points // 10 * 10 if points >= 50 else points
