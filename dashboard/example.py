"""Worked examples: what something would earn under a program that is still being written."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.contrib.humanize.templatetags.humanize import ordinal
from django.utils.translation import gettext
from msgspec import structs

from dashboard.sample import Sample, sample_of
from lib.clock import now
from lib.money import minor_units
from loyalty.activities import ActivityFacts, evaluate_activity
from loyalty.context import Context, Evaluation
from loyalty.documents import ActivityRule, Custom, NthOrder, OrderRule, ProgramDocument, Rule, SocialFollow
from loyalty.earning import OrderFacts, evaluate
from loyalty.explain import explain
from loyalty.programs import compile_program
from loyalty.wording import money, points_text
from platforms.snapshots import Line, OrderStatus

TAX = Decimal("0.2")
SHIPPING = 490

Shown = dict[str, str]


def usual_amount(currency: str) -> Decimal:
    """49.95 in a currency with two decimals, 4995 in one with none, 49.950 in one with three."""
    places = minor_units(currency)
    return Decimal(4995) if places == 0 else Decimal("49.95").quantize(Decimal(1).scaleb(-places))


def example(document: ProgramDocument, amount: Decimal, zone: ZoneInfo) -> Shown:
    """What goods of `amount` (before tax) earn now, with tax and shipping where the program counts them.

    `sentence` says it, `why` explains it: both come from the engine that awards real orders.
    """
    order = _order(document, amount, Line(id="1", net=amount), now())
    found = evaluate(compile_program(document, zone.key), order)
    return {"sentence": _earns(document, amount, found.target), "why": _explained(document, found)}


def worked(document: ProgramDocument, key: str, amount: Decimal, zone: ZoneInfo) -> Shown:
    """What the rule `key` alone gives for something that meets its conditions, and what that earns all together.

    `sentence`, `why`, and `note`, which may be empty.
    """
    rule = next(rule for rule in document.rules if rule.key == key)
    sample = sample_of(document, rule.conditions, now(), zone)
    if not rule.active:
        return _nothing(gettext("It is switched off."))
    if sample is None:
        return _nothing(gettext("The time in which it counts is over."))
    alone = structs.replace(document, rules=(rule,), campaigns=())
    if isinstance(rule, OrderRule):
        return _worked_order(document, alone, rule, amount, sample, zone)
    found = evaluate_activity(compile_program(alone, zone.key), _activity(rule, sample), sample.context)
    return {
        "sentence": _activity_text(rule, points_text(found.target, document.points_name)),
        "why": _explained(document, found),
        "note": sample.text,
    }


def _worked_order(
    document: ProgramDocument,
    alone: ProgramDocument,
    rule: OrderRule,
    amount: Decimal,
    sample: Sample,
    zone: ZoneInfo,
) -> Shown:
    context = sample.context
    if isinstance(rule, NthOrder):
        context = Context(ordinal=rule.every, tier=context.tier)
    order = _order(document, amount, structs.replace(sample.line, net=amount), sample.at, sample)
    found = evaluate(compile_program(alone, zone.key), order, context)
    smallest = rule.conditions.min_basis
    if not found.target and smallest is not None and smallest > amount:
        least = money(smallest, document.currency, short=True)
        return _nothing(gettext("Orders under %(amount)s earn nothing from it.") % {"amount": least})
    whole = evaluate(compile_program(document, zone.key), order, context)
    notes = [sample.text] if sample.text else []
    if whole.target != found.target:
        total = points_text(whole.target, document.points_name)
        notes.append(gettext("Together with the rest of the program: %(points)s.") % {"points": total})
    if isinstance(rule, NthOrder):
        sentence = _punch_text(rule, points_text(found.target, document.points_name))
    else:
        sentence = _earns(document, amount, found.target)
    return {"sentence": sentence, "why": _explained(document, found), "note": " ".join(notes)}


def _order(
    document: ProgramDocument, amount: Decimal, line: Line, at: datetime, sample: Sample | None = None
) -> OrderFacts:
    tax, shipping = _extras(document, amount)
    return OrderFacts(
        status=OrderStatus.PAID,
        currency=document.currency,
        placed_at=at,
        lines=(structs.replace(line, tax=tax),),
        shipping_net=shipping,
        channel=sample.channel if sample else "web",
        customer_tags=sample.customer_tags if sample else (),
    )


def _extras(document: ProgramDocument, amount: Decimal) -> tuple[Decimal, Decimal]:
    """Tax and shipping of an order of `amount`."""
    places = min(minor_units(document.currency), 3)
    tax = (amount * TAX).quantize(Decimal(1).scaleb(-places))
    return tax, Decimal(SHIPPING) if places == 0 else Decimal(SHIPPING).scaleb(-2)


def _earns(document: ProgramDocument, amount: Decimal, points: int) -> str:
    return gettext("An order of %(order)s would earn %(points)s.") % {
        "order": _order_text(document, amount),
        "points": points_text(points, document.points_name),
    }


def _order_text(document: ProgramDocument, amount: Decimal) -> str:
    """The goods, and what else of the order counts."""
    tax, shipping = _extras(document, amount)
    parts = [money(amount, document.currency)]
    if document.basis.include_tax:
        parts.append(gettext("%(amount)s tax") % {"amount": money(tax, document.currency)})
    if document.basis.include_shipping:
        parts.append(gettext("%(amount)s shipping") % {"amount": money(shipping, document.currency)})
    return " + ".join(parts)


def _punch_text(rule: NthOrder, points: str) -> str:
    turns = {
        "first": ordinal(rule.every),
        "second": ordinal(2 * rule.every),
        "third": ordinal(3 * rule.every),
        "points": points,
    }
    return gettext("The %(first)s, %(second)s, %(third)s order earns %(points)s.") % turns


def _activity(rule: ActivityRule, sample: Sample) -> ActivityFacts:
    return ActivityFacts(
        kind=str(rule.__struct_config__.tag),
        occurred_at=sample.at,
        name=rule.event if isinstance(rule, Custom) else "",
        network=rule.network if isinstance(rule, SocialFollow) else "",
        tags=sample.customer_tags,
    )


def _activity_text(rule: Rule, points: str) -> str:
    texts = {
        "signup": gettext("Signing up would earn %(points)s."),
        "birthday": gettext("Each birthday would earn %(points)s."),
        "anniversary": gettext("Each year of membership would earn %(points)s."),
        "newsletter": gettext("Subscribing would earn %(points)s."),
        "review": gettext("A review would earn %(points)s."),
        "social_follow": gettext("Following you would earn %(points)s."),
        "visit": gettext("A visit would earn %(points)s."),
        "custom": gettext("Each such event would earn %(points)s."),
    }
    return texts[str(rule.__struct_config__.tag)] % {"points": points}


def _explained(document: ProgramDocument, found: Evaluation) -> str:
    return explain(found.breakdown, found.target, points_name=document.points_name)


def _nothing(why: str) -> Shown:
    return {"sentence": gettext("This would earn nothing."), "why": why, "note": ""}
